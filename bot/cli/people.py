"""The participants' list into the database: shows what it changes, asks, applies it whole."""

from collections.abc import Iterator

from bot.cli.asking import agreed
from bot.exchange.people import Listed
from bot.opening import Opened
from bot.people import participants
from bot.people.participants import FIELDS, Difference

SHOWN = 40  # lines of a difference on the screen


def bring(listed: Listed, opened: Opened, *, adds: bool = False, dry_run: bool = False, yes: bool = False) -> int:
    """Make `listed` the participants' list, after a question; the exit code. adds: whoever is not in it stays."""
    for note in listed.notes:
        print(f"Note: {note}")
    old = opened.store.read_now(participants.every)
    new = {**old, **listed.people} if adds else listed.people
    changes = participants.difference(old, new)
    people = "1 participant" if len(new) == 1 else f"{len(new)} participants"
    if not changes:
        print(f"The participants’ list says the same: {people}.")
        return 0
    lines = list(_lines(changes))
    print("\n".join(lines[:SHOWN]))
    if len(lines) > SHOWN:
        print(f"and {len(lines) - SHOWN} more")
    added, changed, removed = len(changes.added), len(changes.changed), len(changes.removed)
    print(f"Participants’ list: {added} added, {changed} changed, {removed} removed; then {people}.")
    if dry_run:
        return 0
    if not (yes or agreed("Change the participants’ list?", "--yes")):
        print("The participants’ list is as it was.")
        return 1
    if not opened.store.write_now(participants.apply, new, seen=participants.digest(old)):
        print("Somebody has changed the list in between: run it again to see what differs now.")
        return 1
    print("Done. Each delegate says who they are by their code.")
    return 0


def _lines(changes: Difference) -> Iterator[str]:
    for each in changes.added:
        yield f"+ {each.code} {each.name}" + (f", {each.organisation}" if each.organisation else "")
    for was, becomes in changes.changed:
        yield f"~ {becomes.code} {becomes.name}"
        for name in FIELDS:
            before, after = getattr(was, name), getattr(becomes, name)
            if before != after:
                yield f"    {name}: {before or 'nothing'} → {after or 'nothing'}"
    for each in changes.removed:
        yield f"- {each.code} {each.name}"
