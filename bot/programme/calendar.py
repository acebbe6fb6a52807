"""Sessions as iCalendar (RFC 5545), by the icalendar library.

A session without an hour is a tentative all-day entry of its day that says so; one without a day
cannot stand in a calendar and is left out, which the caller tells the reader.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from icalendar import Calendar, vDuration
from icalendar import Event as CalendarEvent

from bot.event.model import Event, Session, Status
from bot.programme import facts
from bot.text.words import Words

PRODUCT = "-//Passerelle//conference//EN"
REFRESH = timedelta(minutes=30)


def calendar(event: Event, sessions: Iterable[Session], say: Words, *, stamp: datetime, name: str) -> str:
    """The sessions as one VCALENDAR. stamp: aware UTC, when this version was published."""
    out = Calendar()
    out.add("prodid", PRODUCT)
    out.add("version", "2.0")
    out.add("calscale", "GREGORIAN")
    out.add("method", "PUBLISH")
    out.add("name", name)
    out.add("x-wr-calname", name)
    out.add("x-wr-timezone", event.details.time_zone)
    out.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    out.add("x-published-ttl", vDuration(REFRESH))  # a name that the library knows no type of
    for session in sessions:
        if session.day is not None:
            out.add_component(_entry(event, session, say, stamp))
    out.add_missing_timezones()
    return str(out.to_ical(), "utf-8")


def file_name(event: Event, what: str = "agenda") -> str:
    return f"{event.details.id}-{what}.ics"


def _entry(event: Event, session: Session, say: Words, stamp: datetime) -> CalendarEvent:
    entry = CalendarEvent()
    entry.add("uid", f"{session.id}@{event.details.id}.passerelle")
    entry.add("dtstamp", stamp)
    entry.add("last-modified", stamp)
    title = session.title.in_(say.language)
    assert session.day is not None
    if session.starts_at:
        entry.add("dtstart", session.starts_at.astimezone(event.zone))
        if session.ends_at:
            entry.add("dtend", session.ends_at.astimezone(event.zone))
        tentative = session.status == Status.PROVISIONAL
    else:
        title = say.text("{title} ({hour})", title=title, hour=facts.hour(session, say))
        entry.add("dtstart", session.day)
        entry.add("dtend", session.day + timedelta(days=1))
        entry.add("transp", "TRANSPARENT")  # blocks no hour of the day
        tentative = True
    cancelled = session.status == Status.CANCELLED
    entry.add("status", "CANCELLED" if cancelled else "TENTATIVE" if tentative else "CONFIRMED")
    entry.add("summary", title)
    entry.add("location", facts.place_name(event, session, say))
    about = [session.abstract.in_(say.language)] if session.abstract else []
    about += [line] if (line := facts.people(event, session, say)) else []
    if about:
        entry.add("description", "\n\n".join(about))
    return entry
