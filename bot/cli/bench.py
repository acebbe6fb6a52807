"""`passerelle bench`: the project's own benchmarks."""

import argparse
import json
import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bot.bench import table, turn
from bot.settings import Settings


def main(options: argparse.Namespace, settings: Settings) -> int:
    if options.seconds <= 0 or options.repeat < 1:
        print("--seconds must be above 0, --repeat at least 1", file=sys.stderr)
        return 2
    report = _measured(options, settings, Console(stderr=True))
    if options.json:
        print(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        out = Console()
        table.show(report, out if out.is_terminal else Console(width=180))
    return 0


def _measured(options: argparse.Namespace, settings: Settings, console: Console) -> turn.Report:
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
        return turn.measure(settings.event, seconds=options.seconds, repeat=options.repeat, progress=step, steps=steps)
