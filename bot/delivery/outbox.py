"""Three verbs on the outbox, and nobody else touches the table: add, claim, close.

A row is born `sending`, leased to the process that will send it right after the commit; when that
process dies the lease runs out and any other takes the row over. One account's rows are a line: what
comes later waits while the head of the line does.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, delete, exists, false, insert, or_, select, update
from sqlalchemy import text as sql

from bot.chat.channel import Failed, InDoubt, Later, Parcel, Sent, Unreachable, Verdict
from bot.delivery.tables import OPEN, State, outbox
from bot.delivery.windows import OUTSIDE
from bot.people import privacy
from bot.people.tables import account, person
from bot.store.transaction import Transaction

LEASE = timedelta(seconds=10)
# Of an answer that may or may not have arrived: twice beats never. Where one call in five fails, four tries lose one
# answer in ten thousand, eight none in a hundred million.
MOST_ATTEMPTS = 8
READ = ("text", "t", "title", "address", "file_name", "name")  # of a body, whatever platform it is for
READ_IN = ("paragraphs", "spans", "file", "place")
LONGEST_PAUSE = 30  # seconds between two

OPEN_ROWS = sql("state IN ('queued', 'sending')")  # as in the partial index, so that it is used
# Statements of every turn are built once: building one costs more than running it.
_OWE = insert(outbox).returning(outbox.c.id, outbox.c.sequence)
_OTHERS = (
    select(outbox.c.id)
    .where(outbox.c.account_id == bindparam("account_id"), OPEN_ROWS)
    .where(outbox.c.lease_owner != bindparam("owner"))
    .limit(1)
)
_CLOSE = (
    update(outbox)
    .where(outbox.c.id == bindparam("row_id"), outbox.c.lease_owner == bindparam("owner"))
    .values(
        state=bindparam("to_state"), due_at=bindparam("to_due"), message_id=bindparam("to_message"),
        why=bindparam("to_why"), attempts=bindparam("to_attempts"), closed_at=bindparam("to_closed"),
        lease_until=None, lease_owner="",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to one account."""

    id: int
    account_id: int
    channel: str
    address: str
    sequence: int
    because: str
    parcel: Parcel
    attempts: int = 0


def add(
    tx: Transaction,
    account_id: int,
    channel: str,
    address: str,
    parcels: Sequence[Parcel],
    *,
    first_sequence: int,
    because: str,
    now: datetime,
    owner: str = "",
) -> list[Delivery]:
    """Owe `parcels` to the account, in order. owner: the process that sends them now ("": whoever claims).

    Returns the deliveries that the caller must send: none where something older of this account is still
    open in other hands, since it goes first. The caller holds the account's lock, which makes
    `first_sequence` its own; UNIQUE (account_id, sequence) proves it.
    """
    if not parcels:
        return []
    mine = bool(owner) and not _others_are_open(tx, account_id, owner)
    rows = [
        {
            "account_id": account_id,
            "sequence": first_sequence + n,
            "because": because,
            "body": dict(parcel.body),
            "edits": parcel.edits,
            "state": State.SENDING if mine else State.QUEUED,
            "due_at": now,
            "lease_until": now + LEASE if mine else None,
            "lease_owner": owner if mine else "",
            "created_at": now,
        }
        for n, parcel in enumerate(parcels)
    ]
    ids = tx.execute(_OWE, rows if len(rows) > 1 else rows[0]).all()
    if not mine:
        return []
    by_sequence = {row.sequence: row.id for row in ids}
    return [
        Delivery(by_sequence[first_sequence + n], account_id, channel, address, first_sequence + n, because, parcel)
        for n, parcel in enumerate(parcels)
    ]


@dataclass(frozen=True, slots=True)
class Put:
    """A message for an account whose platform reads it from its row. replaces: the sequence of an earlier one that it
    takes the place of, 0 for none."""

    account_id: int
    body: Mapping[str, Any]
    replaces: int = 0


def put(tx: Transaction, lines: Sequence[Put], *, because: str, now: datetime) -> list[int]:
    """Put each into its account's line, as sent; their sequences. Locks the accounts' rows.

    Two statements for all of them: while notices go to hundreds of pages, SQLite's one writer has others to serve.
    """
    found: dict[int, int] = {}  # which line -> its sequence
    left = list(range(len(lines)))
    while left:  # a round for each further message to one account
        first = {lines[n].account_id: n for n in reversed(left)}
        taken = update(account).where(account.c.id.in_(first)).values(sequence=account.c.sequence + 1)
        for row in tx.execute(taken.returning(account.c.id, account.c.sequence)):
            found[first[row.id]] = row.sequence
        now_put = sorted(first.values())
        tx.execute(insert(outbox), [_as_sent(tx, lines[n], found[n], because, now) for n in now_put])
        left = sorted(set(left) - set(now_put))
    return [found[n] for n in range(len(lines))]


def _as_sent(tx: Transaction, line: Put, sequence: int, because: str, now: datetime) -> dict[str, Any]:
    """Its row. The body of what replaces others names the first of them all, since a reader may have missed those
    between."""
    replaces = line.replaces
    if replaces:
        mine = outbox.c.account_id == line.account_id
        before = tx.scalar(select(outbox.c.edits).where(mine, outbox.c.sequence == replaces))
        replaces = int(before or replaces)
        old = update(outbox).where(mine, or_(outbox.c.sequence == replaces, outbox.c.edits == str(replaces)))
        tx.execute(old.values(state=State.RECALLED))
    return {
        "account_id": line.account_id, "sequence": sequence, "because": because, "edits": str(replaces or ""),
        "body": {**line.body, "replaces": replaces} if replaces else dict(line.body), "state": State.SENT,
        "due_at": now, "lease_owner": "", "attempts": 1, "message_id": str(sequence), "created_at": now,
        "closed_at": now,
    }  # fmt: skip


def _others_are_open(tx: Transaction, account_id: int, owner: str) -> bool:
    return tx.execute(_OTHERS, {"account_id": account_id, "owner": owner}).first() is not None


def claim(
    tx: Transaction, *, owner: str, channels: Sequence[str], limit: int, now: datetime, at_start: bool = False
) -> list[Delivery]:
    """Lease what is due and free (never leased, or its lease ran out) to `owner`, oldest first, whole lines.

    at_start: the caller is the only process, so that every lease but its own is a dead one's. Its own may be of a
    turn that came in before this.
    Safe under a race: the rows are locked (PostgreSQL: SKIP LOCKED) or the writer is alone (SQLite), and
    a line is only taken when nothing before it is in other hands.
    """
    # Written so that SQLite begins with the few rows that are open, whatever lies behind them: the states as in the
    # partial indexes, which no parameter matches, and what other indexes hold as an expression.
    dead = outbox.c.lease_owner != owner if at_start else false()
    free = or_(
        outbox.c.state == State.QUEUED,
        and_(outbox.c.state == State.SENDING, or_(outbox.c.lease_until < now, dead)),
    )
    before = outbox.alias("before")
    dead_before = before.c.lease_owner != owner if at_start else false()
    blocked = exists().where(
        before.c.account_id == outbox.c.account_id,
        before.c.sequence + 0 < outbox.c.sequence,
        OPEN_ROWS,  # of `before`, the innermost
        or_(before.c.due_at > now, and_(before.c.state == State.SENDING, before.c.lease_until >= now, ~dead_before)),
    )
    due = (
        select(outbox, account.c.channel, account.c.address)
        .join_from(outbox, account)
        .where(OPEN_ROWS, outbox.c.due_at <= now, free, ~blocked)
        .where(account.c.channel.concat("").in_(channels))
        .order_by(outbox.c.account_id + 0, outbox.c.sequence)
        .limit(limit)
    )
    if tx.is_postgresql:
        due = due.with_for_update(of=outbox, skip_locked=True)
    rows = tx.all(due)
    if rows:
        taken = update(outbox).where(outbox.c.id.in_([row["id"] for row in rows]))
        tx.execute(taken.values(state=State.SENDING, lease_owner=owner, lease_until=now + LEASE))
    return [
        Delivery(
            row["id"], row["account_id"], row["channel"], row["address"], row["sequence"], row["because"],
            Parcel(row["body"], row["edits"]), row["attempts"],
        )
        for row in rows
    ]  # fmt: skip


def close(tx: Transaction, closings: Sequence[tuple[Delivery, Verdict]], *, owner: str, now: datetime) -> None:
    """Write what became of each delivery. Only rows still leased to `owner` are touched: one whose lease was
    taken over belongs to the taker.

    Later, and InDoubt for an answer, put the row back in the line, due after a pause.
    """
    if not closings:
        return
    values = [
        {"row_id": delivery.id, "owner": owner, **_outcome(delivery, verdict, now)} for delivery, verdict in closings
    ]
    tx.execute(_CLOSE, values)
    lost = [delivery.account_id for delivery, verdict in closings if isinstance(verdict, Unreachable)]
    if lost:
        tx.execute(update(account).where(account.c.id.in_(lost)).values(reachable=False))
        waiting = update(outbox).where(outbox.c.account_id.in_(lost), outbox.c.state == State.QUEUED)
        tx.execute(waiting.values(state=State.UNREACHABLE, why="the account became unreachable", closed_at=now))


def _outcome(delivery: Delivery, verdict: Verdict, now: datetime) -> dict[str, Any]:
    def row(state: State, *, due: datetime = now, message: str = "", why: str = "", tried: int = 1) -> dict[str, Any]:
        return {
            "to_state": state, "to_due": due, "to_message": message, "to_why": why,
            "to_attempts": delivery.attempts + tried, "to_closed": None if state in OPEN else now,
        }  # fmt: skip

    match verdict:
        case Sent(message_id):
            return row(State.SENT, message=message_id)
        case Later(seconds, _, why):
            return row(State.QUEUED, due=now + timedelta(seconds=seconds), why=why, tried=0)
        case Unreachable(why):
            return row(State.UNREACHABLE, why=why)
        case Failed(why):
            return row(State.FAILED, why=why)
        case InDoubt(why) if delivery.attempts + 1 < MOST_ATTEMPTS:
            return row(
                State.QUEUED, due=now + timedelta(seconds=min(LONGEST_PAUSE, 2 ** (delivery.attempts + 1))), why=why
            )
        case InDoubt(why):
            return row(State.IN_DOUBT, why=why)


# --- messages that ride in the platform's own request (WeChat)
RIDES_END = timedelta(seconds=20)  # after the message came, no request of it is open any more


def ride(
    tx: Transaction, channel: str, address: str, because: str, way: str, now: datetime
) -> tuple[Mapping[str, Any], int] | None:
    """Whether what is owed `because` of an update may go this way, as `message_id` says: its body and its sequence,
    None where it goes another way or nothing is owed.

    Safe under a race: one UPDATE of a row that no other way has taken. A way taken by a process that did not close the
    row counts for as long as a request of that update may be open.
    """
    free = or_(outbox.c.message_id.in_(("", way)), outbox.c.created_at < now - RIDES_END)
    mine = update(outbox).where(*_of(channel, address, because), outbox.c.state.in_(OPEN), free)
    row = tx.execute(mine.values(message_id=way).returning(outbox.c.body, outbox.c.sequence)).first()
    return (row.body, row.sequence) if row else None


def rode(tx: Transaction, channel: str, address: str, because: str, way: str, now: datetime, *, arrived: bool) -> None:
    """What rode that way is sent, or is to go another way."""
    values = {"state": State.SENT, "closed_at": now, "lease_owner": "", "lease_until": None} if arrived else {}
    mine = update(outbox).where(*_of(channel, address, because), outbox.c.message_id.in_(("", way)))
    tx.execute(mine.where(outbox.c.state.in_(OPEN)).values(message_id=way if arrived else "", **values))


def sent(tx: Transaction, channel: str, address: str, because: str, way: str) -> tuple[Mapping[str, Any], int] | None:
    """The body and the sequence of what was sent that way because of an update, None where nothing was."""
    wanted = select(outbox.c.body, outbox.c.sequence).where(*_of(channel, address, because))
    wanted = wanted.where(outbox.c.state == State.SENT, outbox.c.message_id == way)
    row = tx.execute(wanted.order_by(outbox.c.sequence).limit(1)).first()
    return (row.body, row.sequence) if row else None


def one(tx: Transaction, channel: str, address: str, sequence: int) -> Mapping[str, Any] | None:
    """The body of that message of the account's, None where it is there no more."""
    who = select(account.c.id).where(account.c.channel == channel, account.c.address == address).scalar_subquery()
    wanted = select(outbox.c.body).where(outbox.c.account_id == who, outbox.c.sequence == sequence)
    body: Mapping[str, Any] | None = tx.scalar(wanted)
    return body


def _of(channel: str, address: str, because: str) -> tuple[Any, ...]:
    who = select(account.c.id).where(account.c.channel == channel, account.c.address == address).scalar_subquery()
    return outbox.c.account_id == who, outbox.c.because == because


def missed(tx: Transaction, account_id: int, since: datetime, now: datetime) -> list[Mapping[str, Any]]:
    """The bodies of what could not be sent to the account outside its window since then, oldest first; they count as
    sent from now on: one UPDATE that names the state they are in."""
    mine = update(outbox).where(outbox.c.account_id == account_id, outbox.c.created_at > since)
    waits = mine.where(outbox.c.state == State.UNREACHABLE, outbox.c.why == OUTSIDE)
    given = waits.values(state=State.SENT, message_id="turn", closed_at=now)
    rows = tx.execute(given.returning(outbox.c.sequence, outbox.c.body)).all()
    return [row.body for row in sorted(rows, key=lambda row: int(row.sequence))]


def newest(tx: Transaction, account_id: int) -> Mapping[str, Any]:
    """The body of the account's newest message; empty where it has none."""
    mine = select(outbox.c.body).where(outbox.c.account_id == account_id)
    return tx.scalar(mine.order_by(outbox.c.sequence.desc()).limit(1)) or {}


def release(tx: Transaction, *, owner: str, now: datetime) -> None:
    """Give back every lease of `owner`: for a process that stops politely."""
    mine = update(outbox).where(outbox.c.lease_owner == owner, outbox.c.state == State.SENDING)
    tx.execute(mine.values(state=State.QUEUED, lease_owner="", lease_until=None, due_at=now))


@dataclass(frozen=True, slots=True)
class Line:
    """An account's messages (sequence, body, because), oldest first; its person's language, "" for a stranger's.
    is_leaving: the person asked to be forgotten, and has not written since."""

    messages: Sequence[tuple[int, Mapping[str, Any], str]] = ()
    language: str = ""
    is_leaving: bool = False


def since(tx: Transaction, channel: str, address: str, after: int, limit: int) -> Line:
    """The account's line from past `after`: where there are more than `limit` messages, the newest."""
    is_wanted = and_(
        outbox.c.account_id == account.c.id,
        outbox.c.sequence > after,
        outbox.c.state.not_in((State.RECALLED, State.CANCELLED)),
    )
    rows = tx.execute(
        select(person.c.language, person.c.leaving_at, outbox.c.sequence, outbox.c.body, outbox.c.because)
        .select_from(account.join(person).outerjoin(outbox, is_wanted))
        .where(account.c.channel == channel, account.c.address == address)
        .order_by(outbox.c.sequence.desc())
        .limit(limit)
    ).all()
    if not rows:
        return Line()
    messages = [(row.sequence, row.body, row.because) for row in reversed(rows) if row.sequence is not None]
    return Line(messages, rows[0].language, rows[0].leaving_at is not None)


def count_open(tx: Transaction, now: datetime) -> int:
    """How many messages are owed and due."""
    return len(tx.execute(select(outbox.c.id).where(outbox.c.state.in_(OPEN), outbox.c.due_at <= now)).all())


def _show(tx: Transaction, person_id: int) -> Any:
    rows = tx.all(
        select(outbox.c.created_at, outbox.c.state, outbox.c.body, account.c.channel)
        .join_from(outbox, account)
        .where(account.c.person_id == person_id)
        .order_by(outbox.c.id)
    )
    return [{**privacy.plain(row), "body": "\n".join(_words_of(row["body"]))} for row in rows]


def _words_of(body: Any) -> Iterator[str]:
    """What of a platform's message its reader read. No file: one of all that is held holds what was said before, and
    the next would hold that too, twice as long each time."""
    if isinstance(body, Mapping):
        for name, value in body.items():
            if name in READ and isinstance(value, str):
                yield value
            elif name in READ_IN:
                yield from _words_of(value)
    elif isinstance(body, list):
        for each in body:
            yield from _words_of(each)


def _erase(tx: Transaction, person_id: int) -> None:
    theirs = select(account.c.id).where(account.c.person_id == person_id)
    tx.execute(delete(outbox).where(outbox.c.account_id.in_(theirs)))


privacy.register(privacy.Subject("messages", ("outbox",), _show, _erase))
