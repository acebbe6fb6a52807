"""Several people signed up by one, by name: the head of a delegation, say. They take seats together, all or none.

A guest is a name in somebody's care: nothing is sent to them, and nobody asks whether they still come.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select

from bot.errors import UnknownSession
from bot.event.model import Event, Session
from bot.people import privacy
from bot.programme import offers, seats
from bot.programme.offers import Passed
from bot.programme.tables import guest
from bot.store.transaction import Transaction

MOST = 20  # in one session, in one person's care
LONGEST = 80  # characters of a name
BETWEEN = re.compile(r"[\n,，、;；]+")
BULLET = re.compile(r"^\s*(?:[-–—•*·]|\(?\d{1,2}[.)）、．]|[（(]\d{1,2}[)）])\s*")
_GUESTS = (
    select(guest.c.id, guest.c.name)
    .where(guest.c.person_id == bindparam("person"), guest.c.session_id == bindparam("session"))
    .order_by(guest.c.id)
)


@dataclass(frozen=True, slots=True)
class Guest:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Added:
    """names: who has a seat now and had none before."""

    session: Session
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TooFew:
    """Not enough seats for all of them: nobody has one. left: how many there are."""

    session: Session
    wanted: int
    left: int


@dataclass(frozen=True, slots=True)
class TooMany:
    """More than one person may sign up. has: whom they have signed up before."""

    session: Session
    has: int


def names_in(text: str) -> list[str]:
    """The names in a person's text: a line each, or with commas between; numbers and bullets before them dropped, each
    once. A name that is too long stays as it is, for the caller to refuse."""
    found = []
    for part in BETWEEN.split(unicodedata.normalize("NFC", text)):
        printable = "".join(c if c.isprintable() else " " for c in BULLET.sub("", part))
        if name := " ".join(printable.split()):
            found.append(name)
    return list(dict.fromkeys(found))


def add(
    tx: Transaction, event: Event, person: int, session_id: str, names: Sequence[str], *, now: datetime
) -> Added | TooFew | TooMany | seats.Closed:
    """Seats for all of `names`, in the care of `person`, or for none of them. Who is there already stays as they are.

    Safe under a race: the seats are taken together by `seats.reserve`; the same name twice meets at UNIQUE (person,
    session, name), and its seat is given back.
    Raises UnknownSession for an id that was never published.
    """
    if session_id not in event.session:
        raise UnknownSession(session_id)
    session = event.session[session_id]
    if not seats.is_open(session, now):
        return seats.Closed(session)
    offers.lock(tx, session_id)
    has = {each.name for each in of(tx, person, session_id)}
    new = [name for name in dict.fromkeys(names) if name not in has]
    if len(has) + len(new) > MOST:
        return TooMany(session, len(has))
    if new and not seats.reserve(tx, event, session, len(new), now):
        left = seats.left(tx, session_id) or 0
        return TooFew(session, len(new), max(0, left - offers.wanted(tx, event, session, now)))
    for name in new:
        tx.execute(tx.insert(guest).values(person_id=person, session_id=session_id, name=name, added_at=now))
    return Added(session, tuple(new))


def of(tx: Transaction, person: int, session_id: str) -> list[Guest]:
    """Whom the person has signed up for the session, in the order in which they did."""
    rows = tx.execute(_GUESTS, {"person": person, "session": session_id})
    return [Guest(row.id, row.name) for row in rows]


def by_session(tx: Transaction, person: int) -> dict[str, list[str]]:
    """session id -> the names of whom the person has signed up for it."""
    mine = select(guest.c.session_id, guest.c.name).where(guest.c.person_id == person).order_by(guest.c.id)
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row in tx.execute(mine):
        found[row.session_id].append(row.name)
    return dict(found)


def remove(
    tx: Transaction, event: Event, person: int, session_id: str, guest_id: int | None, *, now: datetime
) -> tuple[tuple[str, ...], tuple[Passed, ...]]:
    """Give back the seat of one guest, or of all where None: (their names, to whom the seats went on).

    Safe under a race: the session's row is locked, and what is deleted is what is counted.
    Raises UnknownSession for an id that was never published.
    """
    if session_id not in event.session:
        raise UnknownSession(session_id)
    offers.lock(tx, session_id)
    gone = delete(guest).where(guest.c.person_id == person, guest.c.session_id == session_id)
    if guest_id is not None:
        gone = gone.where(guest.c.id == guest_id)
    names = tuple(row.name for row in tx.execute(gone.returning(guest.c.name)))
    if not names:
        return (), ()
    offers.take(tx, session_id, -len(names))
    return names, offers.pass_on(tx, event, event.session[session_id], now)


def _show(tx: Transaction, person: int) -> list[dict[str, str]]:
    rows = tx.all(select(guest).where(guest.c.person_id == person).order_by(guest.c.id))
    return [{"session": row["session_id"], "name": row["name"], "since": row["added_at"].isoformat()} for row in rows]


def _erase(tx: Transaction, person: int) -> None:
    mine = select(guest.c.session_id, func.count().label("n")).where(guest.c.person_id == person)
    for row in tx.all(mine.group_by(guest.c.session_id).order_by(guest.c.session_id)):
        offers.lock(tx, row["session_id"])
        theirs = guest.c.person_id == person, guest.c.session_id == row["session_id"]
        gone = tx.execute(delete(guest).where(*theirs).returning(guest.c.id)).all()
        offers.take(tx, row["session_id"], -len(gone))


privacy.register(privacy.Subject("people signed up by name", ("guest",), _show, _erase))
