"""Sends notices: makes their deliveries, claims them, paces the calls, writes what came of each.

Any number of processes may run one: the ledger's leases keep them apart. What is in flight is bounded, so that a
pause holds within a second, an urgent notice overtakes a long one, and memory does not grow with the audience.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.chat.channel import Channel, Failed, InDoubt, Later, Parcel, Sent, Verdict
from bot.chat.reply import Reply
from bot.clock import Clock
from bot.delivery import outbox
from bot.errors import BadInput, StoreUnreachable
from bot.event.model import Event
from bot.notices import closing, ledger
from bot.notices.broadcast import Notice
from bot.notices.closing import Closing
from bot.notices.due import Due
from bot.notices.tables import KIND_OF, NoticeState, Urgency
from bot.store.threads import Store
from bot.store.transaction import Transaction
from bot.text.words import Words

TICK_SECONDS = 0.25  # how soon a notice begun elsewhere is seen, a pause held, a schedule met
WOKEN_SECONDS = 0.5  # the same, where it is woken: what a lost job costs
BUSY_SECONDS = 0.02  # between claims while there is something to send
SHARED_SECONDS = 0.008  # what comes within it shares a commit
SWEEP_SECONDS = 2.0
AFTER_FAILURE_SECONDS = 2.0
SET_ASIDE_SECONDS = 10.0  # a notice that failed
PARCELS = 64  # kept: notices times languages times channels
CALL_SECONDS = 12.0  # below the lease, so that nobody else takes up what is still being sent
LATE_SECONDS = 0.05  # after its slot: the machine stalled, and what waited must not go out in a heap
AGAIN_SECONDS = 5.0  # to a correction or a recall that was not answered
PAUSED = Later(0, "chat", "paused")
NO_TEXT = Later(60, "chat", ledger.NO_TEXT)
DEFECT = Later(60, "chat", "a defect, see the log")


@dataclass(frozen=True, slots=True)
class _Mark:
    """A call that waits to be written down as begun."""

    notice: Notice
    due: Due
    act: str
    told: asyncio.Future[bool]

    def tell(self, may: bool) -> None:
        if not self.told.done():
            self.told.set_result(may)


class _LeaseLost(Exception):
    """The ledger gave to another process what was about to be put."""


# The notice, the reader's words, whether silently, the sessions that they go to (of a notice in parts)
Wording = Callable[[Notice, Words, bool, Sequence[str]], Reply]

log = structlog.get_logger()


class Courier:
    """One process's share of the sending."""

    def __init__(
        self, store: Store, channels: Mapping[str, Channel], clock: Clock, *, owner: str, event: Callable[[], Event],
        words: Callable[[str], Words], wording: Wording, alone: bool, is_woken: bool = False,
    ) -> None:  # fmt: skip
        """alone: no other process sends on this database, so that leases found at start are dead ones.

        is_woken: it is told of a notice that is begun elsewhere, and need not look so often.
        event: as published now. words: language -> its Words. wording: makes the Reply of a notice.
        """
        self._store, self._channels, self._clock = store, channels, clock
        self._alone = alone
        self._tick_seconds = WOKEN_SECONDS if is_woken else TICK_SECONDS
        self._owner, self._event, self._words, self._wording = owner, event, words, wording
        self._parcels: OrderedDict[tuple[object, ...], Parcel | None] = OrderedDict()
        self._flying: dict[str, int] = dict.fromkeys(channels, 0)  # on a channel
        self._under_way: Counter[int] = Counter()  # of a notice
        self._held_until: dict[str, float] = {}
        self._for_urgent: set[str] = set()  # channels whose room is an urgent notice's, in this round
        self._dry: set[str] = set()  # channels for which the last claim found less than there was room for
        self._empty: dict[tuple[int, str], float] = {}  # notice, channel -> loop time before which it has nothing
        self._tasks: set[asyncio.Task[None]] = set()
        self._awake = asyncio.Event()
        self._marks: list[_Mark] = []
        self._closings: list[Closing] = []
        self._held: set[int] = set()  # deliveries on their way here, until what came of them is written
        self._set_aside: dict[int, float] = {}  # notice that failed -> loop time before which it is left alone
        self._to_write = asyncio.Event()
        self._is_ending = False

    def wake(self) -> None:
        """There is something to send: look now."""
        self._empty.clear()
        self._awake.set()

    async def run(self) -> None:
        """Until cancelled; then what is being sent ends and the rest is given back."""
        writer = asyncio.create_task(self._write())
        sweeper = asyncio.create_task(self._sweep())
        try:
            if self._alone:
                await self._swept(alone=self._owner)
            while True:
                self._awake.clear()
                try:
                    busy = await self._tick()
                except Exception:
                    log.exception("notices.failed")
                    busy = False
                    await asyncio.sleep(AFTER_FAILURE_SECONDS)
                with suppress(TimeoutError):  # not wait_for: woken at the same moment, it forgets to be cancelled
                    async with asyncio.timeout(BUSY_SECONDS if busy else self._tick_seconds):
                        await self._awake.wait()
        finally:
            sweeper.cancel()
            if self._tasks:
                _, late = await asyncio.wait(self._tasks, timeout=5)
                for task in late:  # whose lease would be given back under them
                    task.cancel()
                await asyncio.gather(*late, return_exceptions=True)
            self._is_ending = True
            self._to_write.set()
            await asyncio.gather(writer, sweeper, return_exceptions=True)
            await self._store.write(ledger.release, owner=self._owner)

    async def _tick(self) -> bool:
        """Make, claim and begin to send what there is room for; whether there is more."""
        now, loop_now = self._clock.now(), asyncio.get_running_loop().time()
        if await self._store.read(ledger.is_any_due, now):  # a look costs less than a write, four times a second
            await self._store.write(ledger.begin_due, now)
        busy = False
        self._for_urgent.clear()
        for notice in await self._store.read(ledger.active):
            if self._set_aside.get(notice.id, 0.0) > loop_now:
                continue
            try:
                busy |= await self._advance(notice, now)
            except BadInput as error:  # its audience names what is no longer in the programme
                log.error("notice.unreadable", notice=notice.id, faults=str(error))
                self._set_aside[notice.id] = loop_now + SET_ASIDE_SECONDS
            except Exception:  # one that fails must not hold up the others
                log.exception("notice.failed", notice=notice.id)
                self._set_aside[notice.id] = loop_now + SET_ASIDE_SECONDS
        return busy

    async def _advance(self, notice: Notice, now: datetime) -> bool:
        """The next step of one notice; whether there is more of it."""
        fanning = False
        if notice.state == NoticeState.SENDING and not notice.is_fanned:
            fanning = await self._store.write(ledger.fan_out, notice.id, self._event(), now)
        if await self._claimed(notice, fanning=fanning):
            return True
        if self._under_way[notice.id]:
            return fanning
        if notice.state == NoticeState.SENDING and await self._store.write(ledger.end, notice.id, now):
            log.info("notice.sent", notice=notice.id)
        return fanning

    async def _claimed(self, notice: Notice, *, fanning: bool) -> bool:
        """Claim and begin what there is room for on each channel; whether there may be more."""
        loop_now = asyncio.get_running_loop().time()
        any_ = False
        is_urgent = notice.urgency == Urgency.URGENT
        for name, channel in self._channels.items():
            if not channel.abilities.pushes or (name in self._for_urgent and not is_urgent):
                continue
            if not fanning and self._empty.get((notice.id, name), 0.0) > loop_now:
                continue
            if is_urgent:  # unless it finds less than there is room for
                self._for_urgent.add(name)
            if not self._has_room(channel):
                self._dry.discard(name)  # there may be more: whoever ends with a call says when there is room
                continue
            room = channel.abilities.window - self._flying[name]
            if self._held_until.get(name, 0.0) > loop_now:
                continue
            dues = await self._store.write(
                ledger.claim, notice, owner=self._owner, channel=name, limit=room, now=self._clock.now()
            )
            if not dues:
                self._empty[notice.id, name] = loop_now + TICK_SECONDS
            if len(dues) == room:
                self._dry.discard(name)
            else:
                self._dry.add(name)
                self._for_urgent.discard(name)
            if dues and channel.abilities.stored:
                await self._store_away(notice, channel, dues)
            elif dues:
                for due in dues:
                    if due.id in self._held:  # it waits here longer than its lease, which is a new one now
                        continue
                    self._held.add(due.id)
                    self._flying[name] += 1
                    self._under_way[notice.id] += 1
                    task = asyncio.create_task(self._deliver(notice, channel, due))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
            any_ |= len(dues) == room
        return any_

    def _has_room(self, channel: Channel) -> bool:
        """Whether it is worth a claim."""
        room = channel.abilities.window - self._flying[channel.name]
        return room >= max(1, channel.abilities.window // 4)

    # --- platforms that are called
    async def _deliver(self, notice: Notice, channel: Channel, due: Due) -> None:
        act = _act(notice, due)
        verdict: Verdict
        try:
            at = await self._begun(notice, channel, due, act)
            if isinstance(at, Later):
                verdict, why = at, ""
            else:
                missed = await _until(at)
                if missed and isinstance(at := await channel.reserve(due.address), Later):
                    verdict, why = at, ""
                else:
                    await _until(at)
                    verdict, why = await self._called(notice, channel, due, act)
        except Exception:  # before anything was called
            log.exception("notice.defect", delivery=due.id)
            verdict, why = DEFECT, ""
        finally:
            self._flying[channel.name] -= 1
            self._under_way[notice.id] -= 1
            # Not for each that ends: a claim of many costs what one of few does.
            if not self._under_way[notice.id] or (self._has_room(channel) and channel.name not in self._dry):
                self._awake.set()
        if isinstance(verdict, Later) and verdict.scope == "bot":
            until = asyncio.get_running_loop().time() + verdict.seconds
            self._held_until[channel.name] = max(until, self._held_until.get(channel.name, 0.0))
        urgent = notice.urgency == Urgency.URGENT
        self._closings.append(Closing(due, act, verdict, notice.version, urgent, why))
        self._to_write.set()

    async def _begun(self, notice: Notice, channel: Channel, due: Due, act: str) -> Later | float:
        """The loop time at which to call, which is written down by then; or why not."""
        if self._parcel(notice, channel, due) is None:
            return NO_TEXT
        if isinstance(at := await channel.reserve(due.address), Later):
            return at
        marked: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._marks.append(_Mark(notice, due, act, marked))
        self._to_write.set()
        return at if await marked else PAUSED

    async def _called(self, notice: Notice, channel: Channel, due: Due, act: str) -> tuple[Verdict, str]:
        """What came of it, and what the verdict does not say."""
        parcel = self._parcel(notice, channel, due)
        assert parcel is not None
        try:
            async with asyncio.timeout(CALL_SECONDS):
                if act == "send":
                    return await channel.send(due.address, parcel, because=f"notice {notice.id}", sequence=0), ""
                if act == "correct":
                    return await channel.correct(due.address, due.message_id, parcel), ""
                verdict = await channel.withdraw(due.address, due.message_id)
                if not isinstance(verdict, Failed):
                    return verdict, ""
                # It stays where it is: it says that it was withdrawn.
                if isinstance(at := await channel.reserve(due.address), Later):
                    return at, ""
                await _until(at)
                return await channel.correct(due.address, due.message_id, parcel), f"corrected: {verdict.why}"
        except TimeoutError:
            # To correct or to delete twice changes nothing.
            return InDoubt("no answer in time") if act == "send" else Later(AGAIN_SECONDS, "chat", "no answer"), ""
        except Exception:
            log.exception("notice.defect", delivery=due.id)
            return InDoubt("a defect in the channel"), ""

    # --- platforms that read their messages from the table: to put them there is to send them
    async def _store_away(self, notice: Notice, channel: Channel, dues: Sequence[Due]) -> None:
        parcels = [(due, self._parcel(notice, channel, due)) for due in dues]
        urgent = notice.urgency == Urgency.URGENT

        def place(tx: Transaction) -> list[tuple[Due, int]]:
            now = self._clock.now()
            may = ledger.still_leased(tx, [due.id for due in dues], notice, owner=self._owner, now=now)
            closings, lines = [], []
            for due, parcel in parcels:
                act = _act(notice, due)
                if due.id not in may or parcel is None:
                    verdict = NO_TEXT if parcel is None else PAUSED
                    closings.append(Closing(due, act, verdict, notice.version, urgent))
                    continue
                body = {} if act == "withdraw" else parcel.body
                replaces = 0 if act == "send" else int(due.message_id)
                lines.append((due, outbox.Put(due.account_id, body, replaces)))
            put = outbox.put(tx, [line for _, line in lines], because=f"notice {notice.id}", now=now)
            placed = [(due, sequence) for (due, _), sequence in zip(lines, put, strict=True)]
            for due, sequence in placed:
                closings.append(Closing(due, _act(notice, due), Sent(str(sequence)), notice.version, urgent))
            if not ledger.keep(tx, [due.id for due, _ in placed], owner=self._owner):
                raise _LeaseLost  # and undo it all: whoever has them now puts them there
            closing.close(tx, closings, owner=self._owner, now=now)
            return placed

        for due, sequence in await self._store.write(place):
            await channel.send(due.address, Parcel({}), because="notice", sequence=sequence)

    def _parcel(self, notice: Notice, channel: Channel, due: Due) -> Parcel | None:
        """The message as this reader gets it, made once for all who get the same; None where no text is theirs."""
        is_recalled = notice.state == NoticeState.RECALLED
        key = (notice.id, notice.version, is_recalled, due.language, channel.name, due.silent, due.goes)
        if key not in self._parcels:
            say = self._words(due.language)
            said = is_recalled or notice.parts or notice.in_(due.language)
            reply = self._wording(notice, say, due.silent, due.goes) if said else None
            parcel = channel.render([reply], say)[0] if reply else None
            kind, is_urgent = KIND_OF[notice.kind], notice.urgency == Urgency.URGENT
            self._parcels[key] = replace(parcel, kind=kind, is_urgent=is_urgent) if parcel else None
            if len(self._parcels) > PARCELS:
                self._parcels.popitem(last=False)
        return self._parcels[key]

    # --- the ledger
    async def _write(self) -> None:
        while not (self._is_ending and not self._marks and not self._closings):
            await self._to_write.wait()
            if not self._is_ending:
                await asyncio.sleep(SHARED_SECONDS)
            if not await self._written():
                if self._is_ending:
                    return
                await asyncio.sleep(AFTER_FAILURE_SECONDS)
                self._to_write.set()

    async def _written(self) -> bool:
        """Marks and closings that wait, in one commit; whether the database took them."""
        self._to_write.clear()
        marks, self._marks = self._marks, []
        closings, self._closings = self._closings, []
        now = self._clock.now()
        try:
            if marks or closings:
                may = await self._store.write(self._written_down, marks, closings, now)
                for mark in marks:
                    mark.tell(mark.due.id in may)
            if closings and not any(self._flying.values()):
                self._awake.set()  # what was the last of a notice ends it
        except StoreUnreachable as error:
            # What came of the calls is known: it is kept to be written, as long as the leases last.
            log.warning("notices.unwritten", marks=len(marks), closings=len(closings), error=str(error))
            self._closings = [*closings, *self._closings]
            return False
        except Exception:
            # Nothing is lost: the leases run out, and what was being sent is in doubt.
            log.exception("notices.unwritten", marks=len(marks), closings=len(closings))
        finally:
            for mark in marks:
                mark.tell(False)
        self._held.difference_update(each.due.id for each in closings)
        return True

    def _written_down(
        self, tx: Transaction, marks: Sequence["_Mark"], closings: Sequence[Closing], now: datetime
    ) -> set[int]:
        """Both in one commit; the deliveries that may be called."""
        if closings:
            closing.close(tx, closings, owner=self._owner, now=now)
        if not marks:
            return set()
        sends = [mark.due.id for mark in marks if mark.act == "send"]
        may = ledger.mark(tx, sends, owner=self._owner, now=now) if sends else set()
        others = [mark for mark in marks if mark.act != "send"]
        if others:
            stands = ledger.renew(tx, [mark.due.id for mark in others], owner=self._owner, now=now)
            seen = {mark.due.id: (mark.notice.state, mark.notice.version) for mark in others}
            may |= {id_ for id_, found in stands.items() if found == seen[id_]}
        return may

    async def _sweep(self) -> None:
        while True:
            await self._swept()
            await asyncio.sleep(SWEEP_SECONDS)

    async def _swept(self, *, alone: str = "") -> None:
        try:
            if left := await self._store.write(ledger.sweep, self._clock.now(), alone=alone):
                log.warning("notices.in_doubt", deliveries=left)
        except Exception:
            log.exception("notices.sweep_failed")


async def _until(at: float) -> bool:
    """Sleep until that loop time; whether it was missed by so much that calls would come in a heap."""
    time = asyncio.get_running_loop().time
    if (wait := at - time()) > 0:
        await asyncio.sleep(wait)
    return at > 0 and time() - at > LATE_SECONDS


def _act(notice: Notice, due: Due) -> str:
    if notice.state == NoticeState.RECALLED:
        return "withdraw"
    return "correct" if due.message_id else "send"
