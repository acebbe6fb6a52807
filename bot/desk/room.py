"""The room where the team answers, as it is by now: it may move to another address, and the bot may be put out of it.

One small fact of the installation, kept beside the others; changed by compare-and-set, so that of several processes
that learn of one thing one does what follows from it.
"""

import json
from dataclasses import asdict, dataclass, replace

from sqlalchemy import delete, select, update

from bot.programme.tables import kept
from bot.store.transaction import Transaction

NAME = "desk"


@dataclass(frozen=True, slots=True)
class TeamRoom:
    """configured: the address in the settings. address: where it is now. is_on: whether the bot is in it. has_topics:
    None where that is not known yet."""

    channel: str
    configured: str
    address: str
    is_on: bool = True
    has_topics: bool | None = None

    @property
    def place(self) -> str:
        return f"{self.channel}:{self.address}"


def of(tx: Transaction) -> TeamRoom | None:
    value = tx.scalar(select(kept.c.value).where(kept.c.name == NAME))
    return TeamRoom(**json.loads(value)) if value else None


def configure(tx: Transaction, channel: str, address: str) -> TeamRoom | None:
    """What the settings say, at each start; "" for no room. One that is known keeps what was learnt of it."""
    known = of(tx)
    if known is not None and (known.channel, known.configured) == (channel, address):
        return known
    tx.execute(delete(kept).where(kept.c.name == NAME))
    if not address:
        return None
    made = TeamRoom(channel, address, address)
    tx.execute(tx.insert(kept).values(name=NAME, value=_value(made)).on_conflict_do_nothing())
    return made


def move(tx: Transaction, old: str, new: str) -> bool:
    """The room at `old` is at `new` now; whether that was news."""
    known = of(tx)
    return known is not None and known.address == old and _put(tx, known, replace(known, address=new, has_topics=None))


def switch(tx: Transaction, address: str, is_on: bool) -> bool:
    """The bot is in the room, or no longer; whether that was news."""
    known = of(tx)
    if known is None or known.address != address or known.is_on == is_on:
        return False
    return _put(tx, known, replace(known, is_on=is_on, has_topics=None))


def learn(tx: Transaction, known: TeamRoom, has_topics: bool) -> bool:
    return _put(tx, known, replace(known, has_topics=has_topics))


def _put(tx: Transaction, known: TeamRoom, now: TeamRoom) -> bool:
    mine = kept.c.name == NAME, kept.c.value == _value(known)
    return tx.execute(update(kept).where(*mine).values(value=_value(now))).rowcount == 1


def _value(room: TeamRoom) -> str:
    return json.dumps(asdict(room), sort_keys=True)
