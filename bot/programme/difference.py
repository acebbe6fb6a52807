"""What two versions of an event differ in, as data."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from bot.event.model import Event


@dataclass(frozen=True, slots=True)
class Differs:
    """A field by its name in the model, what it was and what it becomes."""

    name: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Change:
    """kind: "session", "place", "entry", "topic" or "event". fields: those that differ (empty: all are new or gone)."""

    kind: str
    id: str
    what: Literal["added", "changed", "removed"]
    fields: tuple[Differs, ...] = ()


def between(old: Event, new: Event) -> list[Change]:
    """Every change from `old` to `new`, in the order of the new event."""
    changes = (
        [Change("event", new.details.id, "changed", fields)] if (fields := _fields(old.details, new.details)) else []
    )
    pairs = (
        ("session", old.session, new.session),
        ("place", old.place, new.place),
        ("entry", old.entry, new.entry),
        ("topic", old.topic, new.topic),
    )
    for kind, before, after in pairs:
        for id_, thing in after.items():
            if id_ not in before:
                changes.append(Change(kind, id_, "added"))
            elif fields := _fields(before[id_], thing):
                changes.append(Change(kind, id_, "changed", fields))
        changes += [Change(kind, id_, "removed") for id_ in before if id_ not in after]
    return changes


def _fields(old: BaseModel, new: BaseModel) -> tuple[Differs, ...]:
    values = ((name, getattr(old, name), getattr(new, name)) for name in type(new).model_fields)
    return tuple(Differs(name, was, becomes) for name, was, becomes in values if was != becomes)
