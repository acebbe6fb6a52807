"""`passerelle bench telegram`: by webhook and by polling, beside bare echo bots in the same run."""

import argparse

from bot.bench import telegram
from bot.cli import bench_turn
from bot.settings import Settings


def main(options: argparse.Namespace, settings: Settings) -> int:
    return bench_turn.run(options, settings, telegram.measure, telegram.show)
