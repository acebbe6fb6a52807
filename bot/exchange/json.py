"""The programme as our own JSON: whole, every language, nothing left out. In and out again it is the same."""

import json
from collections.abc import Collection
from typing import Any

from pydantic import ValidationError

from bot.event.model import Session
from bot.exchange.out import Going
from bot.exchange.rows import Aim, Missed, NotUnderstood, Read, Row

MARK = "passerelle"


def read(data: bytes, aim: Aim) -> Read:
    """The sessions of the file. Raises NotUnderstood where it is none of ours."""
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise NotUnderstood(f"is no JSON: {error}") from error
    if not isinstance(value, dict) or MARK not in value or not isinstance(value.get("sessions"), list):
        raise NotUnderstood("is no programme that passerelle wrote")
    event = aim.event
    known: dict[str, Collection[str]] = {"places": event.place, "people": event.person, "themes": event.theme}
    names = {kind: _names(value.get(kind), ids) for kind, ids in known.items()}
    out = Read()
    for number, each in enumerate(value["sessions"], 1):
        where = f"session {number}"
        try:
            session = Session.model_validate({**each, "zone": str(aim.zone)})
        except (ValidationError, TypeError) as error:
            out.missed.append(Missed(where, " ".join(str(error).split())[:200]))
            continue
        out.rows.append(_row(session, where, names, each))
    return out


def _row(session: Session, where: str, names: dict[str, dict[str, str]], given: dict[str, Any]) -> Row:
    return Row(
        where=where, id=session.id, title=session.title.as_dict(),
        abstract=session.abstract.as_dict() if session.abstract else {},
        day=session.day, start=session.start, end=session.end, part=session.part,
        place=names["places"].get(session.place or "", session.place),
        theme=names["themes"].get(session.theme or "", session.theme),
        kind=session.kind if "kind" in given else None,
        people=tuple((names["people"].get(r.person, r.person), r.role) for r in session.people) or None,
        languages=session.languages or None, interpretation=session.interpretation or None,
        capacity=session.capacity, registration=session.registration if "registration" in given else None,
        status=session.status if "status" in given else None, aliases=session.aliases or None,
    )  # fmt: skip


def _names(things: Any, known: Collection[str]) -> dict[str, str]:
    """id -> name, of what the file describes and the event does not have yet."""
    out = {}
    for thing in things if isinstance(things, list) else ():
        name = thing.get("name") if isinstance(thing, dict) else None
        if isinstance(name, dict) and name and thing.get("id") not in known:
            out[str(thing.get("id"))] = str(next(iter(name.values())))
    return out


def write(going: Going) -> bytes:
    event = going.event
    whole = {
        MARK: 1,
        "event": event.details.id,
        "sessions": [s.model_dump(mode="json", exclude_defaults=True, exclude={"zone"}) for s in event.sessions],
        "places": [p.model_dump(mode="json", exclude_defaults=True) for p in event.places],
        "people": [p.model_dump(mode="json", exclude_defaults=True) for p in event.details.people],
        "themes": [t.model_dump(mode="json", exclude_defaults=True) for t in event.details.themes],
    }
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()
