"""What came of the calls of deliveries, written into the ledger; and another way to whom one account fails.

Safe under a race: only the owner of the lease writes, so that of two processes the one that lost it changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, update

from bot.chat.channel import Failed, InDoubt, Later, Sent, Unreachable, Verdict
from bot.delivery.tables import OPEN, State
from bot.notices import audience as audiences
from bot.notices.due import MOST_ATTEMPTS, Due
from bot.notices.tables import delivery
from bot.people.tables import account
from bot.store.transaction import Transaction

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
