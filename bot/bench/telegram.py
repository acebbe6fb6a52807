"""Telegram by webhook and by polling, beside the bare echo bots of python-telegram-bot, all up in one run.

500 people at once; what counts is the median over the repetitions of the ratios taken within one, against the echo
by webhook.
"""

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.bench import turn
from bot.bench.programs import PTB, PTB_WEBHOOK, BenchFailed, Program, Running, passerelle
from bot.event import load

USERS = 500
CHATS = 5_000
RATE = turn.RATE
PEER = PTB_WEBHOOK.name
Seen = Mapping[str, Any]


@dataclass(slots=True)
class Row:
    """One bot under one kind of updates; medians. against: the peer's = 1."""

    bot: str
    kind: str
    per_second: float
    cpu_per_1000: float
    against: float  # updates a CPU-second
    saturated_ms: tuple[float, float]  # p50, p99
    open_ms: tuple[float, float]
    open_against: tuple[float, float]
    asked: int
    answered: int
    misplaced: int


@dataclass(slots=True)
class Report:
    seconds: float
    repeat: int
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(
    event_name: str, *, seconds: float, repeat: int, progress: Callable[[str], None], steps: Callable[[int], None]
) -> Report:
    """Everything. Raises BenchFailed."""
    if not Path("/proc/self/stat").exists():
        raise BenchFailed("the benchmark reads CPU and memory from /proc: run it on Linux")
    folder = load.find(event_name).resolve()
    event = load.load(folder)
    clock = f"{event.details.starts:%Y-%m-%d}T09:00"
    asked, _ = turn.questions(event)
    kinds = turn.kinds(event, asked)
    report = Report(seconds, repeat)
    place = turn.home()
    progress("environment of the peers")
    peers = [peer.prepare(place / "venv") for peer in (PTB, PTB_WEBHOOK)]
    ours = [passerelle(str(folder), clock, by_webhook=by_webhook) for by_webhook in (False, True)]
    echo: Iterator[turn.Contents] = itertools.repeat(asked)
    turns = [(peer, "echo", echo) for peer in peers]
    turns += [(program, kind, contents) for program in ours for kind, contents in kinds.items()]
    steps(2 + repeat * (4 + 2 * len(turns)))
    seen: dict[tuple[str, str], list[dict[str, Seen]]] = {}
    with tempfile.TemporaryDirectory(prefix="telegram-", dir=place) as scratch:
        warm = Path(scratch) / "warm"
        progress(f"{CHATS} people say hello")
        _greet(ours[0], warm, turn.same(event, [{"text": "/start"}]))
        for n in range(repeat):
            with ExitStack() as stack:
                bots = {
                    program.name: _started(stack, program, Path(scratch) / f"{n}-{at}", warm, asked, progress)
                    for at, program in enumerate((*peers, *ours))
                }
                for mode in ("saturated", "open"):
                    for program, kind, contents in turns[n % len(turns) :] + turns[: n % len(turns)]:
                        progress(f"{n + 1}/{repeat} {program.name}: {kind}, {mode}")
                        order = {"mode": mode, "contents": next(contents), "chats": CHATS}
                        figures = bots[program.name].order(
                            {**order, "users": USERS, "rate": RATE, "lead": turn.LEAD_SECONDS, "seconds": seconds}
                        )
                        turn.checked(figures, program.name, kind)
                        rows = seen.setdefault((program.name, kind), [])
                        if mode == "saturated":
                            rows.append({})
                        rows[-1][mode] = figures
                for program in ours:
                    report.notes += [f"{program.name}, log: {each}" for each in bots[program.name].complaints()]
    report.rows = [_row(bot, kind, rows, seen[PEER, "echo"]) for (bot, kind), rows in seen.items()]
    return report


def _greet(program: Program, folder: Path, greeting: turn.Contents) -> None:
    """A folder in which everybody is known and the answers are made: first contacts are another subject."""
    folder.mkdir()
    with Running(program, folder) as running:
        running.start({"contents": greeting})
        order = {"mode": "each", "contents": greeting, "chats": CHATS, "users": 50, "patience": 300.0}
        seen = running.order(order)
        if seen["answered"] < seen["asked"]:
            raise BenchFailed(f"only {seen['answered']} of {seen['asked']} first contacts were answered")
        running.settle()


def _started(
    stack: ExitStack,
    program: Program,
    folder: Path,
    warm: Path,
    asked: turn.Contents,
    progress: Callable[[str], None],
) -> Running:
    progress(f"{program.name}: start")
    if program.name.startswith("Passerelle"):
        shutil.copytree(warm, folder)
        (folder / "log").unlink()
    else:
        folder.mkdir()
    running = stack.enter_context(Running(program, folder))
    running.start({"contents": asked})  # a question: the answers are ready, too
    return running


def _row(bot: str, kind: str, rows: list[dict[str, Seen]], theirs: list[dict[str, Seen]]) -> Row:
    saturated, open_ = [row["saturated"] for row in rows], [row["open"] for row in rows]
    both = [*saturated, *open_]
    pairs = list(zip(rows, theirs, strict=True))

    def ratio(percent: int) -> float:
        return median(turn.at(a["open"], percent) / turn.at(b["open"], percent) for a, b in pairs)

    return Row(
        bot,
        kind,
        per_second=median(one["in_window"] / one["window"] for one in saturated),
        cpu_per_1000=median(map(turn.cpu_per_1000, saturated)),
        against=median(turn.cpu_per_1000(b["saturated"]) / turn.cpu_per_1000(a["saturated"]) for a, b in pairs),
        saturated_ms=turn.percentiles(saturated),
        open_ms=turn.percentiles(open_),
        open_against=(ratio(50), ratio(99)),
        asked=sum(one["asked"] for one in both),
        answered=sum(one["answered"] for one in both),
        misplaced=sum(one["misplaced"] for one in both),
    )


def show(report: Report, console: Console) -> None:
    """Print it: what was measured, and what is asked."""
    table = Table(title=f"Telegram, {USERS} people at once")
    for name in ("bot", "updates/s", "CPU-s per 1,000", "per CPU-s, echo by webhook = 1", "p50 / p99 ms, saturated"):
        table.add_column(name, justify="left" if name == "bot" else "right")
    for name in (f"p50 / p99 ms at {RATE}/s", "the same, echo by webhook = 1", "answered in order"):
        table.add_column(name, justify="right")
    for one in report.rows:
        table.add_row(
            one.bot if one.kind == "echo" else f"{one.bot}: {one.kind}",
            f"{one.per_second:.0f}",
            f"{one.cpu_per_1000:.2f}",
            f"{one.against:.2f}",
            f"{one.saturated_ms[0]:.0f} / {one.saturated_ms[1]:.0f}",
            f"{one.open_ms[0]:.1f} / {one.open_ms[1]:.1f}",
            f"{one.open_against[0]:.2f} / {one.open_against[1]:.2f}",
            f"{one.answered - one.misplaced} of {one.asked}",
        )
    console.print(table)
    asked = Table("what is asked, by webhook", "measured", "goal", "reached")
    for one in report.rows:
        if one.bot == "Passerelle, webhook":
            p50, p99 = one.open_against
            for what, measured, goal, is_reached in (
                ("updates per CPU-s, echo = 1", one.against, "≥ 1", one.against >= 1),
                (f"p50 at {RATE}/s, echo = 1", p50, "≤ 1.5", p50 <= 1.5),
                (f"p99 at {RATE}/s, echo = 1", p99, "≤ 3", p99 <= 3),
            ):
                asked.add_row(f"{one.kind}: {what}", f"{measured:.2f}", goal, "yes" if is_reached else "no")
    console.print(asked)
    console.print(f"{report.repeat} × {report.seconds:g} s, medians. Only ratios within this run count.", style="dim")
    for note in report.notes:
        console.print(f"Note: {note}", style="yellow", markup=False)
