"""How long it takes on foot from one place of an event to another."""

import heapq
from collections import defaultdict
from datetime import datetime, timedelta

from bot.event.model import Event, Session, Status

INSIDE = 1  # minute between a place and what it is within
LONGEST = 120  # minutes between two sessions in which any walk is done
STAYS = timedelta(minutes=45)  # after a session somebody is taken to be where it was
FAR = 5  # minutes from which a walk counts: from room to room everybody slips out a little earlier


def minutes_between(event: Event, a: str, b: str) -> int:
    """Minutes on foot from the place `a` to the place `b`, ids: the walk written for these two, either way round;
    else the shortest path over all that are written and up and down through what places are within, a minute each.

    So two rooms of one venue are 2 minutes apart. 0 in the same place, and where a place or a way is not known.
    """
    legs = _legs(event)
    if b in legs[a]:
        return legs[a][b]
    reached: set[str] = set()
    ahead = [(0, a)]
    while ahead:
        minutes, here = heapq.heappop(ahead)
        if here == b:
            return minutes
        if here not in reached:
            reached.add(here)
            for there, more in legs[here].items():
                heapq.heappush(ahead, (minutes + more, there))
    return 0


def too_short(event: Event, one: Session, other: Session) -> int:
    """The minutes of the walk between two sessions that follow each other, where there is less time than that between
    them; 0 where there is enough, where they overlap, or where an hour or a way is not known."""
    if one.id == other.id or Status.CANCELLED in (one.status, other.status) or not (one.place and other.place):
        return 0
    if one.starts_at is None or other.starts_at is None:
        return 0
    first, second = (one, other) if one.starts_at < other.starts_at else (other, one)
    assert second.starts_at is not None
    if first.ends_at is None or first.ends_at > second.starts_at:
        return 0
    time_between = (second.starts_at - first.ends_at).total_seconds() / 60
    if time_between >= LONGEST:
        return 0
    minutes = minutes_between(event, one.place, other.place)
    return minutes if minutes >= FAR and minutes > time_between else 0


def comes_late(event: Event, before: Session, session: Session, now: datetime) -> bool:
    """Whether who goes to `before` cannot be at `session` when it begins: it ends too late for the walk, or ended a
    while ago and the walk from there takes longer than what is left. False where they overlap, which is a clash and
    no walk, and where an hour or a way is not known."""
    if too_short(event, before, session):
        return bool(before.starts_at and session.starts_at and before.starts_at < session.starts_at)
    if before.status == Status.CANCELLED or not (before.place and session.place):
        return False
    if not (before.ends_at and session.starts_at):
        return False
    if not now - STAYS <= before.ends_at <= now < session.starts_at:
        return False
    minutes = minutes_between(event, before.place, session.place)
    return minutes >= FAR and now + timedelta(minutes=minutes) > session.starts_at


def _legs(event: Event) -> defaultdict[str, dict[str, int]]:
    """Place -> its neighbours and the minutes to each. What is written rules over what is supposed."""
    legs: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for place in event.places:
        if place.within is not None:
            legs[place.id].setdefault(place.within, INSIDE)
            legs[place.within].setdefault(place.id, INSIDE)
    for place in event.places:
        for other, minutes in place.walk.items():
            legs[place.id][other] = legs[other][place.id] = minutes
    return legs
