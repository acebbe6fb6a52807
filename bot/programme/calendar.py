"""Sessions as iCalendar (RFC 5545), by the icalendar library.

A session without an hour is a tentative all-day entry of its day that says so; one without a day
cannot stand in a calendar and is left out, which the caller tells the reader.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta

from icalendar import Alarm, Calendar, vDuration
from icalendar import Event as CalendarEvent

from bot.event.model import Event, Session, Status
from bot.programme import facts
from bot.programme.revisions import Revision
from bot.programme.zones import vtimezone
from bot.text.words import Words

PRODUCT = "-//Passerelle//conference//EN"
REFRESH = timedelta(minutes=30)
# What RFC 5545, 3.1 has no room for in a text; line ends of other systems become ours.
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def calendar(
    event: Event,
    sessions: Iterable[Session],
    say: Words,
    revisions: Mapping[str, Revision],
    *,
    name: str,
    public_url: str = "",
    alarm: int | None = None,
) -> str:
    """The sessions as one VCALENDAR. public_url: where their pages are, "" for no links; alarm: minutes before each at
    which the reader's calendar rings, None for not at all. The same programme gives the same text."""
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
    out.add_component(vtimezone(event.zone, event.details.starts, event.details.ends))
    for session in sessions:
        if session.day is not None:
            out.add_component(_entry(event, session, say, revisions[session.id], public_url, alarm))
    return str(out.to_ical(), "utf-8")


def file_name(event: Event, what: str = "agenda") -> str:
    return f"{event.details.id}-{what}.ics"


def _entry(
    event: Event, session: Session, say: Words, revision: Revision, public_url: str, alarm: int | None
) -> CalendarEvent:
    entry = CalendarEvent()
    entry.add("uid", f"{session.id}@{event.details.id}.passerelle")
    # When it was last revised, not when it is written: who asks again finds the same bytes.
    entry.add("dtstamp", revision.changed_at)
    entry.add("last-modified", revision.changed_at)
    entry.add("sequence", revision.number)
    title = session.title.in_(say.language)
    is_cancelled, is_tentative = session.status == Status.CANCELLED, session.status == Status.PROVISIONAL
    assert session.day is not None
    if session.starts_at:
        entry.add("dtstart", session.starts_at.astimezone(event.zone))
        if session.ends_at:
            entry.add("dtend", session.ends_at.astimezone(event.zone))
    else:
        title = say.text("{title} ({hour})", title=title, hour=facts.hour(session, say))
        entry.add("dtstart", session.day)
        entry.add("dtend", session.day + timedelta(days=1))
        is_tentative = True
    if is_cancelled:
        # Many calendars show what is cancelled as if it were not: the title says it everywhere.
        title = say.text("Cancelled: {title}", title=title)
    entry.add("status", "CANCELLED" if is_cancelled else "TENTATIVE" if is_tentative else "CONFIRMED")
    if is_cancelled or not session.starts_at:
        entry.add("transp", "TRANSPARENT")  # blocks no hour of the day
    entry.add("summary", _plain(title))
    entry.add("location", _plain(facts.place_name(event, session, say)))
    about = [session.abstract.in_(say.language)] if session.abstract else []
    about += [line] if (line := facts.people(event, session, say)) else []
    if about:
        entry.add("description", _plain("\n\n".join(about)))
    if public_url:
        entry.add("url", f"{public_url}/s/{session.id}")
    if alarm is not None and session.starts_at and not is_cancelled:
        entry.add_component(_alarm(title, alarm))
    return entry


def _alarm(title: str, minutes: int) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", timedelta(minutes=-minutes))
    alarm.add("description", _plain(title))
    return alarm


def _plain(text: str) -> str:
    return CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
