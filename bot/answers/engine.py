"""The answering engine: a text in, an Outcome out. Built once an event, then pure and shared by threads."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np

from bot import memory
from bot.answers import corpus, decide, follow, split
from bot.answers.edited import Edited
from bot.answers.embedders import columns, open_embedders
from bot.answers.examples import Prepared, collect, prepare
from bot.answers.guard import Guard, Homes
from bot.answers.lexical import Index, Scores, likest
from bot.answers.live import LEAVE, SEARCH, Live
from bot.answers.names import Names
from bot.answers.outcome import Match, Outcome
from bot.answers.rules import TOPIC_OF, Rule, rules
from bot.answers.score import Asked, Scored, Scorer, alike
from bot.event.model import Event
from bot.text.chinese import traditional
from bot.text.detect import detect

__all__ = ["Engine", "Match", "Outcome"]

PART_FROM = 0.50  # how sure each of two questions in a message must be for both to be answered
PERHAPS_FROM = 0.75  # the same where only "and" or a comma stands between them
SURE = 0.97  # an answer to a message as a whole from which no second question is looked for in it
LONE_PART_FROM = 0.85  # and one part of a message that is no answerable question as a whole
HALVES = 44  # columns up to which one half of a message is read by the slow model
KEPT = 1_000  # outcomes of questions that were asked before, word for word ("wifi")
SHORT = 100  # characters of a text that others may write, too
CHEAP = 1  # models asked first, and all that a part of a message is worth
Seen = Mapping[str, tuple[Prepared, Asked, Scored]]  # by text


class Question(NamedTuple):
    """All that an outcome depends on. rule: of a text that is no question; text: of a question, what it asks; before:
    what was answered before, where it follows up."""

    rule: Rule | None
    text: str
    language: str
    before: str
    is_short: bool


class Engine:
    """Answers questions about one event from its entries and live programme. `build` makes one."""

    def __init__(self, event: Event, scorer: Scorer | Edited, names: Names, homes: Homes | None = None) -> None:
        """homes: as `Guard` takes them."""
        self.event = event
        self._languages = event.details.languages
        self._scorer = scorer
        self._names = names
        self._topics = decide.Topics(scorer.labels)
        self._rules = rules(tuple(self._languages))
        self._guard = Guard(event, homes)
        self._live = Live(event, names)
        self._commands: dict[str, Match | None] = {}
        self._kept: dict[Question, Outcome] = {}  # the oldest first
        self._keeping = Lock()
        # A bare number is asked only where an example is that number ("112"): pieces of others are no likeness.
        self._numbers = {example.text for example in scorer.examples if example.text.isdigit()}
        # Tables and models that load when first used do so here, not in somebody's question or two at once.
        warm = prepare(traditional("问题"), detect("问题", languages=self._languages), names)
        scorer.score(scorer.read([warm], scorer.depths))

    @classmethod
    def build(cls, event: Event, *, embedder: str = "local", cache: Path | None = None) -> "Engine":
        """An engine for `event`.

        embedder: `local` (the models installed with the product), `none` (lexical alone) or the URL of an
        OpenAI-compatible server; a model that fails is done without. cache: a folder for vectors and
        fits, made if missing. Takes seconds with a warm cache, a minute or two without.
        """
        names = Names(event)
        known = corpus.gather(event, names, cache)
        scorer, homes = Scorer(known, open_embedders(embedder), cache), known.homes
        del known  # its texts, and all that passed through, before the models take their own
        memory.give_back()
        return cls(event, scorer, names, homes)

    def edited(self, event: Event) -> "Engine":
        """An engine for an edit of this event, within a second: good for as long as `build` takes."""
        names = Names(event)
        fitted = self._scorer.fitted if isinstance(self._scorer, Edited) else self._scorer
        return Engine(event, Edited(fitted, *collect(event), names), names, self._guard.homes())

    def ask(self, text: str, *, hint: str = "", before: str = "") -> Outcome:
        """What to do with a person's `text`, of any length and content. hint, before: as in `question`."""
        return self.answer(self.question(text, hint=hint, before=before))

    def question(self, text: str, *, hint: str = "", before: str = "") -> Question:
        """A person's `text` as it is answered; at once where it is no longer than SHORT.

        hint: the BCP 47 tag they read. before: what they were last answered, as in `Match.entry`; "" for nothing.
        """
        rule = self._rules.find(text)
        asked = "" if rule else split.essence(self._rules.question(text))
        follows = before and not rule and follow.is_follow_up(asked)
        language = detect(text, hint=hint, languages=self._languages)
        return Question(rule, asked, language, before if follows else "", len(text) <= SHORT)

    def known(self, question: Question) -> Outcome | None:
        """The answer to a question that was asked before, at once; None of any other."""
        return self._kept.get(question)

    def answer(self, question: Question) -> Outcome:
        """What to do with a question."""
        if question.rule is not None:
            return self._by_rule(question.rule, question.language)
        outcome = self.known(question)
        if outcome is None:
            outcome = self._read(question.text, question.language, question.before)
            if question.is_short and not self._scorer.may_fail:
                with self._keeping:
                    self._kept[question] = outcome
                    if len(self._kept) > KEPT:
                        del self._kept[next(iter(self._kept))]
        return outcome

    def _read(self, question: str, language: str, before: str) -> Outcome:
        """What to do with a question. before: as in `ask` for what may follow from it, else ""."""
        subject = follow.subject(self.event, before, language) if before else ""
        if subject and before.startswith("live:session/") and follow.gives_up(question):
            return Outcome("answer", language, (Match(before, LEAVE, 1.0),), why={"rule": "gives up"})
        parts = () if subject else split.questions(question)
        seen = self._seen([question, *parts], language)
        read, asked = self._parts(parts, language, seen)
        if matches := _each(read, PART_FROM):
            return Outcome("answer", language, matches, why={"parts": [part.why for part in read]})
        pairs = () if parts or subject else split.perhaps(question)
        whole = self._one(question, language, CHEAP if asked else self._scorer.depths, seen, subject)
        if subject and _is_of_card(whole, before) and follow.is_all(question):
            # Its card says where, when and who.
            return replace(whole, kind="answer", matches=(Match(before, SEARCH, decide.ANSWER_FROM),))
        if "guard" in whole.why or subject:
            return whole
        if lone := _lone(read, whole):
            return lone
        whole = _completed(whole, read)
        sure = whole.kind == "answer" and whole.matches[0].score >= SURE
        for pair in () if sure else pairs:
            read = self._in_turn(pair, language, self._seen(pair, language), least=PERHAPS_FROM)
            matches = _each(read, PERHAPS_FROM)
            if matches and (whole.kind != "answer" or whole.matches[0].topic in {match.topic for match in matches}):
                return Outcome("answer", language, matches, why={"parts": [part.why for part in read]})
        return whole

    def alike(self, texts: Sequence[tuple[str, str]]) -> Scores:
        """How alike texts (each with its language) are to each other, in whatever languages: a square, 0 to 1."""
        prepared = [prepare(text, language, self._names) for text, language in texts]
        index = Index(text.features for text in prepared)
        alike = np.stack([index.likeness(text.features) for text in prepared])
        asked = self._scorer.read(prepared, CHEAP)
        if all(each.vectors for each in asked):
            vectors = np.stack([each.vectors[0] for each in asked])
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
            alike = np.maximum(alike, vectors @ vectors.T)
        return np.clip(alike, 0.0, 1.0)

    def nearest_questions(self, texts: Sequence[tuple[str, str]], many: int) -> list[tuple[str, str]]:
        """The example questions of entries, with their languages, that are likest to any of `texts`."""
        alike = np.zeros(len(self._scorer.examples), np.float32)
        for text, language in texts:
            alike = np.maximum(alike, self._scorer.likeness(prepare(text, language, self._names)))
        rows = likest(alike, many)
        examples = [self._scorer.examples[int(row)] for row in rows]
        return [
            (e.text, e.language) for e in examples if e.is_question and self._scorer.labels[e.label].kind == "entry"
        ]

    def _seen(self, texts: Sequence[str], language: str) -> Seen:
        """Several texts of one message, each read by the cheap model: all at once."""
        if len(texts) < 2:
            return {}
        prepared = [prepare(text, language, self._names) for text in texts]
        asked = self._scorer.read(prepared, min(CHEAP, self._scorer.depths))
        return dict(zip(texts, zip(prepared, asked, self._scorer.score(asked), strict=True), strict=True))

    def _parts(self, parts: Sequence[str], language: str, seen: Seen) -> tuple[list[Outcome], bool]:
        """The parts of a message, read; and whether the slow model was asked, which takes most of the time there is:
        of one half alone, where the other is answered without."""
        read = self._in_turn(parts, language, seen)
        unsure = [n for n, part in enumerate(read) if not _answered(part, PART_FROM)]
        if len(parts) != 2 or len(unsure) != 1 or columns(parts[unsure[0]]) > HALVES:
            return read, False
        (half,) = unsure
        subject = self._subject(read[:half], parts[half], language)
        read[half] = self._one(parts[half], language, self._scorer.depths, seen, subject)
        return read, True

    def _in_turn(self, parts: Sequence[str], language: str, seen: Seen, *, least: float = 0.0) -> list[Outcome]:
        """The parts of a message, each by the cheap model after the one before it ("…, and how much is it?").

        seen: as in `_one`. least: where the first part is less surely answered than this, the others are not read.
        """
        read: list[Outcome] = []
        for part in parts:
            read.append(self._one(part, language, CHEAP, seen, self._subject(read, part, language)))
            if least and not _answered(read[0], least):
                return [*read, Outcome("refuse", language)]
        return read

    def _subject(self, read: Sequence[Outcome], part: str, language: str) -> str:
        """What a part of a message is about that names nothing itself: what the part before it was answered by."""
        before = read[-1].matches[0].entry if read and read[-1].kind == "answer" else ""
        return follow.subject(self.event, before, language) if before and follow.is_bare(part) else ""

    def _one(self, question: str, language: str, depth: int, seen: Seen, subject: str = "") -> Outcome:
        """One question by the matcher, the guard and the live programme.

        depth: how many models may be asked. seen: texts that the cheap model has read. subject: the name of what a
        follow-up is about.
        """
        read = seen.get(question)
        prepared = read[0] if read else prepare(question, language, self._names)
        if prepared.folded.isdigit() and prepared.folded not in self._numbers:
            return Outcome("refuse", language, why={"rule": "number"})
        if (time := self._live.time(prepared)) is not None:
            return Outcome("answer", language, (time,), why={"rule": "time"})
        if (called := self._live.called(prepared)) is not None:
            return Outcome("answer", language, (called,), why={"rule": "session"})
        if (placed := self._live.placed(prepared)) is not None:
            return Outcome("answer", language, (placed,), why={"rule": "place"})
        after = prepare(f"{subject} {question}", language, self._names) if subject else None
        decision, scored = self._decided(prepared, depth, read and read[1:], after)
        why = self._why(scored, decision)
        named = self._live.named(prepared) if decision.kind != "answer" and not decision.smalltalk else None
        if named is not None:
            return Outcome("answer", language, (named,), why=why)
        of_person = self._live.of_person(prepared) if decision.kind == "refuse" and not decision.smalltalk else ()
        if of_person:
            return Outcome("suggest", language, of_person, why=why)
        if decision.kind in ("smalltalk", "refuse"):
            return Outcome(decision.kind, language, smalltalk=decision.smalltalk, near=decision.near, why=why)
        elsewhere = self._guard.elsewhere(prepared.folded, decision.matches[0].topic)
        if elsewhere is not None:
            why["guard"] = elsewhere.place
            # Of ways to somewhere else something near may still help; of weather and parking nothing does.
            kept = decision.matches if elsewhere.travelling else ()
            return Outcome("suggest" if len(kept) > 1 else "refuse", language, kept, why=why)
        matches = _together([self._live.instead(match, after or prepared) for match in decision.matches])
        kind = "answer" if decide.leads(matches, decision.refuse) else decision.kind
        if kind != "answer":
            offered = _offered(matches, [self._live.instead(match, after or prepared) for match in decision.near])
            return Outcome(kind, language, offered, near=decision.near, why=why)
        return Outcome(kind, language, matches[:1], why=why)

    def _decided(
        self, prepared: Prepared, depth: int, seen: tuple[Asked, Scored] | None, after: Prepared | None
    ) -> tuple[decide.Decision, Scored]:
        """The decision with the cheap model; with all that may be asked where that one is not sure.

        seen: what the cheap model read in the question, where it has. after: the question of a follow-up after the
        name of its subject, which counts as much as the question.
        """
        cheap = min(depth, CHEAP, self._scorer.depths)
        readings = [prepared] if after is None else [prepared, after]
        asked, found = [*seen[:1]] if seen else [], [*seen[1:]] if seen else []
        rest = readings[len(asked) :]
        if rest:
            read = self._scorer.read(rest, cheap)
            asked, found = [*asked, *read], [*found, *self._scorer.score(read)]
        scored = alike(found)
        decision = decide.decide(self._topics, scored.probabilities, scored.nearest[0][1])
        if depth > cheap and not decide.sure(decision):
            scored = alike(self._scorer.score(self._scorer.read(readings, depth, asked)))
            decision = decide.decide(self._topics, scored.probabilities, scored.nearest[0][1])
        return decision, scored

    def _by_rule(self, rule: Rule, language: str) -> Outcome:
        why = {"rule": f"{rule.kind}:{rule.name}"}
        if rule.kind == "smalltalk":
            if rule.name == "insult":
                return Outcome("refuse", language, smalltalk="insult", why=why)
            return Outcome("smalltalk", language, smalltalk=rule.name, why=why)
        match = self._of_command(rule.name.split(":")[0])
        return Outcome("command", language, (match,) if match else (), command=rule.name, why=why)

    def _of_command(self, command: str) -> Match | None:
        """What is live behind a command, else the entry of its topic that its words fit best; looked for once."""
        if command not in self._commands:
            topic, live = TOPIC_OF.get(command, ("", ""))
            entry = live or (self._likest(topic, self._rules.phrases(command)) if topic in self._topics.names else "")
            self._commands[command] = Match(entry, topic, 1.0) if entry else None
        return self._commands[command]

    def _likest(self, topic: str, phrases: Sequence[str]) -> str:
        """The id of the entry of `topic` that `phrases` fit best together."""
        depth = min(CHEAP, self._scorer.depths)
        texts = [prepare(phrase, detect(phrase, languages=self._languages), self._names) for phrase in phrases]
        scores = self._scorer.score(self._scorer.read(texts, depth))
        total = sum((scored.probabilities for scored in scores), np.zeros(len(self._scorer.labels), np.float32))
        rows = [n for n, label in enumerate(self._scorer.labels) if label.topic == topic]
        return self._scorer.labels[max(rows, key=lambda n: total[n])].id

    def _why(self, scored: Scored, decision: decide.Decision) -> dict[str, object]:
        """What `--explain` shows: the likest examples with their labels, the topics' chances, the models asked."""
        labels, examples = self._scorer.labels, self._scorer.examples
        return {
            "nearest": [
                {"text": examples[row].text, "entry": labels[examples[row].label].id, "likeness": round(likeness, 3)}
                for row, likeness in scored.nearest
            ],
            "topics": {match.topic: match.score for match in decision.matches},
            "refuse": round(decision.refuse, 3),
            "models": scored.depth,
        }


def _is_of_card(whole: Outcome, before: str) -> bool:
    """Whether the card shown before is likelier to hold the answer than what was found; a session's more so."""
    if whole.kind == "answer" and before.startswith("live:session/"):
        return whole.matches[0].score < decide.SURE_FROM and not whole.matches[0].entry.startswith("live:")
    return whole.kind in ("suggest", "refuse") and before.startswith("live:")


def _together(matches: Sequence[Match]) -> tuple[Match, ...]:
    """`matches` of different entries, likest first: topics that lead to the same live answer count together for it."""
    total: dict[str, Match] = {}
    for match in matches:
        before = total.get(match.entry)
        total[match.entry] = replace(before, score=round(before.score + match.score, 4)) if before else match
    return tuple(sorted(total.values(), key=lambda match: -match.score))


def _offered(topics: Sequence[Match], near: Sequence[Match]) -> tuple[Match, ...]:
    """What to suggest: the likeliest topic's entry, then the likeliest of all others, of whatever topic."""
    likely = {topics[0].entry: topics[0]}
    for match in near:
        likely.setdefault(match.entry, match)
    return decide.worth_offering([*likely.values()])


def _answered(part: Outcome, least: float) -> bool:
    """Whether a part of a message has an answer, at least this sure."""
    return part.kind == "answer" and part.matches[0].score >= least


def _each(parts: Sequence[Outcome], least: float) -> tuple[Match, ...]:
    """The answers of the parts of a message, where each has one, at least this sure, and they differ in topic."""
    best = [part.matches[0] for part in parts if part.kind == "answer"]
    if len(best) < len(parts) or not all(match.score >= least for match in best):
        return ()
    by_topic = {match.topic: match for match in reversed(best)}
    return tuple(by_topic.values())[::-1] if len(by_topic) > 1 else ()


def _lone(parts: Sequence[Outcome], whole: Outcome) -> Outcome | None:
    """A message of which one part alone is answered, surely: that answer, with what the others may mean."""
    best = [part for part in parts if part.kind == "answer"]
    surest = max(best, key=lambda part: part.matches[0].score, default=None)
    if surest is None or whole.kind == "answer" or surest.matches[0].score < LONE_PART_FROM:
        return None
    rest = tuple(match for part in parts if part is not surest and part.kind == "suggest" for match in part.matches)
    return replace(surest, rest=rest, why={"parts": [part.why for part in parts]})


def _completed(whole: Outcome, parts: Sequence[Outcome]) -> Outcome:
    """The answer to a message as a whole, with what its other part asks: answered too where that part is sure and
    another is about the first, else as what it may mean."""
    if whole.kind != "answer" or len(whole.matches) > 1:
        return whole
    topic = whole.matches[0].topic
    others = [part for part in parts if part.matches and topic not in {match.topic for match in part.matches}]
    sure = [part.matches[0] for part in others if part.kind == "answer"]
    if sure and len(others) < len(parts):
        return replace(whole, matches=(*whole.matches, sure[0]))
    rest = tuple(match for part in others for match in part.matches)[: decide.SUGGESTIONS]
    return replace(whole, rest=rest)
