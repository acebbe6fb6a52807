"""`passerelle ask`: questions to the answering engine, one or a batch of JSON lines, without a conversation."""

import argparse
import asyncio
import json
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot import opening
from bot.answers import warming
from bot.answers.choice import Choice
from bot.answers.engine import Engine
from bot.answers.outcome import Match, Outcome
from bot.cli import progress
from bot.clock import Clock
from bot.event import load
from bot.event.model import Event
from bot.people.accounts import nearest
from bot.programme import facts, queries
from bot.settings import Settings
from bot.text.words import Words

BATCH_LINE = '{"id": "1", "text": "Où est la gare ?", "lang": "fr"}; lang may be left out'


def main(options: argparse.Namespace, settings: Settings) -> int:
    if not options.batch and not options.question.strip():
        print("Write a question: passerelle ask 'Où est la gare ?'", file=sys.stderr)
        return 2
    folder = load.find(settings.event)
    event = load.load(folder)
    found = opening.look_up(settings, event)
    if found.published is not None and found.published.digest != load.digest(folder):
        print(
            f"Answering from {folder} as it stands now; what is published (version {found.published.number}) differs, "
            f"and the bot answers from that until: passerelle publish {folder}",
            file=sys.stderr,
        )
    if options.batch:
        return _batch(lambda: _answerer(event, settings, found.clock), options.lang)
    return _one(_answerer(event, settings, found.clock), options)


def _answerer(event: Event, settings: Settings, clock: Clock) -> "Answerer":
    """With the full engine, however long that takes; who waits for minutes sees that it goes on."""
    if warming.is_warm(event, settings.embedder, warming.VECTORS):
        engine = warming.full(event, settings.embedder, warming.VECTORS)
    else:
        with progress.working(f"Preparing the answers of this event, once (kept in {warming.VECTORS})"):
            engine = warming.full(event, settings.embedder, warming.VECTORS)
    return Answerer(event, engine, clock, Choice.of(settings))


def _one(answerer: "Answerer", options: argparse.Namespace) -> int:
    outcome = answerer.ask(options.question, options.lang)
    row = answerer.row(outcome)
    if options.explain:
        row["why"] = dict(outcome.why)
    if options.json:
        print(json.dumps(row, ensure_ascii=False, default=str))
    else:
        print(f"{row['kind']} ({row['lang']})")
        for answer in row["answers"]:
            print(f"\n[{answer['entry']} · {answer['topic']} · {answer['score']:.2f}]\n{answer['text']}")
        if options.explain:
            print("\n" + json.dumps(row["why"], ensure_ascii=False, indent=2, default=str))
    return 0


class Answerer:
    """The engine with the event's words, as the contract's JSON."""

    def __init__(self, event: Event, engine: Engine, clock: Clock, choice: Choice | None = None) -> None:
        self.event, self.engine, self.clock = event, engine, clock
        self._choice = choice
        self._words: dict[str, Words] = {}

    def ask(self, text: str, language: str) -> Outcome:
        """language: any BCP 47 tag, a hint."""
        outcome = self.engine.ask(text, hint=nearest(language, self.event.details.languages))
        return asyncio.run(self._chosen(self._choice, text, outcome)) if self._choice else outcome

    async def _chosen(self, choice: Choice, text: str, outcome: Outcome) -> Outcome:
        async with choice:
            return await choice.among(text, outcome, self.event)

    def row(self, outcome: Outcome) -> dict[str, Any]:
        """{"kind", "lang", "answers": [{"entry", "topic", "score", "text"}]}"""
        kind: str = outcome.kind
        if kind == "command":
            kind = "answer" if outcome.matches else "smalltalk"
        answers = [
            {"entry": m.entry, "topic": m.topic, "score": round(m.score, 4), "text": self.text(m, outcome.language)}
            for m in outcome.matches
            if kind in ("answer", "suggest")
        ]
        return {"kind": kind, "lang": outcome.language, "answers": answers}

    def text(self, match: Match, language: str) -> str:
        """What a delegate would read, plain."""
        say = self._say(language)
        if match.entry in self.event.entry:
            source = self.event.entry[match.entry].answer.in_(language)
            return say.markup_with(source, facts.Facts(self.event, say)).plain()
        return "\n".join(self._live(match.entry.removeprefix("live:"), say))

    def _live(self, what: str, say: Words) -> Iterator[str]:
        """The live programme's answer in a line a session."""
        kind, _, id_ = what.partition("/")
        if kind == "place" and id_ in self.event.place:
            place = self.event.place[id_]
            yield " – ".join(filter(None, (place.name.in_(say.language), place.address)))
            return
        chosen = list(self.event.sessions)
        if kind == "session":
            chosen = [s for s in chosen if s.id == id_]
        elif kind == "theme":
            chosen = queries.by_theme(self.event, id_)
        elif kind == "day":
            chosen = [s for s in chosen if s.day and s.day.isoformat() == id_]
        elif kind in ("now", "next"):
            moment = queries.at(self.event, self.clock.now())
            shown = (moment.on, moment.perhaps, moment.next) if kind == "now" else (moment.next, moment.perhaps)
            chosen = [session for some in shown for session in some]
        for session in chosen:
            where = facts.place_name(self.event, session, say)
            yield f"{session.title.in_(say.language)} – {facts.when(session, say)} – {where}"

    def _say(self, language: str) -> Words:
        if language not in self._words:
            self._words[language] = Words(language, self.event.zone)
        return self._words[language]


@dataclass(frozen=True, slots=True)
class Asked:
    """A line of a batch. fault: why it is no question, "" where it is one."""

    line: int
    id: object = None
    text: str = ""
    language: str = ""
    fault: str = ""


def _batch(made: Callable[[], Answerer], language: str) -> int:
    """JSON lines in, JSON lines out, in order; a line that cannot be read is answered with its fault.

    Lines are read while the engine is made, so that a fault anywhere is told at once, on stderr, and whoever
    writes a line and waits for its answer gets it. made: makes the engine, not called where nothing is asked.
    """
    lines: queue.SimpleQueue[Asked | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(lines,), name="questions", daemon=True).start()
    answerer = None
    bad = 0
    while (asked := lines.get()) is not None:
        if asked.fault:
            bad += 1
            print(json.dumps({"error": f"line {asked.line} {asked.fault}"}, ensure_ascii=False), flush=True)
            continue
        answerer = answerer or made()
        outcome = answerer.ask(asked.text, asked.language or language)
        print(json.dumps({"id": asked.id, **answerer.row(outcome)}, ensure_ascii=False), flush=True)
    return 1 if bad else 0


def _read(lines: "queue.SimpleQueue[Asked | None]") -> None:
    """Every line of stdin, then None."""
    try:
        # A reader of its own: at exit Python closes sys.stdin, and fails while a thread still waits in it.
        with os.fdopen(sys.stdin.fileno(), "rb", closefd=False) as stdin:
            for number, line in enumerate(stdin, 1):
                if not line.strip():
                    continue
                asked = _asked(number, line.decode("utf-8-sig", errors="replace"))
                if asked.fault:
                    print(f"line {number} {asked.fault}", file=sys.stderr)
                lines.put(asked)
    finally:
        lines.put(None)


def _asked(number: int, line: str) -> Asked:
    try:
        given = json.loads(line)
        id_, text, language = given["id"], given["text"], given.get("lang") or ""
    except (ValueError, KeyError, TypeError, AttributeError):
        return Asked(number, fault=f"is not a question: write {BATCH_LINE}")
    if not isinstance(text, str) or not isinstance(language, str):
        return Asked(number, fault=f"is not a question (text and lang are strings): write {BATCH_LINE}")
    return Asked(number, id_, text, language)
