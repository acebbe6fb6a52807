"""What in a programme can hardly be meant: a room or a person twice at once, a session over a meal.

No faults: a hall may hold two things, and a chair may leave early. An organizer is told, and decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import takewhile

from bot.event.model import Event, Session, Status
from bot.programme import clashes


class Why(StrEnum):
    ROOM = "room"
    PERSON = "person"
    MEAL = "meal"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Two sessions that certainly overlap, in the order of the programme. of: the id of the room or the person, of
    the meal's session."""

    why: Why
    of: str
    first: Session
    second: Session

    @property
    def key(self) -> tuple[str, ...]:
        """What makes it the same doubt in another version, whatever the hours are there."""
        return (self.why, self.of, self.first.id, self.second.id)


def found(event: Event) -> Iterator[Doubt]:
    """Every doubt, in the order of the programme. Where an hour is not known, nothing certainly overlaps."""
    alive = [each for each in event.sessions if each.status != Status.CANCELLED]
    in_turn = [s for *_, s in sorted((s.starts_at, n, s) for n, s in enumerate(alive) if s.starts_at is not None)]
    for n, first in enumerate(in_turn, 1):
        # Whatever begins after one that no longer overlaps does not either.
        for second in takewhile(partial(clashes.overlap, first), in_turn[n:]):
            yield from _of(first, second, event)


def _of(first: Session, second: Session, event: Event) -> Iterator[Doubt]:
    place = event.place.get(first.place or "")
    if place is not None and place.kind == "room" and first.place == second.place:
        yield Doubt(Why.ROOM, place.id, first, second)
    for person in sorted({each.person for each in first.people} & {each.person for each in second.people}):
        yield Doubt(Why.PERSON, person, first, second)
    if (first.kind == "meal") != (second.kind == "meal"):
        yield Doubt(Why.MEAL, first.id if first.kind == "meal" else second.id, first, second)
