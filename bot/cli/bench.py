"""`passerelle bench`: the project's own benchmarks."""

import argparse
import json
import resource
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bot import app as app_
from bot.answers import corpus, warming
from bot.answers.embedders import open_embedders
from bot.answers.names import Names
from bot.bench import answers, broadcast, table, turn
from bot.event import load
from bot.event.model import EntryStatus
from bot.settings import Settings

T = TypeVar("T")


def main(options: argparse.Namespace, settings: Settings) -> int:
    if options.what == "answers":
        return _answers(options, settings)
    if options.seconds <= 0 or options.repeat < 1 or options.recipients < 100:
        print("--seconds must be above 0, --repeat at least 1, --recipients at least 100", file=sys.stderr)
        return 2
    out = Console() if Console().is_terminal else Console(width=180)
    if options.what == "broadcast":
        many = partial(broadcast.measure, settings.event, recipients=options.recipients, repeat=options.repeat)
        sent = _measured(many, Console(stderr=True))
        print(json.dumps(sent.as_json(), indent=2)) if options.json else broadcast.show(sent, out)
        return 0
    report = _measured(
        partial(turn.measure, settings.event, seconds=options.seconds, repeat=options.repeat), Console(stderr=True)
    )
    if options.json:
        print(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        table.show(report, out)
    return 0


def _measured(measure: Callable[..., T], console: Console) -> T:
    """The figures; meanwhile a bar on a terminal, a line a step elsewhere."""
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )
    task = bar.add_task("", total=None)
    begun = 0

    def step(what: str) -> None:
        nonlocal begun
        begun += 1
        bar.update(task, description=what, completed=begun - 1)
        if not console.is_terminal:
            console.print(what, highlight=False)

    def steps(count: int) -> None:
        bar.update(task, total=count)

    with bar if console.is_terminal else Console(quiet=True):
        return measure(progress=step, steps=steps)


OF_A_KIND = ("in scope", "right", "right or suggested", "wrong", "refused", "both of two", "out of scope answered")


def _figure(value: float) -> str:
    """Three digits, a dash where there is nothing that it could be of."""
    return "–" if value != value else f"{value:.3g}"


def _answers(options: argparse.Namespace, settings: Settings) -> int:
    """Sets of questions, by language and kind, and plainer ways to match beside the engine."""
    if not options.files:
        print("Name one file of questions or more: passerelle bench answers tests/answers/blind.jsonl", file=sys.stderr)
        return 2
    event = load.load(load.find(settings.event))
    engine = warming.full(event, settings.embedder, app_.VECTORS)
    known = corpus.gather(event, Names(event), app_.VECTORS)
    others = answers.peers(known, open_embedders(settings.embedder))
    unknown = {entry.id for entry in event.entries if entry.status is EntryStatus.UNKNOWN}
    report = {}
    for file in options.files:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines if line.strip()]
        tallies, _ = answers.measure(engine, rows, unknown, answers.language_and_kind)
        beside = {name: answers.compared(known, peer, rows) for name, peer in others.items()}
        report[file] = {
            "engine": {name: tally.shares() for name, tally in tallies.items()},
            "peers": {name: found.shares() for name, found in beside.items()},
        }
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if options.json:
        print(json.dumps({"files": report, "peak RSS MB": round(megabytes)}, ensure_ascii=False, indent=2))
        return 0
    out = Console() if Console().is_terminal else Console(width=180)
    for file, figures in report.items():
        for title, columns in figures.items():
            names = sorted(columns, key=lambda name: (name != "all", name))
            whole = [name for name in names if not name.startswith("[")]
            made = Table("", *map(escape, whole), title=f"{file}: {title}")
            for figure in columns[names[0]]:
                made.add_row(figure, *(_figure(columns[name][figure]) for name in whole))
            out.print(made)
            if kinds := [name for name in names if name.startswith("[")]:
                made = Table("kind", *OF_A_KIND, title=f"{file}: by kind")
                for name in kinds:
                    made.add_row(escape(name), *(_figure(columns[name][figure]) for figure in OF_A_KIND))
                out.print(made)
    out.print(f"Peak RSS {megabytes:.0f} MB, the peers' included. Times are CPU of one thread.", style="dim")
    return 0
