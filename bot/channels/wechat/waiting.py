"""The five seconds: WeChat's calls of one message that wait for its answer, and the answer that waits for a call.

WeChat cuts a call after five seconds and makes it again, three times in all. The answer rides in whichever call is open
when it is ready; the first two end in silence, so that there is a next one; after the third it goes another way.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

CALLS = 3


@dataclass(frozen=True, slots=True)
class Timing:
    """In seconds. cut: when WeChat gives up a call; taken: until when an answer is put into one; last: the same of the
    third, after which nothing saves a late one; gap: how long an answer waits for the next call; kept: how long a
    message's state is known after its first call."""

    cut: float = 5.0
    taken: float = 4.5
    last: float = 3.5
    gap: float = 2.5
    kept: float = 60.0

    def scaled(self, by: float) -> "Timing":
        return Timing(self.cut * by, self.taken * by, self.last * by, self.gap * by, self.kept * by)


class Ride:
    """One message of a person's, and how its answer gets there."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self.began = _time()
        self.calls = 0
        self.text: str | None = None
        self.has_arrived = False
        self.is_over = False  # no call takes it any more: it goes another way, or there is none
        self._open = 0  # calls that may still take it
        self._is_writing = False
        self._changed = asyncio.Event()

    async def wait(self, until: float) -> str | None:
        """For a call: the text to write, "" for none that is to come this way, None where it is not ready by then.

        Whoever gets a text says what became of it by `written`.
        """
        self._open += 1
        self._wake()
        try:
            while not self.is_over:
                if self.text is not None and not self._is_writing:
                    self._is_writing = True
                    return self.text
                if not await self._turn(until):
                    return None
            return ""
        finally:
            self._open -= 1
            self._wake()

    def written(self, *, arrived: bool) -> None:
        """A call that took the text could write it, as far as we can see, or was cut before."""
        self._is_writing = False
        self.has_arrived = self.has_arrived or arrived
        self._wake()

    async def offer(self, text: str) -> bool:
        """For an answer: whether a call carried it. False once none will."""
        if self.text is not None or self.is_over:
            return False
        self.text = text
        self._wake()
        lonely = _time()
        while not self.has_arrived and not self.is_over:
            if self._open or self._is_writing:
                lonely = _time()
            until = lonely + self._timing.gap
            if not await self._turn(until) and not self._open and not self._is_writing and _time() >= until:
                self.end()
        return self.has_arrived

    def end(self) -> None:
        self.is_over = not self.has_arrived
        self._wake()

    async def _turn(self, until: float) -> bool:
        """Wait for anything to change; False where nothing did by then."""
        changed = self._changed
        try:
            async with asyncio.timeout(max(0.0, until - _time())):
                await changed.wait()
        except TimeoutError:
            return False
        return True

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class Rides:
    """Those of this process, by the update's key; forgotten after a while."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._all: OrderedDict[str, Ride] = OrderedDict()

    def get(self, key: str) -> Ride | None:
        return self._all.get(key)

    def begin(self, key: str) -> tuple[Ride, bool]:
        """The ride of that message, and whether this is its first call here."""
        now = _time()
        while self._all and next(iter(self._all.values())).began < now - self._timing.kept:
            self._all.popitem(last=False)
        if key in self._all:
            return self._all[key], False
        return self._all.setdefault(key, Ride(self._timing)), True

    def forget(self, key: str) -> None:
        self._all.pop(key, None)


def _time() -> float:
    return asyncio.get_running_loop().time()
