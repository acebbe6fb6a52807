"""`passerelle export`: the programme for other tools; interest, attendance, entries, open questions and figures as
lists."""

import argparse
import difflib
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot import opening
from bot.errors import BadInput, Fault
from bot.event import load
from bot.event.model import Event
from bot.exchange import attendance, csv, folder, formats, lists, xlsx
from bot.exchange.out import Going
from bot.settings import Settings
from bot.store.threads import Store

OF_LISTS = ("csv", "xlsx", "json")
NEEDS_DATABASE = ("interest", "attendance", "feedback", "questions", "statistics")


def main(options: argparse.Namespace, settings: Settings) -> int:
    event = folder.readable(load.find(options.event or settings.event))
    live = opening.look_up(settings, event).published
    if live is not None:
        event = live.event
    if options.lang and options.lang not in event.details.scripts:
        fault = f"{options.lang!r} is no language of the event"
        raise BadInput([Fault("--lang", 0, fault, f"write one of {', '.join(event.details.scripts)}")])
    if options.what in NEEDS_DATABASE and live is None:
        raise BadInput(
            [Fault("PASSERELLE_DATABASE_URL", 0, "holds no version of this event yet", "start the bot once")]
        )
    if options.sessions and options.what != "attendance":
        raise BadInput([Fault(options.sessions[0], 0, f"{options.what} is of all sessions", "leave it out")])
    for id_ in options.sessions:
        if id_ not in event.session:
            near = difflib.get_close_matches(id_, event.session, n=1)
            raise BadInput(
                [Fault(id_, 0, "is no session", f"did you mean {near[0]}?" if near else "see programme.yaml")]
            )
    named = formats.of_file(options.output) if options.output else None
    stamp = live.published_at if live else datetime.now(UTC)
    if options.what == "programme":
        name = options.format or (named.name if named else "pretalx")
        going = Going(event, options.lang or event.default_language, stamp)
        data = formats.BY_NAME[name].write(going)
        for each in going.left_out:
            print(f"{each}: left out, this format cannot say so", file=sys.stderr)
    else:
        name = options.format or (Path(options.output).suffix.lstrip(".").lower() if options.output else "csv")
        if name not in OF_LISTS:
            raise BadInput(
                [Fault("--format", 0, f"{options.what} is no programme", f"write one of {', '.join(OF_LISTS)}")]
            )
        data = _as(name, _rows(options, settings, event), options.what)
    return write(data, options.output, is_binary=name == "xlsx")


def _rows(options: argparse.Namespace, settings: Settings, event: Event) -> lists.Rows:
    if options.what == "faq":
        return lists.entries(event, options.lang)
    store = Store(settings.database)
    try:
        match options.what:
            case "interest":
                return store.read_now(lists.interests, event, options.lang or event.default_language)
            case "feedback":
                return store.read_now(lists.ratings, event, options.lang or event.default_language)
            case "attendance":
                return store.read_now(attendance.rows, event, options.sessions, options.lang or event.default_language)
            case "questions":
                return store.read_now(lists.questions)
        return store.read_now(lists.statistics, event)
    finally:
        store.close()


def _as(name: str, rows: lists.Rows, what: str) -> bytes:
    if name == "csv":
        return csv.lines(rows)
    if name == "xlsx":
        return xlsx.lines(rows, what)
    headings, *others = rows
    whole = [dict(zip(headings, row, strict=True)) for row in others]
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()


def write(data: bytes, output: str, *, is_binary: bool) -> int:
    """Into a file for its owner alone, or on the screen where `output` is "". Raises BadInput."""
    if output:
        part = Path(f"{output}.part")
        try:
            # What delegates chose and asked is for its owner's eyes, as every report.
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(data)
            part.replace(output)
        except OSError as error:
            raise BadInput([Fault(output, 0, f"cannot be written: {error.strerror}")]) from error
        return 0
    if is_binary and sys.stdout.isatty():
        raise BadInput([Fault("--output", 0, "a workbook is no text to show", "write --output FILE.xlsx")])
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    return 0
