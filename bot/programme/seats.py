"""Interest in sessions: going, waitlisted, withdrawn; never more going than there are seats.

What happened is a value, one class per outcome, so that the type checker sees that each is worded.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, exists, func, or_, select, update

from bot.errors import UnknownSession
from bot.event.model import Event, Registration, Session, Status
from bot.people import privacy
from bot.programme import clashes, offers, walks
from bot.programme.offers import Passed
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
    """other: the first session the person goes to that certainly overlaps, else one that there is no time to walk to or
    from. walk: the minutes of that walk, 0 where they overlap."""

    session: Session
    other: Session
    walk: int = 0


@dataclass(frozen=True, slots=True)
class Closed:
    session: Session


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """passed: to whom the freed seat went on. was: the state before."""

    session: Session
    was: Interest | None
    passed: tuple[Passed, ...] = ()


Outcome = Going | Waitlisted | Clash | Closed


def register(
    tx: Transaction, event: Event, person: int, session_id: str, *, now: datetime, despite_clash: bool = False
) -> Outcome:
    """Give `person` a seat in the session, the one that is held for them, or the end of its waiting list.

    now: aware UTC; decides whether sign-up is open. Asking again returns the same outcome and changes nothing. A seat
    that is free is given to somebody new only where nobody waits who could come. Safe under a race: the seat is taken
    by one conditional UPDATE on the session's row, which also orders the waiting list; (person, session) is the
    interest's primary key.
    Raises UnknownSession for an id that was never published.
    """
    session = _session(event, session_id)
    state = state_of(tx, person, session_id)
    if state == Interest.GOING:
        return Going(session)
    if state == Interest.WAITLISTED:
        if offers.accept(tx, session, person, now):
            return Going(session)
        return Waitlisted(session, ahead(tx, person, session_id))
    if not is_open(session, now):
        return Closed(session)
    if not despite_clash and (clash := clash_of(tx, event, person, session)):
        return clash
    if reserve(tx, event, session, 1, now):
        return (
            Going(session) if _write(tx, person, session_id, Interest.GOING, 0, now) else _already(tx, session, person)
        )
    number = update(seat).where(seat.c.session_id == session_id).values(last_place=seat.c.last_place + 1)
    place = tx.execute(number.returning(seat.c.last_place)).scalar_one()
    if not _write(tx, person, session_id, Interest.WAITLISTED, place, now):
        return register(tx, event, person, session_id, now=now)  # the same person's other account was faster
    return Waitlisted(session, ahead(tx, person, session_id))


def clash_of(tx: Transaction, event: Event, person: int, session: Session) -> Clash | None:
    """What the person goes to that certainly overlaps with the session, else that there is no time to walk to."""
    going = going_to(tx, event, person)
    for other in going:
        if clashes.overlap(session, other):
            return Clash(session, other)
    for other in going:
        if walk := walks.too_short(event, session, other):
            return Clash(session, other, walk)
    return None


def reserve(tx: Transaction, event: Event, session: Session, many: int, now: datetime) -> bool:
    """Count `many` seats as taken where they are free and nobody waits for them who could come; all or none.

    Safe under a race: one conditional UPDATE; where somebody waits, under the lock of the session's row.
    """
    room = or_(seat.c.capacity.is_(None), seat.c.taken + many <= seat.c.capacity)
    taken = update(seat).where(seat.c.session_id == session.id, room).values(taken=seat.c.taken + many)
    nobody_waits = ~exists().where(interest.c.session_id == session.id, *offers.WAITS)
    if tx.execute(taken.where(nobody_waits)).rowcount == 1:
        return True
    found = offers.lock(tx, session.id)
    if found is None:
        return False
    capacity, count = found
    free = many if capacity is None else capacity - count
    # A look at who waits costs as much as there are: where there is no room there is no need for it.
    if free < many or free - offers.wanted(tx, event, session, now) < many:
        return False
    offers.take(tx, session.id, many)
    return True


def withdraw(tx: Transaction, event: Event, person: int, session_id: str, *, now: datetime) -> Withdrawn:
    """Take back the person's interest, or say no to a seat that is held for them; what comes free goes on to those who
    wait, at once. Who left comes back to the list's end.

    Safe under a race: the session's row is locked first, so that two withdrawals serve two people.
    Raises UnknownSession for an id that was never published.
    """
    session = _session(event, session_id)
    offers.lock(tx, session_id)
    was = state_of(tx, person, session_id)
    if was not in (Interest.GOING, Interest.WAITLISTED):
        return Withdrawn(session, was)
    had_seat = was == Interest.GOING or offers.held_until(tx, person, session_id) is not None
    mine = interest.c.person_id == person, interest.c.session_id == session_id
    values = {"state": Interest.WITHDRAWN, "offered_until": None, "asked_for": None, "changed_at": now}
    tx.execute(update(interest).where(*mine).values(**values))
    if not had_seat:
        return Withdrawn(session, was)
    offers.take(tx, session_id, -1)
    return Withdrawn(session, was, offers.pass_on(tx, event, session, now))


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


def standing(tx: Transaction, session_id: str) -> tuple[int, int]:
    """(seats taken, those held for somebody included; how many wait without an offer)."""
    row = tx.one(_SEATS, {"session": session_id})
    waiting = select(func.count()).where(interest.c.session_id == session_id, *offers.WAITS)
    return (row["taken"] if row else 0), int(tx.scalar(waiting))


def is_open(session: Session, now: datetime) -> bool:
    """Whether interest can be registered: open by now and not closed yet, not cancelled, not certainly over."""
    if session.registration != Registration.OPEN or session.status == Status.CANCELLED:
        return False
    if is_too_early(session, now) or (session.closes_at is not None and now >= session.closes_at):
        return False
    return session.ends_at is None or now < session.ends_at


def is_too_early(session: Session, now: datetime) -> bool:
    """Whether sign-up will open, and has not yet."""
    opens = session.opens_at if session.registration == Registration.OPEN else None
    return opens is not None and now < opens


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
    values = {"state": state, "place": place, "changed_at": now, "offered_until": None, "asked_for": None}
    row = tx.insert(interest).values(person_id=person, session_id=session_id, **values)
    again = row.on_conflict_do_update(
        index_elements=["person_id", "session_id"],
        set_=values,
        where=interest.c.state == Interest.WITHDRAWN,
    )
    return tx.execute(again.returning(interest.c.person_id)).first() is not None


def _already(tx: Transaction, session: Session, person: int) -> Outcome:
    offers.take(tx, session.id, -1)
    if state_of(tx, person, session.id) == Interest.WAITLISTED:
        return Waitlisted(session, ahead(tx, person, session.id))
    return Going(session)


def _show(tx: Transaction, person: int) -> list[dict[str, str]]:
    rows = tx.all(select(interest).where(interest.c.person_id == person).order_by(interest.c.changed_at))
    return [
        {"session": row["session_id"], "state": row["state"], "since": row["changed_at"].isoformat()}
        | ({"held until": row["offered_until"].isoformat()} if row["offered_until"] else {})
        for row in rows
    ]


def _erase(tx: Transaction, person: int) -> None:
    # Seats go back; the clock's next look passes them on. Locked in one order for all who are erased.
    mine = select(interest.c.session_id).where(interest.c.person_id == person)
    for id_ in sorted(row.session_id for row in tx.execute(mine)):
        offers.lock(tx, id_)
        gone = delete(interest).where(interest.c.person_id == person, interest.c.session_id == id_)
        row = tx.execute(gone.returning(interest.c.state, interest.c.offered_until)).first()
        if row is not None and (row.state == Interest.GOING or row.offered_until is not None):
            offers.take(tx, id_, -1)


privacy.register(privacy.Subject("sessions", ("interest",), _show, _erase))
