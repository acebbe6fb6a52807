"""What befalls calls to the double: errors, cut connections, waits; by order or by chance. And its pace."""

import math
import random
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.doubles.telegram_values import Chat, Refused

RATE, TOLERANCE = 30, 1.1
CHAT_BURST, GROUP_BURST, GROUP_RATE = 5, 20, 20 / 60
PACED = {"sendmessage", "editmessagetext", "sendvenue", "sendlocation", "senddocument"}


@dataclass(slots=True)
class Trouble:
    """What befalls the next `times` calls of `method` ("" for any)."""

    method: str
    kind: str  # "error", "drop", "stall"
    times: int
    is_after: bool = False  # once the call has been carried out
    seconds: float = 0.0
    answer: tuple[int, dict[str, Any]] = (500, {})


_BAD_GATEWAY = {"ok": False, "error_code": 502, "description": "Bad Gateway"}
_SERVER_ERROR = {"ok": False, "error_code": 500, "description": "Internal Server Error"}
_TOO_MANY = {
    "ok": False, "error_code": 429, "description": "Too Many Requests: retry after 1", "parameters": {"retry_after": 1}
}  # fmt: skip


class Chance:
    """Trouble for any paced call by chance: each kind befalls `share` of them."""

    KINDS = (
        Trouble("", "error", 1, answer=(502, _BAD_GATEWAY)),
        Trouble("", "error", 1, is_after=True, answer=(500, _SERVER_ERROR)),
        Trouble("", "drop", 1),
        Trouble("", "drop", 1, is_after=True),
        Trouble("", "stall", 1, is_after=True, seconds=0.5),
        Trouble("", "error", 1, answer=(429, _TOO_MANY)),
    )  # fmt: skip

    def __init__(self, share: float, seed: int, kinds: Sequence[Trouble] = KINDS) -> None:
        self._share, self._random, self._kinds = share, random.Random(seed), kinds
        self.befallen = 0

    def __call__(self) -> Trouble | None:
        kind = int(self._random.random() / self._share) if self._share else len(self._kinds)
        if kind >= len(self._kinds):
            return None
        self.befallen += 1
        return self._kinds[kind]


def faults(stall_seconds: float) -> tuple[Trouble, ...]:
    """An error, a reset, a time-out after the call was carried out (clients wait less than `stall_seconds`), 429."""
    stall = Trouble("", "stall", 1, is_after=True, seconds=stall_seconds)
    return (Chance.KINDS[0], Chance.KINDS[2], stall, Chance.KINDS[5])


class Troubles:
    """What is ordered for the next calls."""

    def __init__(self) -> None:
        self.chance: Chance | None = None
        self._troubles: list[Trouble] = []

    def fail_next(
        self,
        method: str,
        status: int,
        description: str = "Internal Server Error",
        parameters: dict[str, Any] | None = None,
        *,
        times: int = 1,
        after: bool = False,
    ) -> None:
        """Answer with an error; after: once the call has been carried out all the same."""
        body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
        if parameters:
            body["parameters"] = parameters
        self._troubles.append(Trouble(method.lower(), "error", times, after, answer=(status, body)))

    def stall_next(self, method: str, seconds: float, *, times: int = 1, after: bool = True) -> None:
        """Answer only after `seconds`."""
        self._troubles.append(Trouble(method.lower(), "stall", times, after, seconds))

    def drop_next(self, method: str, *, times: int = 1, after: bool = True) -> None:
        """Cut the connection instead of an answer; after: once the call has been carried out."""
        self._troubles.append(Trouble(method.lower(), "drop", times, after))

    def _trouble(self, method: str) -> Trouble | None:
        for trouble in self._troubles:
            if trouble.method in ("", method):
                trouble.times -= 1
                if trouble.times <= 0:
                    self._troubles.remove(trouble)
                return trouble
        return self.chance() if self.chance is not None and method in PACED else None


class Paced:
    """How many messages a second are taken: in all, and to one chat."""

    def __init__(self, rate: float, hold_seconds: float) -> None:
        self.rate, self.hold_seconds = rate, hold_seconds
        self._window: deque[float] = deque()
        self._held_until = 0.0

    def count(self, chat: Chat | None) -> None:
        """One message more. Raises Refused where that is too many."""
        now = time.monotonic()
        if now < self._held_until:
            raise self._flood(self._held_until - now)
        window = self._window
        while window and now - window[0] >= 1:
            window.popleft()
        if len(window) >= self.rate * TOLERANCE:
            self._held_until = now + self.hold_seconds
            raise self._flood(self.hold_seconds)
        if chat is not None:
            if now < chat.held_until:
                raise self._flood(chat.held_until - now)
            burst, rate = (GROUP_BURST, GROUP_RATE) if chat.is_group else (CHAT_BURST, 1.0)
            if not chat.counted_at:
                chat.allowance = burst
            chat.allowance = min(burst, chat.allowance + (now - chat.counted_at) * rate)
            chat.counted_at = now
            if chat.allowance < 1:
                chat.held_until = now + self.hold_seconds
                raise self._flood(self.hold_seconds)
            chat.allowance -= 1
        window.append(now)

    @staticmethod
    def _flood(seconds: float) -> Refused:
        wait = max(1, math.ceil(seconds))
        return Refused(429, f"retry after {wait}", is_fault=True, parameters={"retry_after": wait})
