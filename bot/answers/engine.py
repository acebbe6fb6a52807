"""The answering engine: a text in, an Outcome out. Built once an event, then pure and shared by threads."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bot.answers import decide, split
from bot.answers.embedders import open_embedders
from bot.answers.examples import Prepared, collect, prepare
from bot.answers.guard import Guard
from bot.answers.live import Live
from bot.answers.names import Names
from bot.answers.outcome import Match, Outcome
from bot.answers.rules import TOPIC_OF, Rule, rules
from bot.answers.score import Scored, Scorer
from bot.event.model import Event
from bot.text.detect import detect

__all__ = ["Engine", "Match", "Outcome"]

PART_FROM = 0.60  # how sure each of two questions in a message must be for both to be answered


class Engine:
    """Answers questions about one event from its entries and live programme. `build` makes one."""

    def __init__(self, event: Event, scorer: Scorer, names: Names) -> None:
        self._event = event
        self._languages = event.details.languages
        self._scorer = scorer
        self._names = names
        self._rules = rules(tuple(self._languages))
        self._guard = Guard(event)
        self._live = Live(event)
        self._commands = self._entries_of_commands()

    @classmethod
    def build(cls, event: Event, *, embedder: str = "local", cache: Path | None = None) -> "Engine":
        """An engine for `event`.

        embedder: `local` (the models installed with the product), `none` (lexical alone) or the URL of an
        OpenAI-compatible server; a model that fails is done without. cache: a folder for vectors and
        fits, made if missing. Takes seconds with a warm cache, a minute or two without.
        """
        names = Names(event)
        labels, examples = collect(event)
        prepared = [prepare(example.text, example.language, names) for example in examples]
        return cls(event, Scorer(labels, examples, prepared, open_embedders(embedder), cache), names)

    def ask(self, text: str, *, hint: str = "") -> Outcome:
        """What to do with a person's `text`, of any length and content. hint: the BCP 47 tag they read."""
        language = detect(text, hint=hint, languages=self._languages)
        rule = self._rules.find(text)
        if rule is not None:
            return self._by_rule(rule, language)
        question = self._rules.question(text)
        whole = self._answer(question, language)
        if whole.kind in ("answer", "suggest"):
            parts = [self._answer(part, language) for part in split.questions(question)]
            both = _both(parts)
            if both:
                return replace(whole, kind="answer", matches=both, why={"parts": [part.why for part in parts]})
        return whole

    def _answer(self, question: str, language: str) -> Outcome:
        """One question by the matcher, the guard and the live programme."""
        prepared = prepare(question, language, self._names)
        names = self._names.find(prepared.folded)
        decision, scored = self._decided(prepared)
        why = self._why(scored, decision.refuse)
        if decision.kind in ("answer", "suggest"):
            best = decision.matches[0]
            elsewhere = self._guard.elsewhere(prepared.folded, best.topic)
            if elsewhere is not None:
                why["guard"] = elsewhere.place
                if not elsewhere.travelling:
                    return Outcome("refuse", language, why=why)
                return Outcome("suggest", language, decision.matches, why=why)
            named = self._live.named(prepared.folded, names) if decision.kind == "suggest" else None
            matches = tuple(self._live.instead(match, prepared.folded, names) for match in decision.matches)
            if named is not None:
                return Outcome("answer", language, (named,), why=why)
            return Outcome("answer" if decision.kind == "answer" else "suggest", language, matches, why=why)
        if decision.kind == "smalltalk":
            return Outcome("smalltalk", language, smalltalk=decision.smalltalk, why=why)
        return Outcome("refuse", language, smalltalk=decision.smalltalk, why=why)

    def _decided(self, prepared: Prepared) -> tuple[decide.Decision, Scored]:
        """The decision with the cheap model; with all of them where that is not sure."""
        scored = self._scorer.score(prepared, 1)
        decision = decide.decide(self._scorer.labels, scored.probabilities, scored.nearest[0][1])
        if self._scorer.depths > 1 and not decide.sure(decision):
            scored = self._scorer.score(prepared, self._scorer.depths)
            decision = decide.decide(self._scorer.labels, scored.probabilities, scored.nearest[0][1])
        return decision, scored

    def _by_rule(self, rule: Rule, language: str) -> Outcome:
        why = {"rule": f"{rule.kind}:{rule.name}"}
        if rule.kind == "smalltalk":
            if rule.name == "insult":
                return Outcome("refuse", language, smalltalk="insult", why=why)
            return Outcome("smalltalk", language, smalltalk=rule.name, why=why)
        match = self._commands.get(rule.name.split(":")[0])
        return Outcome("command", language, (match,) if match else (), command=rule.name, why=why)

    def _entries_of_commands(self) -> Mapping[str, Match]:
        """For each command the entry that tells of it: the likest of its topic, or what is live."""
        out: dict[str, Match] = {}
        for command, (topic, live) in TOPIC_OF.items():
            entries = [entry for entry in self._event.entries if entry.topic == topic]
            if live:
                out[command] = Match(live, topic, 1.0)
            elif entries:
                out[command] = Match(entries[0].id, topic, 1.0)
        return out

    def _why(self, scored: Scored, refuse: float) -> dict[str, object]:
        examples = self._scorer.examples
        return {
            "nearest": [
                {"text": examples[row].text, "label": self._scorer.labels[examples[row].label].id, "likeness": like}
                for row, like in scored.nearest
            ],
            "refuse": round(refuse, 4),
            "depth": scored.depth,
        }


def _both(parts: list[Outcome]) -> tuple[Match, ...]:
    """The answers of the parts of a message, when every part has a sure one and they differ; else ()."""
    if len(parts) < 2 or any(part.kind != "answer" or part.matches[0].score < PART_FROM for part in parts):
        return ()
    matches = {part.matches[0].topic: part.matches[0] for part in parts}
    return tuple(matches.values()) if len(matches) > 1 else ()
