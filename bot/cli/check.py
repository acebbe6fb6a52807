"""`passerelle check`: every fault of an event folder and of the catalogues, with file, line and remedy."""

import argparse
import sys

from bot.cli import doubts as worded
from bot.errors import BadInput
from bot.event import load, strays
from bot.exchange import people
from bot.programme import doubts
from bot.settings import Settings
from bot.text import catalogues


def main(options: argparse.Namespace, settings: Settings) -> int:
    folder = load.find(options.event or settings.event)
    event, faults = load.read(folder)
    faults += catalogues.faults()
    try:
        listed = people.of_folder(folder, event) if event is not None else None
    except BadInput as error:
        faults += error.faults
    for fault in faults:
        print(fault)
    for other in strays.others(folder):
        print(f"{other} (no fault)", file=sys.stderr)
    if faults:
        print(f"{len(faults)} to mend", file=sys.stderr)
        return 1
    assert event is not None
    for doubt in doubts.found(event):
        print(f"{worded.line(doubt, event)} (no fault)", file=sys.stderr)
    print(
        f"{folder}: {len(event.sessions)} sessions, {len(event.places)} places, {len(event.entries)} entries: no fault"
        + (f"; {len(listed.people)} participants" if listed else "")
    )
    return 0
