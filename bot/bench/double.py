"""A bare, fast double of the Bot API with simulated people.

It checks nothing of what a bot sends (tests/doubles does): it counts, and tells how long each answer
took, whether each came, and whether it was the right one at its place in the chat.
"""

import asyncio
import json
import re
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from bot.bench.hook import Hook

TOKEN = "7000000001:AAE_double_token_of_the_bench_35chars"  # noqa: S105
ME = {"id": 7000000001, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}
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
        self.waiting: defaultdict[int, deque[Asked]] = defaultdict(deque)
        self._update = int(time.time() * 1000) % 2_000_000_000  # a database may know those of an earlier double
        self._message = 1000
        self._next_chat = 0
        self.told: list[tuple[float, int]] = []  # (when, chat) of messages that nobody asked for

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
        self.waiting[chat].append(Asked(time.monotonic(), key, self._message, then))
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
        line = self.waiting[chat]
        if not line:
            self.told.append((time.monotonic(), chat))
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

    def chat(self, among: int) -> int:
        self._next_chat = (self._next_chat + 1) % among
        return self._next_chat


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
