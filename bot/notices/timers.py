"""What is told by the clock: a reminder before a session, to its people one of their own and whether they are there,
the morning's digest, the question what a session was worth. Each begins once, however many processes look.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from bot.event.model import Event, Session, Status
from bot.notices import broadcast
from bot.notices.audience import Audience
from bot.notices.preferences import LEADS
from bot.notices.tables import OF_SLOTS
from bot.programme import feedback, once, queries, speaking
from bot.store.transaction import Transaction

DIGEST_AT, DIGEST_UNTIL = time(7, 30), time(12)  # of the event's zone; later the day has begun without it
ASKED_AFTER, ASKED_UNTIL = timedelta(minutes=10), timedelta(hours=2)  # after a session's end
AUTHOR = "clock"


@dataclass(frozen=True, slots=True)
class Due:
    """A notice whose moment has come. kind: as in KIND_OF; sessions: what it is about, by the key under which each part
    of it begins once; lead: minutes before their start at which its readers want it, 0 where they are not asked."""

    kind: str
    sessions: Mapping[str, Sequence[Session]]
    lead: int = 0


def due(event: Event, now: datetime) -> Sequence[Due]:
    """What is due at `now` (aware UTC), begun or not: reminders until their session starts, a digest until noon, the
    question about a session for two hours after its end.

    A start is a moment in UTC, so that a change of clocks or a reader elsewhere makes no difference. A session that
    is given another hour is reminded of again: its start is part of the key.
    """
    found: list[Due] = []
    starts: dict[datetime, list[Session]] = defaultdict(list)
    for session in event.sessions:
        if session.starts_at and session.status != Status.CANCELLED and now < session.starts_at:
            starts[session.starts_at].append(session)
    for start, sessions in starts.items():
        moment = f"{start.astimezone(UTC):%Y%m%dT%H%M}"
        found += [
            Due("reminders", {f"reminder:{s.id}:{moment}:{lead}": (s,) for s in sessions}, lead)
            for lead in LEADS
            if now >= start - timedelta(minutes=lead)
        ]
        spoken = [session for session in sessions if session.people]
        kind = "slot now" if now >= start - speaking.ASKS else "slot soon" if now >= start - speaking.SOON else ""
        if kind and spoken:
            found.append(Due(kind, {f"{kind}:{s.id}:{moment}": (s,) for s in spoken}))
    for session in event.sessions:
        ended = session.ends_at
        if ended and feedback.is_asked_about(session) and ended + ASKED_AFTER <= now < ended + ASKED_UNTIL:
            found.append(Due("feedback", {f"feedback:{session.id}:{ended.astimezone(UTC):%Y%m%dT%H%M}": (session,)}))
    local = now.astimezone(event.zone)
    if DIGEST_AT <= local.time() < DIGEST_UNTIL:
        today = [s for s in queries.on_day(event, local.date()) if s.status != Status.CANCELLED]
        if ahead := [session for session in today if not queries.is_over(session, now, event)]:
            found.append(Due("digest", {f"digest:{local.date()}": ahead}))
    return found


def begin(
    tx: Transaction, wanted: Due, parts: Mapping[str, Any], texts: Mapping[str, str], event: Event, now: datetime
) -> int:
    """Begin to tell what nobody has begun yet; to how many: to whoever goes to one of its sessions, and wants to hear
    of it that early.

    parts, texts: as `broadcast.tell` takes them. Safe under a race: a key is inserted once, in the transaction that
    makes the notice.
    """
    first = [sessions for key, sessions in wanted.sessions.items() if once.first_time(tx, key, now)]
    new = [session for sessions in first for session in sessions]
    if not new:
        return 0
    kept = {session.id: {**parts[session.id], "people": speaking.people(session)} for session in new}
    terms = _whom(tx, wanted, new, event, now)
    return broadcast.tell(tx, wanted.kind, Audience(terms), kept, texts, event, author=AUTHOR, now=now)


def _whom(
    tx: Transaction, wanted: Due, new: Sequence[Session], event: Event, now: datetime
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The terms of the audience: whoever speaks there of what is told to speakers, else whoever goes there."""
    ids = tuple(session.id for session in new)
    people = tuple(sorted({id_ for session in new for id_ in speaking.people(session)}))
    if wanted.kind in OF_SLOTS:
        return (("speaker", people),)
    if wanted.kind == "feedback":
        for session in new:
            feedback.ask(tx, event, session, now)
        return (("asked", ids),)
    going = ("going", ids)
    if not wanted.lead:
        return (going,)
    # Who speaks there is reminded of the slot instead.
    return (going, ("lead", (str(wanted.lead),)), *((("listener", people),) if people else ()))
