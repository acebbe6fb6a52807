"""What a turn costs, the whole path with the database and the send, beside bare echo bots in the same run.

All bots stay up while measurements go round among them, so that a ratio compares neighbours in time. What counts
is the median over the repetitions of the ratios taken within one.
"""

import itertools
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bot.bench.programs import AIOGRAM, PTB, BenchFailed, Program, Running, passerelle
from bot.event import load
from bot.event.model import Event

CHATS = 5_000  # in turn, so that no chat's own pace is met
USERS = 50
RATE = 50  # updates a second of the open loop
LEAD_SECONDS = 0.3  # before a window that counts
IDLE_SECONDS = 1.0
LINES = 150  # chats that send three updates at once
QUESTIONS = 3
QUESTION, AGAIN = "question", "question, again"  # never asked before in that run; and the same few over and over
FRESH = 2_000  # questions a language in one measurement: more than are answered in it
BUSY = 0.85  # of a core, from which on the double bounds what is measured

Contents = Mapping[str, Sequence[Mapping[str, str]]]  # language -> what is written or pressed, in turn
Progress = Callable[[str], None]


@dataclass(slots=True)
class Load:
    """What one bot did under one kind of updates; medians over the repetitions."""

    bot: str
    kind: str
    per_second: float = 0.0
    cpu_per_1000: float = 0.0
    against: dict[str, float] = field(default_factory=dict)  # peer -> updates per CPU-second, the peer's = 1
    saturated_ms: tuple[float, float] = (0.0, 0.0)  # p50, p99
    open_ms: tuple[float, float] = (0.0, 0.0)
    open_cpu_per_1000: float = 0.0
    open_against: dict[str, tuple[float, float]] = field(default_factory=dict)  # peer -> p50, p99, the peer's = 1
    asked: int = 0
    answered: int = 0
    misplaced: int = 0
    messages_each: float = 0.0
    double_busy: float = 0.0  # share of a core that the double took, saturated


@dataclass(slots=True)
class Body:
    """What one bot takes to start and to be there."""

    bot: str
    start_seconds: float = 0.0  # until the first answer, its database present
    start_against: dict[str, float] = field(default_factory=dict)
    empty_seconds: float | None = None  # the same in an empty directory
    idle_megabytes: float = 0.0  # the most held until idle
    loaded_megabytes: float = 0.0


@dataclass(slots=True)
class Report:
    seconds: float
    repeat: int
    loads: list[Load] = field(default_factory=list)
    bodies: list[Body] = field(default_factory=list)
    lines_asked: int = 0
    lines_in_order: int = 0
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(
    event_name: str, *, seconds: float, repeat: int, progress: Progress, steps: Callable[[int], None]
) -> Report:
    """Everything. progress: told each step as it begins; steps: told how many there will be. Raises BenchFailed."""
    if not Path("/proc/self/stat").exists():
        raise BenchFailed("the benchmark reads CPU and memory from /proc: run it on Linux")
    return _Run(event_name, seconds, repeat, progress).run(steps)


class _Run:
    def __init__(self, event_name: str, seconds: float, repeat: int, progress: Progress) -> None:
        self.folder = load.find(event_name).resolve()
        self.event = load.load(self.folder)
        self.seconds, self.repeat, self.progress = seconds, repeat, progress
        self.report = Report(seconds, repeat)
        clock = f"{self.event.details.starts:%Y-%m-%d}T09:00"
        self.ours = passerelle(str(self.folder), clock)
        self.questions, self.expected = questions(self.event)
        self.kinds = kinds(self.event, self.questions)
        self.raw: dict[tuple[str, str], list[dict[str, Any]]] = {}  # (bot, kind) -> a repetition's figures each
        self.starts: dict[str, list[tuple[float, float, float]]] = {}  # bot -> start, idle and loaded memory
        self.empty = 0.0

    def run(self, steps: Callable[[int], None]) -> Report:
        place = home()
        self.progress("environment of the peers")
        peers = self._peers(place / "venv")
        loads = len(peers) + len(self.kinds)
        steps(3 + self.repeat * (len(peers) + 1 + 2 * loads + 1))
        with tempfile.TemporaryDirectory(prefix="turn-", dir=place) as scratch:
            warm = Path(scratch) / "warm"
            self._warm(warm)
            for n in range(self.repeat):
                self._once(Path(scratch) / str(n), warm, peers, n)
        self._sum_up([peer.name for peer in peers])
        return self.report

    def _peers(self, home: Path) -> list[Program]:
        ready = []
        for peer in (PTB, AIOGRAM):
            try:
                ready.append(peer.prepare(home))
            except BenchFailed as error:
                self.report.notes.append(f"Without the {peer.name}: {error}")
        return ready

    def _warm(self, folder: Path) -> None:
        """Passerelle's folder with everybody known: first contacts are another subject."""
        folder.mkdir()
        greeting = same(self.event, [{"text": "/start"}])
        self.progress("Passerelle on an empty directory")
        with Running(self.ours, folder) as running:
            self.empty = running.start({"contents": greeting})
            self.progress(f"{CHATS} people say hello")
            seen = running.order(
                {"mode": "each", "contents": greeting, "chats": CHATS, "users": USERS, "patience": 120.0}
            )
            if seen["answered"] < seen["asked"]:
                raise BenchFailed(f"only {seen['answered']} of {seen['asked']} first contacts were answered")

    def _once(self, folder: Path, warm: Path, peers: Sequence[Program], n: int) -> None:
        """One repetition: all started in turn, then the measurements round and round."""
        folder.mkdir()
        with ExitStack() as stack:
            bots: dict[str, Running] = {}
            for program in (*peers, self.ours):
                self.progress(f"{n + 1}/{self.repeat} {program.name}: start")
                place = folder / program.name
                if program is self.ours:
                    shutil.copytree(warm, place)
                    (place / "log").unlink()
                else:
                    place.mkdir()
                bots[program.name] = running = stack.enter_context(Running(program, place))
                started = running.start({"contents": self._first(program)})
                time.sleep(IDLE_SECONDS)
                self.starts.setdefault(program.name, []).append((started, running.peak_megabytes(), 0.0))
            echo: Iterator[Contents] = itertools.repeat(self.questions)
            turns = [(program.name, "echo", echo) for program in peers]
            turns += [(self.ours.name, kind, contents) for kind, contents in self.kinds.items()]
            # A peer between two of ours, and another one first each time.
            turns = [turns[at] for at in _spread(len(turns), len(peers))]
            turns = turns[n % len(turns) :] + turns[: n % len(turns)]
            for mode in ("saturated", "open"):
                for name, kind, contents in turns:
                    self.progress(f"{n + 1}/{self.repeat} {name}: {kind}, {mode}")
                    seen = bots[name].order(
                        {
                            "mode": mode, "contents": next(contents), "chats": CHATS, "users": USERS, "rate": RATE,
                            "lead": LEAD_SECONDS, "seconds": self.seconds,
                        }
                    )  # fmt: skip
                    checked(seen, name, kind)
                    rows = self.raw.setdefault((name, kind), [])
                    if mode == "saturated":
                        rows.append({})
                    rows[-1][mode] = seen
                    if kind == AGAIN and mode == "saturated":
                        self._check_answers(seen["answers"])
            self.progress(f"{n + 1}/{self.repeat} {self.ours.name}: three updates at once, in order?")
            self._lines(bots[self.ours.name])
            for name, running in bots.items():
                started, idle, _ = self.starts[name][-1]
                self.starts[name][-1] = (started, idle, running.peak_megabytes())
            for complaint in bots[self.ours.name].complaints():
                self.report.notes.append(f"In Passerelle's log, repetition {n + 1}: {complaint}")

    def _first(self, program: Program) -> Contents:
        return next(self.kinds["command"]) if program is self.ours else self.questions

    def _lines(self, running: Running) -> None:
        """A press, a question and a command of one chat at once: three, for that is a chat's burst."""
        mixed = {
            language: [next(self.kinds[kind])[language][0] for kind in ("button", AGAIN, "command")]
            for language in self.questions
        }
        seen = running.order({"mode": "lines", "contents": mixed, "chats": CHATS, "users": USERS, "lines": LINES})
        self.report.lines_asked += seen["asked"]
        self.report.lines_in_order += seen["answered"] - seen["misplaced"]

    def _check_answers(self, answers: Mapping[str, str]) -> None:
        known = {key: beginning for key, beginning in self.expected.items() if key in answers}
        wrong = [key for key, beginning in known.items() if beginning not in _letters(answers[key])]
        note = "Not answered from its entry: " + ", ".join(repr(key) for key in wrong)
        if wrong and note not in self.report.notes:
            self.report.notes.append(note)

    # --- summing up

    def _sum_up(self, peers: Sequence[str]) -> None:
        for (bot, kind), rows in self.raw.items():
            load_ = Load(bot, kind)
            saturated, open_ = [row["saturated"] for row in rows], [row["open"] for row in rows]
            both = [*saturated, *open_]
            load_.per_second = median(seen["in_window"] / seen["window"] for seen in saturated)
            load_.cpu_per_1000 = median(map(cpu_per_1000, saturated))
            load_.open_cpu_per_1000 = median(map(cpu_per_1000, open_))
            load_.saturated_ms = percentiles(saturated)
            load_.open_ms = percentiles(open_)
            load_.asked = sum(seen["asked"] for seen in both)
            load_.answered = sum(seen["answered"] for seen in both)
            load_.misplaced = sum(seen["misplaced"] for seen in both)
            load_.messages_each = sum(seen["messages"] for seen in both) / load_.answered
            load_.double_busy = median(seen["own_cpu"] / seen["window"] for seen in saturated)
            for peer in peers:
                theirs = self.raw[peer, "echo"]
                load_.against[peer] = median(
                    cpu_per_1000(b["saturated"]) / cpu_per_1000(a["saturated"])
                    for a, b in zip(rows, theirs, strict=True)
                )
                load_.open_against[peer] = (
                    median(at(a["open"], 50) / at(b["open"], 50) for a, b in zip(rows, theirs, strict=True)),
                    median(at(a["open"], 99) / at(b["open"], 99) for a, b in zip(rows, theirs, strict=True)),
                )
            if load_.double_busy > BUSY:
                note = f"{bot}, {kind}: the double was busy {load_.double_busy:.0%}, so that it bounds updates/s"
                self.report.notes.append(note)
            self.report.loads.append(load_)
        order = [(peer, "echo") for peer in peers] + [(self.ours.name, kind) for kind in self.kinds]
        self.report.loads.sort(key=lambda one: order.index((one.bot, one.kind)))
        for bot, started in self.starts.items():
            body = Body(bot)
            body.start_seconds, body.idle_megabytes, body.loaded_megabytes = map(median, zip(*started, strict=True))
            for peer in peers:
                pairs = zip(started, self.starts[peer], strict=True)
                body.start_against[peer] = median(a[0] / b[0] for a, b in pairs)
            if bot == self.ours.name:
                body.empty_seconds = self.empty
            self.report.bodies.append(body)


def home() -> Path:
    """`.bench/`, made beside the environment that runs this, else in the current directory."""
    in_environment = sys.prefix != sys.base_prefix
    made = (Path(sys.prefix).parent if in_environment else Path.cwd()) / ".bench"
    made.mkdir(exist_ok=True)
    return made


def same(event: Event, contents: list[dict[str, str]]) -> Contents:
    return dict.fromkeys(event.details.languages, contents)


def questions(event: Event) -> tuple[Contents, dict[str, str]]:
    """Three questions a language whose entries answer in plain words, and how each answer begins, by the
    double's key. Raises BenchFailed where the event has none."""
    languages = event.details.languages
    chosen: dict[str, list[Mapping[str, str]]] = {language: [] for language in languages}
    expected: dict[str, str] = {}
    for entry in event.entries:
        beginnings = {language: _beginning(entry.answer.in_(language)) for language in languages}
        if all(entry.questions.get(language) for language in languages) and all(beginnings.values()):
            for language in languages:
                question = entry.questions[language][0]
                chosen[language].append({"text": question})
                expected[f"{language} {question}"] = beginnings[language]
        if len(chosen[languages[0]]) == QUESTIONS:
            return chosen, expected
    if not chosen[languages[0]]:
        raise BenchFailed(f"{event.details.id} has no entry with a question in each of its languages")
    return chosen, expected


def kinds(event: Event, again: Contents) -> dict[str, Iterator[Contents]]:
    """What is written or pressed, by kind: of each measurement the next. again: the questions that come over and
    over."""
    return {
        "button": itertools.repeat(same(event, [{"press": f"session|{session.id}"} for session in event.sessions])),
        "command": itertools.repeat(same(event, [{"text": "/programme"}])),
        QUESTION: fresh(event),
        AGAIN: itertools.repeat(again),
    }


def fresh(event: Event) -> Iterator[Contents]:
    """The questions of all entries, others each time: what was asked before costs less."""
    languages = event.details.languages
    texts = {language: [q for e in event.entries for q in e.questions.get(language, ())] for language in languages}
    for n in itertools.count():
        yield {
            language: [{"text": each[at % len(each)]} for at in range(n * FRESH, (n + 1) * FRESH)]
            for language, each in texts.items()
        }


def _beginning(answer: str) -> str:
    """The first letters of a text before any markup, "" where these are too few to know it by."""
    letters = _letters(re.split(r"[*\[{\n]", answer, maxsplit=1)[0])[:12]
    return letters if len(letters) >= 6 else ""


def _letters(text: str) -> str:
    return re.sub(r"\W", "", text)


def _spread(count: int, peers: int) -> list[int]:
    """0…count-1 with the first `peers` of them spread among the others."""
    ours = list(range(peers, count))
    order: list[int] = []
    for n in range(max(peers, len(ours))):
        order += [n] if n < peers else []
        order += [ours[n]] if n < len(ours) else []
    return order


def checked(seen: dict[str, Any], name: str, kind: str) -> None:
    if not seen["in_window"]:
        raise BenchFailed(f"{name} answered nothing ({kind}, {seen['asked']} asked)")


def cpu_per_1000(seen: Mapping[str, Any]) -> float:
    return float(max(seen["cpu"], 0.001) / seen["in_window"] * 1000)


def at(seen: Mapping[str, Any], percent: int) -> float:
    """That percentile, in seconds."""
    took: list[float] = seen["took"]
    return took[min(len(took) - 1, len(took) * percent // 100)]


def percentiles(all_seen: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    p50, p99 = (median(at(seen, percent) for seen in all_seen) * 1000 for percent in (50, 99))
    return p50, p99
