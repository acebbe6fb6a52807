"""Themes that people follow: they are told of what is new in them, and of what is full before they chose it."""

from datetime import datetime

from sqlalchemy import bindparam, delete, select

from bot.people import privacy
from bot.programme.tables import follow
from bot.store.transaction import Transaction

_THEMES = select(follow.c.theme).where(follow.c.person_id == bindparam("person"))


def begin(tx: Transaction, person: int, theme: str, now: datetime) -> None:
    tx.execute(tx.insert(follow).values(person_id=person, theme=theme, since=now).on_conflict_do_nothing())


def end(tx: Transaction, person: int, theme: str) -> None:
    tx.execute(delete(follow).where(follow.c.person_id == person, follow.c.theme == theme))


def of(tx: Transaction, person: int) -> set[str]:
    """The ids of the themes that the person follows."""
    return {row.theme for row in tx.execute(_THEMES, {"person": person})}


def _show(tx: Transaction, person: int) -> list[str]:
    return sorted(of(tx, person))


def _erase(tx: Transaction, person: int) -> None:
    tx.execute(delete(follow).where(follow.c.person_id == person))


privacy.register(privacy.Subject("themes followed", ("follow",), _show, _erase))
