"""What is held about a person: shown, handed over, erased; and erased by itself when its time is over.

Each subject that keeps something of a person registers here how to show and erase it. A test compares
the registered tables with all tables that lead to a person.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, delete, select, update

from bot.people.tables import account, person, update_seen
from bot.store.transaction import Transaction

GOODBYE = timedelta(minutes=10)  # how long the emptied account stays, so that the goodbye arrives
SEEN_FOR = timedelta(days=7)  # platforms repeat an update for a day at most (platform-rules)


@dataclass(frozen=True, slots=True)
class Subject:
    """name: key in the person's file. tables: whose rows are a person's. show: those rows as JSON values.
    erase: what must happen beside deleting them (a seat given back)."""

    name: str
    tables: tuple[str, ...]
    show: Callable[[Transaction, int], Any]
    erase: Callable[[Transaction, int], None]


_subjects: list[Subject] = []


def register(subject: Subject) -> None:
    _subjects.append(subject)


def subjects() -> tuple[Subject, ...]:
    return tuple(_subjects)


def held(tx: Transaction, person_id: int) -> dict[str, Any]:
    """Everything held about the person, as JSON values; moments in ISO 8601, UTC."""
    return {subject.name: subject.show(tx, person_id) for subject in _subjects}


def plain(row: RowMapping) -> dict[str, Any]:
    """A row as JSON values: moments in ISO 8601."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}


def erase(tx: Transaction, person_id: int, now: datetime) -> None:
    """Erase all that is held about the person but the bare accounts, which carry the goodbye and go
    with `purge`."""
    for subject in reversed(_subjects):
        subject.erase(tx, person_id)
    tx.execute(
        update(person)
        .where(person.c.id == person_id)
        .values(calendar_token=None, language_chosen=False, leaving_at=now, created_at=now, last_seen_at=now)
    )
    tx.execute(
        update(account)
        .where(account.c.person_id == person_id)
        .values(expects="", choices=[], last_entry="", created_at=now)
    )


def purge(tx: Transaction, now: datetime, *, event_ends: datetime, retention: timedelta) -> int:
    """Delete who said goodbye, and whoever's time is over: `retention` after the event's end or their last
    message, whichever is later. Returns how many persons went."""
    gone = set(tx.execute(select(person.c.id).where(person.c.leaving_at < now - GOODBYE)).scalars())
    if now > event_ends + retention:
        gone |= set(tx.execute(select(person.c.id).where(person.c.last_seen_at < now - retention)).scalars())
    for person_id in gone:
        for subject in reversed(_subjects):
            subject.erase(tx, person_id)
        tx.execute(delete(account).where(account.c.person_id == person_id))
        tx.execute(delete(person).where(person.c.id == person_id))
    tx.execute(delete(update_seen).where(update_seen.c.at < now - SEEN_FOR))
    return len(gone)


def _show_person(tx: Transaction, person_id: int) -> Any:
    row = tx.one(select(person).where(person.c.id == person_id))
    accounts = tx.all(select(account).where(account.c.person_id == person_id))
    assert row is not None
    return {
        "language": row["language"],
        "first_seen": row["created_at"].isoformat(),
        "last_seen": row["last_seen_at"].isoformat(),
        "calendar_feed": row["calendar_token"] is not None,
        "accounts": [
            {"channel": a["channel"], "address": a["address"], "since": a["created_at"].isoformat()} for a in accounts
        ],
    }


register(Subject("person", ("person", "account"), _show_person, lambda tx, person_id: None))
