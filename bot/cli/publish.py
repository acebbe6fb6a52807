"""`passerelle publish`: shows what the folder changes, asks, applies it in one transaction. Idempotent."""

import argparse
import sys

from bot import opening
from bot.cli import changes as changes_
from bot.cli.asking import agreed
from bot.event import load, strays
from bot.programme import difference, versions
from bot.settings import Settings


def main(options: argparse.Namespace, settings: Settings) -> int:
    folder = load.find(options.event)
    event, digest = load.load(folder), load.digest(folder)
    for other in strays.others(folder):
        print(f"{other} (no fault)", file=sys.stderr)
    if options.dry_run and opening.look_up(settings, event).published is None:
        print("This database holds no version of this event yet: all of it would be new.")
        return 0
    opened = opening.open_store(settings.model_copy(update={"event": options.event}))
    try:
        if opened.published.digest == digest:
            print(f"Version {opened.published.number} is what the folder says.")
            return 0
        before = opened.published.event
        changes = difference.between(before, event)
        for change in changes:
            print("\n".join(changes_.lines(change, before, event)))
        if not changes:
            print("Nothing that is read has changed.")
        if options.dry_run:
            return 0
        if not (options.yes or agreed("Publish?", "--yes")):
            print("Nothing was published.")
            return 1
        number = opened.store.write_now(versions.publish, event, digest, opened.clock.now())
        print(f"Version {number} is published; a running bot answers from it within seconds.")
        return 0
    finally:
        opened.store.close()
