"""What became of a notice: how far it is, counted by every view in one statement, and person by person.

What is queued of a notice that was cancelled or recalled counts as cancelled: nobody will send it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, case, exists, func, or_, select

from bot.delivery.tables import OPEN, State
from bot.delivery.windows import OUTSIDE
from bot.notices import audience
from bot.notices.broadcast import Notice, get
from bot.notices.ledger import HAS_IT, is_outdated
from bot.notices.tables import NoticeState, delivery
from bot.people import participants
from bot.people.tables import account, participant, person
from bot.store.transaction import Transaction

OVER = (NoticeState.CANCELLED, NoticeState.RECALLED)
NO_LIST, NO_CODE = "(there is no participants’ list)", "(has not given a code)"  # why there is no name
REACHED = (State.SENT, State.RECALLED)


@dataclass(slots=True)
class Summary:
    """Persons, by what became of the notice for them. by: (channel, language) -> state -> persons, the channel ""
    where they have no account. confirmed_by: the same of those who confirmed. second: of the second try, by state."""

    notice: Notice
    states: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)  # (state, why)
    by: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    confirmed_by: Counter[tuple[str, str]] = field(default_factory=Counter)
    second: Counter[str] = field(default_factory=Counter)

    @property
    def persons(self) -> int:
        return self.states.total()

    @property
    def confirmed(self) -> int:
        return self.confirmed_by.total()


@dataclass(frozen=True, slots=True)
class Tally:
    """Deliveries, of second tries too, by state. confirmed: how many readers have said that they read it. waiting: of
    those that are unreachable, how many are given to their person when they next write."""

    by: Counter[str]
    confirmed: int
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a notice is. rows: deliveries there are. open: those with which something is still to be done.
    next_at: when the first of what is queued is due, aware UTC; None where nothing is, or something is on its way."""

    notice: Notice
    rows: int
    open: int
    next_at: datetime | None

    @property
    def is_over(self) -> bool:
        return self.notice.state == NoticeState.SENT or (self.notice.state in OVER and not self.open)


@dataclass(frozen=True, slots=True)
class Row:
    """One person’s share. sent_at, read_at: aware UTC. second_…: of the second try, "" where there was none.
    has_other: an account is left on which the notice was not tried. name, organisation, email: of the participants’
    list; in brackets why there is no name."""

    person: int
    language: str
    side: str
    role: str
    channel: str
    state: str
    why: str
    sent_at: datetime | None
    read_at: datetime | None
    second_channel: str
    second_state: str
    second_why: str
    second_sent_at: datetime | None
    has_other: bool
    name: str = ""
    organisation: str = ""
    email: str = ""

    def is_missing(self, *, receipt: bool) -> bool:
        """Whether they may not know of it: did not confirm where that was asked, else did not get it."""
        states = {self.state, self.second_state} - {""}
        if states & {*OPEN, State.CANCELLED}:
            return False  # still to come, or no longer meant to
        return self.read_at is None if receipt else State.SENT not in states


def counts(tx: Transaction, notices: Sequence[Notice]) -> dict[int, Counter[str]]:
    """Of each of these, persons by state."""
    over = {each.id for each in notices if each.state in OVER}
    out: dict[int, Counter[str]] = {each.id: Counter() for each in notices}
    rows = tx.execute(
        select(delivery.c.notice_id, delivery.c.state, func.count())
        .where(delivery.c.notice_id.in_(list(out)), delivery.c.turn == 1)
        .group_by(delivery.c.notice_id, delivery.c.state)
    )
    for row in rows:
        id_, state, n = tuple(row)
        out[id_][_state(state, is_over=id_ in over)] += n
    return out


def tally(tx: Transaction, seen: Notice) -> Tally:
    """How many deliveries of the notice are in which state."""
    by: Counter[str] = Counter()
    confirmed = waiting = 0
    outside = func.sum(case((delivery.c.why == OUTSIDE, 1), else_=0))
    rows = tx.execute(
        select(delivery.c.state, func.count(), func.count(delivery.c.read_at), outside)
        .where(delivery.c.notice_id == seen.id)
        .group_by(delivery.c.state)
    )
    for row in rows:
        state, n, read, outside_of = tuple(row)
        by[_state(state, is_over=seen.state in OVER)] += n
        confirmed += read
        waiting += int(outside_of) if state == State.UNREACHABLE and seen.state not in OVER else 0
    return Tally(by, confirmed, waiting)


def summary(tx: Transaction, notice_id: int) -> Summary:
    """Everything that is counted of a notice. Raises LookupError for an id that never was."""
    out = Summary(get(tx, notice_id))
    is_over = out.notice.state in OVER
    is_read = delivery.c.read_at.is_not(None)
    channel = func.coalesce(account.c.channel, "")
    rows = tx.execute(
        select(delivery.c.turn, delivery.c.state, delivery.c.why, channel, person.c.language, is_read, func.count())
        .select_from(
            delivery.join(person, person.c.id == delivery.c.person_id).outerjoin(
                account, account.c.id == delivery.c.account_id
            )
        )
        .where(delivery.c.notice_id == notice_id)
        .group_by(delivery.c.turn, delivery.c.state, delivery.c.why, channel, person.c.language, is_read)
    )
    for row in rows:
        turn, kept, why, on, language, read, n = tuple(row)
        state = _state(kept, is_over=is_over)
        if turn > 1:
            out.second[state] += n
            continue
        out.states[state] += n
        if why:
            out.reasons[state, why] += n
        out.by.setdefault((on, language), Counter())[state] += n
        if read:
            out.confirmed_by[on, language] += n
    return out


def progress(tx: Transaction, notice_id: int) -> Progress:
    """How far it is now. Raises LookupError for an id that never was."""
    seen = get(tx, notice_id)
    flying = delivery.c.state == State.SENDING
    if seen.state == NoticeState.RECALLED:
        is_open = or_(flying, HAS_IT)
    elif seen.state == NoticeState.CANCELLED:
        is_open = flying
    else:
        is_open = or_(delivery.c.state.in_(OPEN), is_outdated(seen.version))
    queued = delivery.c.state == State.QUEUED
    row = tx.execute(
        select(
            func.count(),
            func.coalesce(func.sum(case((is_open, 1), else_=0)), 0),
            func.coalesce(func.sum(case((queued, 1), else_=0)), 0),
            func.min(case((queued, delivery.c.due_at))),
        ).where(delivery.c.notice_id == notice_id)
    ).one()
    rows, open_, waiting, next_at = tuple(row)
    return Progress(seen, rows, int(open_), next_at if open_ == waiting else None)


def slice_(tx: Transaction, seen: Notice, *, after: int = 0, limit: int = 1000) -> list[Row]:
    """The rows of the next persons whose number is over `after`, in its order; [] at the end."""
    first, second = delivery.alias("first"), delivery.alias("second")
    on_first, on_second, other = account.alias("on_first"), account.alias("on_second"), account.alias("other")
    has_other = exists().where(
        audience.can_be_written(other), other.c.person_id == first.c.person_id,
        other.c.id != func.coalesce(first.c.account_id, 0), other.c.id != func.coalesce(second.c.account_id, 0),
    )  # fmt: skip
    again = and_(
        second.c.notice_id == first.c.notice_id, second.c.person_id == first.c.person_id, second.c.turn == 2
    )  # fmt: skip
    rows = tx.all(
        select(
            first.c.person_id, person.c.language, person.c.side, person.c.role, on_first.c.channel, first.c.state,
            first.c.why, first.c.closed_at, first.c.read_at, on_second.c.channel.label("second_channel"),
            second.c.state.label("second_state"), second.c.why.label("second_why"),
            second.c.closed_at.label("second_closed_at"), has_other.label("has_other"), participant.c.name,
            participant.c.organisation, participant.c.email,
        )
        .select_from(
            first.join(person, person.c.id == first.c.person_id)
            .outerjoin(on_first, on_first.c.id == first.c.account_id)
            .outerjoin(second, again)
            .outerjoin(on_second, on_second.c.id == second.c.account_id)
            .outerjoin(participant, participant.c.person_id == first.c.person_id)
        )
        .where(first.c.notice_id == seen.id, first.c.turn == 1, first.c.person_id > after)
        .order_by(first.c.person_id)
        .limit(limit)
    )  # fmt: skip
    is_over = seen.state in OVER
    unnamed = NO_CODE if participants.is_any(tx) else NO_LIST
    return [
        Row(
            person=row["person_id"], language=row["language"], side=row["side"], role=row["role"],
            channel=row["channel"] or "", state=_state(row["state"], is_over=is_over), why=row["why"],
            sent_at=row["closed_at"] if row["state"] in REACHED else None, read_at=row["read_at"],
            second_channel=row["second_channel"] or "",
            second_state=_state(row["second_state"], is_over=is_over) if row["second_state"] else "",
            second_why=row["second_why"] or "",
            second_sent_at=row["second_closed_at"] if row["second_state"] in REACHED else None,
            has_other=row["has_other"], name=row["name"] or unnamed, organisation=row["organisation"] or "",
            email=row["email"] or "",
        )
        for row in rows
    ]  # fmt: skip


def _state(state: str, *, is_over: bool) -> str:
    return str(State.CANCELLED) if is_over and state == State.QUEUED else state
