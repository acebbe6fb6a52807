"""A bare, fast double of the Bot API with simulated people, as a process of its own.

    python -m bot.bench.double        JSON lines in (what to do), JSON lines out (what was seen)

It checks nothing of what a bot sends (tests/doubles does): it counts, and tells how long each answer
took, whether each came, and whether it was the right one at its place in the chat.
"""

import asyncio
import json
import os
import re
import sys
import time
from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from bot.bench.hook import Hook

TOKEN = "7000000001:AAE_double_token_of_the_bench_35chars"  # noqa: S105
ME = {"id": 7000000001, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}
FIRST_CHAT = 1000
DRAIN_SECONDS = 15.0  # how long the last answers are waited for
DRAIN_STEP = 0.01
POLL_LIMIT = 100
TRUE = b'{"ok":true,"result":true}'
PROFILE = {
    "getmycommands": b'{"ok":true,"result":[]}',
    "getchatmenubutton": b'{"ok":true,"result":{"type":"commands"}}',
    "getmyname": b'{"ok":true,"result":{"name":""}}',
    "getmydescription": b'{"ok":true,"result":{"description":""}}',
    "getmyshortdescription": b'{"ok":true,"result":{"short_description":""}}',
}
PART = re.compile(r'name="(\w+)"[^\r]*(?:\r\n[^\r]+)*\r\n\r\n(.*?)\r\n--', re.DOTALL)  # of a multipart form
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Asked:
    """An update that a bot has not answered yet."""

    at: float
    key: str  # what decides the right answer, "" where the answer edits `message`
    message: int
    then: Callable[[], None]


@dataclass(slots=True)
class Seen:
    """What one measurement saw; times in seconds of the monotonic clock."""

    asked: int = 0
    answered: int = 0
    messages: int = 0  # sent or edited; more than `answered` where an answer has several
    rested: int = 0  # presses answered by answerCallbackQuery
    misplaced: int = 0  # not the answer that was due at this place in its chat
    arrivals: list[tuple[float, float]] = field(default_factory=list)  # (when, after how long)
    right: dict[str, str] = field(default_factory=dict)  # key -> its answer, learned from the first


class Double:
    """One bot's server, and the people who write to it."""

    def __init__(self) -> None:
        self.seen = Seen()
        self.calls: defaultdict[str, int] = defaultdict(int)
        self._queue: deque[tuple[int, bytes, int]] = deque()  # update, its JSON, its chat
        self._hook: Hook | None = None
        self._poller: asyncio.Future[None] | None = None
        self._waiting: defaultdict[int, deque[Asked]] = defaultdict(deque)
        self._update = int(time.time() * 1000) % 2_000_000_000  # a database may know those of an earlier double
        self._message = 1000
        self._next_chat = 0
        self._told: list[tuple[float, int]] = []  # (when, chat) of messages that nobody asked for

    # --- what people do

    def ask(self, chat: int, language: str, content: dict[str, str], then: Callable[[], None]) -> None:
        """Somebody writes or presses; `then` is called at the answer."""
        self._update += 1
        self._message += 1
        person = f'"id":{chat},"is_bot":false,"first_name":"Li","language_code":"{language}"'
        place = f'"chat":{{"id":{chat},"type":"private","first_name":"Li"}},"date":{int(time.time())}'
        text = json.dumps(content.get("text", "…"))
        head = f'{{"update_id":{self._update},'
        if "press" in content:
            key = ""
            data = json.dumps(content["press"])
            update = (
                f'{head}"callback_query":{{"id":"{self._update}","from":{{{person}}},"chat_instance":"1","data":{data},'
                f'"message":{{"message_id":{self._message},{place},"from":{json.dumps(ME)},"text":{text},'
                f'"reply_markup":{{"inline_keyboard":[[{{"text":"…","callback_data":{data}}}]]}}}}}}}}'
            )
        else:
            key = f"{language} {content['text']}"
            entities = ""
            if content["text"].startswith("/"):
                length = len(content["text"].split()[0])
                entities = f',"entities":[{{"type":"bot_command","offset":0,"length":{length}}}]'
            message = f'"message_id":{self._message},{place},"from":{{{person}}},"text":{text}{entities}'
            update = f'{head}"message":{{{message}}}}}'
        self._waiting[chat].append(Asked(time.monotonic(), key, self._message, then))
        self.seen.asked += 1
        if self._hook is not None:
            self._hook.put(chat, update.encode())
            return
        self._queue.append((self._update, update.encode(), chat))
        if self._poller is not None and not self._poller.done():
            self._poller.set_result(None)

    def _answered(self, chat: int, text: str, edits: int) -> None:
        seen = self.seen
        seen.messages += 1
        line = self._waiting[chat]
        if not line:
            self._told.append((time.monotonic(), chat))
        if not line or (line[0].message != edits and any(asked.message == edits for asked in line)):
            seen.misplaced += bool(line)
            return
        asked = line.popleft()
        now = time.monotonic()
        seen.answered += 1
        seen.arrivals.append((now, now - asked.at))
        if asked.key:
            seen.misplaced += seen.right.setdefault(asked.key, text) != text
        else:
            seen.misplaced += asked.message != edits
        asked.then()

    def rest(self) -> None:
        """A press was answered."""
        self.seen.rested += 1

    # --- the Bot API

    async def handle(self, request: web.BaseRequest) -> web.Response:
        method = request.path.rpartition("/")[2].lower()
        self.calls[method] += 1
        body = _body(request.content_type, await request.read())
        if method == "getupdates":
            return _json(await self._updates(body))
        if method in ("sendmessage", "editmessagetext"):
            return _json(self._sent(body))
        if method == "answercallbackquery":
            self.rest()
            return _json(TRUE)
        if method in ("setwebhook", "deletewebhook"):
            await self._hooked(body)
            return _json(TRUE)
        if method == "getme":
            return _json(_ok({**ME, "can_join_groups": True, "can_read_all_group_messages": False}))
        return _json(PROFILE.get(method, TRUE))

    async def _updates(self, body: dict[str, Any]) -> bytes:
        offset, limit = int(body.get("offset") or 0), int(body.get("limit") or POLL_LIMIT)
        self._forget(offset)
        if not self._queue and float(body.get("timeout") or 0) > 0:
            self._poller = asyncio.get_running_loop().create_future()
            await asyncio.wait((self._poller,), timeout=float(body["timeout"]))
            self._forget(offset)
        ready = [self._queue[n][1] for n in range(min(limit, len(self._queue)))]
        return b'{"ok":true,"result":[' + b",".join(ready) + b"]}"

    async def _hooked(self, body: dict[str, Any]) -> None:
        """From now on updates are posted there, those that wait first; or fetched, where there is no address."""
        hook, self._hook = self._hook, None
        if hook is not None:
            await hook.close()
        if url := str(body.get("url") or ""):
            self._hook = Hook(url, str(body.get("secret_token") or ""), int(body.get("max_connections") or 40), self)
            while self._queue:
                _, update, chat = self._queue.popleft()
                self._hook.put(chat, update)

    async def close(self) -> None:
        """Post nothing more."""
        if self._hook is not None:
            await self._hook.close()

    def _forget(self, offset: int) -> None:
        while self._queue and self._queue[0][0] < offset:
            self._queue.popleft()

    def _sent(self, body: dict[str, Any]) -> bytes:
        chat, text, edits = int(body["chat_id"]), body.get("text", ""), int(body.get("message_id") or 0)
        self._message += 1
        message = {
            "message_id": edits or self._message,
            "from": ME,
            "chat": {"id": chat, "type": "private", "first_name": "Li"},
            "date": int(time.time()),
            "text": text,
        }
        if "reply_markup" in body:
            markup = body["reply_markup"]  # JSON within JSON, as libraries send it
            message["reply_markup"] = json.loads(markup) if isinstance(markup, str) else markup
        self._answered(chat, text, edits)
        return _ok(message)

    # --- measurements

    async def measure(self, order: dict[str, Any]) -> dict[str, Any]:
        """One measurement, by mode: "receive" as `_receive` says, or {"mode",
        "contents": {language: [content, …]}, "chats", "lead", "seconds", "users" or
        "rate", "pid"}; figures of the window that begins after `lead` seconds."""
        mode = order["mode"]
        if mode == "receive":
            return await self._receive(order)
        self.seen = Seen()
        self._waiting.clear()
        work = {"saturated": self._saturated, "open": self._open, "each": self._each, "lines": self._lines}[mode]
        begun = time.monotonic()
        window = _Window(begun + order.get("lead", 0.0), order.get("seconds", 0.0), order["pid"])
        watching = asyncio.create_task(window.watch())
        await work(order, window)
        window.end()
        await watching
        for _ in range(int(DRAIN_SECONDS / DRAIN_STEP)):
            if not any(self._waiting.values()):
                break
            await asyncio.sleep(DRAIN_STEP)
        seen = self.seen
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
        chats = _Chats(order, self)

        def again() -> None:
            if time.monotonic() < window.ends:
                self.ask(*chats.next(), again)

        for _ in range(order["users"]):
            again()
        await window.over()

    async def _open(self, order: dict[str, Any], window: "_Window") -> None:
        """`rate` updates a second, evenly spaced, whatever becomes of them."""
        chats = _Chats(order, self)
        due = time.monotonic()
        while due < window.ends:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self.ask(*chats.next(), _nothing)
            due += 1 / order["rate"]
        await window.over()

    async def _each(self, order: dict[str, Any], _: "_Window") -> None:
        """Every chat once, `users` at a time."""
        chats = _Chats(order, self)
        left = order["chats"]
        done = asyncio.Event()

        def again() -> None:
            nonlocal left
            if left:
                left -= 1
                self.ask(*chats.next(), again)
            else:
                done.set()

        for _n in range(min(order["users"], left)):
            again()
        await _patiently(done, order)

    async def _lines(self, order: dict[str, Any], _: "_Window") -> None:
        """All contents of a chat's language at once, in `lines` chats, `users` chats at a time: is order kept?"""
        chats = _Chats(order, self)
        left = order["lines"]
        done = asyncio.Event()

        def again() -> None:
            nonlocal left
            if not left:
                done.set()
                return
            left -= 1
            chat, language, _first = chats.next()
            contents = order["contents"][language]
            for content in contents[:-1]:
                self.ask(chat, language, content, _nothing)
            self.ask(chat, language, contents[-1], again)

        for _n in range(min(order["users"], left)):
            again()
        await _patiently(done, order)

    async def _receive(self, order: dict[str, Any]) -> dict[str, Any]:
        """Messages that nobody asked for, until `count` chats have one or `patience` seconds are over: {"count",
        "patience", "pid"}. What is counted begins with the first twentieth, since a bot starts before it sends."""
        count, until = order["count"], time.monotonic() + order["patience"]
        begins = await self._come(count // 20, until)
        cpu, own = cpu_seconds(order["pid"]), time.process_time()
        ends = await self._come(count, until)
        times = [when for when, _ in self._told]
        chats = Counter(chat for _, chat in self._told)
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
        while len(self._told) < count and time.monotonic() < until:  # noqa: ASYNC110  cheaper than a call each
            await asyncio.sleep(DRAIN_STEP)
        return time.monotonic()

    def chat(self, among: int) -> int:
        self._next_chat = (self._next_chat + 1) % among
        return self._next_chat


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


async def _patiently(done: asyncio.Event, order: dict[str, Any]) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(done.wait(), order.get("patience", DRAIN_SECONDS))


def _nothing() -> None:
    pass


def _ok(result: Any) -> bytes:
    return b'{"ok":true,"result":' + json.dumps(result).encode() + b"}"


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")


def _body(kind: str, body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    if kind == "application/json":
        parsed: dict[str, Any] = json.loads(body)
        return parsed
    if kind == "application/x-www-form-urlencoded":
        return dict(parse_qsl(body.decode()))
    return dict(PART.findall(body.decode()))


async def serve() -> None:
    """Listen; say on which port; carry out what stdin asks until it ends."""
    double = Double()
    loop = asyncio.get_running_loop()
    runner = web.ServerRunner(web.Server(double.handle, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    reader = asyncio.StreamReader(limit=2**22)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    _say({"port": runner.addresses[0][1]})
    while line := await reader.readline():
        _say(await double.measure(json.loads(line)))
    await double.close()
    await runner.cleanup()


def _say(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve())
