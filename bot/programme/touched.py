"""What a publication changes for those who go to a session: only what they would see, not how it is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.event.model import Event, Session, Status
from bot.programme import clashes, queries


class What(StrEnum):
    """In the order in which a reader is told."""

    GONE = "gone"  # no longer in the programme
    CANCELLED = "cancelled"
    BACK = "back"  # was cancelled, takes place after all
    WHEN = "when"
    WHERE = "where"
    WHO = "who"


@dataclass(frozen=True, slots=True)
class Touched:
    """A session that is not as it was. after: as it is now; as it was, of one that is gone. what: in the order of
    `What`, never empty. clashes: the sessions that certainly overlap with it now and did not before."""

    before: Session
    after: Session
    what: tuple[What, ...]
    clashes: tuple[Session, ...] = ()


def between(old: Event, new: Event, now: datetime) -> Sequence[Touched]:
    """The sessions of `old` that a reader finds otherwise in `new`, in the order of the programme; none that was
    over at `now` (aware UTC) in both.

    A title or a text put otherwise, a session confirmed, seats: nobody who goes there needs to act.
    """
    found = []
    for before in old.sessions:
        after = new.session.get(before.id, before)
        what = _what(before, after, old, new)
        if not what or (queries.is_over(before, now, old) and queries.is_over(after, now, new)):
            continue
        found.append(Touched(before, after, what, _clashes(before, after, old, new)))
    return found


def added(old: Event, new: Event, now: datetime) -> Sequence[Session]:
    """The sessions with a theme that `old` did not have, in the order of the programme; none that is cancelled or
    over."""
    return [
        session
        for session in new.sessions
        if session.id not in old.session
        and session.theme in new.theme
        and session.status != Status.CANCELLED
        and not queries.is_over(session, now, new)
    ]


def _what(before: Session, after: Session, old: Event, new: Event) -> tuple[What, ...]:
    if before.id not in new.session:
        return () if before.status == Status.CANCELLED else (What.GONE,)
    if after.status == Status.CANCELLED:
        return () if before.status == Status.CANCELLED else (What.CANCELLED,)
    if before.status == Status.CANCELLED:
        return (What.BACK,)
    differs = {
        What.WHEN: _hours(before) != _hours(after),
        What.WHERE: before.place != after.place and _place(before, old) != _place(after, new),
        What.WHO: _people(before, old) != _people(after, new),
    }
    return tuple(what for what, is_so in differs.items() if is_so)


def _hours(session: Session) -> object:
    """What of its time is shown: the part of the day only where the hour is not known."""
    return (session.day, session.start, session.end) if session.start else (session.day, session.known_part)


def _place(session: Session, event: Event) -> object:
    place = event.place.get(session.place or "")
    return place.name if place else None


def _people(session: Session, event: Event) -> object:
    return {(each.person, each.role) for each in session.people if each.person in event.person}


def _clashes(before: Session, after: Session, old: Event, new: Event) -> tuple[Session, ...]:
    if after.id not in new.session:
        return ()
    return tuple(
        other
        for other in new.sessions
        if clashes.overlap(after, other)
        and not (other.id in old.session and clashes.overlap(before, old.session[other.id]))
    )
