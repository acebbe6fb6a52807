"""What the clock does with seats, and whom it tells: offers that ran out go on, 'still coming?' is asked, who stays
silent gives way, who follows a theme hears that a session is full.

Every step is one transaction with the notices that it owes, and finds what is to be done by looking: in any number of
processes, killed at any line, each is done once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select

from bot.event.model import Event, Session
from bot.notices import broadcast
from bot.notices.audience import Audience, can_be_written
from bot.notices.tables import OF_A_PUBLICATION, NoticeState, notice
from bot.programme import offers, once, queries, seats, still
from bot.programme.offers import Passed
from bot.programme.tables import seat
from bot.store.transaction import Transaction

AUTHOR = "clock"


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do for a session: `settle` its offers, `ask` who still comes, `give up` who does not say so, tell
    that it is `full`."""

    what: Literal["settle", "ask", "give up", "full"]
    session_id: str


def due(tx: Transaction, event: Event, now: datetime) -> list[Step]:
    """What is to be done at `now` (aware UTC). A look that writes nothing."""
    return [
        *(Step("settle", id_) for id_ in offers.due(tx, event, now, settling(tx))),
        *(Step("ask", session.id) for session in still.to_ask(tx, event, now)),
        *(Step("give up", session.id) for session in still.given_up(tx, event, now)),
        *(Step("full", session.id) for session in _full(tx, event, now)),
    ]


def settling(tx: Transaction) -> frozenset[str]:
    """The sessions of which a change is yet to be told, or undone: until then nobody is offered a seat there."""
    waits = select(notice.c.parts).where(notice.c.kind.in_(OF_A_PUBLICATION), notice.c.state == NoticeState.SCHEDULED)
    return frozenset(id_ for parts in tx.execute(waits).scalars() for id_ in parts or ())


def do(tx: Transaction, step: Step, event: Event, now: datetime) -> None:
    """Do the step and tell whom it touches; nothing where another process has done it meanwhile."""
    session = event.session.get(step.session_id)
    match step.what:
        case "settle":
            settled = offers.settle(tx, event, step.session_id, now, settling(tx))
            tell_passed(tx, event, settled.passed, now)
            if session:
                _tell(tx, "lapsed", settled.lapsed, event, session, now)
        case "ask" if session and session.starts_at:
            asked = still.ask(tx, event, session, now, can_be_written)
            rule = event.details.seats.give_up_minutes
            more = {"start": session.starts_at.isoformat(), "rule": rule if rule is not None else 0}
            _tell(tx, "still", asked, event, session, now, **more)
        case "give up" if session:
            gone = still.give_up(tx, event, session, now)
            _tell(tx, "released", gone, event, session, now)
            tell_passed(tx, event, offers.pass_on(tx, event, session, now), now)
        case "full" if session and once.first_time(tx, _full_key(session.id), now):
            to = Audience((("follows", (session.theme or "",)), ("untouched", (session.id,))))
            parts = {session.id: {"title": _titles(session, event)}}
            broadcast.tell(tx, "full", to, parts, _titles(session, event), event, author=AUTHOR, now=now)


def tell_passed(tx: Transaction, event: Event, passed: Sequence[Passed], now: datetime) -> None:
    """Tell each that a seat is theirs, or held for them."""
    for each in passed:
        if each.until is None:
            continue
        more: dict[str, Any] = {"until": each.until.isoformat()}
        if each.other:
            more |= {"clash": _titles(each.other, event), "walk": each.walk}
        morning = queries.morning(now, event)
        kind = "offers" if morning is None or each.until > morning else "offers-now"
        _tell(tx, kind, [each.person], event, each.session, now, **more)
    for session in {each.session.id: each.session for each in passed if each.until is None}.values():
        people = [each.person for each in passed if each.until is None and each.session.id == session.id]
        _tell(tx, "places", people, event, session, now)


def _tell(
    tx: Transaction, kind: str, people: Sequence[int], event: Event, session: Session, now: datetime, **more: Any
) -> None:
    """Begin a notice about the session to these persons. more: what its wording needs beside the title."""
    if people:
        titles = _titles(session, event)
        to = Audience((("person", tuple(map(str, people))),))
        parts: Mapping[str, Any] = {session.id: {"title": titles, **more}}
        broadcast.tell(tx, kind, to, parts, titles, event, author=AUTHOR, now=now)


def _titles(session: Session, event: Event) -> dict[str, str]:
    return {language: session.title.in_(language) for language in event.details.scripts}


def _full(tx: Transaction, event: Event, now: datetime) -> list[Session]:
    """The sessions that are full, can be waited for, and were not told to be so yet."""
    rows = tx.execute(select(seat.c.session_id).where(seat.c.capacity > 0, seat.c.taken >= seat.c.capacity)).scalars()
    sessions = [event.session[id_] for id_ in rows if id_ in event.session]
    found = {_full_key(each.id): each for each in sessions if each.theme in event.theme and seats.is_open(each, now)}
    if not found:
        return []
    known = once.begun_of(tx, found)
    return [session for key, session in found.items() if key not in known]


def _full_key(session_id: str) -> str:
    return f"full:{session_id}"
