"""Questions that were not answered well: kept without who asked, counted, accepted, dismissed, forgotten.

Nobody can be found by them: a row holds a cleaned text and days, no person, channel or moment. So /forget
does not reach it either, which the notice of privacy says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select, update

from bot.answers.normalise import fold
from bot.desk.tables import TEXT, Fate, unanswered
from bot.store.transaction import Transaction
from bot.text.chinese import simplified
from bot.text.formats import base
from bot.text.personal import without_identity

MOST = 5_000  # rows; beyond that the oldest go, so that no flood of nonsense fills a disk


@dataclass(frozen=True, slots=True)
class Question:
    """A question as kept. times: how often it was asked; answer: the entry that did not help, the last time;
    first_on, last_on: days, UTC."""

    id: int
    language: str
    text: str
    fate: Fate
    answer: str
    times: int
    first_on: date
    last_on: date
    dismissed: bool


def keep(tx: Transaction, text: str, language: str, fate: Fate, now: datetime, answer: str = "") -> None:
    """Count the question once more. Keeps nothing of a text without letters. language: of the text. answer: the id of
    the entry that did not help.

    Safe under a race: UNIQUE (language, folded); who comes second counts up the row of the first.
    """
    spoken = base(language)
    cleaned = without_identity(simplified(text) if spoken == "zh" else text, TEXT)
    folded = fold(cleaned, spoken)[:TEXT]
    if not folded or not any(character.isalpha() for character in folded):
        return
    today = now.date()
    made = tx.insert(unanswered).values(
        language=spoken, folded=folded, text=cleaned, fate=fate, answer=answer, times=1, first_on=today,
        last_on=today, dismissed=False,
    )  # fmt: skip
    again = {"times": unanswered.c.times + 1, "last_on": today, "fate": fate, "answer": answer}
    tx.execute(made.on_conflict_do_update(index_elements=["language", "folded"], set_=again))


def kept(tx: Transaction, *, dismissed: bool = False) -> list[Question]:
    """The questions still open, the most asked first; with those dismissed, if wanted."""
    wanted = select(unanswered).order_by(unanswered.c.times.desc(), unanswered.c.id)
    if not dismissed:
        wanted = wanted.where(unanswered.c.dismissed.is_(False))
    return [
        Question(
            row["id"], row["language"], row["text"], Fate(row["fate"]), row["answer"], row["times"],
            row["first_on"], row["last_on"], row["dismissed"],
        )
        for row in tx.all(wanted)
    ]  # fmt: skip


def dismiss(tx: Transaction, ids: Sequence[int]) -> None:
    """Show these no more, however often they are asked."""
    tx.execute(update(unanswered).where(unanswered.c.id.in_(ids)).values(dismissed=True))


def drop(tx: Transaction, ids: Sequence[int]) -> None:
    """Forget these: an entry answers them now."""
    tx.execute(delete(unanswered).where(unanswered.c.id.in_(ids)))


def purge(tx: Transaction, now: datetime, *, event_ends: datetime, retention: timedelta) -> int:
    """Delete what was last asked longer ago than `retention`, once the event is over by as much, and the oldest
    beyond MOST; how many went."""
    gone = 0
    if now > event_ends + retention:
        gone += tx.execute(delete(unanswered).where(unanswered.c.last_on < (now - retention).date())).rowcount
    too_many = int(tx.scalar(select(func.count()).select_from(unanswered)) or 0) - MOST
    if too_many > 0:
        oldest = select(unanswered.c.id).order_by(unanswered.c.last_on, unanswered.c.id).limit(too_many)
        gone += tx.execute(delete(unanswered).where(unanswered.c.id.in_(oldest))).rowcount
    return gone
