"""Fills the `{session:ID.start}` of an answer from the live programme, in the reader's language."""

import re
from collections.abc import Iterator, Mapping

from bot.event.model import Entry, Event, Part, Session, Status
from bot.text.markup import Markup, Paragraph, Span
from bot.text.words import Words

SESSION = re.compile(r"\{session:([a-z0-9-]+)")


class Facts(Mapping[str, "str | Markup"]):
    """References of docs/event-data.md, looked up when a text asks for them. What is not known reads
    'to be confirmed'."""

    def __init__(self, event: Event, say: Words) -> None:
        self.event = event
        self.say = say

    def __getitem__(self, reference: str) -> "str | Markup":
        kind, _, rest = reference.partition(":")
        if not rest:
            kind, _, field = reference.partition(".")
            return self._event(field) if kind == "event" else self._unknown()
        if kind == "link":
            return self._link(rest)
        thing, _, field = rest.partition(".")
        match kind:
            case "session" if thing in self.event.session:
                return self._session(self.event.session[thing], field)
            case "place" if thing in self.event.place:
                place = self.event.place[thing]
                texts = {"name": place.name.in_(self.say.language), "address": place.address}
                directions = place.directions.in_(self.say.language) if place.directions else ""
                return texts.get(field, directions) or self._unknown()
            case "contact":
                found = [getattr(c, field, "") for c in self.event.details.contacts if c.id == thing]
                return (found[0] if found else "") or self._unknown()
        return self._unknown()

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def _unknown(self) -> str:
        return self.say.p("a fact", "to be confirmed")

    def _event(self, field: str) -> str:
        details = self.event.details
        match field:
            case "start" | "end":
                return self.say.date(details.starts if field == "start" else details.ends, year=True)
            case "dates":
                return self.say.days(details.starts, details.ends)
            case "name" | "short_name" | "city" | "theme":
                texts = getattr(details, field)
                return texts.in_(self.say.language) if texts else self._unknown()
        return self._unknown()

    def _link(self, link_id: str) -> "str | Markup":
        for link in self.event.details.links:
            if link.id == link_id:
                return Markup((Paragraph((Span(link.name.in_(self.say.language), href=link.url),)),))
        return self._unknown()

    def _session(self, session: Session, field: str) -> str:
        say = self.say
        match field:
            case "title":
                return say.quoted(session.title.in_(say.language))
            case "when":
                return when(session, say)
            case "day":
                return say.date(session.day) if session.day else self._unknown()
            case "start":
                return say.time(session.starts_at) if session.starts_at else hour(session, say)
            case "end":
                return say.time(session.ends_at) if session.ends_at else self._unknown()
            case "place":  # of an answer that may say nothing else of the session
                where = place_name(self.event, session, say)
                return say.text("{when} – cancelled", when=where) if session.status == Status.CANCELLED else where
            case "people":
                return people(self.event, session, say) or self._unknown()
        return self._unknown()


def sessions_named(event: Event, entry: Entry) -> tuple[str, ...]:
    """The ids of the sessions whose facts an answer refers to, in its order."""
    found = SESSION.findall(" ".join(text for _, text in entry.answer.items()))
    return tuple(id_ for id_ in dict.fromkeys(found) if id_ in event.session)


def to_be_confirmed(say: Words) -> str:
    return say.p("a fact", "to be confirmed")


def part_name(session: Session, say: Words) -> str:
    """ "morning", "afternoon", "evening", or "" where the part is not known."""
    return part_of_day(session.known_part, say) if session.known_part else ""


def part_of_day(part: Part, say: Words) -> str:
    return {
        Part.MORNING: say.p("part of day", "morning"),
        Part.AFTERNOON: say.p("part of day", "afternoon"),
        Part.EVENING: say.p("part of day", "evening"),
    }[part]


def hour(session: Session, say: Words) -> str:
    """The hours as far as known: "14:30–16:00", "afternoon, time to be confirmed", "time to be confirmed"."""
    if session.starts_at:
        span = say.span(session.starts_at, session.ends_at)
        second = say.second_time(session.starts_at)
        if not second:
            return span
        if say.is_next_day_there(session.starts_at):
            # Translators: {second} is the same moment in the reader's home zone (Beijing), past midnight there.
            return say.text("{span} ({second} the next day, Beijing time)", span=span, second=second)
        # Translators: {second} is the same moment in the reader's home zone (Beijing).
        return say.text("{span} ({second} Beijing time)", span=span, second=second)
    part = part_name(session, say)
    # Translators: {part} is morning, afternoon or evening.
    return say.text("{part}, time to be confirmed", part=part) if part else say.text("time to be confirmed")


def when(session: Session, say: Words) -> str:
    """Day and hour as far as known, with a word where it is provisional or cancelled."""
    if session.day is None:
        text = say.text("date and time to be confirmed")
    elif session.start is None and session.known_part is None:
        text = say.text("{day}, time to be confirmed", day=say.date(session.day))
    else:
        # Translators: {day} is "Thursday 6 November", {hour} is "14:30–16:00" or "afternoon, time to be confirmed".
        text = say.text("{day}, {hour}", day=say.date(session.day), hour=hour(session, say))
    if session.status == Status.CANCELLED:
        return say.text("{when} – cancelled", when=text)
    return text


def place_name(event: Event, session: Session, say: Words) -> str:
    place = event.place.get(session.place or "")
    return place.name.in_(say.language) if place else to_be_confirmed(say)


def people(event: Event, session: Session, say: Words) -> str:
    """Names with what they do there: "Michel Chéray (moderator)"; "" where nobody is known."""
    roles = {
        "moderator": say.p("person", "moderator"),
        "speaker": say.p("person", "speaker"),
        "chair": say.p("person", "chair"),
    }
    named = [
        say.text("{person} ({role})", person=event.person[r.person].name.in_(say.language), role=roles[r.role])
        for r in session.people
        if r.person in event.person
    ]
    return say.list(named) if named else ""
