"""What was published: each version of the event, whole, as an immutable value.

Turns read the newest number in their own transaction and find the event in memory when it has not
changed, so that every answer of a turn comes from one version.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, insert, select

from bot.event.model import Event
from bot.programme import revisions
from bot.programme.edits import Edits
from bot.programme.tables import seat, version
from bot.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Published:
    """An event as published. number counts from 1; published_at: aware UTC."""

    number: int
    published_at: datetime
    digest: str
    event: Event
    reason: Mapping[str, str] = field(default_factory=dict)  # language -> why, in the organizer's words
    edits: Edits = field(default_factory=dict)  # what in it was changed in chat


_NEWEST = select(func.max(version.c.number))  # read in every turn


class Versions:
    """The published event, kept in memory by its number. Safe to share between threads: a stale read
    costs a second parse, never a wrong answer."""

    def __init__(self) -> None:
        self.last: Published | None = None  # the newest seen

    def current(self, tx: Transaction) -> Published | None:
        """The newest version, None before the first."""
        number = tx.scalar(_NEWEST)
        last = self.last
        if number is None or (last is not None and last.number == number):
            return last if number is not None else None
        self.last = at(tx, number)
        return self.last


def at(tx: Transaction, number: int) -> Published:
    """A version, read whole. Raises LookupError for one that never was."""
    row = tx.one(select(version).where(version.c.number == number))
    if row is None:
        raise LookupError(f"no version {number}")
    event = Event.model_validate(json.loads(row["content"]))
    return Published(number, row["published_at"], row["digest"], event, row["reason"] or {}, row["edits"] or {})


def reasons(tx: Transaction, since: int) -> list[Mapping[str, str]]:
    """The reasons of the versions after `since`, newest first, {} of one that gave none."""
    rows = tx.execute(select(version.c.reason).where(version.c.number > since).order_by(version.c.number.desc()))
    return [row.reason or {} for row in rows]


def publish(tx: Transaction, new: Published) -> int:
    """Make `new` the current version and bring seats and revisions in line; its number, which is the next,
    whatever `new` says.

    A session that is gone keeps its row of seats: people's interest in it stays on record. Safe under a
    race: the version's primary key lets one of two publishers through.
    """
    number = int(tx.scalar(select(func.max(version.c.number))) or 0) + 1
    content = new.event.model_dump_json(exclude_defaults=True)
    values = {
        "number": number, "published_at": new.published_at, "digest": new.digest, "content": content,
        "reason": dict(new.reason) or None, "edits": dict(new.edits) or None,
    }  # fmt: skip
    tx.execute(insert(version).values(**values))
    revisions.keep(tx, new.event, new.published_at)
    for session in new.event.sessions:
        row = tx.insert(seat).values(session_id=session.id, capacity=session.capacity)
        tx.execute(row.on_conflict_do_update(index_elements=["session_id"], set_={"capacity": session.capacity}))
    return number


def publish_after(tx: Transaction, seen: int, new: Published) -> int | None:
    """As `publish`, if version `seen` is still the newest; None where somebody has published since.

    Safe under a race: the row of `seen` is locked, so that of two publishers one waits and then finds the other's.
    """
    tx.execute(select(version.c.number).where(version.c.number == seen).with_for_update())
    return publish(tx, new) if tx.scalar(_NEWEST) == seen else None


def newest(tx: Transaction) -> tuple[int, str] | None:
    """(number, digest) of the current version, None before the first."""
    row = tx.one(select(version.c.number, version.c.digest).order_by(version.c.number.desc()).limit(1))
    return (row["number"], row["digest"]) if row else None
