"""What organizers changed in chat, beside what the folder says: kept by session and field until the folder itself says
something else there.

So an old file that is published again undoes nothing: what was cancelled in chat stays cancelled.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bot.event.model import Event, Session

# session id -> field -> [what the folder said when it was changed, what it was changed to], as JSON
Edits = Mapping[str, Mapping[str, tuple[Any, Any]]]
FIELDS = ("day", "start", "end", "place", "capacity", "registration", "status")


def change(event: Event, edits: Edits, session_id: str, values: Mapping[str, Any]) -> tuple[Event, Edits]:
    """`event` with new values (as JSON) in a session, and the edits with them. Raises KeyError for a session or a
    field that is none, ValidationError for a value that cannot be."""
    if session_id not in event.session:
        raise KeyError(session_id)
    before = _says(event, session_id)
    own = {name: (was, becomes) for name, (was, becomes) in edits.get(session_id, {}).items()}
    for name, value in values.items():
        folder_says = own[name][0] if name in own else before[name]
        own[name] = (folder_says, value)
    own = {name: (was, becomes) for name, (was, becomes) in own.items() if was != becomes}
    all_ = {id_: dict(each) for id_, each in edits.items() if id_ != session_id}
    return _with(event, {session_id: values}), {**all_, session_id: own} if own else all_


def onto(event: Event, edits: Edits) -> tuple[Event, Edits]:
    """What a folder says with the edits that still hold, and these: those where it says what it said then."""
    kept: dict[str, dict[str, tuple[Any, Any]]] = {}
    for id_, own in edits.items():
        says = _says(event, id_)
        held = {name: (was, becomes) for name, (was, becomes) in own.items() if says and says[name] == was}
        if held:
            kept[id_] = held
    values = {id_: {name: becomes for name, (_, becomes) in own.items()} for id_, own in kept.items()}
    return _with(event, values), kept


def overruled(folder: Event, edits: Edits, kept: Edits) -> Edits:
    """The edits that `onto` has not kept, each with what the folder says now."""
    out: dict[str, dict[str, tuple[Any, Any]]] = {}
    for id_, own in edits.items():
        says = _says(folder, id_)
        lost = {name: (says.get(name), becomes) for name, (_, becomes) in own.items() if name not in kept.get(id_, {})}
        if lost:
            out[id_] = lost
    return out


def _says(event: Event, session_id: str) -> Mapping[str, Any]:
    """The fields of a session as JSON; none where there is no such session."""
    session = event.session.get(session_id)
    return session.model_dump(mode="json", include=set(FIELDS)) if session else {}


def lines(edits: Edits) -> Iterable[str]:
    """Each edit in a line for the shell."""
    for id_, own in edits.items():
        for name, (was, becomes) in own.items():
            yield f"{id_}: {name} {_shown(becomes)} (the folder: {_shown(was)})"


def _shown(value: Any) -> str:
    if value is None:
        return "unknown"
    return str(value)[:5] if re.fullmatch(r"\d\d:\d\d:\d\d", str(value)) else str(value)


def _with(event: Event, values: Mapping[str, Mapping[str, Any]]) -> Event:
    """The event with these values in its sessions."""
    if not values:
        return event
    sessions = tuple(
        Session.model_validate({**session.model_dump(mode="json"), **values[session.id]})
        if session.id in values
        else session
        for session in event.sessions
    )
    return Event(**{**{name: getattr(event, name) for name in Event.model_fields}, "sessions": sessions})
