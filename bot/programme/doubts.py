"""What in a programme can hardly be meant: a room or a person twice at once, a session over a meal.

No faults: a hall may hold two things, and a chair may leave early. An organizer is told, and decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

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


def found(event: Event) -> Iterator[Doubt]:
    """Every doubt, in the order of the programme. Where an hour is not known, nothing certainly overlaps."""
    alive = [s for s in event.sessions if s.starts_at is not None and s.status != Status.CANCELLED]
    for first, second in combinations(alive, 2):
        if first.day != second.day and first.ends_at is None:
            continue
        if not clashes.overlap(first, second):
            continue
        place = event.place.get(first.place or "")
        if place is not None and place.kind == "room" and first.place == second.place:
            yield Doubt(Why.ROOM, place.id, first, second)
        both = {each.person for each in first.people} & {each.person for each in second.people}
        for person in sorted(both):
            yield Doubt(Why.PERSON, person, first, second)
        if (first.kind == "meal") != (second.kind == "meal"):
            yield Doubt(Why.MEAL, first.id if first.kind == "meal" else second.id, first, second)
