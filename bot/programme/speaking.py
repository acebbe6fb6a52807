"""The people of a session as persons of ours: whether each is in the room, as they say by a tap ten minutes before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select

from bot.event.model import Event, Session, Status
from bot.people import mergers, participants, privacy
from bot.programme import queries
from bot.programme.tables import presence
from bot.store.transaction import Transaction

SOON = timedelta(minutes=60)  # before a session its people are reminded of their slot
ASKS = timedelta(minutes=10)  # before it they are asked whether they are there


class Presence(StrEnum):
    HERE = "here"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Standing:
    """The people of a session, ids of event.yaml in its order. unlinked: who has given no code, so that nobody can
    ask them."""

    here: Sequence[str]
    late: Sequence[str]
    silent: Sequence[str]
    unlinked: Sequence[str]


def people(session: Session) -> list[str]:
    """The ids of the session's people, each once."""
    return list(dict.fromkeys(each.person for each in session.people))


def speaks(tx: Transaction, event: Event, person: int, session_id: str) -> str:
    """Which of the session's people the person is, "" where they are none of them."""
    session, own = event.session.get(session_id), participants.own(tx, person)
    return own.speaker if session and own and own.speaker in people(session) else ""


def is_time(session: Session, now: datetime) -> bool:
    """Whether somebody may say that they are in the room: from an hour before until it is over."""
    if session.starts_at is None or session.status == Status.CANCELLED:
        return False
    return session.starts_at - SOON <= now < (session.ends_at or session.starts_at + queries.GUESSED_LENGTH)


def say(tx: Transaction, person: int, session_id: str, speaker: str, state: Presence, now: datetime) -> bool:
    """Keep what the person says; False where they had said so already.

    Safe under a race: the primary key (person, session), an upsert that takes only what differs.
    """
    values = {"state": state, "speaker": speaker, "at": now}
    row = tx.insert(presence).values(person_id=person, session_id=session_id, **values)
    again = row.on_conflict_do_update(
        index_elements=["person_id", "session_id"], set_=values, where=presence.c.state != state
    )
    return tx.execute(again.returning(presence.c.person_id)).first() is not None


def standing(tx: Transaction, session: Session) -> Standing:
    """Who of its people is in the room, is late, has not been heard of, or cannot be asked."""
    all_ = people(session)
    rows = tx.execute(select(presence.c.speaker, presence.c.state).where(presence.c.session_id == session.id))
    states = {row.speaker: row.state for row in rows}
    linked = participants.speakers(tx, all_)
    quiet = [id_ for id_ in all_ if id_ not in states]
    return Standing(
        [id_ for id_ in all_ if states.get(id_) == Presence.HERE],
        [id_ for id_ in all_ if states.get(id_) == Presence.LATE],
        [id_ for id_ in quiet if id_ in linked],
        [id_ for id_ in quiet if id_ not in linked],
    )


def _show(tx: Transaction, person: int) -> Any:
    rows = tx.all(select(presence).where(presence.c.person_id == person).order_by(presence.c.at))
    return [{"session": row["session_id"], "state": row["state"], "at": row["at"].isoformat()} for row in rows]


def _erase(tx: Transaction, person: int) -> None:
    tx.execute(delete(presence).where(presence.c.person_id == person))


privacy.register(privacy.Subject("in the room", ("presence",), _show, _erase))
mergers.register(mergers.rows(presence, "session_id", wins=mergers.newer("at")))
