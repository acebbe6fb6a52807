"""What a validated event can still have wrong: ids that lead nowhere, holes, wording, facts from after.

Every fault says where and what to write instead; nothing stops at the first.
"""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from pydantic import BaseModel

from bot.errors import Fault
from bot.event import yaml
from bot.event.model import Entry, Event, Place, Session
from bot.event.texts import Texts
from bot.text import typography
from bot.text.markup import FIELD

FEWEST_QUESTIONS = 3
REFERENCES = {
    "session": {"title", "when", "day", "start", "end", "place", "people"},
    "place": {"name", "address", "directions"},
    "contact": {"phone", "email"},
    "event": {"name", "short_name", "theme", "city", "dates", "start", "end"},
}


@dataclass(frozen=True)
class Lines:
    """Where each thing was written: (kind, id) -> its document and the path in it."""

    details: yaml.Document
    origin: Mapping[tuple[str, str], tuple[yaml.Document, yaml.Path_]]

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
            near = difflib.get_close_matches(name, kind.model_fields, n=1)
            return "is no field here", f"did you mean '{near[0]}'?" if near else "remove it"
        case "date_from_datetime_parsing" | "date_parsing":
            return f"{problem['input']!r} is no date", "write 2014-11-06"
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


def _details(event: Event, lines: Lines) -> Iterator[Fault]:
    details = event.details
    if details.ends < details.starts:
        yield lines.fault(None, ("ends",), "the event ends before it starts", "swap the two dates")
    for field, zone in (("time_zone", details.time_zone), *(("second_zone", z) for z in details.second_zone.values())):
        if zone not in available_timezones():
            near = _near(zone, available_timezones(), "Europe/Paris")
            yield lines.fault(None, (field,), f"{zone!r} is no time zone", near)
    for path, texts in _texts_in(details.model_dump(mode="python"), ()):
        yield from _texts(None, path, texts, event, lines)


def _place(place: Place, event: Event, lines: Lines) -> Iterator[Fault]:
    if place.within and place.within not in event.place:
        yield lines.fault(place, ("within",), f"no place {place.within!r}", _near(place.within, event.place))
    yield from _all_texts(place, ("name", "directions"), event, lines)
    yield from _from_after(place, event, lines)


def _session(session: Session, event: Event, lines: Lines) -> Iterator[Fault]:
    if session.day and not event.details.starts <= session.day <= event.details.ends:
        days = f"{event.details.starts} to {event.details.ends}"
        yield lines.fault(session, ("day",), f"{session.day} is no day of the event", f"write a day from {days}")
    if session.start and session.end and session.end <= session.start:
        yield lines.fault(session, ("end",), "ends before it starts", "check both hours")
    if session.start and session.day is None:
        yield lines.fault(session, ("start",), "an hour without a day", "add 'day:'")
    for field, known in (("place", event.place), ("theme", event.theme)):
        value = getattr(session, field)
        if value and value not in known:
            yield lines.fault(session, (field,), f"no {field} {value!r}", _near(value, known))
    for n, role in enumerate(session.people):
        if role.person not in event.person:
            path = ("people", n, "person")
            yield lines.fault(session, path, f"no person {role.person!r}", _near(role.person, event.person))
    yield from _all_texts(session, ("title", "abstract"), event, lines)
    yield from _from_after(session, event, lines)


def _entry(entry: Entry, event: Event, lines: Lines) -> Iterator[Fault]:
    if entry.topic not in event.topic:
        yield lines.fault(entry, ("topic",), f"no topic {entry.topic!r}", _near(entry.topic, event.topic))
    if entry.place and entry.place not in event.place:
        yield lines.fault(entry, ("place",), f"no place {entry.place!r}", _near(entry.place, event.place))
    for n, related in enumerate(entry.related):
        if related not in event.entry:
            yield lines.fault(entry, ("related", n), f"no entry {related!r}", _near(related, event.entry))
    for language in event.details.languages:
        count = len(entry.questions.get(language, ()))
        if count < FEWEST_QUESTIONS:
            what = f"{count} example questions in {language}"
            yield lines.fault(entry, ("questions", language), what, f"write {FEWEST_QUESTIONS} or more")
    yield from _all_texts(entry, ("answer",), event, lines)
    yield from _from_after(entry, event, lines)


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
            wrong = _reference(reference, event)
            if wrong:
                yield lines.fault(thing, (*path, language), f"{{{reference}}} leads nowhere", wrong)


def _reference(reference: str, event: Event) -> str:
    """What to write instead of `reference`, "" where it is right."""
    kind, _, rest = reference.partition(":")
    if kind == "link" and rest:
        known = {link.id for link in event.details.links}
        return "" if rest in known else _near(rest, known)
    if not rest:
        kind, _, field = reference.partition(".")
        return "" if kind == "event" and field in REFERENCES["event"] else "see 'References' in docs/event-data.md"
    thing, _, field = rest.partition(".")
    known_ids: dict[str, list[str]] = {
        "session": list(event.session),
        "place": list(event.place),
        "contact": [contact.id for contact in event.details.contacts],
    }
    ids = known_ids.get(kind, [])
    if thing not in ids:
        return _near(thing, ids)
    return "" if field in REFERENCES[kind] else f"after the dot: {', '.join(sorted(REFERENCES[kind]))}"


def _near(word: str, known: Iterable[str], example: str = "") -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return (
        f"did you mean {near[0]!r}?" if near else (f"for example {example}" if example else "see the ids of that kind")
    )


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
