"""What one process at a time does for all: a row that its holder renews, taken over once it has run out."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, or_

from bot.clock import Clock
from bot.delivery.tables import duty
from bot.store.threads import Store
from bot.store.transaction import Transaction

LEASE = timedelta(seconds=6)
RENEW_SECONDS = 2.0

log = structlog.get_logger()


def take(tx: Transaction, name: str, owner: str, now: datetime) -> bool:
    """Whether the duty is the owner's until a LEASE from now: it was free, had run out, or was theirs.

    Safe under a race: one upsert whose condition is looked at with the row locked.
    """
    mine = tx.insert(duty).values(name=name, owner=owner, until=now + LEASE)
    free = or_(duty.c.owner == owner, duty.c.until < now)
    kept = {"owner": mine.excluded.owner, "until": mine.excluded.until}
    taken = mine.on_conflict_do_update(index_elements=["name"], set_=kept, where=free).returning(duty.c.owner)
    return tx.execute(taken).first() is not None


def give_back(tx: Transaction, name: str, owner: str) -> None:
    tx.execute(delete(duty).where(duty.c.name == name, duty.c.owner == owner))


async def perform(store: Store, clock: Clock, name: str, owner: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` whenever the duty is ours, cancelled as soon as it may be another's; until cancelled, or until the
    work ends by itself."""
    doing: asyncio.Task[None] | None = None
    try:
        while doing is None or not doing.done():
            try:
                async with asyncio.timeout(LEASE.total_seconds() - RENEW_SECONDS):
                    ours = await store.write(take, name, owner, clock.now())
            except Exception:
                log.exception("duty.failed", duty=name)
                ours = False
            if ours and doing is None:
                log.info("duty.taken", duty=name)
                doing = asyncio.ensure_future(_run(work))
            if not ours and doing is not None:
                log.warning("duty.lost", duty=name)
                await _ended(doing)
                doing = None
            if doing is None:
                await asyncio.sleep(RENEW_SECONDS)
            else:
                await asyncio.wait([doing], timeout=RENEW_SECONDS)
        doing.result()
    finally:
        if doing is not None:
            await _ended(doing)
            await store.write(give_back, name, owner)


async def _run(work: Callable[[], Awaitable[None]]) -> None:
    await work()


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
