"""What was published: each version of the event, whole, as an immutable value.

Turns read the newest number in their own transaction and find the event in memory when it has not
changed, so that every answer of a turn comes from one version.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select

from bot.event.model import Event
from bot.programme.tables import seat, version
from bot.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Published:
    """An event as published. number counts from 1; published_at: aware UTC."""

    number: int
    published_at: datetime
    digest: str
    event: Event


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
        row = tx.one(select(version).where(version.c.number == number))
        assert row is not None
        event = Event.model_validate(json.loads(row["content"]))
        self.last = Published(number, row["published_at"], row["digest"], event)
        return self.last


def publish(tx: Transaction, event: Event, digest: str, now: datetime) -> int:
    """Make `event` the current version and bring the seats in line; its number.

    A session that is gone keeps its row of seats: people's interest in it stays on record. Safe under a
    race: the version's primary key lets one of two publishers through.
    """
    number = (tx.scalar(select(func.max(version.c.number))) or 0) + 1
    content = event.model_dump_json(exclude_defaults=True)
    tx.execute(insert(version).values(number=number, published_at=now, digest=digest, content=content))
    for session in event.sessions:
        row = tx.insert(seat).values(session_id=session.id, capacity=session.capacity)
        tx.execute(row.on_conflict_do_update(index_elements=["session_id"], set_={"capacity": session.capacity}))
    return number


def publish_after(tx: Transaction, seen: int, event: Event, digest: str, now: datetime) -> int | None:
    """As `publish`, if version `seen` is still the newest; None where somebody has published since.

    Safe under a race: the row of `seen` is locked, so that of two publishers one waits and then finds the other's.
    """
    tx.execute(select(version.c.number).where(version.c.number == seen).with_for_update())
    if tx.scalar(_NEWEST) != seen:
        return None
    return publish(tx, event, digest, now)


def newest(tx: Transaction) -> tuple[int, str] | None:
    """(number, digest) of the current version, None before the first."""
    row = tx.one(select(version.c.number, version.c.digest).order_by(version.c.number.desc()).limit(1))
    return (row["number"], row["digest"]) if row else None
