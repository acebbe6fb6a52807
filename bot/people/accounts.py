"""Who writes: the account's row made or locked, the person behind it, the language they read."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import and_, bindparam, delete, false, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from bot.people.tables import account, feed, person, update_seen
from bot.store.transaction import Transaction, inserts
from bot.text.formats import base

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
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
    is_back: bool = False  # had left, or could not be written to
    away: timedelta = timedelta()  # since they last wrote, to the minute


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
_FIRST = inserts(update_seen, lambda made: made.on_conflict_do_nothing().returning(update_seen.c.key))


def first_time(tx: Transaction, channel: str, key: str, now: datetime) -> bool:
    """Whether the update (channel, key) is new. Safe under a race: the primary key of `update_seen`;
    a second transaction waits for the first, then inserts nothing."""
    values = {"channel": channel, "key": key, "at": now}
    return tx.execute(_FIRST[tx.is_postgresql], values).first() is not None


def last_of(tx: Transaction, channel: str, address: str) -> tuple[str, str, str]:
    """The language last used with this account, what it was last answered (`Match.entry`) and what its next text is
    expected to be; "" each for a stranger. Takes no lock."""
    found = tx.one(
        select(person.c.language, account.c.last_entry, account.c.expects)
        .join_from(account, person)
        .where(account.c.channel == channel, account.c.address == address)
    )
    return (found["language"], found["last_entry"], found["expects"]) if found else ("", "", "")


def lock(
    tx: Transaction, channel: str, address: str, *, language: str, now: datetime, is_group: bool = False
) -> Account:
    """The account at (channel, address), locked until the transaction ends; made on first contact with
    a person who reads `language`, or for a group of persons.

    Safe under a race: two first contacts meet at UNIQUE (channel, address); the later takes the row
    of the earlier and drops the person it made.
    """
    wanted = _ACCOUNT_LOCKED if tx.is_postgresql else _ACCOUNT
    who = {"channel": channel, "address": address}
    row = tx.one(wanted, who)
    is_back = False
    if row is None:
        # Not made where it is there: made by another turn, or given to another person while we waited (linking.py).
        is_new = _make(tx, channel, address, language, now, is_group=is_group)
        row = tx.one(wanted, who)
        assert row is not None
    else:
        is_new = row["leaving_at"] is not None
        is_back = not is_new and (not row["reachable"] or row["used_at"] is None)
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
        is_back=is_back,
        away=now - row["used_at"] if row["used_at"] else timedelta(),
    )


def _make(tx: Transaction, channel: str, address: str, language: str, now: datetime, *, is_group: bool = False) -> bool:
    """Whether the account was not there."""
    values = {"language": language, "language_chosen": False, "created_at": now, "last_seen_at": now}
    values["is_group"] = is_group
    person_id = tx.execute(insert(person).values(**values).returning(person.c.id)).scalar_one()
    made = tx.execute(
        tx.insert(account)
        .values(person_id=person_id, channel=channel, address=address, created_at=now, used_at=now, choices=[])
        .on_conflict_do_nothing()
        .returning(account.c.id)
    )
    if made.first() is not None:
        return True
    tx.execute(delete(person).where(person.c.id == person_id))
    return False


def join(tx: Transaction, known: tuple[str, str], other: tuple[str, str], now: datetime) -> None:
    """Let (channel, address) `other`, if it is nobody's yet, be the same person's as `known`, if that is anybody's.
    Counts as never used, so that the person is written to where they were.

    Safe under a race: UNIQUE (channel, address).
    """
    mine = select(account.c.person_id).join_from(account, person)
    mine = mine.where(account.c.channel == known[0], account.c.address == known[1], person.c.leaving_at.is_(None))
    person_id = tx.scalar(mine)
    if person_id is not None:
        made = tx.insert(account).values(
            person_id=person_id, channel=other[0], address=other[1], created_at=now, used_at=LONG_AGO, choices=[]
        )
        tx.execute(made.on_conflict_do_nothing())


def remember(
    tx: Transaction, who: Account, *, sequence: int, expects: str, choices: Sequence[str] | None, last_entry: str
) -> None:
    """What the next turn of this account needs to know. choices: None leaves those last shown."""
    values: dict[str, object] = {"sequence": sequence, "expects": expects, "last_entry": last_entry}
    if choices is not None:
        values["choices"] = list(choices)
    tx.execute(_REMEMBER, {"account_id": who.id, **values})


def set_choices(tx: Transaction, channel: str, address: str, choices: Sequence[str]) -> None:
    """What a bare number stands for from now on: a message that came unasked offered it."""
    who = update(account).where(account.c.channel == channel, account.c.address == address)
    tx.execute(who.values(choices=list(choices)))


def expect(tx: Transaction, account_id: int, expects: str) -> None:
    """What the account's next text is to be, since a message that came unasked wants one; unless it waits for
    another."""
    who = update(account).where(account.c.id == account_id, account.c.expects == "")
    tx.execute(who.values(expects=expects))


def set_language(tx: Transaction, person_id: int, language: str, *, chosen: bool) -> None:
    tx.execute(update(person).where(person.c.id == person_id).values(language=language, language_chosen=chosen))


def set_reachable(tx: Transaction, channel: str, address: str, reachable: bool) -> None:
    """Note that the account may, or may no longer, be written to; a stranger's stays unknown. Who left is seen to
    come back by the empty `used_at`, which stays until they write."""
    who = update(account).where(account.c.channel == channel, account.c.address == address)
    tx.execute(who.values(reachable=True) if reachable else who.values(reachable=False, used_at=None))


def move(tx: Transaction, channel: str, address: str, to: str) -> None:
    """The platform gave the account another address. Where that one is known already, it was moved before, or
    somebody wrote there first: then it stays as it is, and the old one can no longer be written to.

    Safe under a race: UNIQUE (channel, address), looked at in a savepoint.
    """
    who = update(account).where(account.c.channel == channel, account.c.address == address)
    try:
        with tx.savepoint():
            tx.execute(who.values(address=to))
    except IntegrityError:
        tx.execute(who.values(reachable=False))


@dataclass(frozen=True, slots=True)
class Addressee:
    """Where a person can be written to, and the sequence its next message takes."""

    account_id: int
    channel: str
    address: str
    language: str
    sequence: int


def reachable(tx: Transaction, person_id: int) -> list[tuple[int, str]]:
    """The person's accounts that can be written to, as (id, channel): the one last used first."""
    theirs = account.c.person_id == person_id, account.c.reachable
    order = account.c.used_at.desc().nulls_last(), account.c.id.desc()
    return [
        (row.id, row.channel)
        for row in tx.execute(select(account.c.id, account.c.channel).where(*theirs).order_by(*order))
    ]


def known(tx: Transaction, addresses: Iterable[tuple[str, str]]) -> list[tuple[int, int]]:
    """Of these (channel, address), the accounts that can be written to, as (id, person)."""
    wanted = [and_(account.c.channel == channel, account.c.address == address) for channel, address in addresses]
    found = select(account.c.id, account.c.person_id).where(or_(false(), *wanted), account.c.reachable)
    return [(row.id, row.person_id) for row in tx.execute(found.order_by(account.c.id))]


def next_in_line(tx: Transaction, ids: Sequence[int], messages: int) -> list[Addressee]:
    """Each of these accounts, with `messages` numbers taken from its line.

    Locks them. Two turns that write to each other's person can deadlock on PostgreSQL, which breaks one off; the store
    runs it again.
    """
    if not ids:
        return []
    taken = (
        update(account)
        .where(account.c.id.in_(ids))
        .values(sequence=account.c.sequence + messages)
        .returning(account.c.id, account.c.person_id, account.c.channel, account.c.address, account.c.sequence)
    )
    rows = tx.execute(taken).all()
    people = select(person.c.id, person.c.language).where(person.c.id.in_([row.person_id for row in rows]))
    language = {row.id: row.language for row in tx.execute(people)}
    return [
        Addressee(row.id, row.channel, row.address, language.get(row.person_id, "en"), row.sequence - messages + 1)
        for row in rows
    ]


def persons_at(tx: Transaction, addresses: Iterable[tuple[str, str]]) -> list[int]:
    """The persons behind these accounts (channel, address), each once; strangers are left out."""
    there = [and_(account.c.channel == channel, account.c.address == address) for channel, address in addresses]
    found = select(account.c.person_id).where(or_(*there)).order_by(account.c.person_id) if there else None
    return list(dict.fromkeys(tx.execute(found).scalars())) if found is not None else []


def calendar_token(tx: Transaction, person_id: int) -> str:
    """The secret that opens this person's calendar feed, made at first need (256 bits)."""
    token = tx.scalar(select(person.c.calendar_token).where(person.c.id == person_id))
    if token is None:
        token = secrets.token_urlsafe(32)
        tx.execute(update(person).where(person.c.id == person_id).values(calendar_token=token))
    return str(token)


def by_calendar_token(tx: Transaction, token: str) -> Person | None:
    further = select(feed.c.person_id).where(feed.c.token == token)  # of somebody who was joined with them
    row = tx.one(
        select(person.c.id, person.c.language, person.c.language_chosen).where(
            or_(person.c.calendar_token == token, person.c.id.in_(further))
        )
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
