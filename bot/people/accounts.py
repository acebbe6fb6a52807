"""Who writes: the account's row made or locked, the person behind it, the language they read."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.people.tables import account, person, update_seen
from bot.store.transaction import Transaction
from bot.text.formats import base

SEEN_EVERY = timedelta(minutes=10)  # how exact "last seen" is; saves a write a turn


@dataclass(frozen=True, slots=True)
class Person:
    """One human, as a turn sees them."""

    id: int
    language: str
    language_chosen: bool


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody's address on a channel. sequence: of the newest message in its line."""

    id: int
    person: Person
    channel: str
    address: str
    sequence: int
    expects: str
    choices: tuple[str, ...]
    last_entry: str
    is_new: bool = False


_ACCOUNT = select(
    account.c.id,
    account.c.person_id,
    account.c.sequence,
    account.c.expects,
    account.c.choices,
    account.c.last_entry,
    account.c.reachable,
    account.c.used_at,
    person.c.language,
    person.c.language_chosen,
    person.c.last_seen_at,
    person.c.leaving_at,
).join_from(account, person)
# Statements of every turn are built once: building one costs more than running it.
_ACCOUNT = _ACCOUNT.where(account.c.channel == bindparam("channel"), account.c.address == bindparam("address"))
# FOR NO KEY UPDATE: a fan-out that refers to the account need not wait for the turn, nor the turn for it.
_ACCOUNT_LOCKED = _ACCOUNT.with_for_update(of=account, key_share=True)
_REMEMBER = update(account).where(account.c.id == bindparam("account_id"))
_FIRST = {
    dialect: insert_(update_seen).on_conflict_do_nothing().returning(update_seen.c.key)
    for dialect, insert_ in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


def first_time(tx: Transaction, channel: str, key: str, now: datetime) -> bool:
    """Whether the update (channel, key) is new. Safe under a race: the primary key of `update_seen`;
    a second transaction waits for the first, then inserts nothing."""
    values = {"channel": channel, "key": key, "at": now}
    return tx.execute(_FIRST["postgresql" if tx.is_postgresql else "sqlite"], values).first() is not None


def last_of(tx: Transaction, channel: str, address: str) -> tuple[str, str, str]:
    """The language last used with this account, what it was last answered (`Match.entry`) and what its next text is
    expected to be; "" each for a stranger. Takes no lock."""
    found = tx.one(
        select(person.c.language, account.c.last_entry, account.c.expects)
        .join_from(account, person)
        .where(account.c.channel == channel, account.c.address == address)
    )
    return (found["language"], found["last_entry"], found["expects"]) if found else ("", "", "")


def lock(tx: Transaction, channel: str, address: str, *, language: str, now: datetime) -> Account:
    """The account at (channel, address), locked until the transaction ends; made on first contact with
    a person who reads `language`.

    Safe under a race: two first contacts meet at UNIQUE (channel, address); the later takes the row
    of the earlier and drops the person it made.
    """
    wanted = _ACCOUNT_LOCKED if tx.is_postgresql else _ACCOUNT
    who = {"channel": channel, "address": address}
    row = tx.one(wanted, who)
    if row is None:
        _make(tx, channel, address, language, now)
        row = tx.one(wanted, who)
        assert row is not None
        is_new = True
    else:
        is_new = row["leaving_at"] is not None
        if not row["reachable"] or row["used_at"] is None or now - row["used_at"] > SEEN_EVERY:
            used = update(account).where(account.c.id == row["id"])
            tx.execute(used.values(reachable=True, used_at=now))
        if is_new or now - row["last_seen_at"] > SEEN_EVERY:
            seen = update(person).where(person.c.id == row["person_id"])
            tx.execute(seen.values(last_seen_at=now, leaving_at=None))
    return Account(
        id=row["id"],
        person=Person(row["person_id"], row["language"], row["language_chosen"]),
        channel=channel,
        address=address,
        sequence=row["sequence"],
        expects=row["expects"],
        choices=tuple(row["choices"]),
        last_entry=row["last_entry"],
        is_new=is_new,
    )


def _make(tx: Transaction, channel: str, address: str, language: str, now: datetime) -> None:
    values = {"language": language, "language_chosen": False, "created_at": now, "last_seen_at": now}
    person_id = tx.execute(insert(person).values(**values).returning(person.c.id)).scalar_one()
    made = tx.execute(
        tx.insert(account)
        .values(person_id=person_id, channel=channel, address=address, created_at=now, used_at=now, choices=[])
        .on_conflict_do_nothing()
        .returning(account.c.id)
    )
    if made.first() is None:
        tx.execute(delete(person).where(person.c.id == person_id))


def remember(
    tx: Transaction, who: Account, *, sequence: int, expects: str, choices: Sequence[str] | None, last_entry: str
) -> None:
    """What the next turn of this account needs to know. choices: None leaves those last shown."""
    values: dict[str, object] = {"sequence": sequence, "expects": expects, "last_entry": last_entry}
    if choices is not None:
        values["choices"] = list(choices)
    tx.execute(_REMEMBER, {"account_id": who.id, **values})


def set_language(tx: Transaction, person_id: int, language: str, *, chosen: bool) -> None:
    tx.execute(update(person).where(person.c.id == person_id).values(language=language, language_chosen=chosen))


def set_reachable(tx: Transaction, channel: str, address: str, reachable: bool) -> None:
    """Note that the account may, or may no longer, be written to; a stranger's stays unknown."""
    who = update(account).where(account.c.channel == channel, account.c.address == address)
    tx.execute(who.values(reachable=reachable))


@dataclass(frozen=True, slots=True)
class Addressee:
    """Where a person can be written to, and the sequence its next message takes."""

    account_id: int
    channel: str
    address: str
    language: str
    sequence: int


def next_in_line(tx: Transaction, person_id: int, messages: int) -> list[Addressee]:
    """Each reachable account of the person, with `messages` numbers taken from its line.

    Locks those accounts. Two turns that write to each other's person can deadlock on PostgreSQL, which
    breaks one off; the store runs it again.
    """
    taken = (
        update(account)
        .where(account.c.person_id == person_id, account.c.reachable)
        .values(sequence=account.c.sequence + messages)
        .returning(account.c.id, account.c.channel, account.c.address, account.c.sequence)
    )
    language = str(tx.scalar(select(person.c.language).where(person.c.id == person_id)) or "en")
    return [
        Addressee(row.id, row.channel, row.address, language, row.sequence - messages + 1) for row in tx.execute(taken)
    ]


def calendar_token(tx: Transaction, person_id: int) -> str:
    """The secret that opens this person's calendar feed, made at first need (256 bits)."""
    token = tx.scalar(select(person.c.calendar_token).where(person.c.id == person_id))
    if token is None:
        token = secrets.token_urlsafe(32)
        tx.execute(update(person).where(person.c.id == person_id).values(calendar_token=token))
    return str(token)


def by_calendar_token(tx: Transaction, token: str) -> Person | None:
    row = tx.one(
        select(person.c.id, person.c.language, person.c.language_chosen).where(person.c.calendar_token == token)
    )
    return Person(row["id"], row["language"], row["language_chosen"]) if row else None


def nearest(hint: str, languages: Sequence[str], default: str = "") -> str:
    """The one of `languages` that a BCP 47 tag asks for ("zh-Hant" where it asks for that), else `default`."""
    tag = hint.replace("_", "-").lower()
    first = base(tag)
    if first == "zh" and "zh" in languages:
        parts = set(tag.split("-"))
        return "zh-Hant" if parts & {"hant", "tw", "hk", "mo"} and "hans" not in parts else "zh"
    return first if first in languages else default
