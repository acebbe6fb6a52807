"""CSV (RFC 4180, and what spreadsheets make of it): any of four encodings and three separators, told from the bytes.

A cell that a spreadsheet would compute goes out behind an apostrophe, as in the reports, and comes in without.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bot.exchange import table
from bot.exchange.out import Going
from bot.exchange.rows import Aim, NotUnderstood, Read

COMPUTED = re.compile(r"'*[=+\-@\t\r\n]")
SHIELDED = re.compile(r"'+[=+\-@\t\r\n]")
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
PAIRS = re.compile(rb"(?:[\xa1-\xf7][\xa1-\xfe])+")
HIGH = re.compile(rb"[\x80-\xff]+")
LONGEST = 1_000_000  # signs in a cell

csv.field_size_limit(LONGEST)


def read(data: bytes, aim: Aim) -> Read:
    """The rows of the file. Raises NotUnderstood where it is no table."""
    out = Read()
    text, encoding = decoded(data)
    out.notes.append(f"read as {encoding}")
    try:
        table.read(lines_of(text), aim, out)
    except csv.Error as error:
        raise NotUnderstood(f"is no table: {error}") from error
    return out


def decoded(data: bytes) -> tuple[str, str]:
    """The text of a file, and the name of its encoding. Raises NotUnderstood where it is in none that is known."""
    encoding = encoding_of(data)
    try:
        return data.decode(encoding), "UTF-8" if encoding == "utf-8-sig" else encoding.upper()
    except UnicodeDecodeError as error:
        raise NotUnderstood(f"is in no encoding that is known ({error}): save it as UTF-8") from error


def lines_of(text: str) -> Iterator[tuple[int, Sequence[Any]]]:
    """The rows of a text: (number of the line where it begins, cells). Raises csv.Error."""
    return _lines(text, _separator(text))


def encoding_of(data: bytes) -> str:
    """UTF-8 where it is, UTF-16 by its mark or its zeros; else Chinese (GB18030) where what is not ASCII stands in
    pairs as its letters do, and Western European (Windows-1252) where it does not."""
    for mark, name in BOMS:
        if data.startswith(mark):
            return name
    sample = data[:4000]
    if sample.count(0) > len(sample) // 4:
        return "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"
    try:
        data.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        pass
    runs = HIGH.findall(data)
    paired = sum(len(run) for run in runs if PAIRS.fullmatch(run))
    return "gb18030" if paired >= 0.9 * sum(map(len, runs)) else "cp1252"


def _separator(text: str) -> str:
    """The one of , ; and tab that the first row has most of."""
    first = re.sub(r'"[^"]*"', "", text.lstrip("\r\n").split("\n", 1)[0])
    return max(",;\t", key=first.count)


def _lines(text: str, separator: str) -> Iterator[tuple[int, Sequence[Any]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    line = 1
    for cells in reader:
        yield line, [cell[1:] if SHIELDED.match(cell) else cell for cell in cells]
        line = reader.line_num + 1  # where the next one begins, whatever lines a cell has


def write(going: Going) -> bytes:
    return lines(table.written(going))


def lines(rows: Iterable[Iterable[str]]) -> bytes:
    """Rows of texts as CSV, with the mark by which a spreadsheet knows UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerows([f"'{cell}" if COMPUTED.match(cell) else cell for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")
