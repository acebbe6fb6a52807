"""`passerelle ask`: questions to the answering engine, one or a batch of JSON lines, without a conversation."""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from bot import app as app_
from bot.answers import warming
from bot.answers.engine import Engine
from bot.answers.outcome import Match, Outcome
from bot.clock import Clock
from bot.event import load
from bot.event.model import Event
from bot.people.accounts import nearest
from bot.programme import facts, queries
from bot.settings import Settings
from bot.text.words import Words


def main(options: argparse.Namespace, settings: Settings) -> int:
    folder = load.find(settings.event)
    event = load.load(folder)
    if not warming.is_warm(event, settings.embedder, app_.VECTORS):
        print("Making the vectors of this event, once: about ten minutes…", file=sys.stderr)
    engine = warming.full(event, settings.embedder, app_.VECTORS)
    answerer = Answerer(event, engine, app_.clock_of(settings, event))
    if options.batch:
        return _batch(answerer)
    if not options.question.strip():
        print("Write a question: passerelle ask 'Où est la gare ?'", file=sys.stderr)
        return 2
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

    def __init__(self, event: Event, engine: Engine, clock: Clock) -> None:
        self.event, self.engine, self.clock = event, engine, clock
        self._words: dict[str, Words] = {}

    def ask(self, text: str, language: str) -> Outcome:
        """language: any BCP 47 tag, a hint."""
        return self.engine.ask(text, hint=nearest(language, self.event.details.languages))

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


def _batch(answerer: Answerer) -> int:
    """JSON lines in, JSON lines out, in order; a line that cannot be read is answered with its fault."""
    bad = 0
    for n, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        try:
            question = json.loads(line)
            id_, text = question["id"], str(question["text"])
        except (ValueError, KeyError, TypeError):
            bad += 1
            fault = 'write {"id": …, "text": …, "lang": …}'
            print(json.dumps({"error": f"line {n} is not a question: {fault}"}, ensure_ascii=False), flush=True)
            continue
        outcome = answerer.ask(text, str(question.get("lang") or ""))
        print(json.dumps({"id": id_, **answerer.row(outcome)}, ensure_ascii=False), flush=True)
    return 1 if bad else 0
