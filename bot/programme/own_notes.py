"""What people write to themselves on a session: for its writer alone."""

from datetime import datetime

from sqlalchemy import bindparam, delete, select

from bot.people import privacy
from bot.programme.tables import own_note
from bot.store.transaction import Transaction

LONGEST = 500  # characters
_NOTE = select(own_note.c.text).where(
    own_note.c.person_id == bindparam("person"), own_note.c.session_id == bindparam("session")
)


def write(tx: Transaction, person: int, session_id: str, text: str, now: datetime) -> None:
    """Keep the note in place of the one before. Raises ValueError where it is empty or too long."""
    if not 0 < len(text) <= LONGEST:
        raise ValueError(len(text))
    row = tx.insert(own_note).values(person_id=person, session_id=session_id, text=text, changed_at=now)
    again = row.on_conflict_do_update(
        index_elements=["person_id", "session_id"], set_={"text": text, "changed_at": now}
    )
    tx.execute(again)


def erase(tx: Transaction, person: int, session_id: str) -> bool:
    """Whether there was one."""
    gone = delete(own_note).where(own_note.c.person_id == person, own_note.c.session_id == session_id)
    return tx.execute(gone).rowcount == 1


def of(tx: Transaction, person: int, session_id: str) -> str:
    """The note, "" where there is none."""
    return str(tx.scalar(_NOTE, {"person": person, "session": session_id}) or "")


def by_session(tx: Transaction, person: int) -> dict[str, str]:
    """session id -> the note on it."""
    rows = tx.execute(select(own_note.c.session_id, own_note.c.text).where(own_note.c.person_id == person))
    return {row.session_id: row.text for row in rows}


def _show(tx: Transaction, person: int) -> dict[str, str]:
    return by_session(tx, person)


def _erase(tx: Transaction, person: int) -> None:
    tx.execute(delete(own_note).where(own_note.c.person_id == person))


privacy.register(privacy.Subject("notes to oneself", ("own_note",), _show, _erase))
