"""`passerelle bench answers`: how well and how fast questions are answered, beside plainer ways in the same run."""

import argparse
import json
import resource
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.answers import corpus, warming
from bot.answers.embedders import open_embedders
from bot.answers.names import Names
from bot.bench import answers
from bot.event import load
from bot.event.model import EntryStatus
from bot.settings import Settings

OF_A_KIND = ("in scope", "right", "right or suggested", "wrong", "refused", "both of two", "out of scope answered")


def _figure(value: float) -> str:
    """Three digits, a dash where there is nothing that it could be of."""
    return "–" if value != value else f"{value:.3g}"


def main(options: argparse.Namespace, settings: Settings) -> int:
    """Sets of questions, by language and kind, and plainer ways to match beside the engine."""
    if not options.files:
        print("Name one file of questions or more: passerelle bench answers tests/answers/blind.jsonl", file=sys.stderr)
        return 2
    event = load.load(load.find(settings.event))
    engine = warming.full(event, settings.embedder, warming.VECTORS)
    unknown = {entry.id for entry in event.entries if entry.status is EntryStatus.UNKNOWN}
    asked, report = {}, {}
    for file in options.files:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
        asked[file] = [json.loads(line) for line in lines if line.strip()]
        tallies, _ = answers.measure(engine, asked[file], unknown, answers.language_and_kind)
        report[file] = {"engine": {name: tally.shares() for name, tally in tallies.items()}}
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # before the peers are there
    known = corpus.gather(event, Names(event), warming.VECTORS)
    others = answers.peers(known, open_embedders(settings.embedder))
    for file, rows in asked.items():
        report[file]["peers"] = {name: answers.compared(known, peer, rows).shares() for name, peer in others.items()}
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
    out.print(f"Peak RSS {megabytes:.0f} MB, without the peers. Times are CPU of one thread.", style="dim")
    return 0
