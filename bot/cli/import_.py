"""`passerelle import`: a programme from another tool into the event's folder. Shows what changes and what was not
understood, asks, and writes the files as a whole; nothing is live until `passerelle publish`. Or the participants'
list into the database."""

import argparse
from pathlib import Path

from bot import opening
from bot.cli import changes as changes_
from bot.cli import doubts as doubted
from bot.cli import people as people_
from bot.cli.asking import agreed
from bot.errors import BadInput, Fault
from bot.event import load
from bot.event.model import Event, Status
from bot.exchange import folder as folder_
from bot.exchange import formats, merging, people
from bot.exchange.merging import Import
from bot.exchange.rows import Aim
from bot.programme import difference, doubts
from bot.settings import Settings


def main(options: argparse.Namespace, settings: Settings) -> int:
    folder = load.find(options.event or settings.event)
    if options.people or people.is_list(Path(options.file)):
        return _people(options, settings)
    event = folder_.readable(folder)
    language = options.lang or event.default_language
    if language not in event.details.scripts:
        fault = f"{language!r} is no language of the event"
        raise BadInput([Fault("--lang", 0, fault, f"write one of {', '.join(event.details.scripts)}")])
    aim = Aim(event, language)
    found, read = formats.read(Path(options.file), aim, options.format)
    live = opening.look_up(settings, event).published
    cancelled = [s.id for s in live.event.sessions if s.status == Status.CANCELLED] if live else []
    made = merging.merged(read, aim, cancelled, fill=options.fill)
    print(f"{options.file}, as {found.name}: {_count(len(read.rows), 'session')}, texts in {language}.")
    changes = difference.between(event, made.event)
    for change in changes:
        print("\n".join(changes_.lines(change, event, made.event)))
    _say(made, event)
    if not changes:
        print("Nothing changes: the folder says the same.")
        return 0
    files = folder_.texts(folder, event, made.event)
    if options.dry_run:
        return 0
    if not (options.yes or agreed(f"Write {folder_.names(files)}?", "--yes")):
        print("Nothing was written.")
        return 1
    folder_.save(files, made.event)
    print(f"Written: {folder_.names(files)}.")
    faults = load.read(folder)[1]
    if faults:
        print(f"{len(faults)} to mend before it can be published, translations first: passerelle check {folder}")
    print(f"To make it live: passerelle publish {folder}")
    return 0


def _people(options: argparse.Namespace, settings: Settings) -> int:
    """A participants' list goes into the database at once: it is in no version and on no page."""
    opened = opening.open_store(settings.model_copy(update={"event": options.event or settings.event}))
    try:
        listed = people.read(Path(options.file), opened.published.event)
        return people_.bring(listed, opened, adds=options.add, dry_run=options.dry_run, yes=options.yes)
    finally:
        opened.store.close()


def _say(made: Import, before: Event) -> None:
    """What an organizer should know beside the changes."""
    for note in made.notes:
        print(f"Note: {note}")
    known = {doubt.key for doubt in doubts.found(before)}
    for doubt in doubts.found(made.event):
        if doubt.key not in known:
            print(f"Is this meant? {doubted.line(doubt, made.event)}")
    if made.stay:
        stay = ", ".join(made.stay)
        print(f"{_count(len(made.stay), 'session')} of the folder that the file does not have, kept: {stay}")
    if made.not_understood:
        print(f"Not understood, {len(made.not_understood)}:")
        for missed in made.not_understood:
            print(f"  {missed}")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
