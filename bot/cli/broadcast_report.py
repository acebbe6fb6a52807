"""What became of announcements: on the screen, as JSON, as files."""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.cli import broadcast_draft as drafts
from bot.delivery.tables import State
from bot.errors import BadInput, Fault
from bot.notices import ledger, report_files, reporting
from bot.notices.audience import Count
from bot.notices.broadcast import Notice
from bot.notices.reporting import Row, Summary
from bot.notices.tables import BY_ORGANIZERS, NoticeState, Urgency
from bot.opening import Opened

NOWHERE = "no account"


def report(options: argparse.Namespace, opened: Opened) -> tuple[Summary, list[str]]:
    """The figures, and a line for each file that was written. Raises BadInput."""
    summary = found(opened, options.number)
    zone, receipt = opened.published.event.zone, summary.notice.receipt
    lines: list[str] = []
    faults: list[Fault] = []
    writers: list[tuple[Path | None, Callable[[Path, Iterator[Row]], int]]] = [
        (options.csv, partial(report_files.write_csv, zone=zone)),
        (options.xlsx, partial(report_files.write_xlsx, zone=zone)),
        (options.call_list, partial(report_files.write_call_list, receipt=receipt)),
    ]
    for path, write in writers:
        if path is None:
            continue
        try:
            n = write(path, rows(opened, summary.notice))
        except OSError as error:
            faults.append(Fault(str(path), 0, f"cannot be written: {error.strerror}", "give another place"))
        else:
            lines.append(f"{path}: {persons(n)}")
    if faults:
        raise BadInput(faults)
    return summary, lines


def rows(opened: Opened, seen: Notice) -> Iterator[Row]:
    """All of them, read a slice at a time."""
    after = 0
    while found_ := opened.store.read_now(reporting.slice_, seen, after=after):
        yield from found_
        after = found_[-1].person


def found(opened: Opened, number: int) -> Summary:
    """Raises BadInput for a number that is none."""
    try:
        return opened.store.read_now(reporting.summary, number)
    except LookupError:
        raise drafts.unknown(number) from None


# --- on the screen
def persons(count: int) -> str:
    return f"{count} {'person' if count == 1 else 'persons'}"


def whom(seen: Notice) -> str:
    """Whom it is for, and how it comes: "everyone, urgent". What goes out by itself is for whom it concerns."""
    urgent = ["urgent"] if seen.urgency == Urgency.URGENT else []
    receipt = ["readers are asked to confirm"] if seen.receipt else []
    to = (seen.audience or "everyone") if seen.kind in BY_ORGANIZERS else "whom it concerns"
    return ", ".join([to, *urgent, *receipt])


def left_out(counted: Count, what: str) -> Iterator[str]:
    """A line for each reason why some of an audience are not told. what: it is that they want none of."""
    if counted.unreachable:
        yield f"cannot be written to on any account: {counted.unreachable}"
    if counted.declined:
        yield f"want no {what}: {counted.declined}"


def in_words(states: Mapping[str, int]) -> str:
    """ "300 sent, 2 unreachable", the most first."""
    told = [f"{n} {state}" for state, n in sorted(states.items(), key=lambda each: (-each[1], each[0])) if n]
    return ", ".join(told) or "nobody yet"


def reasons(summary: Summary) -> Iterator[str]:
    for (state, why), n in summary.reasons.most_common():
        yield f"{n:>6}  {state}: {why}"
        if why == ledger.NO_TEXT and state == State.QUEUED:
            yield f"        write it: passerelle broadcast correct {summary.notice.id} --text LANG=…"


def lines(summary: Summary) -> Iterator[str]:
    """The whole report."""
    seen = summary.notice
    yield f"Announcement {seen.id} is {seen.state}: {in_words(summary.states)}."
    yield from reasons(summary)
    for (channel, language), states in sorted(summary.by.items()):
        confirmed = f", {summary.confirmed_by[channel, language]} confirmed" if seen.receipt else ""
        yield f"{channel or NOWHERE:<10} {language:<8} {in_words(states)}{confirmed}"
    if seen.declined:
        yield f"want no announcements: {seen.declined}"
    if seen.receipt:
        yield f"{summary.confirmed} confirmed, {summary.persons - summary.confirmed} did not."
    if summary.second:
        yield f"second try: {in_words(summary.second)}"


# --- as JSON
def as_json(summary: Summary, zone: ZoneInfo) -> dict[str, Any]:
    return {
        **notice_as_json(summary.notice, summary.states, zone),
        "persons": summary.persons,
        "confirmed": summary.confirmed,
        "declined": summary.notice.declined,
        "reasons": [{"state": state, "why": why, "persons": n} for (state, why), n in summary.reasons.most_common()],
        "by": [
            {
                "channel": channel, "language": language, "counts": dict(states),
                "confirmed": summary.confirmed_by[channel, language],
            }
            for (channel, language), states in sorted(summary.by.items())
        ],
        "second_try": dict(summary.second),
    }  # fmt: skip


def notice_as_json(seen: Notice, states: Counter[str], zone: ZoneInfo) -> dict[str, Any]:
    """A notice and persons by state; moments as ISO 8601 in `zone`."""
    moments = {
        "at": seen.due_at, "created_at": seen.created_at, "started_at": seen.started_at, "ended_at": seen.ended_at,
    }  # fmt: skip
    return {
        "id": seen.id, "kind": seen.kind, "state": seen.state, "urgent": seen.urgency == Urgency.URGENT,
        "receipt": seen.receipt, "both": seen.both, "audience": seen.audience, "texts": dict(seen.texts),
        "author": seen.author,
        **{name: report_files.local(moment, zone) or None for name, moment in moments.items()},
        "counts": dict(states),
    }  # fmt: skip


def when(seen: Notice, zone: ZoneInfo) -> str:
    """Since when it is so, or, where it is scheduled, when it will be sent."""
    moment = seen.due_at if seen.state == NoticeState.SCHEDULED else seen.started_at
    return f"{(moment or seen.created_at).astimezone(zone):%Y-%m-%d %H:%M}"
