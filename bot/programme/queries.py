"""The programme as people ask for it: by day, by theme, now and next. Pure functions of an Event.

Sessions without an hour are never dropped and never given one: they belong to their day or part of day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.event.model import Event, Part, Session, Status

# A session whose end is not known is taken to be on for this long, no claim made to the reader.
GUESSED_LENGTH = timedelta(hours=1, minutes=30)
PART_HOURS = {Part.MORNING: (0, 12), Part.AFTERNOON: (12, 18), Part.EVENING: (18, 24)}


def days(event: Event) -> list[date]:
    """Every day of the event, first to last."""
    first, last = event.details.starts, event.details.ends
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def on_day(event: Event, day: date | None) -> list[Session]:
    """That day's sessions in order; None: those whose day is not known."""
    return [session for session in event.sessions if session.day == day]


def by_theme(event: Event, theme: str) -> list[Session]:
    return [session for session in event.sessions if session.theme == theme]


@dataclass(frozen=True, slots=True)
class Moment:
    """on: certainly (or as good as) under way. perhaps: of this part of the day, hour not known.
    next: the next to begin, all that begin together; or, where hours are not known, the next part's; and what that
    day holds without hour or part, since it may come before."""

    on: Sequence[Session]
    perhaps: Sequence[Session]
    next: Sequence[Session]


def at(event: Event, now: datetime) -> Moment:
    """What is on at `now` (aware UTC), and next."""
    local = now.astimezone(event.zone)
    alive = [session for session in event.sessions if session.status != Status.CANCELLED and session.day]
    on = [s for s in alive if s.starts_at and s.starts_at <= now < (s.ends_at or s.starts_at + GUESSED_LENGTH)]
    perhaps = [s for s in alive if s.start is None and s.day == local.date() and _may_be_on(s, local)]
    later = [s for s in alive if s not in on and s not in perhaps and _is_later(s, now, local)]
    return Moment(on, perhaps, _first(later))


def _first(later: Sequence[Session]) -> list[Session]:
    of_day = [s for s in later if s.day == later[0].day]
    begins = next(((s.start, s.known_part) for s in of_day if s.known_part), None)
    return [s for s in of_day if s.known_part is None or (s.start, s.known_part) == begins]


def is_over(session: Session, now: datetime, event: Event) -> bool:
    """Whether the session is certainly over."""
    if session.ends_at:
        return now >= session.ends_at
    return session.day is not None and session.day < now.astimezone(event.zone).date()


def _may_be_on(session: Session, local: datetime) -> bool:
    if session.known_part is None:
        return True
    begin, end = PART_HOURS[session.known_part]
    return begin <= local.hour < end


def _is_later(session: Session, now: datetime, local: datetime) -> bool:
    assert session.day
    if session.starts_at:
        return session.starts_at > now
    if session.day != local.date():
        return session.day > local.date()
    return session.known_part is not None and PART_HOURS[session.known_part][0] > local.hour
