"""`passerelle person`: what is held about somebody, for whoever answers their request: seen, handed over, erased."""

import argparse
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import select

import bot.app  # noqa: F401  every subject that holds something of a person is registered by then
from bot import opening
from bot.cli import export
from bot.cli.asking import agreed
from bot.errors import BadInput, Fault
from bot.opening import Opened
from bot.people import accounts, participants, privacy
from bot.people.participants import FIELDS
from bot.people.tables import participant, person
from bot.settings import Settings
from bot.store.transaction import Transaction

LONGEST_NUMBER = 15  # digits


class Found(NamedTuple):
    """person: None for a participant who never gave their code. code: of the participants' list, "" for none."""

    person: int | None
    code: str


def main(options: argparse.Namespace, settings: Settings) -> int:
    opened = opening.open_store(settings)
    try:
        found = opened.store.read_now(_find, options.person)
        if found is None:
            fault = f"{options.person!r} is nobody we know"
            do = "write a number, as in a report, CHANNEL:ADDRESS, or a code of the participants’ list"
            raise BadInput([Fault("ID", 0, fault, do)])
        held = opened.store.read_now(_held, found)
        match options.do:
            case "show":
                print("\n".join(_lines(held)))
            case "export":
                data = (json.dumps(held, ensure_ascii=False, indent=2) + "\n").encode()
                return export.write(data, options.output, is_binary=False)
            case "forget":
                return _forget(options, opened, found)
        return 0
    finally:
        opened.store.close()


def _find(tx: Transaction, given: str) -> Found | None:
    """Whom `given` names: an account first, then a number, then a code."""
    channel, colon, address = given.partition(":")
    if colon:
        persons = accounts.persons_at(tx, [(channel, address)])
        return Found(persons[0], _code(tx, persons[0])) if persons else None
    if given.isascii() and given.isdigit() and len(given) <= LONGEST_NUMBER:
        id_ = tx.scalar(select(person.c.id).where(person.c.id == int(given)))
        if id_ is not None:
            return Found(id_, _code(tx, id_))
    listed = participants.by_code(tx, given)
    return Found(listed[1], listed[0].code) if listed else None


def _code(tx: Transaction, person_id: int) -> str:
    return str(tx.scalar(select(participant.c.code).where(participant.c.person_id == person_id)) or "")


def _held(tx: Transaction, found: Found) -> dict[str, Any]:
    if found.person is not None:
        return privacy.held(tx, found.person)
    listed = participants.by_code(tx, found.code)
    assert listed is not None
    return {"participants' list": {name: value for name in FIELDS if (value := getattr(listed[0], name))}}


def _lines(held: Any, indent: str = "") -> Iterator[str]:
    """A line for each value; what is empty is said to be so."""
    for name, value in held.items() if isinstance(held, dict) else enumerate(held, 1):
        if isinstance(value, dict | list) and value:
            yield f"{indent}{name}:"
            yield from _lines(value, indent + "  ")
        else:
            yield f"{indent}{name}: {'nothing' if value in (None, {}, [], '') else value}"


def _forget(options: argparse.Namespace, opened: Opened, found: Found) -> int:
    """Erase, after a question; places in sessions go to whoever waits."""
    who = f"person {found.person}" if found.person is not None else "this participant, who never wrote"
    row = f", and row {found.code} of the participants’ list" if found.code else ""
    if not (options.yes or agreed(f"Erase everything about {who}{row}? This cannot be undone.", "--yes")):
        print("Nothing was erased.")
        return 1
    opened.store.write_now(_erase, found, opened)
    print("Erased.")
    if found.code:
        print("Take them out of people.csv too: the next list that holds them brings their row back.")
    return 0


def _erase(tx: Transaction, found: Found, opened: Opened) -> None:
    if found.person is not None:
        privacy.erase(tx, found.person, opened.clock.now())
    if found.code:
        participants.remove(tx, found.code)
