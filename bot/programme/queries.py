"""The programme as people ask for it: by day, by theme, now and next. Pure functions of an Event.

Sessions without an hour are never dropped and never given one: they belong to their day or part of day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bot.event.model import Event, Part, Session, Status

# A session whose end is not known is taken to be on for this long, no claim made to the reader.
GUESSED_LENGTH = timedelta(hours=1, minutes=30)
NIGHT_BEGINS, NIGHT_ENDS = 22, 8  # hours
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


def at(event: Event, now: datetime, among: Sequence[Session] | None = None) -> Moment:
    """What is on at `now` (aware UTC), and next. among: of these sessions alone, as those of one's agenda."""
    local = now.astimezone(event.zone)
    sessions = event.sessions if among is None else among
    alive = [session for session in sessions if session.status != Status.CANCELLED and session.day]
    on = [s for s in alive if s.starts_at and s.starts_at <= now < (s.ends_at or s.starts_at + GUESSED_LENGTH)]
    perhaps = [s for s in alive if s.start is None and s.day == local.date() and _may_be_on(s, local)]
    later = [s for s in alive if s not in on and s not in perhaps and _is_later(s, now, local)]
    return Moment(on, perhaps, _first(later))


def _first(later: Sequence[Session]) -> list[Session]:
    of_day = [s for s in later if s.day == later[0].day]
    begins = next(((s.start, s.known_part) for s in of_day if s.known_part), None)
    return [s for s in of_day if s.known_part is None or (s.start, s.known_part) == begins]


def last_place(own: Sequence[Session], now: datetime, event: Event) -> str:
    """The id of the place where somebody who goes to `own` is by their agenda: that of the session which they are in,
    else of the last that began today; "" where that is not known."""
    today = now.astimezone(event.zone).date()
    begun = [s for s in own if s.starts_at and s.starts_at <= now and s.day == today and s.status != Status.CANCELLED]
    last = max(begun, key=lambda session: session.starts_at or now, default=None)
    return last.place or "" if last else ""


def is_over(session: Session, now: datetime, event: Event) -> bool:
    """Whether the session is certainly over."""
    if session.ends_at:
        return now >= session.ends_at
    return session.day is not None and session.day < now.astimezone(event.zone).date()


def part_now(now: datetime, event: Event) -> Part:
    """Which part of the day it is there."""
    hour = now.astimezone(event.zone).hour
    return next(part for part, (begin, end) in PART_HOURS.items() if begin <= hour < end)


def has_begun(session: Session, now: datetime) -> bool:
    """Whether the session has certainly begun."""
    return session.starts_at is not None and now >= session.starts_at


def morning(now: datetime, event: Event) -> datetime | None:
    """When the night is over in which nobody is written to, aware UTC; None by day. Its hours are the event's."""
    local = now.astimezone(event.zone)
    if NIGHT_ENDS <= local.hour < NIGHT_BEGINS:
        return None
    day = local.date() + timedelta(days=1 if local.hour >= NIGHT_BEGINS else 0)
    return datetime.combine(day, time(NIGHT_ENDS), event.zone).astimezone(UTC)


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
