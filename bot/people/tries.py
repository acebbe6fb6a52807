"""Wrong codes, counted a person, so that nobody guesses one: at most so many within a while."""

from datetime import datetime, timedelta

from sqlalchemy import Table, delete, func, insert, select

from bot.people.tables import person
from bot.store.transaction import Transaction

MOST, WITHIN = 5, timedelta(hours=1)


def again_at(tx: Transaction, tries: Table, person_id: int, now: datetime) -> datetime | None:
    """When the person may try again, aware UTC, where they have tried too often; None: now. tries: which codes.

    Safe under a race: their tries are counted behind the lock of their row, until the transaction ends.
    """
    tx.execute(select(person.c.id).where(person.c.id == person_id).with_for_update(key_share=True))
    theirs = tries.c.person_id == person_id
    tx.execute(delete(tries).where(theirs, tries.c.at <= now - WITHIN))
    count, first = tuple(tx.execute(select(func.count(), func.min(tries.c.at)).where(theirs)).one())
    return first + WITHIN if count >= MOST else None


def wrong(tx: Transaction, tries: Table, person_id: int, now: datetime) -> None:
    tx.execute(insert(tries).values(person_id=person_id, at=now))
