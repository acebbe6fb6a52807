"""Attendance lists: for each session who goes, with their guests by name, and who waits, in their order; a column
to tick.

Whoever has given no code of the participants' list is known by a number alone, the same in every list.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, select

from bot.event.model import Event
from bot.exchange.lists import Rows
from bot.people import participants
from bot.people.tables import account, person
from bot.programme.tables import Interest, guest, interest
from bot.store.transaction import Transaction

HEADINGS = (
    "session", "title", "day", "start", "here", "state", "rank", "person", "name", "side", "role", "language",
    "channel", "signed up by", "since",
)  # fmt: skip


def rows(tx: Transaction, event: Event, sessions: Sequence[str], language: str) -> Rows:
    """A line for each who goes or waits, of `sessions` or, where that is empty, of all that anybody chose. `here` is
    empty, to be ticked; a guest's line follows that of whoever signed them up."""
    people = _people(tx)
    names = participants.names(tx, list(people))
    chosen, guests = _chosen(tx, sessions), _guests(tx, sessions)
    out: Rows = [list(HEADINGS)]
    for session in event.sessions:
        if sessions and session.id not in sessions:
            continue
        head = [
            session.id, session.title.in_(language), session.day.isoformat() if session.day else "",
            f"{session.start:%H:%M}" if session.start else "", "",
        ]  # fmt: skip
        rank, left = 0, dict(guests.get(session.id, {}))
        for row in chosen.get(session.id, ()):
            rank += row["state"] == Interest.WAITLISTED
            shown = str(rank) if row["state"] == Interest.WAITLISTED else ""
            who, since = row["person_id"], _here(row["changed_at"], event)
            if row["state"] == Interest.WAITLISTED:  # who goes comes first, and so do guests of whoever does not
                out += _of_guests(head, left, event)
                left = {}
            out.append([*head, row["state"], shown, f"{who}", names.get(who, ""), *people[who], "", since])
            out += _of_guests(head, {who: left.pop(who, [])}, event)
        out += _of_guests(head, left, event)
    return out


def _here(moment: datetime, event: Event) -> str:
    """On the event's clock."""
    return f"{moment.astimezone(event.zone):%Y-%m-%d %H:%M}"


def _of_guests(head: list[str], by: dict[int, list[RowMapping]], event: Event) -> Rows:
    return [
        [
            *head, Interest.GOING.value, "", "", row["name"], "", "", "", "", str(who),
            _here(row["added_at"], event),
        ]
        for who, theirs in by.items()
        for row in theirs
    ]  # fmt: skip


def _people(tx: Transaction) -> dict[int, list[str]]:
    """Side, role, language and the channel last used of each person."""
    used = select(person, account.c.channel).outerjoin(account, account.c.person_id == person.c.id)
    found = tx.all(used.order_by(account.c.used_at))
    return {row["id"]: [row["side"], row["role"], row["language"], row["channel"] or ""] for row in found}


def _chosen(tx: Transaction, sessions: Sequence[str]) -> dict[str, list[RowMapping]]:
    wanted = select(interest).where(interest.c.state.in_((Interest.GOING, Interest.WAITLISTED)))
    if sessions:
        wanted = wanted.where(interest.c.session_id.in_(sessions))
    found: defaultdict[str, list[RowMapping]] = defaultdict(list)
    # "going" before "waitlisted"; those by when they did, these by their place.
    ordered = wanted.order_by(interest.c.state, interest.c.place, interest.c.changed_at, interest.c.person_id)
    for row in tx.all(ordered):
        found[row["session_id"]].append(row)
    return found


def _guests(tx: Transaction, sessions: Sequence[str]) -> dict[str, dict[int, list[RowMapping]]]:
    wanted = select(guest).order_by(guest.c.person_id, guest.c.id)
    if sessions:
        wanted = wanted.where(guest.c.session_id.in_(sessions))
    found: defaultdict[str, dict[int, list[RowMapping]]] = defaultdict(dict)
    for row in tx.all(wanted):
        found[row["session_id"]].setdefault(row["person_id"], []).append(row)
    return found
