"""What a file says, before it is compared with an event: the words common to all formats.

A format gives a `Read`: a `Row` for each event of the file that it could read, and every row or field that it could
not. None in a Row means that the file says nothing of it; what the folder has is kept then.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.event.model import NIGHT_ENDS, Event


@dataclass(frozen=True, slots=True)
class Aim:
    """Where a file goes: the event as the folder says it, and the language of texts that do not name theirs."""

    event: Event
    language: str

    @property
    def zone(self) -> ZoneInfo:
        return self.event.zone


@dataclass(frozen=True, slots=True)
class Missed:
    """What was not understood. where: "row 12", "event 10386"; what: why, with the value."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


class NotUnderstood(Exception):
    """A row cannot be read; its message says why. Never leaves this package."""


@dataclass(slots=True, kw_only=True)
class Row:
    """One event of a file. key: its name in the file, the same in every later file. id: ours, where the file has it.

    people: (name or id, role or None where the file tells no roles). place, theme: names or ids.
    """

    where: str
    key: str = ""
    id: str = ""
    title: Mapping[str, str] = field(default_factory=dict)
    abstract: Mapping[str, str] = field(default_factory=dict)
    day: date | None = None
    start: time | None = None
    end: time | None = None
    part: str | None = None
    place: str | None = None
    theme: str | None = None
    kind: str | None = None
    people: tuple[tuple[str, str | None], ...] | None = None
    languages: tuple[str, ...] | None = None
    interpretation: tuple[str, ...] | None = None
    capacity: int | None = None
    registration: str | None = None
    status: str | None = None
    aliases: tuple[str, ...] | None = None


@dataclass(slots=True)
class Read:
    """A file as read. fields: name of what we have no place for -> how often it had a value. notes: what was decided
    that an organizer should know of, such as the encoding."""

    rows: list[Row] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)
    fields: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


def clean(text: object) -> str:
    """A text of a file as ours: line ends of one kind, no blanks around it or at ends of lines."""
    lines = str(text or "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def joined(*parts: object) -> str:
    """The paragraphs of `parts` that are not empty and not said before."""
    said: list[str] = []
    for part in map(clean, parts):
        if part and part not in said:
            said.append(part)
    return "\n\n".join(said)


def place_in_time(row: Row, begins: datetime, ends: datetime | None, zone: ZoneInfo, read: Read) -> None:
    """Set the row's day and hours from moments, in the event's zone. Moments without an offset are local already.

    Raises NotUnderstood where our days and hours cannot say that moment, or it ends before it begins.
    """
    start = _local(begins, zone, "begins")
    row.day, row.start = start.date(), start.timetz().replace(tzinfo=None)
    if ends is None:
        return
    if ends.tzinfo is None and begins.tzinfo is not None:
        ends = ends.replace(tzinfo=zone)
    end = _local(ends, zone, "ends")
    if end.timestamp() < start.timestamp():
        raise NotUnderstood(f"ends ({end:%Y-%m-%d %H:%M}) before it begins ({start:%Y-%m-%d %H:%M})")
    if end.timestamp() == start.timestamp():
        return  # what has no duration has no known end
    is_same_night = (end.date() - start.date()).days == 1 and end.time() < NIGHT_ENDS and start.hour >= 12
    if end.date() == start.date() or is_same_night:
        row.end = end.timetz().replace(tzinfo=None)
    else:
        read.missed.append(Missed(row.where, f"its end, {end:%Y-%m-%d %H:%M}, is of another day: it comes in without"))


def _local(moment: datetime, zone: ZoneInfo, what: str) -> datetime:
    local = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
    local = local.replace(second=0, microsecond=0)
    if local.fold:
        # Our hours name the first of the two; the second would be told an hour early.
        raise NotUnderstood(f"{what} at the second {local:%H:%M} of {local:%Y-%m-%d}, when clocks go back")
    back = datetime.fromtimestamp(local.timestamp(), zone)
    if back.time() != local.time():
        raise NotUnderstood(f"{what} at {local:%H:%M} of {local:%Y-%m-%d}, an hour that clocks skip")
    return local
