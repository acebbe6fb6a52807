"""Measurements by the double of the Bot API: simulated people write, and what they get is timed.

python -m bot.bench.measuring     JSON lines in (what to do), JSON lines out (what was seen)
"""

import asyncio
import json
import os
import sys
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.bench.double import Double, Seen

FIRST_CHAT = 1000
DRAIN_SECONDS = 15.0  # how long the last answers are waited for
DRAIN_STEP = 0.01
TICKS = os.sysconf("SC_CLK_TCK")


class Measuring:
    """Measurements of one bot, each by an order."""

    def __init__(self, double: Double) -> None:
        self._double = double

    async def take(self, order: dict[str, Any]) -> dict[str, Any]:
        """One measurement, by mode: "receive" as `_receive` says, or {"mode",
        "contents": {language: [content, …]}, "chats", "lead", "seconds", "users" or
        "rate", "pid"}; figures of the window that begins after `lead` seconds."""
        mode = order["mode"]
        if mode == "receive":
            return await self._receive(order)
        self._double.seen = Seen()
        self._double.waiting.clear()
        work = {"saturated": self._saturated, "open": self._open, "each": self._each, "lines": self._lines}[mode]
        begun = time.monotonic()
        window = _Window(begun + order.get("lead", 0.0), order.get("seconds", 0.0), order["pid"])
        watching = asyncio.create_task(window.watch())
        await work(order, window)
        window.end()
        await watching
        for _ in range(int(DRAIN_SECONDS / DRAIN_STEP)):
            if not any(self._double.waiting.values()):
                break
            await asyncio.sleep(DRAIN_STEP)
        seen = self._double.seen
        inside = [took for when, took in seen.arrivals if window.begins <= when < window.ends]
        return {
            "asked": seen.asked,
            "answered": seen.answered,
            "misplaced": seen.misplaced,
            "messages": seen.messages,
            "rested": seen.rested,
            "window": window.ends - window.begins,
            "in_window": len(inside),
            "cpu": window.cpu,
            "own_cpu": window.own_cpu,
            "took": sorted(inside),
            "answers": seen.right,
        }

    async def _saturated(self, order: dict[str, Any], window: "_Window") -> None:
        """`users` who write again as soon as they are answered, each time in the chat that was quiet longest."""
        chats = _Chats(order, self._double)

        def again() -> None:
            if time.monotonic() < window.ends:
                self._double.ask(*chats.next(), again)

        for _ in range(order["users"]):
            again()
        await window.over()

    async def _open(self, order: dict[str, Any], window: "_Window") -> None:
        """`rate` updates a second, evenly spaced, whatever becomes of them."""
        chats = _Chats(order, self._double)
        due = time.monotonic()
        while due < window.ends:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self._double.ask(*chats.next(), _nothing)
            due += 1 / order["rate"]
        await window.over()

    async def _each(self, order: dict[str, Any], _: "_Window") -> None:
        """Every chat once, `users` at a time."""
        chats = _Chats(order, self._double)
        await _in_turn(order, order["chats"], lambda then: self._double.ask(*chats.next(), then))

    async def _lines(self, order: dict[str, Any], _: "_Window") -> None:
        """All contents of a chat's language at once, in `lines` chats, `users` chats at a time: is order kept?"""
        chats = _Chats(order, self._double)

        def one(then: Callable[[], None]) -> None:
            chat, language, _first = chats.next()
            contents = order["contents"][language]
            for content in contents[:-1]:
                self._double.ask(chat, language, content, _nothing)
            self._double.ask(chat, language, contents[-1], then)

        await _in_turn(order, order["lines"], one)

    async def _receive(self, order: dict[str, Any]) -> dict[str, Any]:
        """Messages that nobody asked for, until `count` chats have one or `patience` seconds are over: {"count",
        "patience", "pid"}. What is counted begins with the first twentieth, since a bot starts before it sends."""
        count, until = order["count"], time.monotonic() + order["patience"]
        begins = await self._come(count // 20, until)
        cpu, own = cpu_seconds(order["pid"]), time.process_time()
        ends = await self._come(count, until)
        times = [when for when, _ in self._double.told]
        chats = Counter(chat for _, chat in self._double.told)
        return {
            "chats": len(chats),
            "twice": sum(1 for times in chats.values() if times > 1),
            "messages": bisect_left(times, ends) - bisect_left(times, begins),
            "seconds": ends - begins,
            "cpu": cpu_seconds(order["pid"]) - cpu,
            "own_cpu": time.process_time() - own,
            "busiest": max((bisect_left(times, when + 1) - n for n, when in enumerate(times)), default=0),
        }

    async def _come(self, count: int, until: float) -> float:
        """When so many messages have come, or `until`."""
        while len(self._double.told) < count and time.monotonic() < until:  # noqa: ASYNC110  cheaper than a call each
            await asyncio.sleep(DRAIN_STEP)
        return time.monotonic()


class _Chats:
    """Whose turn it is: (chat, language, content), chats in turn, contents of a language in turn."""

    def __init__(self, order: dict[str, Any], double: Double) -> None:
        self._among: int = order["chats"]
        self._contents: dict[str, list[dict[str, str]]] = order["contents"]
        self._languages = list(self._contents)
        self._double = double
        self._turn = 0

    def next(self) -> tuple[int, str, dict[str, str]]:
        n = self._double.chat(self._among)
        language = self._languages[n % len(self._languages)]
        contents = self._contents[language]
        self._turn += 1
        return FIRST_CHAT + n, language, contents[self._turn // len(self._languages) % len(contents)]


class _Window:
    """The time that counts, and the CPU seconds of a process (and of this one) in it."""

    def __init__(self, begins: float, seconds: float, pid: int) -> None:
        self.begins = begins
        self.ends = begins + seconds if seconds else float("inf")
        self.cpu = self.own_cpu = 0.0
        self._pid = pid
        self._over = asyncio.Event()

    async def watch(self) -> None:
        await asyncio.sleep(self.begins - time.monotonic())
        self.begins = time.monotonic()
        before, own = cpu_seconds(self._pid), time.process_time()
        if self.ends < float("inf"):
            await asyncio.sleep(self.ends - time.monotonic())
            self.end()
        else:
            await self._over.wait()
        self.cpu, self.own_cpu = cpu_seconds(self._pid) - before, time.process_time() - own

    def end(self) -> None:
        self.ends = min(self.ends, time.monotonic())
        self._over.set()

    async def over(self) -> None:
        await self._over.wait()


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads of a process so far (Linux, to 10 ms)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def _in_turn(order: dict[str, Any], left: int, one: Callable[[Callable[[], None]], None]) -> None:
    """`one` so many times, `users` at a time: it calls what it is given once it is answered."""
    done = asyncio.Event()

    def again() -> None:
        nonlocal left
        if not left:
            done.set()
            return
        left -= 1
        one(again)

    for _ in range(min(order["users"], left)):
        again()
    await _patiently(done, order)


async def _patiently(done: asyncio.Event, order: dict[str, Any]) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(done.wait(), order.get("patience", DRAIN_SECONDS))


def _nothing() -> None:
    pass


async def serve() -> None:
    """Listen; say on which port; carry out what stdin asks until it ends."""
    double = Double()
    measuring = Measuring(double)
    loop = asyncio.get_running_loop()
    runner = web.ServerRunner(web.Server(double.handle, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    reader = asyncio.StreamReader(limit=2**22)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    _say({"port": runner.addresses[0][1]})
    while line := await reader.readline():
        _say(await measuring.take(json.loads(line)))
    await double.close()
    await runner.cleanup()


def _say(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve())
