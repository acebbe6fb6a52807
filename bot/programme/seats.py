"""Interest in sessions: going, waitlisted, withdrawn; never more going than there are seats.

What happened is a value, one class per outcome, so that the type checker sees that each is worded.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, func, or_, select, update

from bot.errors import UnknownSession
from bot.event.model import Event, Registration, Session, Status
from bot.people import privacy
from bot.programme import clashes
from bot.programme.tables import Interest, interest, seat
from bot.store.transaction import Transaction

_STATE = select(interest.c.state).where(
    interest.c.person_id == bindparam("person"), interest.c.session_id == bindparam("session")
)
_SEATS = select(seat.c.capacity, seat.c.taken).where(seat.c.session_id == bindparam("session"))


@dataclass(frozen=True, slots=True)
class Going:
    session: Session


@dataclass(frozen=True, slots=True)
class Waitlisted:
    """ahead: how many wait before this person, from 0."""

    session: Session
    ahead: int


@dataclass(frozen=True, slots=True)
class Clash:
    """other: the first session the person goes to that certainly overlaps."""

    session: Session
    other: Session


@dataclass(frozen=True, slots=True)
class Closed:
    session: Session


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """promoted: the person who got the freed seat, None where nobody waited. was: the state before."""

    session: Session
    was: Interest | None
    promoted: int | None = None


Outcome = Going | Waitlisted | Clash | Closed


def register(
    tx: Transaction, event: Event, person: int, session_id: str, *, now: datetime, despite_clash: bool = False
) -> Outcome:
    """Give `person` a seat in the session, or the end of its waiting list.

    now: aware UTC; decides whether the session is already over. Asking again returns the same outcome and
    changes nothing. Safe under a race: the seat is taken by one conditional UPDATE on the session's row,
    which also orders the waiting list; (person, session) is the interest's primary key.
    Raises UnknownSession for an id that was never published.
    """
    session = _session(event, session_id)
    state = state_of(tx, person, session_id)
    if state == Interest.GOING:
        return Going(session)
    if state == Interest.WAITLISTED:
        return Waitlisted(session, ahead(tx, person, session_id))
    if not is_open(session, now):
        return Closed(session)
    if not despite_clash:
        for other in going_to(tx, event, person):
            if clashes.overlap(session, other):
                return Clash(session, other)
    free = or_(seat.c.capacity.is_(None), seat.c.taken < seat.c.capacity)
    took = update(seat).where(seat.c.session_id == session_id, free).values(taken=seat.c.taken + 1)
    if tx.execute(took).rowcount == 1:
        return (
            Going(session) if _write(tx, person, session_id, Interest.GOING, 0, now) else _already(tx, session, person)
        )
    number = update(seat).where(seat.c.session_id == session_id).values(last_place=seat.c.last_place + 1)
    place = tx.execute(number.returning(seat.c.last_place)).scalar_one()
    _write(tx, person, session_id, Interest.WAITLISTED, place, now)
    return Waitlisted(session, ahead(tx, person, session_id))


def withdraw(tx: Transaction, event: Event, person: int, session_id: str, *, now: datetime) -> Withdrawn:
    """Take back the person's interest; a seat that comes free goes to the head of the waiting list at once.

    Safe under a race: the session's row is locked first, so that two withdrawals promote two people.
    Raises UnknownSession for an id that was never published.
    """
    session = _session(event, session_id)
    if tx.is_postgresql:
        tx.execute(select(seat.c.session_id).where(seat.c.session_id == session_id).with_for_update())
    was = state_of(tx, person, session_id)
    if was not in (Interest.GOING, Interest.WAITLISTED):
        return Withdrawn(session, was)
    _set(tx, person, session_id, Interest.WITHDRAWN, now)
    promoted = _pass_on(tx, session, now) if was == Interest.GOING else None
    return Withdrawn(session, was, promoted)


def _pass_on(tx: Transaction, session: Session, now: datetime) -> int | None:
    """The freed seat's next owner, or None and the seat is free. The caller holds the session's row."""
    head = (
        select(interest.c.person_id)
        .where(interest.c.session_id == session.id, interest.c.state == Interest.WAITLISTED)
        .order_by(interest.c.place)
        .limit(1)
    )
    # A capacity that was cut below what was given swallows freed seats until the two agree.
    over = tx.scalar(select(seat.c.taken > seat.c.capacity).where(seat.c.session_id == session.id))
    waiting = None if over else tx.scalar(head)
    if waiting is None:
        tx.execute(update(seat).where(seat.c.session_id == session.id).values(taken=seat.c.taken - 1))
        return None
    _set(tx, waiting, session.id, Interest.GOING, now)
    return int(waiting)


def state_of(tx: Transaction, person: int, session_id: str) -> Interest | None:
    found = tx.scalar(_STATE, {"person": person, "session": session_id})
    return Interest(found) if found else None


def states(tx: Transaction, person: int) -> dict[str, Interest]:
    """session id -> state, of all the person ever chose."""
    rows = tx.execute(select(interest.c.session_id, interest.c.state).where(interest.c.person_id == person))
    return {row.session_id: Interest(row.state) for row in rows}


def going_to(tx: Transaction, event: Event, person: int) -> list[Session]:
    """The sessions the person goes to, in the programme's order."""
    chosen = states(tx, person)
    return [session for session in event.sessions if chosen.get(session.id) == Interest.GOING]


def going_to_both(tx: Transaction, one: str, other: str) -> int:
    """How many persons go to both sessions."""
    second = interest.alias("second")
    both = interest.join(second, second.c.person_id == interest.c.person_id)
    wanted = select(func.count()).select_from(both).where(
        interest.c.session_id == one, second.c.session_id == other,
        interest.c.state == Interest.GOING, second.c.state == Interest.GOING,
    )  # fmt: skip
    return int(tx.scalar(wanted))


def left(tx: Transaction, session_id: str) -> int | None:
    """Seats left, None where no limit is known."""
    row = tx.one(_SEATS, {"session": session_id})
    return None if row is None or row["capacity"] is None else max(0, row["capacity"] - row["taken"])


def is_open(session: Session, now: datetime) -> bool:
    """Whether interest can be registered: open, not cancelled, not certainly over."""
    if session.registration != Registration.OPEN or session.status == Status.CANCELLED:
        return False
    return session.ends_at is None or now < session.ends_at


def _session(event: Event, session_id: str) -> Session:
    if session_id not in event.session:
        raise UnknownSession(session_id)
    return event.session[session_id]


def ahead(tx: Transaction, person: int, session_id: str) -> int:
    """How many wait before this person, from 0; of no meaning for one who does not wait."""
    mine = select(interest.c.place).where(interest.c.person_id == person, interest.c.session_id == session_id)
    waiting = select(func.count()).where(
        interest.c.session_id == session_id,
        interest.c.state == Interest.WAITLISTED,
        interest.c.place < mine.scalar_subquery(),
    )
    return int(tx.scalar(waiting))


def _write(tx: Transaction, person: int, session_id: str, state: Interest, place: int, now: datetime) -> bool:
    """Record the new state; False where the same person's other account was faster (the seat is given back)."""
    values = {"state": state, "place": place, "changed_at": now}
    row = tx.insert(interest).values(person_id=person, session_id=session_id, **values)
    again = row.on_conflict_do_update(
        index_elements=["person_id", "session_id"],
        set_=values,
        where=interest.c.state == Interest.WITHDRAWN,
    )
    return tx.execute(again.returning(interest.c.person_id)).first() is not None


def _already(tx: Transaction, session: Session, person: int) -> Outcome:
    tx.execute(update(seat).where(seat.c.session_id == session.id).values(taken=seat.c.taken - 1))
    if state_of(tx, person, session.id) == Interest.WAITLISTED:
        return Waitlisted(session, ahead(tx, person, session.id))
    return Going(session)


def _set(tx: Transaction, person: int, session_id: str, state: Interest, now: datetime) -> None:
    row = update(interest).where(interest.c.person_id == person, interest.c.session_id == session_id)
    tx.execute(row.values(state=state, changed_at=now))


def _show(tx: Transaction, person: int) -> list[dict[str, str]]:
    rows = tx.all(select(interest).where(interest.c.person_id == person).order_by(interest.c.changed_at))
    return [
        {"session": row["session_id"], "state": row["state"], "since": row["changed_at"].isoformat()} for row in rows
    ]


def _erase(tx: Transaction, person: int) -> None:
    # Seats go back and waiting people move up; they learn of it by looking, not by a message that a purge
    # at night would send.
    mine = select(interest.c.session_id, interest.c.state).where(interest.c.person_id == person)
    for row in tx.all(mine.order_by(interest.c.session_id)):
        if row["state"] == Interest.GOING:
            tx.execute(update(seat).where(seat.c.session_id == row["session_id"]).values(taken=seat.c.taken - 1))
    tx.execute(delete(interest).where(interest.c.person_id == person))


privacy.register(privacy.Subject("sessions", ("interest",), _show, _erase))
