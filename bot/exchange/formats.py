"""The register of formats: what each is called, and how a file is known by its content and its name."""

import json as json_
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.errors import BadInput, Fault
from bot.exchange import csv, frab, ical, json, pretalx, xlsx
from bot.exchange.out import Going
from bot.exchange.rows import Aim, NotUnderstood, Read

LARGEST = 20_000_000  # bytes


@dataclass(frozen=True, slots=True)
class Format:
    """name: as in --format. suffixes: of files that are likely of it. fits: whether the bytes are."""

    name: str
    suffixes: tuple[str, ...]
    fits: Callable[[bytes], bool]
    read: Callable[[bytes, Aim], Read]
    write: Callable[[Going], bytes]


def _holds(data: bytes, *keys: str) -> bool:
    try:
        value = json_.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and any(key in value for key in keys)


def _begins(data: bytes) -> bytes:
    return data[:2000].removeprefix(b"\xef\xbb\xbf").lstrip()


FORMATS = (
    Format("xlsx", (".xlsx", ".xlsm"), lambda data: data.startswith(b"PK"), xlsx.read, xlsx.write),
    Format("json", (), lambda data: _holds(data, json.MARK), json.read, json.write),
    Format("pretalx", (".json",), lambda data: _holds(data, "schedule"), pretalx.read, pretalx.write),
    Format("frab", (".xml",), lambda data: _begins(data).startswith(b"<"), frab.read, frab.write),
    Format(
        "ics", (".ics", ".ical"), lambda data: _begins(data)[:15].upper() == b"BEGIN:VCALENDAR", ical.read, ical.write
    ),
    Format(
        "csv", (".csv", ".tsv", ".txt"), lambda data: not _begins(data).startswith((b"{", b"[")), csv.read, csv.write
    ),
)
BY_NAME = {each.name: each for each in FORMATS}


def of_file(name: str) -> Format | None:
    """The format that a file of that name is to be written in, None where the name does not tell."""
    suffix = Path(name).suffix.lower()
    return next((each for each in FORMATS if suffix in each.suffixes), None)


def read(path: Path, aim: Aim, name: str = "") -> tuple[Format, Read]:
    """What the file says. name: of its format, "" to tell by its content. Raises BadInput."""
    try:
        if path.stat().st_size > LARGEST:
            fault = f"is larger than {LARGEST // 1_000_000} MB"
            raise BadInput([Fault(str(path), 0, fault, "take pictures out of it, or split it by days")])
        data = path.read_bytes()
    except OSError as error:
        raise BadInput([Fault(str(path), 0, f"cannot be read: {error.strerror}")]) from error
    found = BY_NAME[name] if name else next((each for each in FORMATS if each.fits(data)), None)
    if found is None:
        known = ", ".join(BY_NAME)
        raise BadInput([Fault(str(path), 0, "is of no known format", f"say which with --format: {known}")])
    try:
        return found, found.read(data, aim)
    except NotUnderstood as error:
        raise BadInput([Fault(str(path), 0, f"as {found.name}: {error}", "try another --format")]) from error
