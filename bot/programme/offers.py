"""Seats that come free go along the waiting list: each is held for its head until they take it, say no or stay silent.

A held seat is a row of `interest` that waits and has a moment in `offered_until`; it is counted in `taken`. What makes
it safe: whoever moves a seat locks the session's row first; an offer is taken or given up by one UPDATE that names the
state it was in. What ran out is found by its moment, not remembered by anybody: a kill leaves nothing locked.
"""

from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select, update

from bot.event.model import Event, Session, Status
from bot.programme import clashes, queries, walks
from bot.programme.tables import Interest, interest, seat
from bot.store.transaction import Transaction

LEAST = timedelta(minutes=1)  # to confirm, however near the start is
WAITS = interest.c.state == Interest.WAITLISTED, interest.c.offered_until.is_(None)
HELD = interest.c.state == Interest.WAITLISTED, interest.c.offered_until.is_not(None)
_GOES = interest.c.state == Interest.GOING


@dataclass(frozen=True, slots=True)
class Passed:
    """A seat that went on to `person`. until: held for them until then, aware UTC; None: they go. other: the session
    of theirs that clashes with it. walk: the minutes between the two where it is that which is too long."""

    person: int
    session: Session
    until: datetime | None = None
    other: Session | None = None
    walk: int = 0


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a session's seats. lapsed: who did not take theirs in time, and waits no more."""

    passed: tuple[Passed, ...] = ()
    lapsed: tuple[int, ...] = ()


def lock(tx: Transaction, session_id: str) -> tuple[int | None, int] | None:
    """(capacity, taken) of the session, whose row is locked until the transaction ends; None for one never seen."""
    wanted = select(seat.c.capacity, seat.c.taken).where(seat.c.session_id == session_id)
    row = tx.one(wanted.with_for_update())
    return (row["capacity"], row["taken"]) if row else None


def take(tx: Transaction, session_id: str, many: int) -> None:
    """Count `many` seats more as taken, fewer where it is below 0. The caller holds the session's row, or is certain
    by another way."""
    tx.execute(update(seat).where(seat.c.session_id == session_id).values(taken=seat.c.taken + many))


def pass_on(tx: Transaction, event: Event, session: Session, now: datetime) -> tuple[Passed, ...]:
    """Offer what is free to those who wait, in their order, or let them go where nothing is to be confirmed.

    Nobody once the session has begun or is cancelled. Who cannot be there in time keeps their place and is passed over.
    Safe under a race: the session's row is locked.
    """
    if queries.has_begun(session, now) or session.status == Status.CANCELLED:
        return ()
    found = lock(tx, session.id)
    if found is None:
        return ()
    capacity, taken = found
    free = None if capacity is None else capacity - taken  # below 0 after a cut: until the two agree nobody follows
    if free is not None and free <= 0:
        return ()
    until = None if free is None else deadline(event, session, now)
    passed: list[Passed] = []
    for person, going in _can_come(tx, event, session, now):
        if free is not None and len(passed) == free:
            break
        passed.append(Passed(person, session, until, *_clash(event, session, going)))
    theirs = interest.c.session_id == session.id, interest.c.person_id.in_([each.person for each in passed])
    if passed:
        state = Interest.WAITLISTED if until else Interest.GOING
        tx.execute(update(interest).where(*theirs).values(state=state, offered_until=until, changed_at=now))
        take(tx, session.id, len(passed))
    return tuple(passed)


def deadline(event: Event, session: Session, now: datetime) -> datetime | None:
    """Until when a seat that is offered at `now` is held; None where nothing is to be confirmed.

    At most half of what is left until the start, so that it can still go on to the next; at night, counted from the
    morning, where the start leaves room for that.
    """
    minutes = event.details.seats.confirm_minutes
    if not minutes:
        return None
    begins, start = queries.morning(now, event) or now, session.starts_at
    if start is None:
        return begins + timedelta(minutes=minutes)
    if begins >= start:
        begins = now
    held = min(timedelta(minutes=minutes), max((start - begins) / 2, LEAST))
    return min(begins + held, start)


def accept(tx: Transaction, session: Session, person: int, now: datetime) -> bool:
    """Take the seat that is held for this person; False where none is, any more, or the session has begun or is
    cancelled.

    Safe under a race with the moment it runs out: the session's row is locked, and one UPDATE names the state.
    """
    if queries.has_begun(session, now) or session.status == Status.CANCELLED:
        return False
    lock(tx, session.id)
    taken = update(interest).where(
        interest.c.person_id == person, interest.c.session_id == session.id, *HELD, interest.c.offered_until > now
    )
    gone = taken.values(state=Interest.GOING, offered_until=None, changed_at=now)
    return tx.execute(gone.returning(interest.c.person_id)).first() is not None


def held_until(tx: Transaction, person: int, session_id: str) -> datetime | None:
    """Until when a seat is held for this person, aware UTC; None where none is."""
    mine = interest.c.person_id == person, interest.c.session_id == session_id
    found: datetime | None = tx.scalar(select(interest.c.offered_until).where(*mine, *HELD))
    return found


def due(tx: Transaction, event: Event, now: datetime, later: Container[str] = ()) -> list[str]:
    """The sessions whose seats `settle` would move: an offer ran out or the session began under it, or somebody waits
    for what is free. later: the sessions of which nothing is passed on yet. A look of two short queries."""
    rows = tx.execute(select(interest.c.session_id, interest.c.offered_until).where(*HELD)).all()
    found = {row.session_id for row in rows if row.offered_until <= now or _is_off(event, row.session_id, now)}
    free = or_(seat.c.capacity.is_(None), seat.c.taken < seat.c.capacity)
    waiting = exists().where(interest.c.session_id == seat.c.session_id, *WAITS)
    for id_ in tx.execute(select(seat.c.session_id).where(free, waiting)).scalars():
        if (
            id_ not in later
            and not _is_off(event, id_, now)
            and next(_can_come(tx, event, event.session[id_], now), None)
        ):
            found.add(id_)
    return sorted(found)


def settle(tx: Transaction, event: Event, session_id: str, now: datetime, later: Container[str] = ()) -> Settled:
    """Take back the offers that ran out, or all where the session has begun or falls away, and pass on what is free.
    later: as in `due`.

    Once, in any number of processes: the session's row is locked, so that whoever comes second finds nothing. Those
    who stayed silent leave the list. Nobody is lapsed of a session that has begun or falls away.
    """
    lock(tx, session_id)
    is_off = _is_off(event, session_id, now)
    theirs = update(interest).where(interest.c.session_id == session_id, *HELD)
    if not is_off:
        theirs = theirs.where(interest.c.offered_until <= now)
    # Where the session is off, nobody lost it by their silence: they wait on, should it be put back.
    state = Interest.WAITLISTED if is_off else Interest.WITHDRAWN
    gone = theirs.values(state=state, offered_until=None, changed_at=now).returning(interest.c.person_id)
    lapsed = tuple(sorted(row.person_id for row in tx.execute(gone)))
    if lapsed:
        take(tx, session_id, -len(lapsed))
    if is_off:
        return Settled()
    passed = () if session_id in later else pass_on(tx, event, event.session[session_id], now)
    return Settled(passed, lapsed)


def wanted(tx: Transaction, event: Event, session: Session, now: datetime) -> int:
    """How many wait without an offer and could be there in time: what is free before the start is theirs first."""
    return 0 if queries.has_begun(session, now) else sum(1 for _ in _can_come(tx, event, session, now))


def _is_off(event: Event, session_id: str, now: datetime) -> bool:
    session = event.session.get(session_id)
    return session is None or session.status == Status.CANCELLED or queries.has_begun(session, now)


def _can_come(
    tx: Transaction, event: Event, session: Session, now: datetime
) -> Iterator[tuple[int, Sequence[Session]]]:
    """Those who wait without an offer and can be there in time, in their order, with the sessions that they go to."""
    waiting = select(interest.c.person_id).where(interest.c.session_id == session.id, *WAITS)
    people = [int(row.person_id) for row in tx.execute(waiting.order_by(interest.c.place, interest.c.person_id))]
    if not people:
        return
    others = interest.alias("others")
    rows = tx.execute(
        select(others.c.person_id, others.c.session_id)
        .join_from(interest, others, others.c.person_id == interest.c.person_id)
        .where(interest.c.session_id == session.id, *WAITS, others.c.state == Interest.GOING)
    )
    goes: defaultdict[int, list[Session]] = defaultdict(list)
    for row in rows:
        if row.session_id in event.session:
            goes[row.person_id].append(event.session[row.session_id])
    for person in people:
        if not any(walks.comes_late(event, other, session, now) for other in goes[person]):
            yield person, goes[person]


def _clash(event: Event, session: Session, going: Sequence[Session]) -> tuple[Session | None, int]:
    """The first of these sessions that overlaps, else that there is no time to walk to; and the minutes of the walk."""
    for other in going:
        if clashes.overlap(session, other):
            return other, 0
    for other in going:
        if walk := walks.too_short(event, session, other):
            return other, walk
    return None, 0
