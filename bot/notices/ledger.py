"""The ledger of deliveries: one row for each person that a notice is for, and what became of it.

fan_out makes the rows, claim leases some, mark says that the call begins, `closing` what came of it. What makes it
safe: UNIQUE (notice, person, turn), so that a fan-out that runs again adds nobody twice; leases, so that a row is in
one process's hands; `sending` committed before the call, so that a kill leaves in doubt only what was being sent.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, delete, exists, func, literal, or_, select, update
from sqlalchemy import text as sql

from bot.delivery.tables import OPEN, State
from bot.event.model import Event
from bot.notices import audience as audiences
from bot.notices import broadcast
from bot.notices.broadcast import Notice
from bot.notices.due import MOST_ATTEMPTS, Due, with_sessions
from bot.notices.tables import NoticeState, Urgency, delivery, notice
from bot.people import privacy
from bot.people.tables import account, person
from bot.store.transaction import Transaction

SLICE = 2000  # persons a statement: a few ten milliseconds on SQLite, whose one writer people's turns share
LEASE = timedelta(seconds=15)
NOBODY = "no account can be written to"
NO_TEXT = "no text in the language that they read by now"
HAS_IT = and_(delivery.c.state == State.SENT, delivery.c.message_id != "")  # a message that can be changed


def is_outdated(version: int | ColumnElement[int]) -> ColumnElement[bool]:
    """Whether the person has the message with an older text than that of `version`."""
    return and_(HAS_IT, delivery.c.version < version)


def fan_out(tx: Transaction, notice_id: int, event: Event, now: datetime) -> bool:
    """The rows of the next SLICE persons; whether there may be more here. To be called until there are not.

    Safe under a race and a kill: the cursor moves in the same transaction, rows that are there already stay. While
    another process is at it, there is nothing to do here, nor to wait for.
    """
    seen = tx.one(select(notice).where(notice.c.id == notice_id).with_for_update(skip_locked=True))
    if seen is None or seen["is_fanned"] or seen["state"] not in (NoticeState.SENDING, NoticeState.PAUSED):
        return False
    urgency, kind = Urgency(seen["urgency"]), seen["kind"]
    audience = audiences.parse(seen["audience"], event)
    upto = audiences.next_ids(tx, seen["fanned_to"], SLICE)
    if upto is None:
        declined = audiences.declined(tx, audience, event, urgency, kind=kind)
        tx.execute(update(notice).where(notice.c.id == notice_id).values(is_fanned=True, declined=declined))
        return False
    if tx.is_postgresql:
        # A crowd that has just come is in no statistics yet: a plan for a few would go through it once for each.
        tx.execute(sql("SET LOCAL enable_nestloop = off"))
    quiet = audiences.quiet_until(now, event, urgency, kind=kind)
    chosen = audiences.selected(audience, event, urgency, kind=kind, after=seen["fanned_to"], upto=upto)
    people = chosen.subquery("people")
    reached = people.c.account_id.is_not(None)
    rows = select(
        literal(notice_id), people.c.person_id, people.c.account_id, people.c.channel, literal(1),
        case((reached, literal(State.QUEUED.value)), else_=literal(State.UNREACHABLE.value)), people.c.silent,
        literal(quiet or now, delivery.c.due_at.type), case((reached, literal("")), else_=literal(NOBODY)),
        case((reached, None), else_=literal(now, delivery.c.closed_at.type)),
    ).where(literal(value=True))  # fmt: skip
    names = ["notice_id", "person_id", "account_id", "channel", "turn", "state", "silent", "due_at", "why", "closed_at"]
    tx.execute(tx.insert(delivery).from_select(names, rows).on_conflict_do_nothing())
    tx.execute(update(notice).where(notice.c.id == notice_id).values(fanned_to=upto))
    return True


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(notice.c.state == NoticeState.SCHEDULED, notice.c.due_at <= now)


def is_any_due(tx: Transaction, now: datetime) -> bool:
    """Whether the time of a scheduled notice has come."""
    return tx.one(select(notice.c.id).where(_is_due(now)).limit(1)) is not None


def begin_due(tx: Transaction, now: datetime) -> int:
    """Scheduled notices whose time has come begin; how many did. Each once: a compare-and-set on its state."""
    due = update(notice).where(_is_due(now))
    begun = due.values(state=NoticeState.SENDING, started_at=now, version=notice.c.version + 1).returning(notice.c.id)
    return len(tx.execute(begun).all())


def active(tx: Transaction) -> list[Notice]:
    """The notices with anything to do, most urgent first, then in the order they were begun."""
    to_withdraw = and_(
        notice.c.state == NoticeState.RECALLED, exists().where(delivery.c.notice_id == notice.c.id, HAS_IT)
    )
    return broadcast.found(
        tx,
        select(notice)
        .where(
            notice.c.state.in_((NoticeState.SENDING, NoticeState.RECALLED)),
            or_(notice.c.ended_at.is_(None), to_withdraw),
        )
        .order_by(case((notice.c.urgency == Urgency.URGENT, 0), else_=1), notice.c.started_at, notice.c.id),
    )


_WITH_ACCOUNT = delivery.join(account, account.c.id == delivery.c.account_id).join(
    person, person.c.id == delivery.c.person_id
)


def claim(tx: Transaction, seen: Notice, *, owner: str, channel: str, limit: int, now: datetime) -> list[Due]:
    """Lease up to `limit` deliveries of the notice on a channel to `owner`: to be sent, else to be corrected, else,
    where it is recalled, to be taken back.

    Safe under a race: the rows are locked (PostgreSQL: SKIP LOCKED) or the writer is alone (SQLite).
    """
    if seen.state == NoticeState.RECALLED:
        wanted = [HAS_IT]
    else:
        wanted = [delivery.c.state == State.QUEUED]
        if seen.version > 1:
            wanted.append(is_outdated(seen.version))
    out: list[Due] = []
    for condition in wanted:
        if len(out) < limit:
            out += _lease(tx, seen, condition, owner=owner, channel=channel, limit=limit - len(out), now=now)
    return with_sessions(tx, seen, out) if seen.parts and out else out


def _lease(
    tx: Transaction, seen: Notice, condition: ColumnElement[bool], *, owner: str, channel: str, limit: int,
    now: datetime,
) -> list[Due]:  # fmt: skip
    free = or_(delivery.c.lease_until.is_(None), delivery.c.lease_until < now)
    due = (
        select(
            delivery.c.id, delivery.c.notice_id, delivery.c.person_id, delivery.c.account_id, account.c.channel,
            account.c.address, person.c.language, delivery.c.silent, delivery.c.attempts, delivery.c.message_id,
            delivery.c.version,
        )
        .select_from(_WITH_ACCOUNT)
        .where(delivery.c.notice_id == seen.id, condition, delivery.c.due_at <= now, free)
        .where(delivery.c.channel == channel)
        .order_by(delivery.c.due_at)  # as the index stands: no sort of a million for a few hundred
        .limit(limit)
    )  # fmt: skip
    if tx.is_postgresql:
        due = due.with_for_update(of=delivery, skip_locked=True)
    found = [Due(**row) for row in tx.all(due)]
    if found:
        leased = update(delivery).where(delivery.c.id.in_([each.id for each in found]))
        tx.execute(leased.values(lease_owner=owner, lease_until=now + LEASE))
    return found


_MARK = (
    update(delivery)
    .where(delivery.c.id.in_(bindparam("ids", expanding=True)), delivery.c.lease_owner == bindparam("owner"))
    .where(delivery.c.state == State.QUEUED, delivery.c.lease_until >= bindparam("now"))
    .where(
        exists().where(notice.c.id == delivery.c.notice_id, notice.c.state == NoticeState.SENDING)
    )
    .values(state=State.SENDING, attempts=delivery.c.attempts + 1, lease_until=bindparam("until"))
    .returning(delivery.c.id)
)  # fmt: skip


def mark(tx: Transaction, ids: Sequence[int], *, owner: str, now: datetime) -> set[int]:
    """The calls for these begin: the ids that may still be sent. The others' notice is paused, cancelled or recalled
    by now, or their lease has run out."""
    return set(tx.execute(_MARK, {"ids": list(ids), "owner": owner, "now": now, "until": now + LEASE}).scalars())


_RENEW = (
    update(delivery)
    .where(delivery.c.id.in_(bindparam("ids", expanding=True)), delivery.c.lease_owner == bindparam("owner"))
    .where(delivery.c.state == State.SENT, delivery.c.lease_until >= bindparam("now"))
    .values(lease_until=bindparam("until"))
    .returning(delivery.c.id)
)  # fmt: skip


def renew(tx: Transaction, ids: Sequence[int], *, owner: str, now: datetime) -> dict[int, tuple[str, int]]:
    """The calls that correct or take back these begin: of those that are still ours, the notice's state and version
    as of now. Who lost the lease, or holds a text that is not the newest, would undo what came after."""
    ours = list(tx.execute(_RENEW, {"ids": list(ids), "owner": owner, "now": now, "until": now + LEASE}).scalars())
    current = select(delivery.c.id, notice.c.state, notice.c.version).join_from(delivery, notice)
    return {row.id: (row.state, row.version) for row in tx.execute(current.where(delivery.c.id.in_(ours)))}


def still_leased(tx: Transaction, ids: Sequence[int], seen: Notice, *, owner: str, now: datetime) -> set[int]:
    """Of these deliveries of a notice, what is still ours, while the notice stands where it was seen."""
    stands = exists().where(notice.c.id == seen.id, notice.c.state == seen.state, notice.c.version == seen.version)
    ours = delivery.c.id.in_(list(ids)), delivery.c.lease_owner == owner, delivery.c.lease_until >= now
    return set(tx.execute(select(delivery.c.id).where(*ours, stands)).scalars())


def keep(tx: Transaction, ids: Sequence[int], *, owner: str) -> bool:
    """Whether all of these are still ours; then nobody takes them until the transaction ends."""
    ours = select(delivery.c.id).where(delivery.c.id.in_(list(ids)), delivery.c.lease_owner == owner)
    return len(tx.execute(ours.with_for_update()).all()) == len(ids)


def sweep(tx: Transaction, now: datetime, *, alone: str = "") -> int:
    """What a process left that died in a call: in doubt, or, of an urgent notice, to be sent again; how many.

    alone: the owner that is the only one, so that every other's leases are a dead one's and need not run out.
    """
    urgent = exists().where(notice.c.id == delivery.c.notice_id, notice.c.urgency == Urgency.URGENT)
    dead = delivery.c.lease_owner != alone if alone else delivery.c.lease_until < now
    if alone:
        leased = update(delivery).where(delivery.c.lease_owner != "", dead, delivery.c.state != State.SENDING)
        tx.execute(leased.values(lease_owner="", lease_until=None))
    # As it stands in the partial index, which no parameter matches.
    left = and_(sql("delivery.state = 'sending'"), dead)
    again = and_(urgent, delivery.c.attempts < MOST_ATTEMPTS)
    taken = (
        update(delivery)
        .where(left)
        .values(
            state=case((again, State.QUEUED.value), else_=State.IN_DOUBT.value),
            closed_at=case((again, None), else_=literal(now, delivery.c.closed_at.type)),
            why="the process ended in the call", lease_owner="", lease_until=None,
        )
        .returning(delivery.c.id)
    )  # fmt: skip
    return len(tx.execute(taken).all())


def release(tx: Transaction, *, owner: str) -> None:
    """Give back what is leased and not being sent: for a process that stops politely."""
    mine = update(delivery).where(delivery.c.lease_owner == owner, delivery.c.state != State.SENDING)
    tx.execute(mine.values(lease_owner="", lease_until=None))


def end(tx: Transaction, notice_id: int, now: datetime) -> bool:
    """Close the notice where all of it is done; whether it is."""
    open_ = exists().where(delivery.c.notice_id == notice.c.id, delivery.c.state.in_(OPEN))
    older = exists().where(delivery.c.notice_id == notice.c.id, is_outdated(notice.c.version))
    done = update(notice).where(notice.c.id == notice_id, notice.c.state == NoticeState.SENDING, notice.c.is_fanned)
    ended = done.where(~open_, ~older).values(state=NoticeState.SENT, ended_at=now).returning(notice.c.id)
    return tx.execute(ended).first() is not None


def second_try(tx: Transaction, notice_id: int, now: datetime) -> int:
    """To whoever has not confirmed: the notice once more, on another account of theirs; how many have one."""
    tried = select(delivery.c.account_id).where(delivery.c.notice_id == notice_id, delivery.c.account_id.is_not(None))
    first = delivery.alias("first")
    other = account.alias("other")
    best = (
        select(func.min(other.c.id))
        .where(audiences.can_be_written(other), other.c.person_id == first.c.person_id, other.c.id.not_in(tried))
        .scalar_subquery()
    )
    of_best = select(account.c.channel).where(account.c.id == best).scalar_subquery()
    rows = select(
        literal(notice_id), first.c.person_id, best, of_best, literal(2), literal(State.QUEUED.value), first.c.silent,
        literal(now, delivery.c.due_at.type),
    ).where(
        first.c.notice_id == notice_id, first.c.turn == 1, first.c.read_at.is_(None), best.is_not(None),
        first.c.state.not_in(OPEN),
    )  # fmt: skip
    names = ["notice_id", "person_id", "account_id", "channel", "turn", "state", "silent", "due_at"]
    made = tx.execute(
        tx.insert(delivery).from_select(names, rows).on_conflict_do_nothing().returning(delivery.c.id)
    ).all()
    if made:
        again = update(notice).where(notice.c.id == notice_id, notice.c.state == NoticeState.SENT)
        tx.execute(again.values(state=NoticeState.SENDING, ended_at=None))
        tx.signal("notice", notice_id)
    return len(made)


def _show(tx: Transaction, person_id: int) -> Any:
    rows = tx.all(
        select(delivery.c.state, delivery.c.closed_at, delivery.c.read_at, notice.c.texts)
        .join_from(delivery, notice)
        .where(delivery.c.person_id == person_id)
        .order_by(delivery.c.id)
    )
    return [privacy.plain(row) for row in rows]


def _erase(tx: Transaction, person_id: int) -> None:
    tx.execute(delete(delivery).where(delivery.c.person_id == person_id))


privacy.register(privacy.Subject("notices", ("delivery",), _show, _erase))
