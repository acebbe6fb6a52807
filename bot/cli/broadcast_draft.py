"""What somebody writes of an announcement, on the command line and in a file: read, and kept as a draft.

Everything that is wrong is told at once, and nothing that was written well is lost.
"""

import argparse
import difflib
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from bot.errors import BadInput, Fault
from bot.event import yaml
from bot.event.model import Event
from bot.notices import audience, broadcast
from bot.notices.broadcast import Notice
from bot.notices.tables import LONGEST_AUDIENCE, Urgency
from bot.store.transaction import Transaction
from bot.text import moments

KEYS = ("texts", "audience", "urgent", "receipt", "both", "at")
WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
MOMENT = "write 2014-11-06 15:00, or 15:00 for today; local to the event"
AUTHOR = "shell"


@dataclass(slots=True)
class Written:
    """What is said of an announcement; None where nothing is. at: local to the event; now: said so."""

    texts: dict[str, str] = field(default_factory=dict)
    audience: str | None = None
    urgent: bool | None = None
    receipt: bool | None = None
    both: bool | None = None
    at: datetime | None = None
    now: bool = False
    faults: list[Fault] = field(default_factory=list)

    def changes(self, seen: Notice, event: Event) -> dict[str, Any]:
        """What is to be changed of `seen`. A moment that does not exist is kept as the one after."""
        texts = {language: text for language, text in {**seen.texts, **self.texts}.items() if text.strip()}
        wanted: dict[str, Any] = {
            "texts": texts,
            "audience": seen.audience if self.audience is None else self.audience,
            "urgency": seen.urgency if self.urgent is None else Urgency.URGENT if self.urgent else Urgency.NORMAL,
            "receipt": seen.receipt if self.receipt is None else self.receipt,
            "both": seen.both if self.both is None else self.both,
            "due_at": None if self.now else seen.due_at,
        }
        if self.at is not None:
            wanted["due_at"] = self.at.replace(tzinfo=event.zone).astimezone(UTC)
        changed = {name: value for name, value in wanted.items() if value != getattr(seen, name)}
        return {**changed, "due_at": wanted["due_at"]} if changed else {}


def read(options: argparse.Namespace, event: Event, here: datetime) -> Written:
    """What the file says, and over it what the command line says; the faults of both. here: now, local to the event."""
    out = Written()
    if options.file is not None:
        document = yaml.read(options.file, str(options.file))
        out.faults += document.faults
        if document.value is not None and not isinstance(document.value, Mapping):
            out.faults.append(Fault(document.file, 1, "holds no draft", f"write {', '.join(KEYS)}"))
        elif document.value is not None:
            _read_file(out, document, event, here)
    _take_texts(out, options.text, event, lambda language: Fault(f"--text {language}", 0, ""))
    if options.to is not None:
        _take_audience(out, options.to, Fault("--to", 0, ""))
    for name in ("urgent", "receipt", "both"):
        if (said := getattr(options, name)) is not None:
            setattr(out, name, said)
    if options.at is not None:
        _take_at(out, options.at, here, Fault("--at", 0, ""))
    return out


def read_texts(given: list[tuple[str, str]], event: Event) -> dict[str, str]:
    """The texts of the command line alone. Raises BadInput."""
    out = Written()
    _take_texts(out, given, event, lambda language: Fault(f"--text {language}", 0, ""))
    out.faults += [
        Fault(f"--text {language}", 0, "is empty", "write the whole text anew")
        for language, text in out.texts.items()
        if not text.strip()
    ]
    if not given:
        out.faults.append(Fault("--text", 0, "is missing", "--text fr=… once for each language that changes"))
    if out.faults:
        raise BadInput(out.faults)
    return out.texts


def keep(tx: Transaction, number: int | None, written: Written, event: Event, now: datetime) -> Notice:
    """The draft `number`, or a new one, with what is written. Raises BadInput where it is none, or is none by now."""
    seen = broadcast.draft(tx, author=AUTHOR, now=now) if number is None else broadcast.find(tx, number)
    if seen is None or seen.kind != "broadcast":
        raise unknown(number or 0)
    changes = written.changes(seen, event)
    kept = broadcast.edit(tx, seen, **changes) if changes else seen
    if kept is None or kept.state not in broadcast.BEFORE_SENDING:
        do = f"for one that was sent: passerelle broadcast correct {seen.id}"
        raise BadInput([Fault(str(seen.id), 0, f"is {seen.state}, and no draft", do)])
    return kept


def unknown(number: int) -> BadInput:
    return BadInput([Fault(str(number), 0, "is no announcement", "see passerelle broadcast list")])


def _read_file(out: Written, document: yaml.Document, event: Event, here: datetime) -> None:
    for key, value in document.value.items():
        place = Fault(document.file, document.line((key,)), "")
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1)
            do = f"did you mean {near[0]}?" if near else f"one of {', '.join(KEYS)}"
            out.faults.append(replace(place, what=f"{key!r} is nothing that a draft has", do=do))
        elif key == "texts":
            if not isinstance(value, Mapping) or not all(isinstance(text, str) for text in value.values()):
                out.faults.append(replace(place, what="texts holds no texts", do="write {fr: …, zh: …}"))
                continue
            lines = {language: document.line(("texts", language)) for language in value}
            _take_texts(out, list(value.items()), event, lambda each, at=lines: Fault(document.file, at[each], ""))
        elif value is None:
            continue
        elif not isinstance(value, str):
            out.faults.append(replace(place, what=f"{key} is no word", do="write it on one line"))
            if key == "audience":
                out.audience = "…"  # names nobody: never everyone by mistake
        elif key == "audience":
            _take_audience(out, value, place)
        elif key == "at":
            _take_at(out, value, here, place)
        elif value.lower() in WORDS:
            setattr(out, key, WORDS[value.lower()])
        else:
            out.faults.append(replace(place, what=f"{key}: {value!r} says neither yes nor no", do="true or false"))


def _take_texts(out: Written, given: list[tuple[str, str]], event: Event, place: Any) -> None:
    for language, times in Counter(language for language, _ in given).items():
        if times > 1:
            out.faults.append(replace(place(language), what="is given twice", do="one text a language"))
    for language, text in given:
        if language not in event.details.scripts:
            do = f"one of {', '.join(event.details.scripts)}"
            out.faults.append(replace(place(language), what=f"the event does not speak {language!r}", do=do))
        elif _is_text(text):
            out.texts[language] = text.strip()
        else:
            out.faults.append(replace(place(language), what="holds what is no text", do="write it in UTF-8"))


def _take_audience(out: Written, given: str, place: Fault) -> None:
    """Kept whatever it says, and where it is too long so that it names nobody: never everyone by mistake."""
    if not _is_text(given):
        out.faults.append(replace(place, what="holds what is no text", do="write it in UTF-8"))
        given = "…"
    out.audience = " ".join(given.split())
    if not out.audience:
        out.faults.append(replace(place, what="names nobody", do=f"write everyone, or {audience.WRITE}"))
        out.audience = "…"
    elif out.audience == "everyone":
        out.audience = ""
    if len(out.audience) > LONGEST_AUDIENCE:
        what = f"has {len(out.audience)} characters"
        out.faults.append(replace(place, what=what, do=f"at most {LONGEST_AUDIENCE}: by day or theme, not by session"))
        out.audience = out.audience[: LONGEST_AUDIENCE - 2] + " …"


def _take_at(out: Written, given: str, here: datetime, place: Fault) -> None:
    if given.strip().lower() == "now":
        out.at, out.now = None, True
        return
    try:
        moment = moments.read(given, here) or datetime.fromisoformat(given.strip())
    except ValueError:
        out.faults.append(replace(place, what=f"{given!r} is no moment", do=MOMENT))
        return
    if moment.tzinfo is not None:
        out.faults.append(replace(place, what=f"{given!r} names a zone", do=MOMENT))
    elif not 2000 <= moment.year < 2200:
        out.faults.append(replace(place, what=f"{given!r} is no moment of an event", do=MOMENT))
    else:
        out.at, out.now = moment, False


def _is_text(given: str) -> bool:
    """What a database and every platform take: no half characters, no control characters but breaks and tabs."""
    return not any(unicodedata.category(each) in ("Cs", "Cc") and each not in "\n\t\r" for each in given)
