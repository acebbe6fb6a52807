"""`passerelle publish`: shows what the folder changes, asks, applies it in one transaction. Idempotent."""

import argparse
import sys

from bot import app as app_
from bot.event import load
from bot.programme import difference, versions
from bot.settings import Settings


def main(options: argparse.Namespace, settings: Settings) -> int:
    folder = load.find(options.event)
    event, digest = load.load(folder), load.digest(folder)
    opened = app_.open_store(settings.model_copy(update={"event": options.event}))
    try:
        if opened.published.digest == digest:
            print(f"Version {opened.published.number} is what the folder says.")
            return 0
        changes = difference.between(opened.published.event, event)
        for change in changes:
            print(
                f"{change.what:8} {change.kind} {change.id}"
                + (f": {', '.join(change.fields)}" if change.fields else "")
            )
        if not changes:
            print("Nothing that is read has changed.")
        if options.dry_run:
            return 0
        if not (options.yes or _agreed()):
            print("Nothing was published.")
            return 1
        number = opened.store.write_now(versions.publish, event, digest, opened.clock.now())
        print(f"Version {number} is published; a running bot answers from it within seconds.")
        return 0
    finally:
        opened.store.close()


def _agreed() -> bool:
    """Whether a keyboard or a pipe says yes; no answer is a no."""
    try:
        return input("Publish? [y/N] ").strip().lower() in ("y", "yes", "o", "oui", "是")
    except EOFError:
        print("\nNobody answered. To publish without being asked: --yes", file=sys.stderr)
        return False
