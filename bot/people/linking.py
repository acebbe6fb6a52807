"""One person on two channels: a short code, typed once, makes one of two persons; undone on request.

What each subject keeps of a person it joins by itself, see mergers.py.

What makes it safe: a code is taken by one compare-and-set; accounts are locked before persons, persons in the order of
their ids, then sessions, then deliveries; the person that goes is deleted, so that whatever still writes to it meets a
foreign key and runs again. Two that join each other at once meet at these locks, and the second finds its code gone.
"""

import hashlib
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update

from bot.event.model import Event
from bot.people import mergers, privacy, tries
from bot.people.mergers import Merger, Move
from bot.people.tables import account, feed, link, link_code, link_try, person
from bot.store.transaction import Transaction

ALPHABET = "23456789BCDFGHJKMNPQRSTVWXZ"  # nothing that is read as another, no vowels: no code is a word
LENGTH = 8
VALID = timedelta(minutes=10)
UNDONE_WITHIN = timedelta(days=30)
OWN = ("language", "language_chosen", "side", "role")  # of a person, brought back as they were


# --- codes


class Refusal(StrEnum):
    """Why a code does nothing. `wrong` is one answer for all: unknown, used, too old."""

    WRONG = "wrong"
    OWN = "own"
    TOO_MANY = "too many"


@dataclass(frozen=True, slots=True)
class Entered:
    """A code that was right: the person who asked for it, and where. id: what `join` takes."""

    id: int
    person: int
    channel: str


def code_in(text: str) -> str:
    """The code that a text is, however it was typed: in small letters, full-width, with spaces or dashes; else ""."""
    typed = "".join(c for c in unicodedata.normalize("NFKC", text[:40]).upper() if not c.isspace() and c not in "-–—·")
    return typed if len(typed) == LENGTH and set(typed) <= set(ALPHABET) else ""


def is_code(text: str) -> bool:
    return bool(code_in(text))


def new_code(tx: Transaction, person_id: int, account_id: int, now: datetime) -> str:
    """A code in two groups, which takes the place of the person's last one. Only its digest is kept here."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    tx.execute(delete(link_code).where(link_code.c.person_id == person_id))
    values = {"person_id": person_id, "account_id": account_id, "digest": _digest(code), "expires_at": now + VALID}
    tx.execute(insert(link_code).values(**values))
    return f"{code[:4]} {code[4:]}"


def enter(tx: Transaction, person_id: int, typed: str, now: datetime) -> Entered | Refusal:
    """Take the code that the person typed: it is theirs alone then, until they confirm with `join`.

    Safe under a race: of two who type one code at once, one finds `entered_by` empty.
    """
    if tries.again_at(tx, link_try, person_id, now) is not None:
        return Refusal.TOO_MANY
    digest = _digest(code_in(typed))
    found = tx.one(select(link_code.c.person_id).where(link_code.c.digest == digest))
    if found is not None and found["person_id"] == person_id:
        return Refusal.OWN
    free = link_code.c.digest == digest, link_code.c.entered_by.is_(None), link_code.c.expires_at > now
    taken = update(link_code).where(*free).values(entered_by=person_id, expires_at=now + VALID)
    row = tx.execute(taken.returning(link_code.c.id, link_code.c.person_id, link_code.c.account_id)).first()
    if row is None:
        tries.wrong(tx, link_try, person_id, now)
        return Refusal.WRONG
    channel = tx.scalar(select(account.c.channel).where(account.c.id == row.account_id))
    return Entered(row.id, row.person_id, str(channel))


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


# --- joining


@dataclass(frozen=True, slots=True)
class Joined:
    """person: who both are now. accounts: those of theirs that were somebody else's to whoever confirmed."""

    person: int
    accounts: tuple[int, ...]
    freed: tuple[Any, ...] = ()


def join(tx: Transaction, entered_id: int, me: int, event: Event, now: datetime) -> Joined | None:
    """Make one person of the one who typed the code (`me`, in a turn of theirs) and the one who asked for it; None
    where the code does not hold any more. Who was here first stays; all of the other becomes theirs."""
    waits = link_code.c.id == entered_id, link_code.c.entered_by == me, link_code.c.expires_at > now
    other = tx.scalar(select(link_code.c.person_id).where(*waits))
    if other is None or other == me:
        return None
    accounts = _lock(tx, me, other)
    used = delete(link_code).where(*waits, link_code.c.person_id == other).returning(link_code.c.id)
    if tx.execute(used).first() is None:  # joined to somebody, here or elsewhere, while we waited
        return None
    kept, gone = sorted((me, other))
    moved = tuple(id_ for id_, owner in accounts if owner == gone)
    move = Move(gone, kept, moved, event, now)
    persons = {row["id"]: row for row in tx.all(select(person).where(person.c.id.in_((kept, gone))))}
    brought = {each.name: each.merge(tx, move) for each in mergers.registered()}
    brought["person"] = _merge_person(tx, persons[kept], persons[gone], mine=persons[me])
    tx.execute(update(account).where(account.c.id.in_(moved)).values(person_id=kept))
    tx.execute(delete(person).where(person.c.id == gone))
    tx.execute(insert(link).values(person_id=kept, accounts=list(moved), brought=brought, at=now))
    theirs = tuple(id_ for id_, owner in accounts if owner == other)
    return Joined(kept, theirs, tuple(move.freed))


def _merge_person(tx: Transaction, kept: Any, gone: Any, *, mine: Any) -> dict[str, Any]:
    """The language is the one that was chosen, else that of whoever confirms; the feed's address stays, and so does the
    other's; side and role as far as known."""
    reads = next((each for each in (mine, kept, gone) if each["language_chosen"]), mine)
    values = {
        "language": reads["language"],
        "language_chosen": reads["language_chosen"],
        "side": kept["side"] or gone["side"],
        "role": kept["role"] or gone["role"],
        "created_at": min(kept["created_at"], gone["created_at"]),
        "last_seen_at": max(kept["last_seen_at"], gone["last_seen_at"]),
    }
    tx.execute(update(person).where(person.c.id == kept["id"]).values(**values))
    if gone["calendar_token"]:
        tx.execute(insert(feed).values(person_id=kept["id"], token=gone["calendar_token"]))
    own = {name: kept[name] for name in ("language", "language_chosen")}
    return {
        **{name: gone[name] for name in OWN},
        "since": gone["created_at"].isoformat(),
        "token": gone["calendar_token"],
        "own": own,
        "joined": reads["language"],
    }


# --- and apart again


@dataclass(frozen=True, slots=True)
class Parted:
    """accounts: those that are another person's again, `person`."""

    person: int
    accounts: tuple[int, ...]
    freed: tuple[Any, ...] = ()


def last_link(tx: Transaction, person_id: int, now: datetime) -> tuple[int, tuple[str, ...]] | None:
    """The newest link that can be undone: its id, and the channels that it brought in."""
    wanted = select(link).where(link.c.person_id == person_id, link.c.at > now - UNDONE_WITHIN)
    row = tx.one(wanted.order_by(link.c.id.desc()).limit(1))
    if row is None:
        return None
    theirs = account.c.id.in_(row["accounts"]), account.c.person_id == person_id
    channels = tx.execute(select(account.c.channel).where(*theirs).order_by(account.c.id)).scalars()
    return (row["id"], found) if (found := tuple(channels)) else None


def undo(tx: Transaction, link_id: int, person_id: int, event: Event, now: datetime) -> Parted | None:
    """Give the accounts that this link brought in a person of their own again, with what they brought: their language,
    their feed, what they chose. What both had, both have, as far as there are seats; what was chosen since stays where
    it is, and so does what the person has given up since. None where it is undone already or too old."""
    _lock(tx, person_id)
    wanted = link.c.id == link_id, link.c.person_id == person_id, link.c.at > now - UNDONE_WITHIN
    row = tx.execute(delete(link).where(*wanted).returning(link.c.accounts, link.c.brought)).first()
    if row is None:
        return None
    theirs = account.c.id.in_(row.accounts), account.c.person_id == person_id
    moved = tuple(tx.execute(select(account.c.id).where(*theirs).order_by(account.c.id)).scalars())
    if not moved:
        return None
    was = row.brought["person"]
    if was["token"]:
        tx.execute(delete(feed).where(feed.c.token == was["token"]))
    made = insert(person).values(
        **{name: was[name] for name in OWN},
        created_at=datetime.fromisoformat(was["since"]),
        last_seen_at=now,
        calendar_token=was["token"],
    )
    new = int(tx.execute(made.returning(person.c.id)).scalar_one())
    unchanged = person.c.id == person_id, person.c.language == was["joined"]
    tx.execute(update(person).where(*unchanged).values(**was["own"]))
    move = Move(person_id, new, moved, event, now)
    for each in mergers.registered():
        if each.name in row.brought:  # a table that came since has nothing to bring back
            each.part(tx, move, row.brought[each.name])
    tx.execute(update(account).where(account.c.id.in_(moved)).values(person_id=new))
    return Parted(new, moved, tuple(move.freed))


def purge(tx: Transaction, now: datetime) -> None:
    """Forget codes that are over, and what would bring back a link that is too old to be undone."""
    tx.execute(delete(link_code).where(link_code.c.expires_at < now))
    tx.execute(delete(link_try).where(link_try.c.at < now - tries.WITHIN))
    tx.execute(delete(link).where(link.c.at < now - UNDONE_WITHIN))


def _lock(tx: Transaction, *people: int) -> list[tuple[int, int]]:
    """The accounts of these people as (id, person), locked, and then the people."""
    wanted = select(account.c.id, account.c.person_id).where(account.c.person_id.in_(people)).order_by(account.c.id)
    rows = tx.execute(wanted.with_for_update(key_share=True)).all()
    _lock_persons(tx, people)
    return [(row.id, row.person_id) for row in rows]


def _lock_persons(tx: Transaction, people: Sequence[int]) -> None:
    tx.execute(select(person.c.id).where(person.c.id.in_(people)).order_by(person.c.id).with_for_update()).all()


# --- what the links themselves keep


def _show(tx: Transaction, person_id: int) -> Any:
    links = tx.all(select(link.c.at, link.c.accounts).where(link.c.person_id == person_id).order_by(link.c.id))
    waiting = tx.all(select(link_code.c.expires_at).where(link_code.c.person_id == person_id))
    wrong = tx.scalar(select(func.count()).select_from(link_try).where(link_try.c.person_id == person_id))
    feeds = tx.scalar(select(func.count()).select_from(feed).where(feed.c.person_id == person_id))
    return {
        "links": [{"at": row["at"].isoformat(), "accounts": len(row["accounts"])} for row in links],
        "code_until": [row["expires_at"].isoformat() for row in waiting],
        "wrong_codes_in_the_last_hour": wrong,
        "further_calendar_feeds": feeds,
    }


def _erase(tx: Transaction, person_id: int) -> None:
    mine = or_(link_code.c.person_id == person_id, link_code.c.entered_by == person_id)
    tx.execute(delete(link_code).where(mine))
    for table in (link, link_try, feed):
        tx.execute(delete(table).where(table.c.person_id == person_id))


def _drop_codes(tx: Transaction, move: Move, _: Any = None) -> None:
    both = (move.source, move.target)
    tx.execute(delete(link_code).where(or_(link_code.c.person_id.in_(both), link_code.c.entered_by.in_(both))))


mergers.register(Merger(("link_code",), _drop_codes, _drop_codes))
privacy.register(privacy.Subject("links", ("link", "link_code", "link_try", "feed"), _show, _erase))
