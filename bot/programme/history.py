"""What each publication changed, newest first, and why: for whoever was not there when it was told."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import func, select

from bot.event.model import Event, Session, Status
from bot.event.texts import Texts
from bot.programme import queries, touched
from bot.programme.tables import version
from bot.programme.touched import Touched
from bot.store.transaction import Transaction

KEPT = 50  # publications that are looked back on
SLIP = timedelta(minutes=1)  # as long as what is changed in chat settles

_NEWEST = select(func.max(version.c.number))
_FIRST = select(version.c.published_at).where(version.c.number == 1)


@dataclass(frozen=True, slots=True)
class Publication:
    """A version that readers find otherwise than the one before. old, new: both events without their entries.
    touched: as they are told of it; added: what was not there before, both in the order of the programme."""

    number: int
    published_at: datetime
    reason: Texts
    old: Event
    new: Event
    touched: Sequence[Touched]
    added: Sequence[Session]


class History:
    """The newest publications, kept in memory by their number, which never changes its meaning. Safe to share
    between threads."""

    def __init__(self) -> None:
        # None: a publication in which readers find nothing otherwise.
        self._known: Mapping[int, Publication | None] = MappingProxyType({})
        self._reads = threading.Lock()

    def newest(self, tx: Transaction) -> Sequence[Publication]:
        """Those of the newest KEPT versions that changed something, newest first. The first version is no change, and a
        slip that the next one has taken back within SLIP, of which nobody was told, none either."""
        last: int = tx.scalar(_NEWEST) or 0
        numbers = range(last, max(last - KEPT, 1), -1)
        if any(number not in self._known for number in numbers):
            with self._reads:  # a version is long to read: who comes meanwhile waits rather than reads it too
                self._learn(tx, numbers)
        known = self._known
        kept: list[Publication] = []
        for found in (known.get(number) for number in reversed(numbers)):
            if found is not None and kept and _is_taken_back(kept[-1], found):
                kept.pop()
            elif found is not None:
                kept.append(found)
        return kept[::-1]

    def began(self, tx: Transaction) -> datetime:
        """When the first version was published (aware UTC)."""
        moment: datetime = tx.scalar(_FIRST)
        return moment

    def _learn(self, tx: Transaction, numbers: Sequence[int]) -> None:
        """Read those of `numbers` that are not known, and forget what is older than they."""
        known = {number: self._known[number] for number in numbers if number in self._known}
        before: tuple[int, Event] | None = None
        for number in reversed(numbers):
            if number in known:
                continue
            old = before[1] if before and before[0] == number - 1 else _read(tx, number - 1)[0]
            new, published_at, reason = _read(tx, number)
            known[number] = _between(number, published_at, reason, old, new)
            before = number, new
        self._known = MappingProxyType(known)


def _read(tx: Transaction, number: int) -> tuple[Event, datetime, Texts]:
    row = tx.one(select(version).where(version.c.number == number))
    assert row is not None, f"version {number} is missing"
    content = json.loads(row["content"])
    # Without its questions and answers an event is a twentieth: fifty of them may stay in memory.
    event = Event.model_validate({part: content[part] for part in ("details", "places", "sessions") if part in content})
    return event, row["published_at"], Texts(row["reason"] or {})


def _is_taken_back(slip: Publication, after: Publication) -> bool:
    return after.published_at - slip.published_at <= SLIP and slip.old.sessions == after.new.sessions


def _between(number: int, published_at: datetime, reason: Texts, old: Event, new: Event) -> Publication | None:
    found = tuple(touched.between(old, new, published_at))
    added = tuple(
        session
        for session in new.sessions
        if session.id not in old.session
        and session.status != Status.CANCELLED
        and not queries.is_over(session, published_at, new)
    )
    return Publication(number, published_at, reason, old, new, found, added) if found or added else None
