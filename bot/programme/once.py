"""What is begun once, however many processes look: a reminder, a question, a word to those who follow a theme."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from bot.programme.tables import begun
from bot.store.transaction import Transaction


def first_time(tx: Transaction, key: str, now: datetime) -> bool:
    """Whether nobody has begun this before. Safe under a race: the key is inserted once, in the transaction that does
    what it stands for."""
    row = tx.insert(begun).values(key=key, at=now).on_conflict_do_nothing().returning(begun.c.key)
    return tx.execute(row).first() is not None


def begun_of(tx: Transaction, keys: Collection[str]) -> set[str]:
    """Those of `keys` that somebody has begun."""
    return set(tx.execute(select(begun.c.key).where(begun.c.key.in_(keys))).scalars())
