"""How fast a bot may write: a slot every 1/rate second for all chats, and each chat's own pace.

No burst over all chats: a limiter that starts with a full bucket is answered with 429 (docs/decisions/0005).
Here for one process; several share theirs in shared_pace.py.
"""

import asyncio
import math
import random
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bot.chat.channel import Later

PATIENCE_SECONDS = 4.0  # a longer wait is handed back, so that nothing is leased meanwhile
AHEAD_SECONDS = 0.1  # how far ahead notices take slots, so that many are written down together before their calls
TICK_SECONDS = 0.01  # slots of notices are given out in ticks: one waking for many where the rate is high
SLACK_SECONDS = 0.03  # a slot missed by so little is made up for: no timer wakes exactly
CHATS_REMEMBERED = 20_000
FLOOD_SECONDS, FLOOD_CHATS = 3.0, 2  # refused in so many chats within this time: the whole bot is held
HELD = "held by the platform"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one chat may be sent: a message each `seconds`, `burst` of them at once after a rest."""

    seconds: float
    burst: int


@dataclass(frozen=True, slots=True)
class Limits:
    """rate: messages a second over all chats, 0 for no limit at all (benchmarks). allowance: of a chat."""

    rate: float
    allowance: Callable[[str], Allowance]

    @property
    def step(self) -> float:
        """Seconds from a slot to the next."""
        return 1 / self.rate if self.rate else 0.0


class Pace(Protocol):
    """When a bot may write."""

    async def admit(self, chat: str) -> Later | None:
        """Return when `chat` may be written to, or with Later where that is too far off."""
        ...

    async def reserve(self, chat: str) -> Later | float:
        """A slot for a notice, as loop time: one of the next moments and no other, so that answers go first."""
        ...

    def hold(self, chat: str) -> Later | None:
        """For how long this process knows that it must not write to `chat`."""
        ...

    async def refused(self, chat: str, seconds: float) -> Later:
        """The platform answered "too many requests, wait `seconds`" for `chat`: hold it, or the whole bot where
        several chats are refused."""
        ...


class LocalPace:
    """The pace of the only process that writes as this bot. Slots come in the order of asking."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._step = limits.step
        self._next = 0.0  # loop time of the next free slot
        self._notices = asyncio.Lock()
        self._full: OrderedDict[str, float] = OrderedDict()  # chat -> when its allowance is whole again
        self._held: dict[str, float] = {}  # chat, "" for the bot -> until when Telegram refuses it
        self._refusals: deque[tuple[float, str]] = deque(maxlen=32)

    async def admit(self, chat: str) -> Later | None:
        """Safe under concurrency: the allowance and the slot are taken before the wait for them begins."""
        time = asyncio.get_running_loop().time
        now = time()
        if refusal := self.hold(chat):
            return refusal
        if not self._step:
            return None
        ready = self._ready(chat, now)
        if ready - now > PATIENCE_SECONDS:
            return Later(ready - now, "chat", "the chat's pace")
        if self._next - max(now, ready) > PATIENCE_SECONDS:
            return Later(self._next - now, "bot", "the bot's pace")
        self._spend(chat, now)
        if ready > now:  # the slots until then are left to others
            await asyncio.sleep(ready - now)
        if (wait := self._slot(time()) - time()) > 0:
            await asyncio.sleep(wait)
        return self.hold(chat)

    async def reserve(self, chat: str) -> Later | float:
        time = asyncio.get_running_loop().time
        async with self._notices:  # in the order of asking
            now = time()
            if refusal := self.hold(chat):
                return refusal
            if not self._step:
                return now
            if (ready := self._ready(chat, now)) > now:
                return Later(ready - now, "chat", "the chat's pace")
            while (wait := self._next - AHEAD_SECONDS - time()) > 0:  # noqa: ASYNC110  an answer may take the slot
                await asyncio.sleep(max(wait, TICK_SECONDS))
            now = time()
            self._spend(chat, now)
            return math.ceil(self._slot(now) / TICK_SECONDS) * TICK_SECONDS

    def _slot(self, now: float) -> float:
        """The next slot, taken: its loop time."""
        slot = max(now - SLACK_SECONDS, self._next)
        self._next = slot + self._step
        return slot

    async def refused(self, chat: str, seconds: float) -> Later:
        now = asyncio.get_running_loop().time()
        seconds = with_jitter(seconds)
        self._refusals.append((now, chat))
        is_flood = len({name for at, name in self._refusals if now - at <= FLOOD_SECONDS}) >= FLOOD_CHATS
        held = "" if is_flood else chat
        self._held[held] = max(self._held.get(held, 0.0), now + seconds)
        return Later(seconds, "bot" if is_flood else "chat", "too many requests")

    def hold(self, chat: str) -> Later | None:
        if not self._held:
            return None
        now = asyncio.get_running_loop().time()
        for held in ("", chat):
            if (left := self._held.get(held, now) - now) > 0:
                return Later(left, "chat" if held else "bot", HELD)
            self._held.pop(held, None)
        return None

    def _ready(self, chat: str, now: float) -> float:
        return ready_at(self._full.get(chat, 0.0), self._limits.allowance(chat), now)

    def _spend(self, chat: str, now: float) -> None:
        self._full[chat] = max(self._full.get(chat, 0.0), now) + self._limits.allowance(chat).seconds
        self._full.move_to_end(chat)
        if len(self._full) > CHATS_REMEMBERED:
            self._full.popitem(last=False)


def ready_at(full: float, allowance: Allowance, now: float) -> float:
    """When a chat may be written to. full: when its allowance is whole again."""
    return max(now, full - (allowance.burst - 1) * allowance.seconds)


def with_jitter(seconds: float) -> float:
    """Somewhat more than `seconds`, so that not all who wait come back as one."""
    return seconds + random.uniform(0.05, 0.5)  # noqa: S311
