"""`passerelle publish`: shows what the folder changes and whom it touches, asks, applies it and tells them, in one
transaction. Idempotent."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from bot import opening
from bot.cli import broadcast_report as reports
from bot.cli import changes as changes_
from bot.cli import doubts as doubted
from bot.cli.asking import agreed
from bot.conversation.receive import words_for
from bot.event import load, strays
from bot.event.model import Event
from bot.notices import audience, broadcast
from bot.notices.tables import Urgency
from bot.opening import Opened
from bot.programme import difference, doubts, seats, touched, versions
from bot.programme.touched import Touched
from bot.programme.versions import Published
from bot.settings import Settings
from bot.store.transaction import Transaction
from handlers import changes as worded

AUTHOR = "publish"


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
        return _published(options, opened, event, digest)
    finally:
        opened.store.close()


def _published(options: argparse.Namespace, opened: Opened, event: Event, digest: str) -> int:
    if opened.published.digest == digest:
        print(f"Version {opened.published.number} is what the folder says.")
        return 0
    before, seen = opened.published.event, opened.published.number
    changes = difference.between(before, event)
    for change in changes:
        print("\n".join(changes_.lines(change, before, event)))
    if not changes:
        print("Nothing that is read has changed.")
    _say_doubts(opened, event)
    found = touched.between(before, event, opened.clock.now())
    _say_whom(found, opened, event, is_quiet=options.quiet)
    if options.dry_run:
        return 0
    if not (options.yes or agreed("Publish?", "--yes")):
        print("Nothing was published.")
        return 1
    new = Published(seen + 1, opened.clock.now(), digest, event)
    told = {} if options.quiet else worded.parts(found, before, event, lambda language: words_for(new, language))
    done = opened.store.write_now(_publish, seen, new, told)
    if done is None:
        print("Somebody has published another version in between: run it again to see what differs now.")
        return 1
    number, people = done
    print(f"Version {number} is published; a running bot answers from it within seconds.")
    if people:
        print(f"{reports.persons(people)} being told; how far it is: passerelle broadcast list")
    return 0


def _publish(tx: Transaction, seen: int, new: Published, told: Mapping[str, Any]) -> tuple[int, int] | None:
    """The new version's number and how many are told, in one transaction; None where `seen` is no longer the newest."""
    number = versions.publish_after(tx, seen, new.event, new.digest, new.published_at)
    if number is None:
        return None
    if not told:
        return number, 0
    texts = worded.texts(told, new.event.details.scripts)
    return number, broadcast.tell_changes(tx, told, texts, new.event, author=AUTHOR, now=new.published_at)


def _say_doubts(opened: Opened, event: Event) -> None:
    """What can hardly be meant in the new programme and was not so before, with how many people go to both."""
    known = {doubt.key for doubt in doubts.found(opened.published.event)}
    for doubt in doubts.found(event):
        if doubt.key not in known:
            both = opened.store.read_now(seats.going_to_both, doubt.first.id, doubt.second.id)
            hurts = f"; {reports.persons(both)} signed up for both" if both else ""
            print(f"Is this meant? {doubted.line(doubt, event)}{hurts}")


def _say_whom(found: Sequence[Touched], opened: Opened, event: Event, *, is_quiet: bool) -> None:
    """How many go to what has changed for them, and whether they are told."""
    if not found:
        print("Nobody needs to be told.")
        return
    chosen = audience.touched(each.after.id for each in found)
    counted = opened.store.read_now(audience.count, chosen, event, Urgency.NORMAL, kind="changes")
    told = "would be told, were it not for --quiet" if is_quiet else "told"
    sessions = ", ".join(f"{each.after.id} ({', '.join(each.what)})" for each in found)
    print(f"Touches {sessions}: {reports.persons(counted.total)} {told}.")
    for line in reports.left_out(counted, "messages about changes"):
        print(line)
