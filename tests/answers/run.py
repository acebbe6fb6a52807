"""Measures the answering engine on sets of questions: `python -m tests.answers.run FILE… [--failures] [--require]`.

A line of a set is `{"id", "text", "lang", "topic", "expect": "answer"|"refuse"|"smalltalk"}`, perhaps with
`accept` (topics that are right too) or `topics` (of two questions). Judged by topic. `own.jsonl` and the
reference set judge; `dev.jsonl` is for tuning.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bot.answers.engine import Engine, Outcome
from bot.event.load import find, read
from bot.event.model import EntryStatus

REQUIRED = {"right or suggested": 0.90, "wrong": 0.08, "out of scope answered": 0.10, "p99 ms": 60.0}
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


def measure(engine: Engine, rows: Iterable[Row], unknown: set[str]) -> tuple[dict[str, Tally], Iterator[str]]:
    """Asks every question; a tally for each language (`zh-Hant` as `zh`) and for all, and lines on the failures."""
    tallies: dict[str, Tally] = {"all": Tally()}
    failures: list[str] = []
    for row in rows:
        language = str(row["lang"]).split("-")[0]
        started = time.thread_time()
        outcome = engine.ask(str(row["text"]), hint="" if language == "mixed" else str(row["lang"]))
        spent = (time.thread_time() - started) * 1000
        for name in ("all", language):
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--event", default="strasbourg-2014")
    parser.add_argument("--embedder", default="local")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "passerelle-vectors")
    parser.add_argument("--failures", action="store_true", help="list what went wrong, with reasons")
    parser.add_argument("--require", action="store_true", help="exit 1 below the required figures")
    options = parser.parse_args()
    event, _ = read(find(options.event))  # faults are `passerelle check`’s business
    assert event is not None
    started = time.perf_counter()
    engine = Engine.build(event, embedder=options.embedder, cache=options.cache)
    print(f"built in {time.perf_counter() - started:.1f} s, {len(event.entries)} entries")
    unknown = {entry.id for entry in event.entries if entry.status is EntryStatus.UNKNOWN}
    met = True
    for file in options.files:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        tallies, failures = measure(engine, rows, unknown)
        print(f"\n{file.name}: {len(rows)} questions")
        columns = {name: tally.shares() for name, tally in tallies.items()}
        print(" " * 30 + "".join(f"{name:>9}" for name in columns))
        for figure in columns["all"]:
            print(f"{figure:30}" + "".join(f"{shares[figure]:9.3g}" for shares in columns.values()))
        if options.failures:
            print(*failures, sep="\n")
        met &= _met(columns)
    return 0 if met or not options.require else 1


def _met(columns: dict[str, dict[str, float]]) -> bool:
    """Whether the required figures are reached: coverage in each language, the rest over all."""
    total = columns["all"]
    languages = [shares for name, shares in columns.items() if name in ("fr", "zh", "en")]
    return (
        all(shares["right or suggested"] >= REQUIRED["right or suggested"] for shares in languages)
        and total["wrong"] <= REQUIRED["wrong"]
        and not total["out of scope answered"] > REQUIRED["out of scope answered"]
        and total["p99 ms"] <= REQUIRED["p99 ms"]
    )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


if __name__ == "__main__":
    sys.exit(main())
