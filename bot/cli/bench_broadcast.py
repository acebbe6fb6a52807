"""`passerelle bench broadcast`: what a delivery costs, beside peers in the same run."""

import argparse
import json
import sys
from functools import partial

from rich.console import Console

from bot.bench import broadcast
from bot.cli import progress
from bot.settings import Settings


def main(options: argparse.Namespace, settings: Settings) -> int:
    if options.repeat < 1 or options.recipients < 100:
        print("--repeat must be at least 1, --recipients at least 100", file=sys.stderr)
        return 2
    measure = partial(broadcast.measure, settings.event, recipients=options.recipients, repeat=options.repeat)
    sent = progress.measured(measure, Console(stderr=True))
    if options.json:
        print(json.dumps(sent.as_json(), indent=2))
    else:
        broadcast.show(sent, Console() if Console().is_terminal else Console(width=180))
    return 0
