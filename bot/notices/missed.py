"""What could not be sent to somebody outside the window of their platform, and is given to them when they next write:
if it is still true then.

What makes it safe: a delivery is given by one UPDATE that names the state it is in, in the turn's own transaction.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from bot.delivery.tables import State
from bot.delivery.windows import OUTSIDE
from bot.event.model import Event, Status
from bot.notices import broadcast
from bot.notices.broadcast import Notice
from bot.notices.due import Due, with_sessions
from bot.notices.tables import NoticeState, Urgency, delivery, notice
from bot.programme import queries
from bot.store.transaction import Transaction

LATEST = timedelta(days=3)  # an older one is in /news
AT_MOST = 3


@dataclass(frozen=True, slots=True)
class Missed:
    """goes: the sessions that its reader goes to, of a notice that is put together from them."""

    notice: Notice
    goes: tuple[str, ...]


def give(tx: Transaction, account_id: int, person_id: int, event: Event, now: datetime) -> list[Missed]:
    """What waits for that account, urgent first, then in order; it counts as sent from now on."""
    wanted = (
        select(delivery.c.id, delivery.c.notice_id)
        .join_from(delivery, notice)
        .where(delivery.c.person_id == person_id, delivery.c.account_id == account_id)
        .where(delivery.c.state == State.UNREACHABLE, delivery.c.why == OUTSIDE)
        .where(notice.c.state.in_((NoticeState.SENDING, NoticeState.SENT)), notice.c.started_at > now - LATEST)
        .order_by(delivery.c.id.desc())
        .limit(AT_MOST * 4)
    )
    rows = tx.execute(wanted).all()
    if not rows:
        return []
    of_these = select(notice).where(notice.c.id.in_([row.notice_id for row in rows]))
    by_id = {each.id: each for each in broadcast.found(tx, of_these)}
    out: list[Missed] = []
    told: set[str] = set()  # sessions of which a newer one tells already
    for row in rows:
        seen = by_id[row.notice_id]
        goes = _goes(tx, seen, row.id, person_id, account_id)
        if len(out) < AT_MOST and _is_true(seen, goes, event, now, told) and _given(tx, row.id, seen.version, now):
            out.append(Missed(seen, goes))
            if seen.kind == "changes":
                told |= (seen.parts or {}).keys() & set(goes)
    return sorted(out, key=lambda each: (each.notice.urgency != Urgency.URGENT, each.notice.id))


def _goes(tx: Transaction, seen: Notice, delivery_id: int, person_id: int, account_id: int) -> tuple[str, ...]:
    if not seen.parts:
        return ()
    due = Due(delivery_id, seen.id, person_id, account_id, "", "", "", False, 0, "", 0)
    return with_sessions(tx, seen, [due])[0].goes


def _is_true(seen: Notice, goes: tuple[str, ...], event: Event, now: datetime, told: set[str]) -> bool:
    """A session that is over, or that a newer notice speaks of, is no news any more."""
    if seen.parts is None:
        return True
    ids = (seen.parts.keys() & set(goes)) or set(seen.parts)
    sessions = [event.session[id_] for id_ in ids if id_ in event.session]
    ahead = [each for each in sessions if not queries.is_over(each, now, event)]
    match seen.kind:
        case "reminders":
            return any(each.starts_at and each.starts_at > now and each.status != Status.CANCELLED for each in ahead)
        case "digest":
            assert seen.started_at is not None
            return bool(ahead) and seen.started_at.astimezone(event.zone).date() == now.astimezone(event.zone).date()
        case "changes":
            return not ids <= told and (bool(ahead) or len(sessions) < len(ids))
    return bool(ahead) or not sessions


def _given(tx: Transaction, delivery_id: int, version: int, now: datetime) -> bool:
    waits = update(delivery).where(delivery.c.id == delivery_id, delivery.c.state == State.UNREACHABLE)
    given = waits.values(
        state=State.SENT, message_id="turn", version=version, why="when they next wrote", closed_at=now
    )
    return tx.execute(given.returning(delivery.c.id)).first() is not None
