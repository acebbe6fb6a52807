"""What schedule JSON and XML have in common: days, rooms and events, as frab and pretalx mean them.

The rules of both formats are those of the C3VOC: https://github.com/voc/schedule (validator/json/schema.json,
validator/xsd/schedule.xml.xsd). Where an event has a `date` with an offset it is the moment; else its day and `start`
are, and a start before the day begins is of the night after.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from bot.exchange import values
from bot.exchange.rows import Aim, Missed, NotUnderstood, Read, Row, clean, joined, place_in_time

# What says nothing of the programme, only of the file: how an event is called in it, or said again elsewhere.
OF_THE_FILE = {"id", "guid", "code", "slug", "date", "start", "end", "duration", "room"}
TAKEN = {"title", "subtitle", "abstract", "description", "track", "type", "language", "persons"}


def take(event: Mapping[str, Any], day: date | None, begins: time | None, room: str, aim: Aim, read: Read) -> None:
    """One event of the grid into `read`: as a row, or as missed.

    event: its fields by their names in both formats; `persons` as names. day, begins: of the grid, begins is None where
    the file does not say when its days do.
    """
    guid, number = clean(event.get("guid")), clean(event.get("id"))
    key = guid or clean(event.get("code")) or clean(event.get("slug")) or number
    where = f"event {number or key or clean(event.get('title'))!s}"
    row = Row(where=where, key=key)
    try:
        if not key:
            raise NotUnderstood("has no guid, code, slug or id to know it by again")
        title = clean(_one(event.get("title"), aim))
        if title:
            row.title = {aim.language: title}
        text = joined(
            _one(event.get("subtitle"), aim), _one(event.get("abstract"), aim), _one(event.get("description"), aim)
        )
        if text:
            row.abstract = {aim.language: text}
        _hours(row, event, day, begins, aim, read)
        row.place = clean(room or _one(event.get("room"), aim)) or None
        row.theme = clean(_one(event.get("track"), aim)) or None
        if type_ := clean(_one(event.get("type"), aim)):
            row.kind = values.kind(type_)
            if row.kind is None:
                read.fields[f"type “{type_}” (none of our kinds)"] += 1
        if language := clean(event.get("language")):
            row.languages = (language.split("-")[0].lower(),)
        persons: Sequence[str] = event.get("persons") or ()
        row.people = tuple((name, None) for name in dict.fromkeys(map(clean, persons)) if name) or None
    except NotUnderstood as error:
        read.missed.append(Missed(f"{where} “{clean(_one(event.get('title'), aim))}”", str(error)))
        return
    for name, value in event.items():
        if name == "url" and str(value).startswith("urn:uuid:"):
            continue  # a name, no address: ours
        if name not in OF_THE_FILE | TAKEN and is_said(value):
            read.fields[name] += 1
    read.rows.append(row)


def is_said(value: object) -> bool:
    """Whether a field holds anything; an empty text, list or a plain no is nothing."""
    if isinstance(value, Mapping):
        return any(map(is_said, value.values()))
    return bool(value.strip() if isinstance(value, str) else value)


def _one(value: object, aim: Aim) -> object:
    """pretalx writes some texts by language: the one wanted, else the first."""
    if isinstance(value, Mapping):
        return value.get(aim.language) or next(iter(value.values()), "")
    return value


def _hours(row: Row, event: Mapping[str, Any], day: date | None, opens: time | None, aim: Aim, read: Read) -> None:
    begins = values.moment(event["date"]) if event.get("date") else None
    if begins is None:
        if day is None or not event.get("start"):
            raise NotUnderstood("has no day or hour")
        start = values.hour(event["start"])
        begins = datetime.combine(day, start)
        if opens is not None and start < opens:
            begins += timedelta(days=1)
    lasts = values.duration(event["duration"]) if event.get("duration") else timedelta()
    if lasts < timedelta():
        raise NotUnderstood(f"ends before it begins (duration {event['duration']})")
    # Lengths are of real time: over a change of clocks the wall shows another.
    if begins.tzinfo is None:
        begins = begins.replace(tzinfo=aim.zone)
    ends = datetime.fromtimestamp(begins.timestamp() + lasts.total_seconds(), aim.zone)
    if event.get("end") and (given := values.moment(event["end"])) is not None:
        ends = given
    place_in_time(row, begins, ends, aim.zone, read)
    if day is not None and row.day is not None and row.day != day:
        read.notes.append(f"{row.where} begins at {row.start:%H:%M} of {row.day}; the file shows it under {day}")
