"""What two persons who become one are told, and want to be told; and one who is two again.

Told once: of two messages of one notice that have not gone out, one goes. Both that have gone out are kept, so that a
correction reaches both. Of what each wants the quieter is kept, and the earlier reminder: nobody gets more than they
asked for on either side, nobody is late.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping, delete, func, select, update

from bot.delivery.tables import State
from bot.notices.tables import Level, NoticeState, delivery, heard, notice, preference
from bot.people import mergers
from bot.people.mergers import Move
from bot.people.tables import account
from bot.store.transaction import Transaction

LOUDNESS = (Level.ON, Level.SILENT, Level.OFF)
PERSON = "person:"
NEVER = (State.UNREACHABLE, State.FAILED, State.CANCELLED)  # what came of messages that nobody got
EVER = datetime.min.replace(tzinfo=UTC)


def _deliveries(tx: Transaction, move: Move) -> None:
    """Safe under a race: rows that are being claimed are waited for; a fan-out still under way meets the foreign key of
    the person that goes, and runs again."""
    _readdress(tx, move)
    there = {}
    for row in tx.all(select(delivery).where(delivery.c.person_id == move.target).with_for_update()):
        if row["turn"] == 1:
            there[row["notice_id"]] = row
    come = select(delivery).where(delivery.c.person_id == move.source).order_by(delivery.c.id)
    for row in tx.all(come.with_for_update()):
        met, mine = there.get(row["notice_id"]), delivery.c.id == row["id"]
        moved = update(delivery).where(mine)
        if met is None:
            tx.execute(moved.values(person_id=move.target))
        elif _is_told(row) and _is_told(met):
            both = delivery.c.notice_id == row["notice_id"], delivery.c.person_id == move.target
            last = tx.scalar(select(func.max(delivery.c.turn)).where(*both))
            tx.execute(moved.values(person_id=move.target, turn=last + 1))
        elif _rank(tx, row) > _rank(tx, met):
            tx.execute(delete(delivery).where(delivery.c.id == met["id"]))
            tx.execute(moved.values(person_id=move.target))
        else:
            tx.execute(delete(delivery).where(mine))


def _is_told(row: RowMapping) -> bool:
    """Whether its message has gone out, or may have."""
    return row["state"] not in (State.QUEUED, *NEVER)


def _rank(tx: Transaction, row: RowMapping) -> tuple[int, datetime]:
    """Which of two messages is kept: one that has gone out, else one that still can; on the account last used."""
    can = 2 if _is_told(row) else int(row["state"] == State.QUEUED)
    used = tx.scalar(select(account.c.used_at).where(account.c.id == row["account_id"]))
    return can, used or EVER


def _readdress(tx: Transaction, move: Move) -> None:
    """Notices to single persons that have not reached all of them yet are to whom the person becomes."""
    waiting = select(notice.c.id, notice.c.audience).where(
        notice.c.is_fanned.is_(False), notice.c.audience.contains(PERSON, autoescape=True),
        notice.c.state.in_((NoticeState.SCHEDULED, NoticeState.SENDING, NoticeState.PAUSED)),
    )  # fmt: skip
    for row in tx.all(waiting.order_by(notice.c.id).with_for_update()):
        terms = [_term(term, move) if term.startswith(PERSON) else term for term in row["audience"].split(" ")]
        tx.execute(update(notice).where(notice.c.id == row["id"]).values(audience=" ".join(terms)))


def _term(term: str, move: Move) -> str:
    ids = term.removeprefix(PERSON).split(",")
    known = dict.fromkeys(str(move.target) if id_ == str(move.source) else id_ for id_ in ids)
    return PERSON + ",".join(known)


def _deliveries_back(tx: Transaction, move: Move, _: Any) -> None:
    """What was told on an account goes with it, each notice once as before."""
    theirs = delivery.c.person_id == move.source, delivery.c.account_id.in_(move.accounts)
    told: dict[int, int] = {}
    for row in tx.all(select(delivery).where(*theirs).order_by(delivery.c.turn).with_for_update()):
        turn = told[row["notice_id"]] = told.get(row["notice_id"], 0) + 1
        mine = update(delivery).where(delivery.c.id == row["id"])
        tx.execute(mine.values(person_id=move.target, turn=turn))


def _is_quieter(kept: RowMapping, come: RowMapping) -> bool:
    """Whether the second of two choices of one kind wins: the quieter level, or the earlier reminder."""
    if kept["level"] in LOUDNESS and come["level"] in LOUDNESS:
        return LOUDNESS.index(come["level"]) > LOUDNESS.index(kept["level"])
    return come["level"].isdecimal() and kept["level"].isdecimal() and int(come["level"]) > int(kept["level"])


mergers.register(mergers.Merger(("delivery",), _deliveries, _deliveries_back))
mergers.register(mergers.rows(preference, "kind", wins=_is_quieter))
mergers.register(mergers.rows(heard, "key", wins=mergers.newer("at")))
