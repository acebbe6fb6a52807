"""One pace for all processes that write as one bot: slots, allowances and holds are rows in PostgreSQL.

A slot is a moment, 1/rate second after the one before. A process takes those of all who wait in it by one short
transaction: answers at once, notices only slots that are about to come, so that nobody's answer queues behind a
broadcast. Why no limiter of a library: docs/decisions/0005.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import islice
from typing import Any

import structlog
from sqlalchemy import Double, delete, func, select, update

from bot.chat.channel import Later
from bot.delivery import pace as local
from bot.delivery.pace import Allowance, Limits
from bot.delivery.tables import pace
from bot.store.threads import Store
from bot.store.transaction import Transaction

AHEAD_SECONDS = 0.15  # notices take no slot that is further off: the most that an answer waits for them
BLOCK = 256  # answers that one transaction takes slots for, at most
AGAIN = Later(1.0, "bot", "the pace that processes share cannot be read")
FORGET_SECONDS = 60.0

log = structlog.get_logger()

_EPOCH = func.extract("epoch", func.clock_timestamp()).cast(Double)


@dataclass(frozen=True, slots=True)
class Ask:
    """One message that waits. chat: a digest. is_spent: its chat's allowance was taken before."""

    chat: str
    allowance: Allowance
    notice: bool
    is_spent: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """Write in `seconds`; needs_slot: or rather ask again then, with the chat's allowance taken."""

    seconds: float
    needs_slot: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """answers: to each who asked, None for a notice that finds no slot yet. seconds: until there are more."""

    answers: list[Slot | Later | None]
    seconds: float


def take(tx: Transaction, bot: str, asks: Sequence[Ask], step: float) -> Taken:
    """Slots for whoever asks, in that order.

    Safe under a race: the bot's own row is locked, so that takers come one after the other.
    """
    own = _lock(tx, bot)
    now = own["now"]
    if (left := own["held_until"] - now) > 0:
        return Taken([Later(left, "bot", local.HELD)] * len(asks), left)
    found = select(pace).where(pace.c.bot == bot, pace.c.chat.in_({ask.chat for ask in asks}))
    known = {row["chat"]: row for row in tx.all(found)}
    full = {chat: row["free_at"] for chat, row in known.items()}
    spent: dict[str, float] = {}
    next_ = own["free_at"]
    answers: list[Slot | Later | None] = []
    for ask in asks:
        row = known.get(ask.chat)
        if row is not None and row["held_until"] > now:
            answers.append(Later(row["held_until"] - now, "chat", local.HELD))
            continue
        ready = now if ask.is_spent else local.ready_at(full.get(ask.chat, 0.0), ask.allowance, now)
        if ask.notice and next_ - now > AHEAD_SECONDS:
            answers.append(None)
            continue
        if ready - now > (0 if ask.notice else local.PATIENCE_SECONDS):
            answers.append(Later(ready - now, "chat", "the chat's pace"))
            continue
        if next_ - max(now, ready) > local.PATIENCE_SECONDS:
            answers.append(Later(next_ - now, "bot", "the bot's pace"))
            continue
        if not ask.is_spent:
            spent[ask.chat] = full[ask.chat] = max(full.get(ask.chat, 0.0), now) + ask.allowance.seconds
        if ready > now:  # the slots until then are left to others
            answers.append(Slot(ready - now, needs_slot=True))
            continue
        slot = max(now - local.SLACK_SECONDS, next_)
        next_ = slot + step
        answers.append(Slot(slot - now))
    _write(tx, bot, {"": next_, **spent})
    return Taken(answers, max(next_ - now - AHEAD_SECONDS / 2, local.TICK_SECONDS))


def refuse(tx: Transaction, bot: str, chat: str, seconds: float) -> bool:
    """Hold a chat that the platform refuses; whether the whole bot is held, since others are refused too."""
    now = _lock(tx, bot)["now"]
    row = {"bot": bot, "chat": chat, "free_at": 0.0, "held_until": now + seconds, "refused_at": now}
    held = tx.insert(pace).values(**row)
    kept = {
        "held_until": func.greatest(pace.c.held_until, held.excluded.held_until),
        "refused_at": held.excluded.refused_at,
    }
    tx.execute(held.on_conflict_do_update(index_elements=["bot", "chat"], set_=kept))
    recent = select(func.count()).where(pace.c.bot == bot, pace.c.chat != "")
    if tx.scalar(recent.where(pace.c.refused_at >= now - local.FLOOD_SECONDS)) < local.FLOOD_CHATS:
        return False
    whole = update(pace).where(pace.c.bot == bot, pace.c.chat == "")
    tx.execute(whole.values(held_until=func.greatest(pace.c.held_until, now + seconds)))
    return True


def forget(tx: Transaction, bot: str) -> None:
    """Drop the chats whose allowance is whole and who are not held."""
    long_ago = _EPOCH - FORGET_SECONDS
    old = delete(pace).where(pace.c.bot == bot, pace.c.chat != "", pace.c.free_at < long_ago)
    tx.execute(old.where(pace.c.held_until < long_ago))


def _lock(tx: Transaction, bot: str) -> Any:
    """The bot's own row, and `now` as of when it is ours: a row that was waited for is read anew."""
    own = select(pace, _EPOCH.label("now")).where(pace.c.bot == bot, pace.c.chat == "").with_for_update(of=pace)
    if (row := tx.one(own)) is None:
        first = {"bot": bot, "chat": "", "free_at": 0.0, "held_until": 0.0, "refused_at": 0.0}
        tx.execute(tx.insert(pace).values(**first).on_conflict_do_nothing())
        row = tx.one(own)
    return row


def _write(tx: Transaction, bot: str, free_at: dict[str, float]) -> None:
    rows = [
        {"bot": bot, "chat": chat, "free_at": moment, "held_until": 0.0, "refused_at": 0.0}
        for chat, moment in free_at.items()
    ]
    made = tx.insert(pace).values(rows)
    tx.execute(made.on_conflict_do_update(index_elements=["bot", "chat"], set_={"free_at": made.excluded.free_at}))


@dataclass(eq=False, slots=True)
class _Waiting:
    ask: Ask
    answer: asyncio.Future[Slot | Later]


class SharedPace:
    """A Pace. bot: the same name in every process."""

    def __init__(self, store: Store, bot: str, limits: Limits) -> None:
        self._store, self._bot, self._limits = store, bot, limits
        self._answers: deque[_Waiting] = deque()
        self._notices: deque[_Waiting] = deque()
        self._is_asked = asyncio.Event()
        self._taker: asyncio.Task[None] | None = None
        self._held_until = 0.0  # loop time, as far as this process has heard
        self._forget_at = 0.0
        self._notices_at_once = min(BLOCK, int(AHEAD_SECONDS * limits.rate) + 2) if limits.rate else BLOCK

    async def admit(self, chat: str) -> Later | None:
        ask = Ask(_digest(chat), self._limits.allowance(chat), notice=False)
        while True:
            answer = await self._ask(ask)
            if isinstance(answer, Later):
                return answer
            if answer.seconds > 0:
                await asyncio.sleep(answer.seconds)
            if not answer.needs_slot:
                return self.hold(chat)
            ask = replace(ask, is_spent=True)

    async def reserve(self, chat: str) -> Later | float:
        answer = await self._ask(Ask(_digest(chat), self._limits.allowance(chat), notice=True))
        return answer if isinstance(answer, Later) else asyncio.get_running_loop().time() + answer.seconds

    def hold(self, chat: str) -> Later | None:
        """Of the whole bot; a chat's is found when it asks."""
        left = self._held_until - asyncio.get_running_loop().time()
        return Later(left, "bot", local.HELD) if left > 0 else None

    async def refused(self, chat: str, seconds: float) -> Later:
        seconds = local.with_jitter(seconds)
        is_flood = await self._store.write(refuse, self._bot, _digest(chat), seconds)
        if is_flood:
            self._hold(seconds)
        return Later(seconds, "bot" if is_flood else "chat", "too many requests")

    def _hold(self, seconds: float) -> None:
        self._held_until = max(self._held_until, asyncio.get_running_loop().time() + seconds)

    async def _ask(self, ask: Ask) -> Slot | Later:
        waiting = _Waiting(ask, asyncio.get_running_loop().create_future())
        (self._notices if ask.notice else self._answers).append(waiting)
        self._is_asked.set()
        if self._taker is None or self._taker.done():
            self._taker = asyncio.create_task(self._take())
        return await waiting.answer

    async def _take(self) -> None:
        """Slots for whoever waits, until nobody does."""
        while self._answers or self._notices:
            self._is_asked.clear()
            # No more notices than may find a slot.
            block = [*islice(self._answers, BLOCK), *islice(self._notices, self._notices_at_once)]
            try:
                taken = await self._store.write(take, self._bot, [each.ask for each in block], self._limits.step)
            except Exception:
                log.exception("pace.failed")
                taken = Taken([AGAIN] * len(block), 0.0)
            for waiting, answer in zip(block, taken.answers, strict=True):
                if answer is None and not waiting.answer.cancelled():
                    continue
                (self._notices if waiting.ask.notice else self._answers).remove(waiting)
                if isinstance(answer, Later) and answer.scope == "bot" and answer.why == local.HELD:
                    self._hold(answer.seconds)
                if not waiting.answer.done() and answer is not None:
                    waiting.answer.set_result(answer)
            await self._forgotten()
            if self._notices and not self._answers:  # there are no slots for them just now
                await self._pause(taken.seconds)

    async def _pause(self, seconds: float) -> None:
        """Wait, but not while somebody new asks for an answer."""
        until = asyncio.get_running_loop().time() + seconds
        while not self._answers and (left := until - asyncio.get_running_loop().time()) > 0:
            self._is_asked.clear()
            try:
                async with asyncio.timeout(left):
                    await self._is_asked.wait()
            except TimeoutError:
                return

    async def _forgotten(self) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._forget_at:
            self._forget_at = now + FORGET_SECONDS
            try:
                await self._store.write(forget, self._bot)
            except Exception:  # another time
                log.exception("pace.not_forgotten")


def _digest(chat: str) -> str:
    return blake2b(chat.encode(), digest_size=8).hexdigest()
