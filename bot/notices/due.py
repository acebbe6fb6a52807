"""A delivery that is due, and what of its notice concerns its person: sessions, slots, themes, what they heard."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from bot.notices.broadcast import Notice
from bot.notices.tables import ALIKE, BY_THE_CLOCK, OF_SLOTS, heard
from bot.people.tables import participant
from bot.programme.tables import Interest, follow, guest, interest
from bot.store.transaction import Transaction

MOST_ATTEMPTS = 4  # of an urgent one in doubt


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
