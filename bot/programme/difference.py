"""What two versions of an event differ in, as data."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from bot.event.model import Event


@dataclass(frozen=True, slots=True)
class Change:
    """kind: "session", "place", "entry" or "event". fields: which of its fields differ (empty: all are new or gone)."""

    kind: str
    id: str
    what: Literal["added", "changed", "removed"]
    fields: tuple[str, ...] = ()


def between(old: Event, new: Event) -> list[Change]:
    """Every change from `old` to `new`, in the order of the new event."""
    changes = (
        [Change("event", new.details.id, "changed", fields)] if (fields := _fields(old.details, new.details)) else []
    )
    pairs = (("session", old.session, new.session), ("place", old.place, new.place), ("entry", old.entry, new.entry))
    for kind, before, after in pairs:
        for id_, thing in after.items():
            if id_ not in before:
                changes.append(Change(kind, id_, "added"))
            elif fields := _fields(before[id_], thing):
                changes.append(Change(kind, id_, "changed", fields))
        changes += [Change(kind, id_, "removed") for id_ in before if id_ not in after]
    return changes


def _fields(old: BaseModel, new: BaseModel) -> tuple[str, ...]:
    return tuple(name for name in type(new).model_fields if getattr(old, name) != getattr(new, name))
