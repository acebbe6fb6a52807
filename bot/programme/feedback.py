"""What sessions were worth to those who went: asked once, at most once a half-day; told in figures, never who.

Whoever is forgotten leaves their stars without a name and without their line, so that figures stay what they were.
"""

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import delete, exists, literal, select, update

from bot.event.model import Event, Session, Status
from bot.people import mergers, privacy
from bot.programme import queries
from bot.programme.tables import Interest, feedback, feedback_asked, interest
from bot.store.transaction import Transaction
from bot.text.personal import without_identity

LONGEST = 500  # characters of a line
FEWEST = 3  # answers from which figures are shown: below, whoever knows who came knows who said it
STARS = (1, 2, 3, 4, 5)
AFTERNOON = time(13)  # sessions that begin from here on are of the second half of their day


@dataclass(frozen=True, slots=True)
class Given:
    """What one person said of a session."""

    id: int
    session_id: str
    stars: int
    line: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What is told of a session. average, of 5; by: stars -> how many said so; lines in no order. All three are empty
    below FEWEST answers."""

    count: int
    average: float | None = None
    by: tuple[tuple[int, int], ...] = ()
    lines: tuple[str, ...] = ()


def is_asked_about(session: Session) -> bool:
    """Whether a session is worth the question: a meal and a cancelled one are not."""
    return session.kind != "meal" and session.status != Status.CANCELLED


def half_day(session: Session) -> str:
    """The half of the day that the session is of, by its start: "2027-05-20/am"."""
    half = "am" if session.start and session.start < AFTERNOON else "pm"
    return f"{session.day:%Y-%m-%d}/{half}"


def ask(tx: Transaction, event: Event, session: Session, now: datetime) -> None:
    """Note who is asked about the session: who goes there and to none that ends later in the same half-day, so that
    there is one message for each, when they have done with it.

    Safe under a race: the primary key (person, half-day); who was asked of another session in between is left out.
    """
    later = [other.id for other in event.sessions if _follows(other, session)]
    goes_on = interest.alias("goes_on")
    rows = select(
        interest.c.person_id, literal(half_day(session)), literal(session.id), literal(now, feedback_asked.c.at.type)
    ).where(
        interest.c.session_id == session.id,
        interest.c.state == Interest.GOING,
        ~exists().where(
            goes_on.c.person_id == interest.c.person_id,
            goes_on.c.session_id.in_(later),
            goes_on.c.state == Interest.GOING,
        ),
        ~exists().where(feedback.c.person_id == interest.c.person_id, feedback.c.session_id == session.id),
    )
    names = ["person_id", "half_day", "session_id", "at"]
    tx.execute(tx.insert(feedback_asked).from_select(names, rows).on_conflict_do_nothing())


def _follows(other: Session, session: Session) -> bool:
    if other.id == session.id or not is_asked_about(other) or other.ends_at is None or other.day != session.day:
        return False
    assert session.ends_at is not None
    return other.ends_at > session.ends_at and half_day(other) == half_day(session)


def may(tx: Transaction, event: Event, person: int, session_id: str, now: datetime) -> bool:
    """Whether the person can say something of the session: they were going, and it is over."""
    session = event.session.get(session_id)
    if session is None or not is_asked_about(session) or not queries.is_over(session, now, event):
        return False
    state = select(interest.c.state).where(interest.c.person_id == person, interest.c.session_id == session_id)
    return bool(tx.scalar(state) == Interest.GOING)


def rate(tx: Transaction, person: int, session_id: str, stars: int, now: datetime) -> int:
    """Keep the stars, over those given before; the id of what was said. The caller has looked at `may`.

    Safe under a race: UNIQUE (session, person), an upsert.
    """
    row = tx.insert(feedback).values(session_id=session_id, person_id=person, stars=stars, line="", at=now)
    again = row.on_conflict_do_update(index_elements=["session_id", "person_id"], set_={"stars": stars, "at": now})
    return int(tx.execute(again.returning(feedback.c.id)).scalar_one())


def comment(tx: Transaction, person: int, id_: int, line: str, now: datetime) -> Given | None:
    """Keep a line, without addresses and long numbers; None where that rating is not this person's."""
    own = update(feedback).where(feedback.c.id == id_, feedback.c.person_id == person)
    tx.execute(own.values(line=without_identity(line, LONGEST), at=now))
    return find(tx, person, id_)


def find(tx: Transaction, person: int, id_: int) -> Given | None:
    row = tx.one(select(feedback).where(feedback.c.id == id_, feedback.c.person_id == person))
    return Given(row["id"], row["session_id"], row["stars"], row["line"]) if row else None


def given(tx: Transaction, person: int, session_id: str) -> Given | None:
    """What the person said of the session."""
    own = select(feedback.c.id).where(feedback.c.person_id == person, feedback.c.session_id == session_id)
    id_ = tx.scalar(own)
    return find(tx, person, id_) if id_ else None


def figures(tx: Transaction, session_id: str) -> Figures:
    """What is told of one session."""
    return every(tx, [session_id])[session_id]


def every(tx: Transaction, sessions: Sequence[str]) -> dict[str, Figures]:
    """The figures of these sessions."""
    by: dict[str, Counter[int]] = {id_: Counter() for id_ in sessions}
    lines: dict[str, list[str]] = {id_: [] for id_ in sessions}
    said = select(feedback.c.session_id, feedback.c.stars, feedback.c.line)
    for row in tx.execute(said.where(feedback.c.session_id.in_(list(sessions)))):
        by[row.session_id][row.stars] += 1
        lines[row.session_id] += [row.line] if row.line else []
    out: dict[str, Figures] = {}
    for id_, counted in by.items():
        count = counted.total()
        if count < FEWEST:
            out[id_] = Figures(count)
            continue
        secrets.SystemRandom().shuffle(lines[id_])
        average = sum(stars * n for stars, n in counted.items()) / count
        out[id_] = Figures(count, average, tuple((stars, counted[stars]) for stars in STARS), tuple(lines[id_]))
    return out


def rated(tx: Transaction) -> list[str]:
    """The ids of the sessions of which anything was said."""
    return sorted(tx.execute(select(feedback.c.session_id).group_by(feedback.c.session_id)).scalars())


def _show(tx: Transaction, person: int) -> Any:
    said = tx.all(select(feedback).where(feedback.c.person_id == person).order_by(feedback.c.id))
    asked = tx.all(select(feedback_asked).where(feedback_asked.c.person_id == person).order_by(feedback_asked.c.at))
    return {
        "given": [privacy.plain(row) for row in said],
        "asked": [{"session": row["session_id"], "at": row["at"].isoformat()} for row in asked],
    }


def _erase(tx: Transaction, person: int) -> None:
    tx.execute(update(feedback).where(feedback.c.person_id == person).values(person_id=None, line=""))
    tx.execute(delete(feedback_asked).where(feedback_asked.c.person_id == person))


privacy.register(privacy.Subject("feedback", ("feedback", "feedback_asked"), _show, _erase))
mergers.register(mergers.rows(feedback, "session_id"))
mergers.register(mergers.rows(feedback_asked, "half_day"))
