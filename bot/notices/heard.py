"""Which facts a person was told in the last day: so that whoever was told one that changes is told the new one.

A key is `entry:ID` of an answer that refers to live facts, `session:ID` of a session's card.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from bot.event.model import Event
from bot.notices.tables import heard
from bot.people import privacy
from bot.store.transaction import Transaction, inserts

LASTS = timedelta(hours=24)
LIVE = "live:session/"
REFERS = re.compile(r"\{(?:session|place|event)[:.]")


def _keeping(made: Any) -> Any:
    return made.on_conflict_do_update(index_elements=["person_id", "key"], set_={"at": made.excluded.at})


_KEEP = inserts(heard, _keeping)


def key_of(event: Event, shown: str) -> str:
    """The key of what was shown (an entry's id or `live:session/ID`), "" where no fact of it can change."""
    if shown.startswith(LIVE):
        return f"session:{shown.removeprefix(LIVE)}"
    entry = event.entry.get(shown)
    refers = entry is not None and any(REFERS.search(text) for _, text in entry.answer.items())
    return f"entry:{shown}" if refers else ""


def keep(tx: Transaction, event: Event, person_id: int, shown: Iterable[str], now: datetime) -> None:
    """The person was shown this."""
    for key in filter(None, {key_of(event, each) for each in shown}):
        tx.execute(_KEEP[tx.is_postgresql], {"person_id": person_id, "key": key, "at": now})


def forget(tx: Transaction, now: datetime) -> None:
    """What is older than a day."""
    tx.execute(delete(heard).where(heard.c.at < now - LASTS))


def _show(tx: Transaction, person_id: int) -> Any:
    rows = tx.all(select(heard.c.key, heard.c.at).where(heard.c.person_id == person_id).order_by(heard.c.at))
    return [{"shown": row["key"], "at": row["at"].isoformat()} for row in rows]


def _erase(tx: Transaction, person_id: int) -> None:
    tx.execute(delete(heard).where(heard.c.person_id == person_id))


privacy.register(privacy.Subject("shown in the last day", ("heard",), _show, _erase))
