"""What `publish` changes, in an organizer's words: each changed field with what it was and what it becomes."""

from collections.abc import Iterator, Mapping
from datetime import time
from enum import Enum
from typing import Any

from pydantic import BaseModel

from bot.event.model import Event
from bot.event.texts import Texts
from bot.programme.difference import Change

NAMES = {
    "start": "begins",
    "end": "ends",
    "place": "where",
    "part": "part of the day",
    "capacity": "seats",
    "registration": "sign-up",
    "people": "who",
    "within": "inside",
    "starts": "first day",
    "ends": "last day",
}
UNKNOWN = {"capacity": "no limit", "as_of": "no date"}
SHOWN = 60  # characters of a long text
BEFORE = 20  # of those, the ones that stand before what differs


def lines(change: Change, old: Event, new: Event) -> Iterator[str]:
    """The lines of one change: what it is, then one for each field that differs."""
    yield f"{change.what:8} {change.kind} {change.id}{_title(change, new if change.what != 'removed' else old)}"
    for field in change.fields:
        name = NAMES.get(field.name, field.name.replace("_", " "))
        for of, was, becomes in _parts(field.old, field.new):
            label = f"{name} ({of})" if of else name
            if field.name in ("place", "within"):
                was, becomes = _place(was, old), _place(becomes, new)
            yield f"         {label}: {_both(field.name, was, becomes)}"


def _title(change: Change, event: Event) -> str:
    things: dict[str, Mapping[str, Any]] = {"session": event.session, "place": event.place}
    thing = things.get(change.kind, {}).get(change.id)
    if thing is None:
        return ""
    title: Texts = thing.title if change.kind == "session" else thing.name
    return f" “{title.in_('en')}”"


def _parts(old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """(language, old, new) of what differs; the language is "" where there is but one value."""
    was, becomes = _by_language(old), _by_language(new)
    if was is None and becomes is None:
        yield "", old, new
        return
    was, becomes = was or {}, becomes or {}
    for language in {**was, **becomes}:
        if was.get(language) != becomes.get(language):
            yield language, was.get(language), becomes.get(language)


def _by_language(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, Texts):
        return value.as_dict()
    return value if isinstance(value, dict) else None


def _both(field: str, old: Any, new: Any) -> str:
    if isinstance(old, tuple) or isinstance(new, tuple):
        return _lists(old or (), new or ())
    was, becomes = (_value(field, value) for value in (old, new))
    if max(len(was), len(becomes)) > SHOWN:
        was, becomes = _shortened(was, becomes)
    return f"{was} → {becomes}"


def _lists(old: tuple[Any, ...], new: tuple[Any, ...]) -> str:
    """What a list gains and loses; its things by their ids, where they have some."""
    gone, come = ([_item(each) for each in some if each not in others] for some, others in ((old, new), (new, old)))
    changed = [name for name in come if name in gone]
    said = [f"+ {name}" for name in come if name not in changed]
    said += [f"− {name}" for name in gone if name not in changed]
    said += [f"{name} changed" for name in changed]
    return ", ".join(said) or "in another order"


def _item(value: Any) -> str:
    if isinstance(value, BaseModel):
        return str(getattr(value, "id", "") or getattr(value, "person", "") or value)
    return str(value)


def _value(field: str, value: Any) -> str:
    if value is None or value == "":
        return UNKNOWN.get(field, "not known")
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    return " ".join(str(value).split()) if not isinstance(value, BaseModel) else "rewritten"


def _shortened(old: str, new: str) -> tuple[str, str]:
    """Both from a little before where they part."""
    same = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    begin = max(0, same - BEFORE)
    short_old, short_new = (
        ("…" if begin else "") + text[begin : begin + SHOWN] + ("…" if len(text) > begin + SHOWN else "")
        for text in (old, new)
    )
    return short_old, short_new


def _place(id_: str | None, event: Event) -> str | None:
    place = event.place.get(id_ or "")
    return f"{place.name.in_('en')} ({id_})" if place else id_
