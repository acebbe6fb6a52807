"""The ledger of deliveries: one row for each person that a notice is for, and what became of it.

fan_out makes the rows, claim leases some, mark says that the call begins, close what came of it. What makes it
safe: UNIQUE (notice, person, turn), so that a fan-out that runs again adds nobody twice; leases, so that a row is in
one process's hands; `sending` committed before the call, so that a kill leaves in doubt only what was being sent.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, delete, exists, func, literal, or_, select, update
from sqlalchemy import text as sql

from bot.chat.channel import Failed, InDoubt, Later, Sent, Unreachable, Verdict
from bot.delivery.tables import OPEN, State
from bot.event.model import Event
from bot.notices import audience as audiences
from bot.notices import broadcast
from bot.notices.broadcast import Notice
from bot.notices.tables import ALIKE, BY_THE_CLOCK, OF_SLOTS, NoticeState, Urgency, delivery, heard, notice
from bot.people import privacy
from bot.people.tables import account, participant, person
from bot.programme.tables import Interest, follow, guest, interest
from bot.store.transaction import Transaction

SLICE = 2000  # persons a statement: a few ten milliseconds on SQLite, whose one writer people's turns share
LEASE = timedelta(seconds=15)
MOST_ATTEMPTS = 4  # of an urgent one in doubt
NOBODY = "no account can be written to"
NO_TEXT = "no text in the language that they read by now"
HAS_IT = and_(delivery.c.state == State.SENT, delivery.c.message_id != "")  # a message that can be changed


def is_outdated(version: int | ColumnElement[int]) -> ColumnElement[bool]:
    """Whether the person has the message with an older text than that of `version`."""
    return and_(HAS_IT, delivery.c.version < version)


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery leased to be sent, corrected or taken back. language: of the person, now. version: of the text that
    their message shows, 0 before it is sent."""

    id: int
    notice_id: int
    person_id: int
    account_id: int
    channel: str
    address: str
    language: str
    silent: bool
    attempts: int
    message_id: str
    version: int
    goes: tuple[str, ...] = ()  # for a notice in parts: the sessions that they go to or wait for


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


def with_sessions(tx: Transaction, seen: Notice, dues: Sequence[Due]) -> list[Due]:
    """The deliveries with all sessions that these people go to or wait for, changed or not: a change may make a clash.
    Where they left every changed one since, those that they left. Of what comes by the clock, those they go to."""
    parts = seen.parts or {}
    if seen.kind in ALIKE:
        return list(dues)
    if seen.kind == "answers":
        return _with_heard(tx, dues)
    if seen.kind in OF_SLOTS:
        return _with_slots(tx, parts, dues)
    if seen.kind == "new":
        return _with_themes(tx, dues)
    people = [due.person_id for due in dues]
    rows = tx.execute(
        select(interest.c.person_id, interest.c.session_id, interest.c.state).where(interest.c.person_id.in_(people))
    ).all()
    goes: dict[int, list[str]] = defaultdict(list)
    left: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        if row.state == Interest.WAITLISTED and seen.kind in BY_THE_CLOCK:
            continue
        (left if row.state == Interest.WITHDRAWN else goes)[row.person_id].append(row.session_id)
    for row in tx.execute(
        select(guest.c.person_id, guest.c.session_id).where(guest.c.person_id.in_(people)).distinct()
    ):
        if row.session_id not in goes[row.person_id]:  # they signed somebody up for it
            goes[row.person_id].append(row.session_id)
    out = []
    for due in dues:
        now = goes[due.person_id]
        out.append(replace(due, goes=tuple(now if parts.keys() & set(now) else left[due.person_id])))
    return out


def _with_heard(tx: Transaction, dues: Sequence[Due]) -> list[Due]:
    """The deliveries with what these people were told of late."""
    people = [due.person_id for due in dues]
    known: dict[int, list[str]] = defaultdict(list)
    for row in tx.execute(select(heard.c.person_id, heard.c.key).where(heard.c.person_id.in_(people))):
        known[row.person_id].append(row.key)
    return [replace(due, goes=tuple(known[due.person_id])) for due in dues]


def _with_slots(tx: Transaction, parts: Mapping[str, Any], dues: Sequence[Due]) -> list[Due]:
    """The deliveries with the sessions in which these people speak, or spoke until now."""
    linked = participant.c.person_id.in_([due.person_id for due in dues])
    is_ = {row.person_id: row.speaker for row in tx.execute(select(participant).where(linked))}
    return [
        replace(due, goes=tuple(id_ for id_, part in parts.items() if is_.get(due.person_id) in part["people"]))
        for due in dues
    ]


def _with_themes(tx: Transaction, dues: Sequence[Due]) -> list[Due]:
    """The deliveries with the themes that these people follow."""
    theirs = select(follow.c.person_id, follow.c.theme).where(follow.c.person_id.in_([due.person_id for due in dues]))
    known: dict[int, list[str]] = defaultdict(list)
    for row in tx.execute(theirs.order_by(follow.c.theme)):
        known[row.person_id].append(row.theme)
    return [replace(due, goes=tuple(known[due.person_id])) for due in dues]


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


_CLOSE = (
    update(delivery)
    .where(delivery.c.id == bindparam("row_id"), delivery.c.lease_owner == bindparam("owner"))
    .values(
        state=bindparam("to_state"), due_at=bindparam("to_due"), message_id=bindparam("to_message"),
        why=bindparam("to_why"), version=bindparam("to_version"),
        # When it was sent, whatever is done with the message later.
        closed_at=func.coalesce(delivery.c.closed_at, bindparam("to_closed", type_=delivery.c.closed_at.type)),
        lease_until=None, lease_owner="",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Closing:
    """What came of a call. act: `send`, `correct` or `withdraw`; version: of the text that was sent; urgent: what is in
    doubt is sent again; why: what the verdict does not say."""

    due: Due
    act: str
    verdict: Verdict
    version: int
    urgent: bool
    why: str = ""


def close(tx: Transaction, closings: Sequence[Closing], *, owner: str, now: datetime) -> None:
    """Write what came of each call, and of those whose account cannot be written to find another of the person's."""
    if not closings:
        return
    tx.execute(_CLOSE, [{"row_id": each.due.id, "owner": owner, **_outcome(each, now)} for each in closings])
    lost = [each for each in closings if isinstance(each.verdict, Unreachable)]
    if lost:
        lasting = [each.due.account_id for each in lost if isinstance(each.verdict, Unreachable) and each.verdict.lasts]
        if lasting:
            tx.execute(update(account).where(account.c.id.in_(lasting)).values(reachable=False))
        for each in lost:
            if each.act == "send":
                _fall_back(tx, each.due, now)


def _outcome(closing: Closing, now: datetime) -> dict[str, Any]:
    due = closing.due

    def row(state: State, *, at: datetime = now, message: str = due.message_id, why: str = "") -> dict[str, Any]:
        version = closing.version if state == State.SENT else due.version
        return {
            "to_state": state, "to_due": at, "to_message": message, "to_why": why, "to_version": version,
            "to_closed": None if state in OPEN else now,
        }  # fmt: skip

    if closing.act != "send":
        return _after(closing, row, now)
    match closing.verdict:
        case Sent(message_id):
            return row(State.SENT, message=message_id or "-")
        case Later(seconds, _, why):
            return row(State.QUEUED, at=now + timedelta(seconds=seconds), why=why)
        case Unreachable(why):
            return row(State.UNREACHABLE, why=why)
        case Failed(why):
            return row(State.FAILED, why=why)
        case InDoubt(why) if closing.urgent and due.attempts + 1 < MOST_ATTEMPTS:
            return row(State.QUEUED, at=now + timedelta(seconds=2 ** (due.attempts + 1)), why=why)
        case InDoubt(why):
            return row(State.IN_DOUBT, why=why)


def _after(closing: Closing, row: Any, now: datetime) -> dict[str, Any]:
    """The row of a message that was to be corrected or taken back: what cannot be is left as it is, and said."""
    done = State.RECALLED if closing.act == "withdraw" else State.SENT
    match closing.verdict:
        case Sent(message_id):
            return dict(row(done, message=message_id or closing.due.message_id, why=closing.why))
        case Later(seconds, _, why):
            return dict(row(State.SENT, at=now + timedelta(seconds=seconds), why=why)) | {
                "to_version": closing.due.version
            }
        case InDoubt(why) | Unreachable(why) | Failed(why):
            kept = dict(row(State.SENT, why=f"{closing.act}: {why}"))
            return kept if closing.act == "correct" else kept | {"to_message": ""}


def _fall_back(tx: Transaction, due: Due, now: datetime) -> None:
    """On another account of the person's that can be written to, where there is one."""
    owner = select(delivery.c.person_id).where(delivery.c.id == due.id).scalar_subquery()  # by now: see linking.py
    other = (
        select(account.c.id, account.c.channel)
        .where(audiences.can_be_written(account), account.c.person_id == owner, account.c.id != due.account_id)
        .order_by(audiences.last_used(account).desc())
        .limit(1)
    )
    found = tx.one(other)
    if found is not None:
        # Where the lease was lost, whoever has it decides.
        ours = delivery.c.id == due.id, delivery.c.account_id == due.account_id, delivery.c.state == State.UNREACHABLE
        there = {"account_id": found["id"], "channel": found["channel"]}
        again = {**there, "state": State.QUEUED, "due_at": now, "closed_at": None, "attempts": 0}
        tx.execute(update(delivery).where(*ours).values(**again))


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
