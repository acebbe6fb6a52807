"""A clock that was moved, to rehearse or to try an event that is over: how far stands in the database, so that
every process that opens it lives at the same moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.clock import Clock
from bot.programme.tables import kept
from bot.store.transaction import Transaction

NAME = "clock"


@dataclass(frozen=True, slots=True)
class Moved:
    """shift: from real time. stood_at: the local time it was told to stand at when it began."""

    shift: timedelta
    stood_at: str


def moved(tx: Transaction) -> Moved | None:
    """How this database's clock is moved, None where it shows real time."""
    # An older row carries its moment in its name.
    row = tx.one(select(kept).where(kept.c.name.startswith(NAME)).order_by(kept.c.name).limit(1))
    if row is None:
        return None
    seconds, _, stood_at = row["value"].partition(" ")
    return Moved(timedelta(seconds=float(seconds)), stood_at or row["name"].partition(" ")[2])


def stand_at(tx: Transaction, wanted: datetime, zone: ZoneInfo) -> Moved:
    """Let the clock read `wanted` (naive, in `zone`) now, unless it was moved before; how it is moved.

    Safe under a race: the row's primary key lets one of two first starts set it, and both read that one.
    """
    found = moved(tx)
    if found is not None:
        return found
    clock = Clock()
    clock.stand_at(wanted.replace(tzinfo=zone))
    row = tx.insert(kept).values(name=NAME, value=f"{clock.shift.total_seconds()} {written(wanted)}")
    tx.execute(row.on_conflict_do_nothing())
    found = moved(tx)
    assert found is not None
    return found


def written(local: datetime) -> str:
    return f"{local:%Y-%m-%dT%H:%M}"
