"""The participants' list of the organizers: who is expected, and which person of ours each of them is.

The list is theirs and stays when somebody is forgotten here; what goes is whose code it was.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, delete, exists, func, or_, select, update

from bot.people import mergers, privacy
from bot.people.mergers import Move
from bot.people.tables import code_try, participant, person
from bot.store.transaction import Transaction

CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{5,39}")  # what a link of any platform can carry, and nobody guesses
CODE_IN_WORDS = "6 to 40 letters, digits, - or _"
PRIVATE = ("hotel", "shuttle", "table", "interpreter")
LOCK = 7_240_115  # PostgreSQL advisory lock: one list is applied at a time
AT_ONCE = 500  # ids in one statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """A row of the list, "" where it says nothing. code: folded. speaker: a person of event.yaml."""

    code: str
    name: str
    organisation: str = ""
    side: str = ""  # french, chinese, other
    role: str = ""
    delegation: str = ""
    language: str = ""
    email: str = ""
    hotel: str = ""
    shuttle: str = ""
    table: str = ""
    interpreter: str = ""
    speaker: str = ""


FIELDS = tuple(each.name for each in fields(Participant))


@dataclass(frozen=True, slots=True)
class Difference:
    """What a list changes. changed: (as it was, as it becomes)."""

    added: tuple[Participant, ...]
    changed: tuple[tuple[Participant, Participant], ...]
    removed: tuple[Participant, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def folded(code: str) -> str:
    """A code as it is kept: whatever its case, its width and the blanks that somebody typed in it."""
    return "".join(unicodedata.normalize("NFKC", code).split()).upper()


def every(tx: Transaction) -> dict[str, Participant]:
    """The list by code."""
    return {row["code"]: _read(row) for row in tx.all(select(participant).order_by(participant.c.code))}


def is_any(tx: Transaction) -> bool:
    """Whether there is a list."""
    return bool(tx.scalar(select(exists(select(participant.c.code)))))


def difference(old: Mapping[str, Participant], new: Mapping[str, Participant]) -> Difference:
    return Difference(
        tuple(new[code] for code in new if code not in old),
        tuple((old[code], new[code]) for code in new if code in old and old[code] != new[code]),
        tuple(old[code] for code in old if code not in new),
    )


def digest(listed: Mapping[str, Participant]) -> str:
    """What makes two lists the same."""
    return hashlib.sha256(repr([astuple(listed[code]) for code in sorted(listed)]).encode()).hexdigest()


def apply(tx: Transaction, new: Mapping[str, Participant], *, seen: str) -> bool:
    """Make `new` the list, whole; False, and nothing done, where the list is no longer the one of the digest `seen`.

    Whoever has linked a code keeps it, with the side and the role that the row says now. Safe under a race: one
    list is applied at a time, by an advisory lock on PostgreSQL and the single writer on SQLite.
    """
    if tx.is_postgresql:
        tx.execute(select(func.pg_advisory_xact_lock(LOCK)))
    old = every(tx)
    if digest(old) != seen:
        return False
    changes = difference(old, new)
    for gone in _slices([each.code for each in changes.removed]):
        rows = tx.execute(
            delete(participant).where(participant.c.code.in_(gone)).returning(participant.c.person_id)
        ).scalars()
        _unlisted(tx, [id_ for id_ in rows if id_ is not None])
    # First nobody is a speaker any more: two rows may have changed places.
    for codes in _slices([was.code for was, _ in changes.changed]):
        tx.execute(update(participant).where(participant.c.code.in_(codes)).values(speaker=None))
    rows_ = [_row(each) for each in (*changes.added, *(becomes for _, becomes in changes.changed))]
    if rows_:
        made = tx.insert(participant)
        same = {name: made.excluded[name] for name in rows_[0] if name != "code"}
        tx.execute(made.on_conflict_do_update(index_elements=["code"], set_=same), rows_)
    for name in ("side", "role"):
        theirs = select(participant.c[name]).where(participant.c.person_id == person.c.id).scalar_subquery()
        linked = exists().where(participant.c.person_id == person.c.id, participant.c[name] != person.c[name])
        tx.execute(update(person).where(linked).values({name: theirs}))
    return True


def own(tx: Transaction, person_id: int) -> Participant | None:
    """The row whose code this person has given, None where they gave none."""
    row = tx.one(select(participant).where(participant.c.person_id == person_id))
    return _read(row) if row else None


def by_code(tx: Transaction, code: str) -> tuple[Participant, int | None] | None:
    """The row of a code, and the id of the person who has it."""
    row = tx.one(select(participant).where(participant.c.code == folded(code)))
    return (_read(row), row["person_id"]) if row else None


def names(tx: Transaction, person_ids: Sequence[int]) -> dict[int, str]:
    """The names of these persons, of those who have given their code alone."""
    found: dict[int, str] = {}
    for ids in _slices(list(person_ids)):
        rows = select(participant.c.person_id, participant.c.name).where(participant.c.person_id.in_(ids))
        found.update({row.person_id: row.name for row in tx.execute(rows)})
    return found


def speakers(tx: Transaction, ids: Iterable[str]) -> dict[str, int]:
    """Of these people of event.yaml, which person each is; of those alone who have given their code."""
    wanted = participant.c.speaker.in_(list(ids)), participant.c.person_id.is_not(None)
    return {row.speaker: row.person_id for row in tx.execute(select(participant).where(*wanted))}


def remove(tx: Transaction, code: str) -> None:
    """Take one row out of the list, for whoever is to be erased by an operator."""
    gone = delete(participant).where(participant.c.code == code).returning(participant.c.person_id)
    _unlisted(tx, [id_ for id_ in tx.execute(gone).scalars() if id_ is not None])


def purge(tx: Transaction, now: datetime, *, event_ends: datetime, retention: timedelta) -> None:
    """Erase the whole list once its time is over: `retention` after the event's end."""
    if now > event_ends + retention:
        tx.execute(delete(participant))


def release(tx: Transaction, person_id: int) -> None:
    """Nobody has this person's code any more, and what it said of them is gone."""
    theirs = update(participant).where(participant.c.person_id == person_id)
    tx.execute(theirs.values(person_id=None, linked_at=None))
    _unlisted(tx, [person_id])


def _unlisted(tx: Transaction, person_ids: Sequence[int]) -> None:
    if person_ids:
        tx.execute(update(person).where(person.c.id.in_(person_ids)).values(side="", role=""))


def _slices(of: list[Any]) -> Iterable[list[Any]]:
    return (of[n : n + AT_ONCE] for n in range(0, len(of), AT_ONCE))


def _row(each: Participant) -> dict[str, str | None]:
    values: dict[str, str | None] = {name: getattr(each, name) for name in FIELDS if name != "table"}
    return values | {"seating": each.table, "speaker": each.speaker or None}


def _read(row: RowMapping) -> Participant:
    return Participant(**{name: row["seating" if name == "table" else name] or "" for name in FIELDS})


def _show(tx: Transaction, person_id: int) -> Any:
    """Their row of the list, and how many wrong codes they gave of late."""
    row = tx.one(select(participant).where(participant.c.person_id == person_id))
    tries = tx.scalar(select(func.count()).select_from(code_try).where(code_try.c.person_id == person_id))
    if row is None and not tries:
        return None
    given = {name: value for name in FIELDS if row and (value := getattr(_read(row), name))}
    since = {"linked_at": row["linked_at"].isoformat()} if row and row["linked_at"] else {}
    return {**given, **since, "wrong codes": tries}


def _erase(tx: Transaction, person_id: int) -> None:
    tx.execute(delete(code_try).where(code_try.c.person_id == person_id))
    release(tx, person_id)


privacy.register(privacy.Subject("participants' list", ("participant", "code_try"), _show, _erase))


def _merge(tx: Transaction, move: Move) -> str:
    """The code that the source gave, "" for none: the target's from now on, or free again where they gave one too."""
    theirs = participant.c.person_id == move.source
    code = tx.scalar(select(participant.c.code).where(theirs))
    has_own = tx.one(select(participant.c.code).where(participant.c.person_id == move.target)) is not None
    values = {"person_id": None, "linked_at": None} if has_own else {"person_id": move.target}
    tx.execute(update(participant).where(theirs).values(**values))
    return code or ""


def _part(tx: Transaction, move: Move, code: str) -> None:
    """Theirs again, unless somebody else has given it since."""
    is_theirs = or_(participant.c.person_id == move.source, participant.c.person_id.is_(None))
    back = update(participant).where(participant.c.code == code, is_theirs)
    tx.execute(back.values(person_id=move.target, linked_at=move.now))


mergers.register(mergers.Merger(("participant",), _merge, _part))
mergers.register(mergers.rows(code_try))
