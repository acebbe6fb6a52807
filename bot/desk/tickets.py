"""Questions handed to humans: opened, added to, taken, answered, closed, opened again.

What makes it safe: whatever changes a ticket locks its row first, so that of two of the team one finds it taken; a
person's row is locked before theirs is opened, so that two chats of one person open one. Its card follows `version`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, or_, select, update

from bot.delivery.tables import outbox
from bot.desk.tables import TicketState, desk_post, ticket, ticket_message
from bot.people import mergers, privacy
from bot.people.tables import person
from bot.store.transaction import Transaction

TEXT = 2000  # characters of a message that are kept and passed on
MOST = 40  # messages of one ticket


@dataclass(frozen=True, slots=True)
class Member:
    """One of the team. key: channel and id, as in `taken_by`."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a ticket; author "" is the delegate."""

    id: int
    author: str
    name: str
    text: str
    entry: str
    held: bool
    tries: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Ticket:
    """As in the table; person None: erased, its card is to be taken away. said: oldest first."""

    id: int
    person_id: int | None
    account_id: int | None
    state: TicketState
    language: str
    channel: str
    urgent: bool
    entries: tuple[str, ...]
    taken_by: str
    taken_name: str
    taken_at: datetime | None
    created_at: datetime
    closed_at: datetime | None
    room: str
    thread: str
    card: str
    version: int
    shown: int
    said: tuple[Said, ...] = ()


def get(tx: Transaction, ticket_id: int) -> Ticket | None:
    found = _found(tx, select(ticket).where(ticket.c.id == ticket_id))
    return found[0] if found else None


def is_erased(tx: Transaction, ticket_id: int) -> bool:
    """Whether its delegate has had it erased."""
    seen = get(tx, ticket_id)
    return seen is None or seen.person_id is None


def of(tx: Transaction, person_id: int) -> Ticket | None:
    """The person's newest ticket that is not closed."""
    mine = select(ticket).where(ticket.c.person_id == person_id, ticket.c.state != TicketState.CLOSED)
    found = _found(tx, mine.order_by(ticket.c.id.desc()).limit(1))
    return found[0] if found else None


def open_tickets(tx: Transaction) -> list[Ticket]:
    """Those that are not closed, oldest first."""
    return _found(tx, select(ticket).where(ticket.c.state != TicketState.CLOSED).order_by(ticket.c.id))


def at(tx: Transaction, place: str, *, thread: str, answers: str) -> Ticket | None:
    """The ticket that something in the room is about: by the card or the post that it answers, else by its topic."""
    post = select(desk_post.c.ticket_id).where(desk_post.c.message_id == answers)
    about = [or_(ticket.c.card == answers, ticket.c.id.in_(post))] if answers else []
    about += [ticket.c.thread == thread] if thread else []
    for each in about:
        if found := _found(tx, select(ticket).where(ticket.c.room == place, each).limit(1)):
            return found[0]
    return None


# --- the delegate


def begin(
    tx: Transaction, person_id: int, account_id: int, channel: str, text: str, *, language: str, urgent: bool,
    entries: Sequence[str], now: datetime,
) -> tuple[Ticket, bool]:  # fmt: skip
    """The person's ticket with this text on it, and whether it is a new one: each has one open at a time."""
    tx.execute(select(person.c.id).where(person.c.id == person_id).with_for_update(key_share=True))
    known = of(tx, person_id)
    if known is not None:
        add(tx, known.id, person_id, account_id, text, now)
        return the(tx, known.id), False
    made = insert(ticket).values(
        person_id=person_id, account_id=account_id, channel=channel, state=TicketState.OPEN, language=language,
        urgent=urgent, entries=list(entries), taken_by="", taken_name="", created_at=now, room="", thread="", card="",
        version=1, shown=0,
    )  # fmt: skip
    id_ = int(tx.execute(made.returning(ticket.c.id)).scalar_one())
    _say(tx, id_, text, now)
    tx.signal("desk", id_)
    return the(tx, id_), True


def add(tx: Transaction, ticket_id: int, person_id: int, account_id: int, text: str, now: datetime) -> bool:
    """Put a further message of its person's on the ticket; False where it is closed, another's, or full."""
    seen = _locked(tx, ticket_id)
    if seen is None or seen.person_id != person_id or seen.state == TicketState.CLOSED or len(seen.said) >= MOST:
        return False
    said = _say(tx, ticket_id, text, now)
    change(tx, ticket_id, account_id=account_id)
    post(tx, ticket_id, "added", str(said.id))
    return True


def reopen(tx: Transaction, ticket_id: int, person_id: int, account_id: int) -> bool:
    """Open its person's closed ticket again; False where it is no longer theirs, or another of theirs is open."""
    if not _reopened(tx, ticket_id, person_id, account_id=account_id):
        return False
    post(tx, ticket_id, "reopened")
    return True


def _reopened(tx: Transaction, ticket_id: int, person_id: int, **values: Any) -> bool:
    """Whether a closed ticket of that person's, who has no other that is open, is open again, with these values."""
    tx.execute(select(person.c.id).where(person.c.id == person_id).with_for_update(key_share=True))
    seen = _locked(tx, ticket_id)
    if seen is None or seen.person_id != person_id or seen.state != TicketState.CLOSED or of(tx, person_id):
        return False
    change(tx, ticket_id, **_OPEN, **values)
    return True


# --- the team


@dataclass(frozen=True, slots=True)
class Taken:
    """ticket: as it is now. is_news: nobody had it before."""

    ticket: Ticket
    is_news: bool


def take(tx: Transaction, ticket_id: int, who: Member, now: datetime) -> Taken | None:
    """Make an open ticket this member's; None where there is none. Of two at once, one finds it taken."""
    seen = _locked(tx, ticket_id)
    if seen is None or seen.person_id is None:
        return None
    if seen.state != TicketState.OPEN:
        return Taken(seen, False)
    change(tx, ticket_id, **_taken(who, now))
    return Taken(the(tx, ticket_id), True)


@dataclass(frozen=True, slots=True)
class Answered:
    """said: what goes to the delegate, or is held, since somebody else has taken the ticket or it is closed."""

    ticket: Ticket
    said: Said


def answer(
    tx: Transaction, ticket_id: int, who: Member, now: datetime, *, text: str = "", entry: str = ""
) -> Answered | None:
    """What a member answers, in words or by an entry. Whoever answers an open ticket takes it. Where somebody else has,
    or it is closed, the answer is held, and the member is to be asked."""
    seen = _locked(tx, ticket_id)
    if seen is None or seen.person_id is None:
        return None
    is_held = seen.state == TicketState.CLOSED or (seen.state == TicketState.TAKEN and seen.taken_by != who.key)
    said = _say(tx, ticket_id, text, now, who=who, entry=entry, held=is_held)
    if not is_held:
        change(tx, ticket_id, **(_taken(who, now) if seen.state == TicketState.OPEN else {}))
    return Answered(the(tx, ticket_id), said)


def release(tx: Transaction, message_id: int, who: Member, now: datetime) -> Answered | None:
    """Send what was held all the same; the ticket is then this member's. None where it was sent or dropped before."""
    found = _held(tx, message_id)
    if found is None:
        return None
    tx.execute(update(ticket_message).where(ticket_message.c.id == message_id).values(held=False))
    change(tx, found.ticket.id, **_taken(who, now))
    return Answered(the(tx, found.ticket.id), replace(found.said, held=False))


def drop(tx: Transaction, message_id: int) -> Ticket | None:
    """Forget what was held."""
    found = _held(tx, message_id)
    if found is None:
        return None
    tx.execute(delete(ticket_message).where(ticket_message.c.id == message_id))
    change(tx, found.ticket.id)
    return found.ticket


def close(tx: Transaction, ticket_id: int, now: datetime, *, person_id: int | None = None) -> Ticket | None:
    """Close it; None where it was closed before. person_id: of the delegate, where it is they who do."""
    seen = _locked(tx, ticket_id)
    is_theirs = seen is not None and person_id in (None, seen.person_id)
    if seen is None or not is_theirs or seen.person_id is None or seen.state == TicketState.CLOSED:
        return None
    change(tx, ticket_id, state=TicketState.CLOSED, closed_at=now)
    return the(tx, ticket_id)


def give_back(tx: Transaction, ticket_id: int, who: Member) -> Ticket | None:
    """Make a ticket that is this member's anybody's again; None where it is not theirs."""
    seen = _locked(tx, ticket_id)
    if seen is None or seen.state != TicketState.TAKEN or seen.taken_by != who.key:
        return None
    change(tx, ticket_id, **_OPEN)
    return the(tx, ticket_id)


def open_again(tx: Transaction, ticket_id: int) -> Ticket | None:
    """Open a closed ticket again; None where it is not closed, or another of its person's is open."""
    known = get(tx, ticket_id)
    if known is None or known.person_id is None or not _reopened(tx, ticket_id, known.person_id):
        return None
    return the(tx, ticket_id)


def post(tx: Transaction, ticket_id: int, kind: str, *args: str, under: str = "") -> None:
    """Show the team something beside the card. under: the message of theirs that it stands under."""
    values = {"kind": kind, "args": list(args), "answers": under, "message_id": "", "is_open": True}
    tx.execute(insert(desk_post).values(ticket_id=ticket_id, **values))
    tx.signal("desk", ticket_id)


_OPEN: dict[str, Any] = {
    "state": TicketState.OPEN, "closed_at": None, "taken_by": "", "taken_name": "", "taken_at": None,
}  # fmt: skip


def _taken(who: Member, now: datetime) -> dict[str, Any]:
    name = who.name[:64]
    return {"state": TicketState.TAKEN, "taken_by": who.key, "taken_name": name, "taken_at": now, "closed_at": None}


def _held(tx: Transaction, message_id: int) -> Answered | None:
    id_ = tx.scalar(select(ticket_message.c.ticket_id).where(ticket_message.c.id == message_id))
    seen = _locked(tx, id_) if id_ is not None else None
    if seen is None or seen.person_id is None:
        return None
    return next((Answered(seen, said) for said in seen.said if said.id == message_id and said.held), None)


def of_card(ticket_id: int) -> str:
    """Under which organizers are owed its card, each in a chat of their own."""
    return f"desk:{ticket_id}"


# --- rows


def _found(tx: Transaction, wanted: Any) -> list[Ticket]:
    rows = tx.all(wanted)
    said: dict[int, list[Said]] = {row["id"]: [] for row in rows}
    messages = select(ticket_message).where(ticket_message.c.ticket_id.in_(list(said))).order_by(ticket_message.c.id)
    for row in tx.all(messages) if rows else ():
        values = dict(row)
        said[values.pop("ticket_id")].append(Said(**values))
    return [
        Ticket(
            **{**row, "state": TicketState(row["state"]), "entries": tuple(row["entries"])}, said=tuple(said[row["id"]])
        )
        for row in rows
    ]


def _locked(tx: Transaction, ticket_id: int) -> Ticket | None:
    found = _found(tx, select(ticket).where(ticket.c.id == ticket_id).with_for_update())
    return found[0] if found else None


def the(tx: Transaction, ticket_id: int) -> Ticket:
    """One that is known to be there."""
    found = get(tx, ticket_id)
    assert found is not None
    return found


def change(tx: Transaction, ticket_id: int, **values: Any) -> None:
    """Change it; its card is out of date."""
    changed = update(ticket).where(ticket.c.id == ticket_id)
    tx.execute(changed.values(version=ticket.c.version + 1, **values))
    tx.signal("desk", ticket_id)


def _say(
    tx: Transaction, ticket_id: int, text: str, now: datetime, *, who: Member | None = None, entry: str = "",
    held: bool = False,
) -> Said:  # fmt: skip
    values: dict[str, Any] = {
        "author": who.key if who else "", "name": who.name[:64] if who else "", "text": text[:TEXT], "entry": entry,
        "held": held, "tries": 0, "at": now,
    }  # fmt: skip
    made = insert(ticket_message).values(ticket_id=ticket_id, **values)
    return Said(id=int(tx.execute(made.returning(ticket_message.c.id)).scalar_one()), **values)


def _show(tx: Transaction, person_id: int) -> Any:
    return [
        {
            "state": str(each.state),
            "since": each.created_at.isoformat(),
            "messages": [
                {"by": "team" if said.author else "you", "text": said.text or said.entry, "at": said.at.isoformat()}
                for said in each.said
                if not said.held
            ],
        }
        for each in _found(tx, select(ticket).where(ticket.c.person_id == person_id).order_by(ticket.c.id))
    ]


def _erase(tx: Transaction, person_id: int) -> None:
    """The ticket stays as an empty row until what the team sees of it is taken away (posting.py)."""
    mine = ticket.c.person_id == person_id
    ids = list(tx.execute(select(ticket.c.id).where(mine)).scalars())
    if not ids:
        return
    tx.execute(delete(ticket_message).where(ticket_message.c.ticket_id.in_(ids)))
    tx.execute(delete(outbox).where(outbox.c.because.in_([of_card(each) for each in ids])))
    gone = update(ticket).where(mine)
    tx.execute(
        gone.values(
            person_id=None, account_id=None, entries=[], taken_by="", taken_name="", state=TicketState.CLOSED,
            version=ticket.c.version + 1,
        )
    )  # fmt: skip


privacy.register(privacy.Subject("questions to the team", ("ticket", "ticket_message", "desk_post"), _show, _erase))
mergers.register(mergers.rows(ticket))
