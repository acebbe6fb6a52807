"""What a person wants to be told of, by kind: with a sound, without, or not at all. Nothing chosen is `on`."""

from typing import Any

from sqlalchemy import ColumnElement, delete, exists, or_, select

from bot.notices.tables import KINDS, Level, preference
from bot.people import privacy
from bot.store.transaction import Transaction

LEADS = (5, 15, 30, 60)  # minutes before a session at which its reminder may come
LEAD = 15  # where nothing was chosen
_LEAD = "lead"  # the row that holds it, beside those of the kinds


def of(tx: Transaction, person_id: int) -> dict[str, Level]:
    """The level of every kind."""
    rows = tx.all(select(preference.c.kind, preference.c.level).where(preference.c.person_id == person_id))
    chosen = {row["kind"]: Level(row["level"]) for row in rows if row["kind"] in KINDS}
    return {kind: chosen.get(kind, Level.ON) for kind in KINDS}


def choose(tx: Transaction, person_id: int, kind: str, level: Level) -> None:
    """Keep the choice. Raises ValueError for a kind that is none."""
    if kind not in KINDS:
        raise ValueError(kind)
    _keep(tx, person_id, kind, level)


def lead(tx: Transaction, person_id: int) -> int:
    """How many minutes before a session this person is reminded of it."""
    wanted = select(preference.c.level).where(preference.c.person_id == person_id, preference.c.kind == _LEAD)
    return int(tx.scalar(wanted) or LEAD)


def choose_lead(tx: Transaction, person_id: int, minutes: int) -> None:
    """Keep the choice. Raises ValueError for minutes that are none of LEADS."""
    if minutes not in LEADS:
        raise ValueError(minutes)
    _keep(tx, person_id, _LEAD, str(minutes))


def chose_lead(of: ColumnElement[int], minutes: int) -> ColumnElement[bool]:
    """Whether the person with the id `of` is reminded that many minutes before."""
    own = exists().where(preference.c.person_id == of, preference.c.kind == _LEAD)
    chose = own.where(preference.c.level == str(minutes))
    return or_(chose, ~own) if minutes == LEAD else chose


def _keep(tx: Transaction, person_id: int, kind: str, level: str) -> None:
    made = tx.insert(preference).values(person_id=person_id, kind=kind, level=level)
    tx.execute(made.on_conflict_do_update(index_elements=["person_id", "kind"], set_={"level": level}))


def _show(tx: Transaction, person_id: int) -> Any:
    return {
        **{kind: str(level) for kind, level in of(tx, person_id).items()},
        "reminders, minutes before": lead(tx, person_id),
    }


def _erase(tx: Transaction, person_id: int) -> None:
    tx.execute(delete(preference).where(preference.c.person_id == person_id))


privacy.register(privacy.Subject("preferences", ("preference",), _show, _erase))
