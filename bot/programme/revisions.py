"""How often what a calendar shows of a session was published otherwise, and when last: its SEQUENCE, RFC 5545, 3.8.7.4.

Kept with each publication rather than counted from all of them: a feed is asked for every half hour by every phone.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bot.event.model import Event, Session
from bot.programme.tables import revision
from bot.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Revision:
    """number: from 0, one more with every change. changed_at: aware UTC, when it last changed or came."""

    number: int
    changed_at: datetime


def of(tx: Transaction) -> Mapping[str, Revision]:
    """session id -> its revision, of every session that was ever published."""
    rows = tx.execute(select(revision.c.session_id, revision.c.number, revision.c.changed_at))
    return {row.session_id: Revision(row.number, row.changed_at) for row in rows}


def keep(tx: Transaction, event: Event, now: datetime) -> None:
    """Count up what `event`, as it is published, says otherwise. What is gone keeps its number, should it come back.

    Safe under a race: called in the transaction that publishes, of which one goes through.
    """
    rows = tx.execute(select(revision.c.session_id, revision.c.number, revision.c.digest))
    known = {row.session_id: row for row in rows}
    for session in event.sessions:
        digest, row = _digest(session, event), known.get(session.id)
        if row is None or row.digest != digest:
            values = {"number": row.number + 1 if row else 0, "changed_at": now, "digest": digest}
            made = tx.insert(revision).values(session_id=session.id, **values)
            tx.execute(made.on_conflict_do_update(index_elements=["session_id"], set_=values))


def _digest(session: Session, event: Event) -> str:
    """Of all that `bot.programme.calendar` writes of a session, in every language."""
    place = event.place.get(session.place or "")
    shown = {
        **session.model_dump(mode="json", include={"title", "abstract", "day", "start", "end", "status"}),
        "part": session.known_part,
        "zone": event.details.time_zone,
        "place": place.name.as_dict() if place else None,
        "people": [[event.person[each.person].name.as_dict(), each.role] for each in session.people
                   if each.person in event.person],
    }  # fmt: skip
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:32]
