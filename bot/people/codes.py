"""A delegate says who of the participants' list they are, by the code on their badge or in their invitation."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from bot.people import accounts, participants, tries
from bot.people.participants import CODE, Participant
from bot.people.tables import code_try, participant, person
from bot.store.transaction import Transaction

LONGEST = 80  # characters of a message that says a code
SAID = re.compile(
    r"(?:(?:my|mon|mein|le|the)\s+)?(?:personal\s+|participant\s+)?code(?:\s+personnel|\s+participant)?"
    r"(?:\s*(?:is|est|ist)|\s*c\s*est)?\s*[:=]?\s*(?P<latin>[A-Za-z0-9][A-Za-z0-9_-]{5,39})"
    r"|我?的?(?:个人|参会)?(?:代码|编码|编号|邀请码|参会码|识别码)\s*(?:是|为)?\s*[:：]?\s*(?P<han>[A-Za-z0-9][A-Za-z0-9_-]{5,39})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Linked:
    """language: that they read from now on, "" where it stays as it is."""

    participant: Participant
    language: str = ""


@dataclass(frozen=True, slots=True)
class Wrong:
    """No such code, or somebody else has it: which of the two is not told."""


@dataclass(frozen=True, slots=True)
class TooMany:
    """Too many wrong codes. until: aware UTC, when the next may be tried."""

    until: datetime


Outcome = Linked | Wrong | TooMany


def said(text: str) -> str:
    """The code in a message that gives one ("my code is ABC-123"), "" in any other."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").strip(" .!。！")
    found = SAID.fullmatch(plain) if len(plain) <= LONGEST else None
    code = (found["latin"] or found["han"]) if found else ""
    # Where nobody says whose it is, a code has a digit or is spelt in capitals: "code vestimentaire" is a question.
    is_own = plain.casefold().startswith(("my ", "mon ", "mein ", "我"))
    return code if is_own or code.upper() == code or any(sign.isdigit() for sign in code) else ""


def link(tx: Transaction, who: accounts.Person, code: str, now: datetime) -> Outcome:
    """`who` has this code from now on, and the side, role and language that its row says; a former one is free again.

    Safe under a race: the row of the code is locked, so that of two who give one code the second finds it taken;
    UNIQUE (person_id) is the last word. A person's tries are counted behind the lock of their row.
    """
    if (again := tries.again_at(tx, code_try, who.id, now)) is not None:
        return TooMany(again)
    wanted = participants.folded(code)
    row = tx.one(select(participant).where(participant.c.code == wanted).with_for_update())
    if row is None or row["person_id"] not in (None, who.id):
        if CODE.fullmatch(wanted):  # what can be no code was mistyped, not guessed
            tries.wrong(tx, code_try, who.id, now)
        return Wrong()
    if row["person_id"] is None:
        participants.release(tx, who.id)
        tx.execute(update(participant).where(participant.c.code == wanted).values(person_id=who.id, linked_at=now))
    tx.execute(update(person).where(person.c.id == who.id).values(side=row["side"], role=row["role"]))
    language = row["language"] if not who.language_chosen and row["language"] != who.language else ""
    if language:
        accounts.set_language(tx, who.id, language, chosen=False)
    found = participants.by_code(tx, wanted)
    assert found is not None
    return Linked(found[0], language)
