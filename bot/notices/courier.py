"""Sends notices: makes their deliveries, claims them, paces the calls, writes what came of each.

Any number of processes may run one: the ledger's leases keep them apart. What is in flight is bounded, so that a
pause holds within a second, an urgent notice overtakes a long one, and memory does not grow with the audience.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import structlog

from bot.chat.channel import Channel, InDoubt, Later, Parcel, Sent, Verdict
from bot.chat.reply import Reply
from bot.clock import Clock
from bot.delivery import outbox
from bot.event.model import Event
from bot.notices import ledger
from bot.notices.broadcast import Notice
from bot.notices.ledger import Closing, Due
from bot.notices.tables import NoticeState, Urgency
from bot.store.threads import Store
from bot.store.transaction import Transaction
from bot.text.words import Words

TICK_SECONDS = 0.25  # how soon a notice begun elsewhere is seen, a pause held, a schedule met
BUSY_SECONDS = 0.02  # between claims while there is something to send
SHARED_SECONDS = 0.008  # what comes within it shares a commit
SWEEP_SECONDS = 2.0
AFTER_FAILURE_SECONDS = 2.0
PARCELS = 64  # kept: notices times languages times channels
PAUSED = Later(0, "chat", "paused")

Wording = Callable[[Notice, Words, bool], Reply]  # the notice, the reader's words, whether silently

log = structlog.get_logger()


class Courier:
    """One process's share of the sending."""

    def __init__(
        self, store: Store, channels: Mapping[str, Channel], clock: Clock, *, owner: str, event: Callable[[], Event],
        words: Callable[[str], Words], wording: Wording,
        alone: bool,
    ) -> None:  # fmt: skip
        """alone: no other process sends on this database, so that leases found at start are dead ones.

        event: as published now. words: language -> its Words. wording: makes the Reply of a notice.
        """
        self._store, self._channels, self._clock = store, channels, clock
        self._alone = alone
        self._owner, self._event, self._words, self._wording = owner, event, words, wording
        self._parcels: OrderedDict[tuple[object, ...], Parcel | None] = OrderedDict()
        self._flying: dict[str, int] = dict.fromkeys(channels, 0)
        self._held_until: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._awake = asyncio.Event()
        self._marks: list[tuple[int, asyncio.Future[bool]]] = []
        self._closings: list[Closing] = []
        self._to_write = asyncio.Event()

    def wake(self) -> None:
        """There is something to send: look now."""
        self._awake.set()

    async def run(self) -> None:
        """Until cancelled; then what is being sent ends and the rest is given back."""
        writer = asyncio.create_task(self._write())
        sweeper = asyncio.create_task(self._sweep())
        try:
            if self._alone:
                await self._store.write(ledger.sweep, self._clock.now(), alone=self._owner)
            while True:
                self._awake.clear()
                try:
                    busy = await self._tick()
                except Exception:
                    log.exception("notices.failed")
                    busy = False
                    await asyncio.sleep(AFTER_FAILURE_SECONDS)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._awake.wait(), BUSY_SECONDS if busy else TICK_SECONDS)
        finally:
            sweeper.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=5)
            writer.cancel()
            await asyncio.gather(writer, sweeper, return_exceptions=True)
            await self._written()
            await self._store.write(ledger.release, owner=self._owner)

    async def _tick(self) -> bool:
        """Make, claim and begin to send what there is room for; whether there is more."""
        now = self._clock.now()
        await self._store.write(ledger.begin_due, now)
        busy = False
        for notice in await self._store.read(ledger.active):
            if notice.state == NoticeState.SENDING and not notice.is_fanned:
                busy |= await self._store.write(ledger.fan_out, notice.id, self._event(), now)
            claimed = await self._claimed(notice)
            busy |= bool(claimed)
            if (
                not claimed
                and notice.state == NoticeState.SENDING
                and await self._store.write(ledger.end, notice.id, now)
            ):
                log.info("notice.sent", notice=notice.id)
        return busy

    async def _claimed(self, notice: Notice) -> bool:
        """Claim and begin what there is room for on each channel; whether there was any."""
        loop_now = asyncio.get_running_loop().time()
        any_ = False
        for name, channel in self._channels.items():
            room = channel.abilities.window - self._flying[name]
            if not channel.abilities.pushes or room < max(1, channel.abilities.window // 4):
                any_ |= self._flying[name] > 0 and channel.abilities.pushes
                continue
            if self._held_until.get(name, 0.0) > loop_now:
                continue
            dues = await self._store.write(
                ledger.claim, notice, owner=self._owner, channels=[name], limit=room, now=self._clock.now()
            )
            if dues and channel.abilities.stored:
                await self._store_away(notice, channel, dues)
            elif dues:
                for due in dues:
                    self._flying[name] += 1
                    task = asyncio.create_task(self._deliver(notice, channel, due))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
            any_ |= bool(dues)
        return any_

    # --- platforms that are called
    async def _deliver(self, notice: Notice, channel: Channel, due: Due) -> None:
        act = _act(notice, due)
        try:
            verdict = await self._verdict(notice, channel, due, act)
        except Exception:
            log.exception("notice.defect", delivery=due.id)
            verdict = InDoubt("a defect in the channel")
        finally:
            self._flying[channel.name] -= 1
            self._awake.set()
        if isinstance(verdict, Later) and verdict.scope == "bot":
            until = asyncio.get_running_loop().time() + verdict.seconds
            self._held_until[channel.name] = max(until, self._held_until.get(channel.name, 0.0))
        urgent = notice.urgency == Urgency.URGENT
        self._closings.append(Closing(due, act, verdict, notice.version, urgent))
        self._to_write.set()

    async def _verdict(self, notice: Notice, channel: Channel, due: Due, act: str) -> Verdict:
        parcel = self._parcel(notice, channel, due)
        if parcel is None:
            return Later(60, "chat", "no text in the language that they read by now")
        later = await channel.admit(due.address, notice=True)
        if later is not None:
            return later
        if act == "withdraw":
            return await channel.withdraw(due.address, due.message_id)
        if act == "correct":
            return await channel.correct(due.address, due.message_id, parcel)
        marked: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._marks.append((due.id, marked))
        self._to_write.set()
        if not await marked:
            return PAUSED
        return await channel.send(due.address, parcel, because=f"notice {notice.id}", sequence=0)

    # --- platforms that read their messages from the table: to put them there is to send them
    async def _store_away(self, notice: Notice, channel: Channel, dues: Sequence[Due]) -> None:
        parcels = [(due, self._parcel(notice, channel, due)) for due in dues]
        urgent = notice.urgency == Urgency.URGENT

        def put(tx: Transaction) -> list[tuple[Due, int]]:
            now = self._clock.now()
            ids = [due.id for due, _ in parcels]
            may = (
                ids
                if notice.state == NoticeState.RECALLED
                else ledger.still_leased(tx, ids, owner=self._owner, now=now)
            )
            closings, placed = [], []
            for due, parcel in parcels:
                if due.id not in may or parcel is None:
                    closings.append(Closing(due, _act(notice, due), PAUSED, notice.version, urgent))
                    continue
                act = _act(notice, due)
                body = {} if act == "withdraw" else parcel.body
                replaces = 0 if act == "send" else int(due.message_id)
                because = f"notice {notice.id}"
                sequence = outbox.put(tx, due.account_id, body, replaces=replaces, because=because, now=now)
                closings.append(Closing(due, act, Sent(str(sequence)), notice.version, urgent))
                placed.append((due, sequence))
            ledger.close(tx, closings, owner=self._owner, now=now)
            return placed

        for due, sequence in await self._store.write(put):
            await channel.send(due.address, Parcel({}), because="notice", sequence=sequence)

    def _parcel(self, notice: Notice, channel: Channel, due: Due) -> Parcel | None:
        """The message as this reader gets it, made once for all who get the same; None where no text is theirs."""
        key = (notice.id, notice.version, due.language, channel.name, due.silent)
        if key not in self._parcels:
            say = self._words(due.language)
            said = notice.in_(due.language)
            self._parcels[key] = channel.render([self._wording(notice, say, due.silent)], say)[0] if said else None
            if len(self._parcels) > PARCELS:
                self._parcels.popitem(last=False)
        return self._parcels[key]

    # --- the ledger
    async def _write(self) -> None:
        while True:
            await self._to_write.wait()
            await asyncio.sleep(SHARED_SECONDS)
            await self._written()

    async def _written(self) -> None:
        """Marks and closings that wait, each kind in one commit."""
        self._to_write.clear()
        marks, self._marks = self._marks, []
        closings, self._closings = self._closings, []
        now = self._clock.now()
        try:
            may: set[int] = set()
            if marks:
                may = await self._store.write(ledger.mark, [id_ for id_, _ in marks], owner=self._owner, now=now)
            for id_, future in marks:
                if not future.done():
                    future.set_result(id_ in may)
            if closings:
                await self._store.write(ledger.close, closings, owner=self._owner, now=now)
        except Exception:
            # Nothing is lost: the leases run out, and what was being sent is in doubt.
            log.exception("notices.unwritten", marks=len(marks), closings=len(closings))
            for _, future in marks:
                if not future.done():
                    future.set_result(False)

    async def _sweep(self) -> None:
        while True:
            try:
                if left := await self._store.write(ledger.sweep, self._clock.now()):
                    log.warning("notices.in_doubt", deliveries=left)
            except Exception:
                log.exception("notices.sweep_failed")
            await asyncio.sleep(SWEEP_SECONDS)


def _act(notice: Notice, due: Due) -> str:
    if notice.state == NoticeState.RECALLED:
        return "withdraw"
    return "correct" if due.message_id else "send"
