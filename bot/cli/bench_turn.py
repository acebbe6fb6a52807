"""`passerelle bench turn`: what a turn costs, beside peers in the same run."""

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from rich.console import Console

from bot.bench import table, turn
from bot.cli import progress
from bot.settings import Settings


def main(options: argparse.Namespace, settings: Settings) -> int:
    return run(options, settings, turn.measure, table.show)


def run(options: argparse.Namespace, settings: Settings, measure: Any, show: Callable[[Any, Console], None]) -> int:
    """Measure by `measure(event, seconds=…, repeat=…)` under a progress bar; print what it returns, or its JSON."""
    if options.seconds <= 0 or options.repeat < 1:
        print("--seconds must be above 0, --repeat at least 1", file=sys.stderr)
        return 2
    work = partial(measure, settings.event, seconds=options.seconds, repeat=options.repeat)
    report = progress.measured(work, Console(stderr=True))
    if options.json:
        print(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        show(report, Console() if Console().is_terminal else Console(width=180))
    return 0
