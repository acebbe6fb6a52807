"""'Still coming?': asked a little before a full session that others wait for; who says no, or nothing past the
organizer's rule, gives the seat to somebody who can be there in time.

`interest.asked_for` is the start that somebody was asked about and has not answered for.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, FromClause, Select, exists, select, update

from bot.event.model import Event, Session, Status
from bot.people.tables import account
from bot.programme import offers, once, queries
from bot.programme.tables import Interest, interest, seat
from bot.store.transaction import Transaction


def to_ask(tx: Transaction, event: Event, now: datetime) -> list[Session]:
    """The sessions whose people are to be asked now: full, waited for, about to begin, and nobody asked yet."""
    rules = event.details.seats
    last = timedelta(minutes=rules.give_up_minutes or 0)  # who is asked later would have no time to answer
    return [
        session
        for session in _soon(event, now, rules.still_coming_minutes)
        if session.starts_at
        and now < session.starts_at - last
        and not once.begun_of(tx, {_key(session)})
        and _is_full(tx, session)
        and offers.wanted(tx, event, session, now)
    ]


def ask(
    tx: Transaction, event: Event, session: Session, now: datetime, reached: Callable[[FromClause], ColumnElement[bool]]
) -> list[int]:
    """The persons to ask, once for each start: those who go and have an account that is `reached`. Who has just taken
    their seat has said that they come.

    Safe under a race: the key of `begun` is inserted once.
    """
    if not once.first_time(tx, _key(session), now):
        return []
    offers.lock(tx, session.id)
    just_now = now - timedelta(minutes=event.details.seats.still_coming_minutes)
    has_account = exists().where(account.c.person_id == interest.c.person_id, reached(account))
    goes = interest.c.session_id == session.id, interest.c.state == Interest.GOING, interest.c.changed_at < just_now
    asked = update(interest).where(*goes, has_account)
    rows = tx.execute(asked.values(asked_for=session.starts_at).returning(interest.c.person_id))
    return sorted(row.person_id for row in rows)


def comes(tx: Transaction, person: int, session_id: str) -> bool:
    """The person still comes; False where they have no seat any more. Safe under a race with the seat's being given
    along: the session's row is locked."""
    offers.lock(tx, session_id)
    mine = interest.c.person_id == person, interest.c.session_id == session_id, interest.c.state == Interest.GOING
    yes = update(interest).where(*mine).values(asked_for=None).returning(interest.c.person_id)
    return tx.execute(yes).first() is not None


def given_up(tx: Transaction, event: Event, now: datetime) -> list[Session]:
    """The sessions with somebody silent past the rule and somebody who waits and could be there."""
    return [
        session
        for session in _soon(event, now, event.details.seats.give_up_minutes or 0)
        if tx.one(_silent(session).limit(1)) is not None and offers.wanted(tx, event, session, now)
    ]


def give_up(tx: Transaction, event: Event, session: Session, now: datetime) -> list[int]:
    """The persons who lose their seat by their silence: as many as wait and could be there, who signed up last first.

    What comes free is to be passed on by the caller. Safe under a race: the session's row is locked.
    """
    offers.lock(tx, session.id)
    many = offers.wanted(tx, event, session, now)
    silent = _silent(session).order_by(interest.c.changed_at.desc(), interest.c.person_id.desc()).limit(many)
    people = sorted(int(row.person_id) for row in tx.execute(silent))
    if people:
        theirs = interest.c.session_id == session.id, interest.c.person_id.in_(people)
        values = {"state": Interest.WITHDRAWN, "asked_for": None, "changed_at": now}
        tx.execute(update(interest).where(*theirs).values(**values))
        offers.take(tx, session.id, -len(people))
    return people


def _soon(event: Event, now: datetime, minutes: int) -> Iterator[Session]:
    """The sessions that begin within so many minutes."""
    for session in event.sessions:
        if session.starts_at is None or session.status == Status.CANCELLED or queries.has_begun(session, now):
            continue
        if now >= session.starts_at - timedelta(minutes=minutes):
            yield session


def _is_full(tx: Transaction, session: Session) -> bool:
    wanted = select(seat.c.session_id).where(seat.c.session_id == session.id, seat.c.taken >= seat.c.capacity)
    return tx.one(wanted) is not None


def _silent(session: Session) -> Select[tuple[int]]:
    return select(interest.c.person_id).where(
        interest.c.session_id == session.id, interest.c.state == Interest.GOING,
        interest.c.asked_for == session.starts_at,
    )  # fmt: skip


def _key(session: Session) -> str:
    assert session.starts_at is not None
    return f"still:{session.id}:{session.starts_at.astimezone(UTC):%Y%m%dT%H%M}"
