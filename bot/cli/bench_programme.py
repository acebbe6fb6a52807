"""`passerelle bench programme`: what a change of the programme costs as the event grows."""

import argparse
import json
import sys
from functools import partial

from rich.console import Console

from bot.bench import programme
from bot.cli import progress
from bot.settings import Settings


def main(options: argparse.Namespace, settings: Settings) -> int:
    if options.repeat < 1:
        print("--repeat must be at least 1", file=sys.stderr)
        return 2
    report = progress.measured(partial(programme.measure, repeat=options.repeat), Console(stderr=True))
    if options.json:
        print(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        programme.show(report, Console() if Console().is_terminal else Console(width=180))
    return 0
