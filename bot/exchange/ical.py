"""iCalendar (RFC 5545), by the icalendar library: one VEVENT a session.

A day without hours (a DATE) stays a day without hours. A series (RRULE) is not understood: sessions are single.
"""

from datetime import date, datetime, timedelta
from typing import Any

from icalendar import Calendar
from icalendar import Event as Entry

from bot.event.model import Session, Status
from bot.exchange import names
from bot.exchange.out import Going
from bot.exchange.rows import Aim, Missed, NotUnderstood, Read, Row, clean, place_in_time
from bot.programme.zones import vtimezone

OF_THE_FILE = {"UID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE"}
TAKEN = {"SUMMARY", "DESCRIPTION", "DTSTART", "DTEND", "DURATION", "LOCATION", "CATEGORIES", "STATUS"}
STATUSES = {"CONFIRMED": "confirmed", "TENTATIVE": "provisional", "CANCELLED": "cancelled"}


def read(data: bytes, aim: Aim) -> Read:
    """The VEVENTs of a calendar. Raises NotUnderstood where it is none."""
    try:
        calendar = Calendar.from_ical(data.decode("utf-8-sig"))
    except (ValueError, IndexError, KeyError) as error:
        raise NotUnderstood(f"is no calendar: {error}") from error
    lines = data.decode("utf-8-sig", "replace").splitlines()
    begins = [number for number, line in enumerate(lines, 1) if line.strip().upper() == "BEGIN:VEVENT"]
    out = Read()
    entries: list[Any] = calendar.walk("VEVENT")  # its types know no single values
    for n, entry in enumerate(entries):
        where = f"line {begins[n]}" if n < len(begins) else f"VEVENT {n + 1}"
        try:
            for broken, why in entry.errors:
                raise NotUnderstood(f"{broken}: {why}")
            out.rows.append(_row(entry, where, aim, out))
        except NotUnderstood as error:
            out.missed.append(Missed(f"{where} “{clean(entry.get('SUMMARY'))}”", str(error)))
    for other in ("VTODO", "VJOURNAL"):
        if count := len(calendar.walk(other)):
            out.fields[other] += count
    return out


def _row(entry: Any, where: str, aim: Aim, out: Read) -> Row:
    row = Row(where=where, key=clean(entry.get("UID")))
    if not row.key:
        raise NotUnderstood("has no UID to know it by again")
    if "RRULE" in entry or "RDATE" in entry:
        raise NotUnderstood("is a series (RRULE): write each of its days as an event of its own")
    if "RECURRENCE-ID" in entry:
        raise NotUnderstood("is one of a series (RECURRENCE-ID)")
    if "DTSTART" not in entry:
        raise NotUnderstood("has no DTSTART")
    if title := clean(entry.get("SUMMARY")):
        row.title = {aim.language: title}
    if text := clean(entry.get("DESCRIPTION")):
        row.abstract = {aim.language: text}
    _hours(row, entry, aim, out)
    row.place = clean(entry.get("LOCATION")) or None
    categories = entry.get("CATEGORIES")
    kinds = [
        clean(each)
        for part in (categories if isinstance(categories, list) else [categories])
        if part
        for each in part.cats
    ]
    row.theme = kinds[0] if kinds else None
    out.fields["CATEGORIES beyond the first"] += len(kinds[1:])
    status = clean(entry.get("STATUS")).upper()
    # An all-day entry of ours is tentative for want of an hour, not of certainty.
    row.status = None if row.start is None and status == "TENTATIVE" else STATUSES.get(status)
    for name, value in entry.items():
        if name.upper() not in OF_THE_FILE | TAKEN and value not in (None, ""):
            out.fields[name.upper()] += 1
    if entry.subcomponents:
        out.fields[entry.subcomponents[0].name or "?"] += len(entry.subcomponents)
    return row


def _hours(row: Row, entry: Any, aim: Aim, out: Read) -> None:
    start = entry["DTSTART"].dt
    end = entry["DTEND"].dt if "DTEND" in entry else None
    if end is None and "DURATION" in entry:
        end = start + entry["DURATION"].dt
    if isinstance(start, datetime):
        place_in_time(row, start, end if isinstance(end, datetime) else None, aim.zone, out)
    elif isinstance(start, date):
        row.day = start
        if isinstance(end, date) and end - start > timedelta(days=1):
            out.missed.append(
                Missed(row.where, f"lasts until {end - timedelta(days=1)}: it comes in for {start} alone")
            )


def write(going: Going) -> bytes:
    """The sessions as one VCALENDAR. What has no day cannot stand in one."""
    event = going.event
    out = Calendar()
    out.add("prodid", "-//Passerelle//exchange//EN")
    out.add("version", "2.0")
    out.add_component(vtimezone(event.zone, event.details.starts, event.details.ends))
    for session in event.sessions:
        if session.day is None:
            going.left_out.append(f"{session.id}: its day is not known")
        else:
            out.add_component(_entry(session, session.day, going))
    return bytes(out.to_ical())


def _entry(session: Session, day: date, going: Going) -> Entry:
    entry = Entry()
    entry.add("uid", names.uid(going.event.details.id, session.id))
    entry.add("dtstamp", going.stamp)
    entry.add("summary", session.title.in_(going.language))
    if session.starts_at:
        entry.add("dtstart", session.starts_at.astimezone(going.event.zone))
        if session.ends_at:
            entry.add("dtend", session.ends_at.astimezone(going.event.zone))
    else:
        entry.add("dtstart", day)
    is_tentative = session.status == Status.PROVISIONAL or session.starts_at is None
    cancelled = session.status == Status.CANCELLED
    entry.add("status", "CANCELLED" if cancelled else "TENTATIVE" if is_tentative else "CONFIRMED")
    for name, text in (("location", going.place(session.place)), ("description", going.abstract(session))):
        if text:
            entry.add(name, text)
    if session.theme:
        entry.add("categories", [going.theme(session.theme)])
    return entry
