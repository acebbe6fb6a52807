"""Schedule JSON, as pretalx and frab write it: `schedule.conference.days[].rooms{name: [event]}`.

Source of the rules: https://github.com/voc/schedule/blob/master/validator/json/schema.json
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot import __version__
from bot.event.model import Session
from bot.exchange import grid, names, values
from bot.exchange.out import Going
from bot.exchange.rows import Aim, Missed, NotUnderstood, Read

OF_A_PERSON = {"id", "guid", "code", "name", "public_name", "full_public_name", "type"}
OF_A_ROOM = {"name", "guid", "slug"}


def read(data: bytes, aim: Aim) -> Read:
    """The events of a schedule. Raises NotUnderstood where it is none."""
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise NotUnderstood(f"is no JSON: {error}") from error
    conference = _get(_get(value, "schedule"), "conference")
    days = conference.get("days") if isinstance(conference, Mapping) else None
    if not isinstance(days, list):
        raise NotUnderstood("holds no schedule.conference.days")
    out = Read()
    for room in conference.get("rooms") or ():
        for name, said in room.items() if isinstance(room, Mapping) else ():
            if name not in OF_A_ROOM and grid.is_said(said):
                out.fields[f"{name} of rooms"] += 1
    for number, day in enumerate(days, 1):
        _day(day, f"day {number}", aim, out)
    return out


def _day(day: Any, where: str, aim: Aim, out: Read) -> None:
    rooms = _get(day, "rooms")
    if not isinstance(rooms, Mapping):
        out.missed.append(Missed(where, "has no rooms"))
        return
    try:
        on = values.day(str(_get(day, "date"))[:10], aim.event.details) if _get(day, "date") else None
        start = values.moment(_get(day, "day_start")) if _get(day, "day_start") else None
    except NotUnderstood as error:
        out.missed.append(Missed(where, str(error)))
        on = start = None
    opens = start.time() if start else None
    for room, events in rooms.items():
        for number, event in enumerate(events if isinstance(events, list) else [events], 1):
            if not isinstance(event, Mapping):
                out.missed.append(Missed(f"{where}, room {room}, {number}", "is no event"))
                continue
            persons = [person for person in event.get("persons") or () if isinstance(person, Mapping)]
            for person in persons:
                for name, said in person.items():
                    if name not in OF_A_PERSON and grid.is_said(said):
                        out.fields[f"{name} of persons"] += 1
            names_ = [p.get("public_name") or p.get("name") or p.get("full_public_name") for p in persons]
            grid.take({**event, "persons": names_}, on, opens, room, aim, out)


def write(going: Going) -> bytes:
    """The programme as schedule JSON."""
    event = going.event
    by_day: dict[Any, dict[str, list[dict[str, Any]]]] = {}
    for session in going.with_hours():
        by_day.setdefault(session.day, {}).setdefault(going.place(session.place), []).append(_event(session, going))
    zone = event.zone
    days = []
    for index, (day, rooms) in enumerate(by_day.items(), 1):
        opens = datetime.combine(day, datetime.min.time(), zone)
        closes = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone)
        days.append(
            {"index": index, "date": day.isoformat(), "day_start": opens.isoformat(), "day_end": closes.isoformat(),
             "rooms": rooms}
        )  # fmt: skip
    conference = {
        "acronym": going.acronym,
        "title": event.details.name.in_(going.language),
        "start": event.details.starts.isoformat(),
        "end": event.details.ends.isoformat(),
        "daysCount": len(days),
        "timeslot_duration": "00:05",
        "time_zone_name": event.details.time_zone,
        "rooms": [
            {"name": name, "guid": names.guid(event.details.id, f"room/{name}")}
            for name in dict.fromkeys(name for rooms in by_day.values() for name in rooms)
        ],
        "days": days,
    }
    whole = {
        "schedule": {"version": going.stamp.isoformat(), "conference": conference},
        "generator": {"name": "passerelle", "version": __version__},
    }
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()


def _event(session: Session, going: Going) -> dict[str, Any]:
    assert session.starts_at is not None
    people = [going.person(role.person) for role in session.people]
    return {
        "id": going.number(session.id),
        "guid": names.guid(going.event.details.id, session.id),
        "url": f"urn:uuid:{names.guid(going.event.details.id, session.id)}",  # the schema wants one
        "logo": None,
        "date": session.starts_at.astimezone(going.event.zone).isoformat(),
        "start": f"{session.start:%H:%M}",
        "duration": going.duration(session),
        "room": going.place(session.place),
        "slug": session.id,
        "title": session.title.in_(going.language),
        "subtitle": "",
        "track": going.theme(session.theme) or None,
        "type": session.kind,
        "language": session.languages[0] if len(session.languages) == 1 else "",
        "abstract": going.abstract(session),
        "description": "",
        "do_not_record": False,
        "persons": [{"id": going.number(f"person/{name}"), "public_name": name} for name in people],
        "links": [],
        "attachments": [],
    }


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None
