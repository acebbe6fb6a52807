"""What lets us call a platform for some hours, fetched by one process and used by all.

What makes it safe: whoever fetches holds `refreshing_until`, taken by one upsert whose condition is looked at with the
row locked, and named in the write of what was fetched; the others use what there is, or wait for the row to change.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import and_, select, update

from bot.delivery.tables import credential
from bot.store.transaction import Transaction

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
FETCHING = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Credential:
    """failed_until: nobody tries to fetch the next one before, since the last who did could not."""

    value: str
    until: datetime
    failed_until: datetime = NEVER

    def has_failed(self, now: datetime) -> bool:
        return now < self.failed_until


def get(tx: Transaction, name: str) -> Credential:
    """What is kept under the name; the empty one where nothing is."""
    row = tx.one(select(credential).where(credential.c.name == name))
    if row is None:
        return Credential("", NEVER)
    return Credential(row["value"], row["until"], NEVER if row["owner"] else row["refreshing_until"])


def fetch(tx: Transaction, name: str, owner: str, now: datetime, *, seen: str) -> bool:
    """Whether the owner is to fetch what takes the place of `seen`: nobody has yet, nor is at it."""
    until = now + FETCHING
    made = tx.insert(credential).values(name=name, value="", until=NEVER, refreshing_until=until, owner=owner)
    free = and_(credential.c.value == seen, credential.c.refreshing_until < now)
    taken = made.on_conflict_do_update(
        index_elements=["name"], set_={"refreshing_until": until, "owner": owner}, where=free
    )
    return tx.execute(taken.returning(credential.c.owner)).first() is not None


def keep(tx: Transaction, name: str, owner: str, value: str, until: datetime) -> None:
    """What the owner fetched, for everybody; not where another took over meanwhile."""
    ours = update(credential).where(credential.c.name == name, credential.c.owner == owner)
    tx.execute(ours.values(value=value, until=until, refreshing_until=NEVER))


def give_up(tx: Transaction, name: str, owner: str, until: datetime) -> None:
    """It could not be fetched: nobody tries again before `until`."""
    ours = update(credential).where(credential.c.name == name, credential.c.owner == owner)
    tx.execute(ours.values(refreshing_until=until, owner=""))
