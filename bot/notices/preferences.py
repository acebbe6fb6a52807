"""What a person wants to be told of, by kind: with a sound, without, or not at all. Nothing chosen is `on`."""

from typing import Any

from sqlalchemy import delete, select

from bot.notices.tables import KINDS, Level, preference
from bot.people import privacy
from bot.store.transaction import Transaction

IN_USE = ("announcements", "changes")  # the kinds that something is sent of so far


def of(tx: Transaction, person_id: int) -> dict[str, Level]:
    """The level of every kind."""
    rows = tx.all(select(preference.c.kind, preference.c.level).where(preference.c.person_id == person_id))
    chosen = {row["kind"]: Level(row["level"]) for row in rows}
    return {kind: chosen.get(kind, Level.ON) for kind in KINDS}


def choose(tx: Transaction, person_id: int, kind: str, level: Level) -> None:
    """Keep the choice. Raises ValueError for a kind that is none."""
    if kind not in KINDS:
        raise ValueError(kind)
    made = tx.insert(preference).values(person_id=person_id, kind=kind, level=level)
    tx.execute(made.on_conflict_do_update(index_elements=["person_id", "kind"], set_={"level": level}))


def _show(tx: Transaction, person_id: int) -> Any:
    return {kind: str(level) for kind, level in of(tx, person_id).items()}


def _erase(tx: Transaction, person_id: int) -> None:
    tx.execute(delete(preference).where(preference.c.person_id == person_id))


privacy.register(privacy.Subject("preferences", ("preference",), _show, _erase))
