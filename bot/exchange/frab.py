"""Schedule XML, as Pentabarf, frab and pretalx write it: `schedule/day/room/event`.

Source of the rules: https://github.com/voc/schedule/blob/master/validator/xsd/schedule.xml.xsd. Entities and
external references are refused (defusedxml), since a file comes from anywhere.
"""

from datetime import datetime, time, timedelta
from typing import Any
from xml.etree import ElementTree as Tree

from defusedxml import ElementTree as Safe
from defusedxml.common import DefusedXmlException

from bot import __version__
from bot.event.model import Session
from bot.exchange import grid, names, values
from bot.exchange.out import Going
from bot.exchange.rows import Aim, Missed, NotUnderstood, Read

# What XML 1.0 cannot hold, section 2.2; a text may come from a spreadsheet with them.
CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32)])


def read(data: bytes, aim: Aim) -> Read:
    """The events of a schedule. Raises NotUnderstood where it is none."""
    try:
        root = Safe.fromstring(data)
    except Tree.ParseError as error:
        raise NotUnderstood(f"is no XML: {error}") from error
    except (DefusedXmlException, ValueError) as error:
        raise NotUnderstood(f"is refused: {error}") from error
    if root.tag != "schedule":
        raise NotUnderstood(f"begins with <{root.tag}>, a schedule with <schedule>")
    out = Read()
    change = _day_change(root, out)
    for number, day in enumerate(root.iter("day"), 1):
        where = f"day {day.get('index') or number}"
        try:
            on = values.day(day.get("date", ""), aim.event.details) if day.get("date") else None
            start = values.moment(day.get("start")) if day.get("start") else None
        except NotUnderstood as error:
            out.missed.append(Missed(where, str(error)))
            on = start = None
        for room in day.iter("room"):
            for event in room.findall("event"):
                fields = {child.tag: _value(child, out) for child in event}
                grid.take(
                    {**fields, **event.attrib}, on, start.time() if start else change, room.get("name", ""), aim, out
                )
    return out


def _day_change(root: Tree.Element, out: Read) -> time | None:
    """The hour at which Pentabarf's days begin, which do not say so themselves; None where it is not told."""
    text = root.findtext("conference/day_change", "").strip()
    try:
        return values.hour(text) if text else None
    except NotUnderstood as error:
        out.missed.append(Missed("day_change", str(error)))
        return None


def _value(node: Tree.Element, out: Read) -> Any:
    """A text; names of persons; or what lists and recordings hold, to be counted."""
    if node.tag == "persons":
        for person in node:
            for name in person.attrib.keys() - {"id", "guid", "code"}:
                out.fields[f"{name} of persons"] += 1
        return ["".join(person.itertext()) for person in node]
    if node.tag == "recording":
        # A recording that says only "not opted out" says nothing.
        return {child.tag: (child.text or "").replace("false", "") for child in node}
    return list(node) if len(node) else node.text


def write(going: Going) -> bytes:
    """The programme as schedule XML."""
    event, zone = going.event, going.event.zone
    root = Tree.Element("schedule")
    Tree.SubElement(root, "generator", name="passerelle", version=__version__)
    _add(root, "version", going.stamp.isoformat())
    conference = Tree.SubElement(root, "conference")
    by_day: dict[Any, dict[str, list[Session]]] = {}
    for session in going.with_hours():
        by_day.setdefault(session.day, {}).setdefault(going.place(session.place), []).append(session)
    by_day = by_day or {event.details.starts: {}}  # a schedule has a day
    for name, text in (
        ("title", event.details.name.in_(going.language)),
        ("acronym", going.acronym),
        ("start", event.details.starts.isoformat()),
        ("end", event.details.ends.isoformat()),
        ("days", str(len(by_day))),
        ("timeslot_duration", "00:05"),
        ("time_zone_name", event.details.time_zone),
    ):
        _add(conference, name, text)
    for index, (day, rooms) in enumerate(by_day.items(), 1):
        opens = datetime.combine(day, datetime.min.time(), zone)
        closes = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone)
        made = Tree.SubElement(
            root, "day", date=day.isoformat(), start=opens.isoformat(), end=closes.isoformat(), index=str(index)
        )
        for name, sessions in rooms.items():
            room = Tree.SubElement(made, "room", name=name, guid=names.guid(event.details.id, f"room/{name}"))
            for session in sessions:
                _event(room, session, going)
    Tree.indent(root)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + bytes(Tree.tostring(root, encoding="utf-8")) + b"\n"


def _event(room: Tree.Element, session: Session, going: Going) -> None:
    assert session.starts_at is not None
    made = Tree.SubElement(
        room, "event", id=str(going.number(session.id)), guid=names.guid(going.event.details.id, session.id)
    )
    for name, text in (
        ("date", session.starts_at.astimezone(going.event.zone).isoformat()),
        ("start", f"{session.start:%H:%M}"),
        ("duration", going.duration(session)),
        ("room", going.place(session.place)),
        ("slug", f"{going.acronym}-{session.id.ljust(4, '_')}"),
        ("title", session.title.in_(going.language)),
        ("subtitle", ""),
        ("track", going.theme(session.theme)),
        ("type", session.kind),
        ("language", session.languages[0] if len(session.languages) == 1 else ""),
        ("abstract", going.abstract(session)),
        ("description", ""),
    ):
        _add(made, name, text)
    persons = Tree.SubElement(made, "persons")
    for role in session.people:
        _add(persons, "person", going.person(role.person))


def _add(parent: Tree.Element, name: str, text: str) -> None:
    Tree.SubElement(parent, name).text = text.translate(CONTROLS)
