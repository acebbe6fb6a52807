"""What in a programme can hardly be meant: a room or a person twice at once, no time to walk, a session over a meal,
more seats than chairs.

No faults: a hall may hold two things, and a chair may leave early. An organizer is told, and decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import pairwise, takewhile

from bot.event.model import Event, Session, Status
from bot.programme import clashes, walks


class Why(StrEnum):
    ROOM = "room"
    PERSON = "person"
    MEAL = "meal"
    WALK = "walk"
    CHAIRS = "chairs"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Two sessions that certainly overlap, in the order of the programme. of: the id of the room or the person, of
    the meal's session. first, second, of a walk: one after the other, with less time between than the way takes; of
    chairs: both the one session that has more seats than its room has `chairs`."""

    why: Why
    of: str
    first: Session
    second: Session
    chairs: int = 0

    @property
    def key(self) -> tuple[object, ...]:
        """What makes it the same doubt in another version, whatever the hours are there. Other numbers of seats or
        chairs are another doubt."""
        numbers = (self.first.capacity, self.chairs) if self.why == Why.CHAIRS else ()
        return (self.why, self.of, self.first.id, self.second.id, *numbers)


def found(event: Event) -> Iterator[Doubt]:
    """Every doubt, in the order of the programme. Where an hour is not known, nothing certainly overlaps."""
    alive = [each for each in event.sessions if each.status != Status.CANCELLED]
    in_turn = [s for *_, s in sorted((s.starts_at, n, s) for n, s in enumerate(alive) if s.starts_at is not None)]
    for n, first in enumerate(in_turn, 1):
        # Whatever begins after one that no longer overlaps does not either.
        for second in takewhile(partial(clashes.overlap, first), in_turn[n:]):
            yield from _of(first, second, event)
    for person in {each.person: None for session in in_turn for each in session.people}:
        own = [session for session in in_turn if person in {each.person for each in session.people}]
        for first, second in pairwise(own):
            if walks.too_short(event, first, second):
                yield Doubt(Why.WALK, person, first, second)
    for session in alive:
        place = event.place.get(session.place or "")
        if place is not None and place.seats is not None and (session.capacity or 0) > place.seats:
            yield Doubt(Why.CHAIRS, place.id, session, session, place.seats)


def _of(first: Session, second: Session, event: Event) -> Iterator[Doubt]:
    place = event.place.get(first.place or "")
    if place is not None and place.kind == "room" and first.place == second.place:
        yield Doubt(Why.ROOM, place.id, first, second)
    for person in sorted({each.person for each in first.people} & {each.person for each in second.people}):
        yield Doubt(Why.PERSON, person, first, second)
    if (first.kind == "meal") != (second.kind == "meal"):
        yield Doubt(Why.MEAL, first.id if first.kind == "meal" else second.id, first, second)
