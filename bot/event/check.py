"""What a validated event can still have wrong: ids that lead nowhere, holes, wording, facts from after.

Every fault says where and what to write instead; nothing stops at the first.
"""

import dataclasses
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from pydantic import BaseModel
from rapidfuzz import fuzz, process

from bot.errors import Fault
from bot.event import yaml
from bot.event.model import Entry, Event, Place, Registration, Session
from bot.event.texts import Texts
from bot.text import typography
from bot.text.markup import FIELD

FEWEST_QUESTIONS = 3
NEAR = 60  # of 100: how like a word must be to be what was meant
IDS_IN = {
    "session": "programme.yaml",
    "place": "places.yaml",
    "entry": "faq/",
    "topic": "topics.yaml",
    "theme": "'themes' of event.yaml",
    "person": "'people' of event.yaml",
    "contact": "'contacts' of event.yaml",
    "link": "'links' of event.yaml",
}
REFERENCES = {
    "session": {"title", "when", "day", "start", "end", "place", "people"},
    "place": {"name", "address", "directions"},
    "contact": {"phone", "email"},
    "event": {"name", "short_name", "theme", "city", "dates", "start", "end"},
}


@dataclass(frozen=True)
class Lines:
    """Where each thing was written: (kind, id) -> its document and the path in it.

    unread: kind ("session", "place", "entry") -> the ids of what is there but has a fault of its own; None where a
    whole file could not be read, so that any id may be in it. Those lead nowhere only because of that fault.
    """

    details: yaml.Document
    origin: Mapping[tuple[str, str], tuple[yaml.Document, yaml.Path_]]
    unread: Mapping[str, Collection[str] | None] = dataclasses.field(default_factory=dict)

    def knows(self, kind: str, id_: str, ids: Collection[str]) -> bool:
        """Whether `id_` is among `ids`, or may be in what could not be read."""
        unread = self.unread.get(kind, ())
        return id_ in ids or unread is None or id_ in unread

    def fault(self, thing: BaseModel | None, path: yaml.Path_, what: str, do: str = "") -> Fault:
        if thing is None:
            return Fault(self.details.file, self.details.line(path), what, do)
        document, at = self.origin[type(thing).__name__, thing.id]  # type: ignore[attr-defined]
        return Fault(document.file, document.line((*at, *path)), what, do)


def explain(problem: Mapping[str, Any], kind: type[BaseModel]) -> tuple[str, str]:
    """A pydantic error in an organizer's words: what is wrong, what to write."""
    name = str(problem["loc"][-1])
    match problem["type"]:
        case "missing":
            return "is missing", f"add '{name}:'"
        case "extra_forbidden":
            return "is no field here", _near(name, kind.model_fields, "remove it")
        case "date_from_datetime_parsing" | "date_parsing":
            return f"{problem['input']!r} is no date", "write 2014-11-06"
        case "datetime_from_date_parsing" | "datetime_parsing":
            return f"{problem['input']!r} is no moment", "write 2014-11-05T09:00"
        case "time_parsing":
            return f"{problem['input']!r} is no hour", "write '14:30', or leave it out while it is not known"
        case "enum":
            return f"{problem['input']!r} is not known", f"write {problem['ctx']['expected']}"
        case "string_pattern_mismatch" if name == "id":
            return f"{problem['input']!r} is no id", "use small letters, digits and '-'"
        case "dict_type" | "is_instance_of":
            return "should be a text in several languages", "write {fr: …, zh: …, en: …}"
        case _:
            return str(problem["msg"]), ""


def event(event: Event, lines: Lines) -> Iterator[Fault]:
    """Every fault of a whole event."""
    yield from _details(event, lines)
    for kind, things in (("place", event.places), ("session", event.sessions), ("entry", event.entries)):
        for doubled, count in Counter(thing.id for thing in things).items():
            if count > 1:
                first = next(thing for thing in things if thing.id == doubled)
                yield lines.fault(first, ("id",), f"{count} of kind {kind} are called {doubled!r}", "rename one")
    for place in event.places:
        yield from _place(place, event, lines)
    for session in event.sessions:
        yield from _session(session, event, lines)
    for entry in event.entries:
        yield from _entry(entry, event, lines)


def refers(event: Event, kind: str) -> bool:
    """Whether anything refers to a "session" or a "place"."""
    places = [thing.place for things in (event.sessions, event.entries) for thing in things]
    if kind == "place" and any(places):
        return True
    answers = [text for entry in event.entries for _, text in entry.answer.items()]
    return any(reference.startswith(f"{kind}:") for text in answers for reference in FIELD.findall(text))


def _details(event: Event, lines: Lines) -> Iterator[Fault]:
    details = event.details
    if details.ends < details.starts:
        yield lines.fault(None, ("ends",), "the event ends before it starts", "swap the two dates")
    for field, zone in (("time_zone", details.time_zone), *(("second_zone", z) for z in details.second_zone.values())):
        if zone not in available_timezones():
            near = _near(zone, available_timezones(), "write one such as Europe/Paris")
            yield lines.fault(None, (field,), f"{zone!r} is no time zone", near)
    rules = details.seats
    if rules.give_up_minutes is not None and rules.give_up_minutes >= rules.still_coming_minutes:
        what = f"given up {rules.give_up_minutes} minutes before, asked {rules.still_coming_minutes} before"
        yield lines.fault(None, ("seats", "give_up_minutes"), what, "write less than still_coming_minutes (20)")
    for path, texts in _texts_in(details.model_dump(mode="python"), ()):
        yield from _texts(None, path, texts, event, lines)


def _place(place: Place, event: Event, lines: Lines) -> Iterator[Fault]:
    if place.within:
        yield from _leads("place", place.within, event.place, place, ("within",), lines)
    yield from _walk(place, event, lines)
    yield from _all_texts(place, ("name", "directions"), event, lines)
    yield from _from_after(place, event, lines)


def _walk(place: Place, event: Event, lines: Lines) -> Iterator[Fault]:
    for other, minutes in place.walk.items():
        path = ("walk", other)
        yield from _leads("place", other, event.place, place, path, lines)
        if other == place.id:
            yield lines.fault(place, path, "a walk from a place to itself", "remove it")
        elif minutes < 0:
            yield lines.fault(place, path, f"{minutes} minutes on foot", "write 0 or more")
        elif other in event.place and event.place[other].walk.get(place.id, minutes) != minutes:
            back = event.place[other].walk[place.id]
            what = f"{minutes} minutes to {other!r}, and {back} from there"
            yield lines.fault(place, path, what, "write the walk once, at either place: it is read both ways")


def _session(session: Session, event: Event, lines: Lines) -> Iterator[Fault]:
    if session.day and not event.details.starts <= session.day <= event.details.ends:
        days = f"{event.details.starts} to {event.details.ends}"
        yield lines.fault(session, ("day",), f"{session.day} is no day of the event", f"write a day from {days}")
    if session.start and session.end and session.end <= session.start and not session.ends_next_day:
        yield lines.fault(session, ("end",), "ends before it starts", "check both hours")
    if session.start and session.day is None:
        yield lines.fault(session, ("start",), "an hour without a day", "add 'day:'")
    yield from _sign_up(session, lines)
    for field, known in (("place", event.place), ("theme", event.theme)):
        value = getattr(session, field)
        if value:
            yield from _leads(field, value, known, session, (field,), lines)
    for n, role in enumerate(session.people):
        yield from _leads("person", role.person, event.person, session, ("people", n, "person"), lines)
    yield from _all_texts(session, ("title", "abstract"), event, lines)
    yield from _from_after(session, event, lines)


def _sign_up(session: Session, lines: Lines) -> Iterator[Fault]:
    """Faults of when sign-up opens and closes."""
    for field, moment in (("opens", session.opens_at), ("closes", session.closes_at)):
        if moment and session.registration == Registration.NONE:
            yield lines.fault(session, (field,), f"sign-up {field}, and there is none", "add 'registration: open'")
        if moment and field == "opens" and session.starts_at and moment >= session.starts_at:
            yield lines.fault(session, (field,), "sign-up opens after the session has begun", "write an earlier moment")
    if session.opens and session.closes and session.closes <= session.opens:
        yield lines.fault(session, ("closes",), "sign-up closes before it opens", "check both moments")


def _entry(entry: Entry, event: Event, lines: Lines) -> Iterator[Fault]:
    yield from _leads("topic", entry.topic, event.topic, entry, ("topic",), lines)
    if entry.place:
        yield from _leads("place", entry.place, event.place, entry, ("place",), lines)
    for n, related in enumerate(entry.related):
        yield from _leads("entry", related, event.entry, entry, ("related", n), lines)
    for language in event.details.languages:
        count = len(entry.questions.get(language, ()))
        if count < FEWEST_QUESTIONS:
            what = f"{count} example questions in {language}"
            yield lines.fault(entry, ("questions", language), what, f"write {FEWEST_QUESTIONS} or more")
    yield from _all_texts(entry, ("answer",), event, lines)
    yield from _from_after(entry, event, lines)


def _leads(
    kind: str, id_: str, known: Collection[str], thing: BaseModel, path: yaml.Path_, lines: Lines
) -> Iterator[Fault]:
    """The fault of an id that leads nowhere."""
    if not lines.knows(kind, id_, known):
        yield lines.fault(thing, path, f"no {kind} {id_!r}", _near(id_, known, f"see the ids in {IDS_IN[kind]}"))


def _from_after(thing: Place | Session | Entry, event: Event, lines: Lines) -> Iterator[Fault]:
    if thing.as_of and thing.as_of > event.details.ends:
        what = f"a fact of {thing.as_of}, after the event"
        yield lines.fault(thing, ("as_of",), what, "leave out what was known only afterwards")


def _all_texts(thing: BaseModel, fields: Iterable[str], event: Event, lines: Lines) -> Iterator[Fault]:
    for field in fields:
        texts = getattr(thing, field)
        if texts is not None:
            yield from _texts(thing, (field,), texts, event, lines)


def _texts(thing: BaseModel | None, path: yaml.Path_, texts: Texts, event: Event, lines: Lines) -> Iterator[Fault]:
    for language in event.details.languages:
        if language not in texts.languages():
            yield lines.fault(thing, path, f"has no text in {language}", f"add '{language}: …'")
    for language, text in texts.items():
        for what, do in typography.faults(text, language):
            yield lines.fault(thing, (*path, language), what, do)
        for reference in FIELD.findall(text):
            wrong = _reference(reference, event, lines)
            if wrong:
                yield lines.fault(thing, (*path, language), f"{{{reference}}} leads nowhere", wrong)


def _reference(reference: str, event: Event, lines: Lines) -> str:
    """What to write instead of `reference`, "" where it is right."""
    kind, _, rest = reference.partition(":")
    if not rest:
        kind, _, field = reference.partition(".")
        known = kind == "event" and field in REFERENCES["event"]
        return "" if known else "see 'References' in docs/event-data.md"
    id_, _, field = (rest, "", "") if kind == "link" else rest.partition(".")
    ids: dict[str, Collection[str]] = {
        "session": event.session,
        "place": event.place,
        "contact": [contact.id for contact in event.details.contacts],
        "link": [link.id for link in event.details.links],
    }
    if kind not in ids:
        return _near(kind, ids, "see 'References' in docs/event-data.md")
    if not lines.knows(kind, id_, ids[kind]):
        return _near(id_, ids[kind], f"see the ids in {IDS_IN[kind]}")
    if kind == "link" or field in REFERENCES[kind]:
        return ""
    return f"after the dot: {', '.join(sorted(REFERENCES[kind]))}"


def _near(word: str, known: Iterable[str], otherwise: str) -> str:
    """What to write instead of `word`: the likest of `known`, else `otherwise`."""
    found = process.extractOne(word, list(known), scorer=fuzz.WRatio, score_cutoff=NEAR)
    return f"did you mean {found[0]!r}?" if found else otherwise


def _texts_in(value: Any, path: yaml.Path_) -> Iterator[tuple[yaml.Path_, Texts]]:
    """Every text of a dumped model, with its path (a Texts is dumped as its dictionary)."""
    if isinstance(value, dict):
        if value and all(isinstance(k, str) and re.fullmatch(r"[a-z]{2}(-\w+)?", k) for k in value):
            if path and path[0] != "second_zone":
                yield path, Texts(value)
            return
        for key, inner in value.items():
            yield from _texts_in(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for n, inner in enumerate(value):
            yield from _texts_in(inner, (*path, n))
