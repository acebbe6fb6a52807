"""`passerelle publish`: shows what the folder changes and whom it touches, asks, applies it and tells them, in one
transaction. Idempotent."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

from bot import opening
from bot.cli import broadcast_report as reports
from bot.cli import changes as changes_
from bot.cli import doubts as doubted
from bot.cli import people as people_
from bot.cli.asking import agreed
from bot.conversation.receive import words_for
from bot.errors import BadInput, Fault
from bot.event import load, strays
from bot.event.model import Event
from bot.exchange import people
from bot.notices import publishing
from bot.opening import Opened
from bot.programme import difference, doubts, edits, seats, touched
from bot.programme.touched import Touched
from bot.programme.versions import Published
from bot.settings import Settings
from handlers import changes as worded

AUTHOR = "publish"


def main(options: argparse.Namespace, settings: Settings) -> int:
    folder = load.find(options.event)
    event, digest = load.load(folder), load.digest(folder)
    for other in strays.others(folder):
        print(f"{other} (no fault)", file=sys.stderr)
    listed = None if options.undo else people.of_folder(folder, event)  # its faults come before anything is done
    if options.dry_run and opening.look_up(settings, event).published is None:
        print("This database holds no version of this event yet: all of it would be new.")
        return 0
    opened = opening.open_store(settings.model_copy(update={"event": options.event}))
    try:
        code = _published(options, opened, event, digest)
        if listed is not None and code == 0:
            code = people_.bring(listed, opened, dry_run=options.dry_run, yes=options.yes)
        return code
    finally:
        opened.store.close()


def _published(options: argparse.Namespace, opened: Opened, event: Event, digest: str) -> int:
    now = opened.clock.now()
    current = opened.published
    if options.undo:
        former = opened.store.read_now(publishing.before, current)
        if former is None:
            print("There is no version before this one.")
            return 1
        new = replace(former, published_at=now, reason=_reason(options.reason, event))
        print(f"Undoes version {current.number}: what version {former.number} said is published again.")
    elif current.digest == digest:
        besides = ", with what was changed in chat" if current.edits else ""
        print(f"Version {current.number} is what the folder says{besides}.")
        _say_edits(current.edits)
        return 0
    else:
        folder, (event, kept) = event, edits.onto(event, current.edits)
        new = Published(current.number + 1, now, digest, event, _reason(options.reason, event), kept)
        _say_edits(kept)
        for line in edits.lines(edits.overruled(folder, current.edits, kept)):
            print(f"The folder says something new, which takes the place of what was changed in chat: {line}")
    return _publish_new(options, opened, new)


def _publish_new(options: argparse.Namespace, opened: Opened, new: Published) -> int:
    """Show what it changes and whom it touches, ask, publish, tell."""
    before, event = opened.published.event, new.event
    changes = difference.between(before, event)
    for change in changes:
        print("\n".join(changes_.lines(change, before, event)))
    if not changes:
        print("Nothing that is read has changed.")
    _say_doubts(opened, event)
    _say_whom(touched.between(before, event, new.published_at), opened, event, is_quiet=options.quiet)
    if options.dry_run:
        return 0
    if not (options.yes or agreed("Publish?", "--yes")):
        print("Nothing was published.")
        return 1
    wording = worded.wording(lambda language: words_for(new, language))
    done = opened.store.write_now(
        publishing.publish, opened.published.number, new, wording, author=AUTHOR, tells=not options.quiet
    )
    if done is None:
        print("Somebody has published another version in between: run it again to see what differs now.")
        return 1
    print(f"Version {done.number} is published; a running bot answers from it within seconds.")
    if done.people:
        print(f"{reports.persons(done.people)} being told; how far it is: passerelle broadcast list")
    if done.followers:
        print(f"{reports.persons(done.followers)} being told of what is new in a theme that they follow")
    return 0


def _reason(given: Sequence[str], event: Event) -> dict[str, str]:
    """Why, by language. Raises BadInput where it is not in every language of the event: no reader is left out."""
    reason: dict[str, str] = {}
    for text in given:
        language, _, why = text.partition("=")
        if language not in event.details.languages or not why.strip():
            do = f"write --reason {event.details.languages[0]}=…, once for each of {', '.join(event.details.languages)}"
            raise BadInput([Fault("--reason", 0, f"{text!r} names no language of the event", do)])
        reason[language] = why.strip()
    missing = [language for language in event.details.languages if language not in reason]
    if reason and missing:
        raise BadInput([Fault("--reason", 0, f"is missing in {', '.join(missing)}", "write it there too, or nowhere")])
    return reason


def _say_edits(held: edits.Edits) -> None:
    for line in edits.lines(held):
        print(f"Changed in chat, and kept: {line}")


def _say_doubts(opened: Opened, event: Event) -> None:
    """What can hardly be meant in the new programme and was not so before, with how many people go there."""
    known = {doubt.key for doubt in doubts.found(opened.published.event)}
    for doubt in doubts.found(event):
        if doubt.key not in known:
            both = opened.store.read_now(seats.going_to_both, doubt.first.id, doubt.second.id)
            of = "it" if doubt.why == doubts.Why.CHAIRS else "both"
            hurts = f"; {reports.persons(both)} signed up for {of}" if both else ""
            print(f"Is this meant? {doubted.line(doubt, event)}{hurts}")


def _say_whom(found: Sequence[Touched], opened: Opened, event: Event, *, is_quiet: bool) -> None:
    """How many go to what has changed for them, and whether they are told."""
    if not found:
        print("Nobody needs to be told.")
        return
    counted = opened.store.read_now(publishing.reach, found, event)
    told = "would be told, were it not for --quiet" if is_quiet else "told"
    sessions = ", ".join(f"{each.after.id} ({', '.join(each.what)})" for each in found)
    print(f"Touches {sessions}: {reports.persons(counted.total)} {told}.")
    for line in reports.left_out(counted, "messages about changes"):
        print(line)
