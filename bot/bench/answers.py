"""How well questions are answered, by language and kind, beside plainer ways of matching in the same run.

A line of a set is `{"id", "text", "lang", "topic", "expect": "answer"|"refuse"|"smalltalk"}`, perhaps with `tag` (its
kind), `accept` (topics that are right too), `topics` (of two questions) or `entries` (the ids of those whose text
answers it, with `live` for the programme). Judged by topic, and beside it by entry where those are given.

The peers see the same examples and give the topic of the likest: they cannot refuse, so they are judged on what is
in scope alone.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from rapidfuzz import fuzz, process

from bot.answers.corpus import Corpus
from bot.answers.embedders import Embedder
from bot.answers.engine import Engine, Outcome
from bot.answers.examples import Prepared, prepare
from bot.answers.lexical import Scores
from bot.answers.vectors import passages

Row = dict[str, object]


@dataclass
class Tally:
    """Counts over the questions of one language, or of all."""

    asked: int = 0
    right: int = 0
    suggested: int = 0
    wrong: int = 0
    refused: int = 0
    unknown: int = 0
    answered: int = 0
    two: int = 0
    both: int = 0
    told: int = 0
    exact: int = 0
    exact_suggested: int = 0
    foreign: int = 0
    foreign_answered: int = 0
    foreign_refused: int = 0
    talk: int = 0
    talk_right: int = 0
    milliseconds: list[float] = field(default_factory=list)

    def shares(self) -> dict[str, float]:
        """The figures that are reported, as shares of what they are of."""

        def share(part: int, of: int) -> float:
            return part / of if of else float("nan")

        times = self.milliseconds or [0.0]
        return {
            "in scope": float(self.asked),
            "right": share(self.right, self.asked),
            "right or suggested": share(self.right + self.suggested, self.asked),
            "right entry": share(self.exact, self.told),
            "right entry or suggested": share(self.exact + self.exact_suggested, self.told),
            "wrong": share(self.wrong, self.asked),
            "refused": share(self.refused, self.asked),
            "of answers: to be confirmed": share(self.unknown, self.answered),
            "both of two": share(self.both, self.two),
            "out of scope answered": share(self.foreign_answered, self.foreign),
            "out of scope refused": share(self.foreign_refused, self.foreign),
            "small talk right": share(self.talk_right, self.talk),
            "p50 ms": float(np.percentile(times, 50)),
            "p99 ms": float(np.percentile(times, 99)),
        }


def judge(row: Row, outcome: Outcome, tally: Tally, unknown: set[str]) -> str:
    """Counts one outcome; what is wrong with it in a word, "" where it is right."""
    answered = outcome.kind == "answer" or (outcome.kind == "command" and bool(outcome.matches))
    if row["expect"] == "smalltalk":
        tally.talk += 1
        # A command in plain words ("menu") serves small talk as well as an answer would.
        right = outcome.kind == "smalltalk" or (outcome.kind == "command" and not outcome.matches)
        tally.talk_right += right
        return "" if right else "smalltalk"
    if row["expect"] == "refuse":
        tally.foreign += 1
        tally.foreign_answered += answered
        tally.foreign_refused += outcome.kind in ("refuse", "smalltalk")
        return "answered" if answered else "" if outcome.kind in ("refuse", "smalltalk") else "suggested"
    wanted = {str(topic) for topic in _list(row.get("topics")) or [row["topic"], *_list(row.get("accept"))]}
    given = [match.topic for match in outcome.matches]
    tally.asked += 1
    if "topics" in row:
        tally.two += 1
        tally.both += answered and wanted <= set(given)
    entries = {str(entry) for entry in _list(row.get("entries"))}
    if entries:
        hit = any(match.entry in entries or _is_live(match.entry, entries) for match in outcome.matches)
        tally.told += 1
        tally.exact += answered and hit
        beside = answered and any(entries & set(match.others[: match.beside]) for match in outcome.matches)
        tally.exact_suggested += not (answered and hit) and (beside or (outcome.kind == "suggest" and hit))
    if answered:
        tally.answered += 1
        tally.unknown += outcome.matches[0].entry in unknown
        right = bool(wanted & set(given))
        tally.right += right
        tally.wrong += not right
        return "" if right else "WRONG"
    if outcome.kind == "suggest":
        found = bool(wanted & set(given))
        tally.suggested += found
        return "" if found else "not suggested"
    tally.refused += 1
    return "refused"


def _is_live(entry: str, wanted: set[str]) -> bool:
    return "live" in wanted and entry.startswith("live:")


def language_of(row: Row) -> Sequence[str]:
    """The language of a question, `zh-Hant` as `zh`."""
    return [str(row["lang"]).split("-")[0]]


def language_and_kind(row: Row) -> Sequence[str]:
    return [*language_of(row), f"[{row.get('tag') or 'plain'}]"]


def measure(
    engine: Engine, rows: Iterable[Row], unknown: set[str], groups: Callable[[Row], Sequence[str]] = language_of
) -> tuple[dict[str, Tally], Iterator[str]]:
    """Asks every question; a tally for each group that it belongs to and for "all", and lines on the failures."""
    tallies: dict[str, Tally] = {"all": Tally()}
    failures: list[str] = []
    for row in rows:
        started = time.thread_time()
        outcome = engine.ask(str(row["text"]), hint="" if row["lang"] == "mixed" else str(row["lang"]))
        spent = (time.thread_time() - started) * 1000
        for name in ("all", *groups(row)):
            tally = tallies.setdefault(name, Tally())
            tally.milliseconds.append(spent)
            fault = judge(row, outcome, tally, unknown)
        if fault:
            given = ", ".join(f"{m.entry} ({m.topic}) {m.score:.2f}" for m in outcome.matches)
            wanted = row.get("topics") or row["topic"] or row["expect"]
            failures.append(
                f"{row['id']} {fault}: {row['text']} → {outcome.kind} {given} | wanted {wanted} | {dict(outcome.why)}"
            )
    return tallies, iter(failures)


Peer = Callable[[Prepared], Scores]
FIRST = 3


def peers(corpus: Corpus, embedders: Sequence[Embedder]) -> Mapping[str, Peer]:
    """Plainer ways to match, by name: each gives the likeness of a question to every example of `corpus`."""
    folded = [prepare(e.text, e.language, corpus.names, slips=False).folded for e in corpus.examples]

    def fuzzy(question: Prepared) -> Scores:
        return np.asarray(process.cdist([question.folded], folded, scorer=fuzz.token_set_ratio)[0], dtype=np.float32)

    out: dict[str, Peer] = {
        "token set": fuzzy,
        "BM25": bm25([_words(text) for text in folded]),
        "TF-IDF": lambda question: corpus.lexical.likeness(question.features),
    }
    for embedder in embedders:
        vectors = passages(embedder, corpus.tidy, None)
        out[embedder.name.split("-")[0]] = lambda q, v=vectors, e=embedder: v @ e.queries([q.tidy])[0]  # type: ignore[misc]
    return out


def bm25(texts: Sequence[Sequence[str]], k: float = 1.2, b: float = 0.75) -> Peer:
    """Okapi BM25 (Robertson and Zaragoza 2009, formula 3.15) over words, and characters of Chinese."""
    lengths = np.array([len(text) for text in texts], dtype=np.float32)
    damped = k * (1 - b + b * lengths / max(float(lengths.mean()), 1e-9))
    held: dict[str, list[tuple[int, int]]] = {}
    for row, text in enumerate(texts):
        for word, count in Counter(text).items():
            held.setdefault(word, []).append((row, count))

    def likeness(question: Prepared) -> Scores:
        total = np.zeros(len(texts), dtype=np.float32)
        for word in _words(question.folded):
            if word in held:
                rows, counts = np.array(held[word]).T
                rarity = math.log(1 + (len(texts) - len(rows) + 0.5) / (len(rows) + 0.5))
                total[rows] += rarity * counts * (k + 1) / (counts + damped[rows])
        return total

    return likeness


def _words(folded: str) -> list[str]:
    return [part for word in folded.split() for part in ([word] if word.isascii() else word)]


@dataclass
class Found:
    """How often a peer had the right topic at the top, and among the first three."""

    asked: int = 0
    top: int = 0
    first: int = 0
    milliseconds: list[float] = field(default_factory=list)

    def shares(self) -> dict[str, float]:
        of = max(self.asked, 1)
        times = self.milliseconds or [0.0]
        return {
            "asked": float(self.asked),
            "right at the top": self.top / of,
            "right in the first three": self.first / of,
            "p50 ms": float(np.percentile(times, 50)),
            "p99 ms": float(np.percentile(times, 99)),
        }


def compared(corpus: Corpus, peer: Peer, rows: Iterable[Row]) -> Found:
    """One peer on the questions that are in scope and ask one thing."""
    topics = [label.topic if label.kind == "entry" else "" for label in corpus.labels]
    of = [topics[example.label] for example in corpus.examples]
    found = Found()
    for row in rows:
        if row["expect"] != "answer" or "topics" in row:
            continue
        language = "zh" if str(row["lang"]).startswith("zh") else str(row["lang"])
        question = prepare(str(row["text"]), language, corpus.names)
        started = time.thread_time()
        order = np.argsort(-peer(question))[:200]
        found.milliseconds.append((time.thread_time() - started) * 1000)
        ranked = list(dict.fromkeys(of[at] for at in order if of[at]))
        right = {str(topic) for topic in (row["topic"], *_list(row.get("accept")))}
        found.asked += 1
        found.top += ranked[:1] != [] and ranked[0] in right
        found.first += bool(right & set(ranked[:FIRST]))
    return found


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
