"""Measures the answering engine on sets of questions: `python -m tests.answers.run FILE… [--failures] [--require]`.

`passerelle bench answers` prints the same beside its peers. `own.jsonl`, `blind.jsonl` and the reference set judge;
`dev.jsonl` and `two.jsonl` are for tuning.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from bot.answers.engine import Engine
from bot.bench.answers import measure
from bot.event.load import find, read
from bot.event.model import EntryStatus

REQUIRED = {"right or suggested": 0.90, "wrong": 0.08, "out of scope answered": 0.10, "p99 ms": 60.0}


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


if __name__ == "__main__":
    sys.exit(main())
