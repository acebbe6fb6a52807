"""Sends what is owed, in each account's order, and writes what became of it.

Fresh answers come by `submit` right after their commit; the sweep takes what is due or was left by a
process that died. Closings share commits: all that wait at that moment are written together.
"""

import asyncio
import os
import secrets
import socket
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress

import structlog

from bot.chat.channel import Channel, InDoubt, Later, Verdict
from bot.clock import Clock
from bot.delivery import outbox
from bot.delivery.outbox import Delivery
from bot.store.threads import Store

IN_FLIGHT = 64  # calls to platforms at a time
SWEEP_SECONDS = 1.0
BATCH = 200
RELEASED = Later(0, "chat", "what goes before it waits")

log = structlog.get_logger()


class Sender:
    """The sending half of one process. `owner` names it on the leases it takes."""

    def __init__(self, store: Store, channels: Mapping[str, Channel], clock: Clock, *, alone: bool) -> None:
        """alone: no other process sends on this database, so leases found at start are dead ones."""
        self.owner = f"{socket.gethostname()[:16]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._store = store
        self._channels = channels
        self._clock = clock
        self._alone = alone
        self._lines: dict[int, deque[Delivery]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(IN_FLIGHT)
        self._held_until: dict[str, float] = {}  # channel -> loop time before which it must not be called
        self._closings: list[tuple[Delivery, Verdict]] = []
        self._to_close = asyncio.Event()

    def submit(self, deliveries: Sequence[Delivery]) -> None:
        """Send these, leased to us, each account's in the order given. Returns at once."""
        for delivery in deliveries:
            line = self._lines.get(delivery.account_id)
            if line is not None:
                line.append(delivery)
                continue
            self._lines[delivery.account_id] = deque([delivery])
            task = asyncio.create_task(self._drain(delivery.account_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        """Return once nothing submitted is unsent."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def run(self) -> None:
        """Sweep and close until cancelled; then let what is in flight end, and give back the rest."""
        closer = asyncio.create_task(self._close())
        try:
            await self._sweep(at_start=self._alone)
            while True:
                await asyncio.sleep(SWEEP_SECONDS)
                await self._sweep()
        finally:
            for line in self._lines.values():
                line.clear()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=5)
            closer.cancel()
            with suppress(asyncio.CancelledError):
                await closer
            await self._write_closings()
            await self._store.write(outbox.release, owner=self.owner, now=self._clock.now())

    async def _sweep(self, *, at_start: bool = False) -> None:
        loop_now = asyncio.get_running_loop().time()
        open_channels = [name for name in self._channels if self._held_until.get(name, 0) <= loop_now]
        try:
            claimed = await self._store.write(
                outbox.claim, owner=self.owner, channels=open_channels, limit=BATCH, now=self._clock.now(),
                at_start=at_start,
            )  # fmt: skip
        except Exception:
            log.exception("delivery.sweep_failed")
            return
        mine = [d for d in claimed if all(d.id != waiting.id for waiting in self._lines.get(d.account_id, ()))]
        self.submit(mine)

    async def _drain(self, account_id: int) -> None:
        line = self._lines[account_id]
        try:
            while line:
                delivery = line[0]
                verdict = await self._send(delivery)
                self._closed(delivery, verdict)
                if line:
                    line.popleft()
                if isinstance(verdict, Later | InDoubt):
                    # The head waits in the table now, and so must all that follow it.
                    for waiting in line:
                        self._closed(waiting, RELEASED)
                    line.clear()
        finally:
            self._lines.pop(account_id, None)

    async def _send(self, delivery: Delivery) -> Verdict:
        channel = self._channels[delivery.channel]
        async with self._room:
            try:
                verdict = await channel.admit(delivery.address) or await channel.send(
                    delivery.address, delivery.parcel, because=delivery.because, sequence=delivery.sequence
                )
            except Exception:
                log.exception("delivery.defect", delivery=delivery.id, channel=delivery.channel)
                verdict = InDoubt("a defect in the channel")
        if isinstance(verdict, Later) and verdict.scope == "bot":
            self._held_until[delivery.channel] = asyncio.get_running_loop().time() + verdict.seconds
        return verdict

    def _closed(self, delivery: Delivery, verdict: Verdict) -> None:
        self._closings.append((delivery, verdict))
        self._to_close.set()

    async def _close(self) -> None:
        while True:
            await self._to_close.wait()
            await self._write_closings()

    async def _write_closings(self) -> None:
        self._to_close.clear()
        closings, self._closings = self._closings, []
        try:
            await self._store.write(outbox.close, closings, owner=self.owner, now=self._clock.now())
        except Exception:
            # Nothing is lost: the leases run out and the rows are taken up again.
            log.exception("delivery.close_failed", rows=len(closings))
