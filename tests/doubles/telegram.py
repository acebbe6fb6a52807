"""A strict double of Telegram's Bot API over HTTP: its limits, its error texts, its pace.

    async with TelegramDouble() as telegram:
        channel = TelegramChannel(token=telegram.token, api_url=telegram.url, …)
        telegram.message(7, "Bonjour")
        seen = await telegram.wait_for(7, "Bienvenue")
        telegram.press(7, seen.message_id, "Programme")
    assert telegram.faults == []          # what a client must never do

With `limits=False` nothing is slowed (thousands of messages a second). Nothing here imports the
project or a Telegram library.
"""

import asyncio
import contextlib
import json
import math
import random
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import BodyPartReader, web

from tests.doubles.telegram_html import units
from tests.doubles.telegram_methods import PARAMETERS, Chat, Methods, Refused, Seen, integer, parsed

RATE, TOLERANCE = 30, 1.1
CHAT_BURST, GROUP_BURST, GROUP_RATE = 5, 20, 20 / 60
KNOWN_UPDATES = {
    "message", "edited_message", "channel_post", "callback_query", "inline_query", "my_chat_member", "chat_member",
}  # fmt: skip
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

    def __init__(self, share: float, seed: int) -> None:
        self._share, self._random = share, random.Random(seed)
        self.befallen = 0

    def __call__(self) -> Trouble | None:
        kind = int(self._random.random() / self._share) if self._share else len(self.KINDS)
        if kind >= len(self.KINDS):
            return None
        self.befallen += 1
        return self.KINDS[kind]


class TelegramDouble(Methods):
    """One bot's server. All that persons do (`message`, `press`…) is plain and immediate."""

    def __init__(
        self,
        *,
        token: str = "7000000001:AAE_double_token_of_the_tests_35chars",
        limits: bool = True,
        rate: float = RATE,
        hold_seconds: float = 3.0,
        port: int = 0,
    ) -> None:
        super().__init__(token)
        self.limits = limits
        self.rate, self.hold_seconds = rate, hold_seconds
        self.port = port
        self.refusals: list[tuple[str, int, str]] = []  # method, code, text: every answer that was not ok
        self.calls: Counter[str] = Counter()
        self.offset = 0  # all updates before it are confirmed
        self._again: list[dict[str, Any]] = []
        self._allowed: set[str] = KNOWN_UPDATES - {"chat_member"}
        self._update_id = 1000
        self._poller: asyncio.Future[None] | None = None
        self._troubles: list[Trouble] = []
        self.chance: Chance | None = None
        self._window: deque[float] = deque()
        self._held_until = 0.0
        self._runner: web.ServerRunner | None = None
        self._methods: dict[str, Callable[[dict[str, Any]], Any]] = {
            name: getattr(self, f"_{name}") for name in PARAMETERS if name != "getupdates"
        }

    # --- life

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.up()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.down()

    async def up(self) -> None:
        """Listen, on the same port as before if there was one."""
        server = web.Server(self._handle, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def down(self) -> None:
        """Stop listening and drop all connections; what is known stays."""
        self._stop_polling(None)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # --- what persons do

    def person(self, chat_id: int, language: str = "fr", first_name: str = "Li") -> Chat:
        chat = self.chats.get(chat_id)
        if chat is None:
            chat = self.chats[chat_id] = Chat(chat_id, language, first_name)
        return chat

    def message(
        self, chat_id: int, text: str = "", language: str = "fr", *, user_id: int = 0, **content: Any
    ) -> dict[str, Any]:
        """Somebody writes; returns the update. content: other parts of a message (sticker, location…)."""
        chat = self.person(chat_id, language)
        chat.is_blocked = False
        message = self._incoming(chat, user_id, language)
        if text:
            message["text"] = text
            if text.startswith("/"):
                length = units(text.split()[0])
                message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        return self._push("message", {**message, **content})

    def start(self, chat_id: int, payload: str = "", language: str = "fr") -> dict[str, Any]:
        """Somebody presses Start, or follows a deep link."""
        return self.message(chat_id, f"/start {payload}".rstrip(), language)

    def position(self, chat_id: int, lat: float, lon: float, language: str = "fr") -> dict[str, Any]:
        return self.message(chat_id, "", language, location={"latitude": lat, "longitude": lon})

    def media(self, chat_id: int, kind: str, language: str = "fr", **content: Any) -> dict[str, Any]:
        """kind: sticker, voice, photo, video, audio, document, contact, dice, story."""
        file = {"file_id": "f", "file_unique_id": "u"}
        size = {"width": 9, "height": 9}
        parts: dict[str, Any] = {
            "sticker": {**file, **size, "type": "regular", "is_animated": False, "is_video": False},
            "voice": {**file, "duration": 3},
            "photo": [{**file, **size}],
            "video": {**file, **size, "duration": 3},
            "video_note": {**file, "length": 9, "duration": 3},
            "audio": {**file, "duration": 3},
            "document": file,
            "contact": {"phone_number": "+33123456789", "first_name": "X"},
            "dice": {"emoji": "🎲", "value": 4},
            "story": {"chat": self.person(chat_id, language).as_chat(), "id": 1},
        }
        return self.message(chat_id, "", language, **{kind: parts[kind]}, **content)

    def press(self, chat_id: int, message_id: int, button: int | str, *, user_id: int = 0) -> dict[str, Any]:
        """Press a button of a message that is there: by its number from 0, its label or its data."""
        seen = self.chats[chat_id].messages[message_id]
        buttons = [one for one in seen.buttons if one.data]
        if isinstance(button, int):
            data = seen.buttons[button].data
        else:
            data = next((one.data for one in buttons if button in (one.label, one.data)), "")
        assert data, f"no such button: {button!r} among {seen.labels}"
        return self.press_old(chat_id, data, message_id=message_id, user_id=user_id)

    def press_old(
        self, chat_id: int, data: str, *, message_id: int = 0, user_id: int = 0, language: str = "fr"
    ) -> dict[str, Any]:
        """Press any button, forged or of a message out of reach (message_id 0 or unknown)."""
        chat = self.person(chat_id, language)
        chat.is_blocked = False
        query_id = f"q{self._update_id + 1}"
        seen = chat.messages.get(message_id)
        message: dict[str, Any] = {"message_id": message_id or 1, "date": 0, "chat": chat.as_chat()}
        if seen is not None:
            message = self._as_message(chat, seen)
        query = {
            "id": query_id,
            "from": self._user(chat, user_id, chat.language),
            "chat_instance": "1",
            "data": data,
            "message": message,
        }
        update = self._push("callback_query", query)
        self._queries[query_id] = (update["update_id"], time.monotonic())
        return update

    def block(self, chat_id: int) -> dict[str, Any]:
        return self._membership(chat_id, blocked=True)

    def unblock(self, chat_id: int) -> dict[str, Any]:
        return self._membership(chat_id, blocked=False)

    def delete(self, chat_id: int, message_id: int) -> None:
        """The person removes a message of the bot."""
        del self.chats[chat_id].messages[message_id]

    def pass_hours(self, hours: float) -> None:
        """Move the double's clock on: what was sent before is so much older."""
        self.later_seconds += hours * 3600

    def freeze(self, chat_id: int, message_id: int) -> None:
        """From now on the message can't be edited."""
        self.chats[chat_id].messages[message_id].is_frozen = True

    def redeliver(self, update: dict[str, Any]) -> None:
        """Hand the same update out once more, confirmed or not."""
        self._again.append(update)
        self._wake()

    # --- what persons see

    def sent(self, chat_id: int) -> list[Seen]:
        """The bot's messages to a chat, oldest first, as they stand now."""
        chat = self.chats.get(chat_id)
        return [] if chat is None else list(chat.messages.values())

    def mark(self) -> int:
        """A moment, for `wait_for(since=…)`."""
        return self._change

    async def wait_for(
        self, chat_id: int, what: str | Callable[[Seen], bool] = "", *, since: int = 0, seconds: float = 5.0
    ) -> Seen:
        """The newest message that holds `what` and was sent or edited after `since`."""
        matches = what if callable(what) else lambda seen: what in seen.text
        event = asyncio.Event()
        self._watchers.add(event)
        try:
            async with asyncio.timeout(seconds):
                while True:
                    for seen in sorted(self.sent(chat_id), key=lambda one: -one.change):
                        if seen.change > since and matches(seen):
                            return seen
                    event.clear()
                    await event.wait()
        except TimeoutError:
            texts = [seen.text for seen in self.sent(chat_id)]
            raise AssertionError(f"{what!r} not seen in {seconds} s; seen: {texts}; faults: {self.faults}") from None
        finally:
            self._watchers.discard(event)

    async def wait_until(self, claim: Callable[[], bool], *, seconds: float = 5.0) -> None:
        """Until `claim()` holds, looked at whenever a client has called."""
        event = asyncio.Event()
        self._watchers.add(event)
        try:
            async with asyncio.timeout(seconds):
                while not claim():
                    event.clear()
                    await event.wait()
        finally:
            self._watchers.discard(event)

    async def wait_for_offset(self, update: dict[str, Any], *, seconds: float = 5.0) -> None:
        """Until the client has confirmed `update`."""
        await self.wait_until(lambda: self.offset > update["update_id"], seconds=seconds)

    def unanswered(self) -> list[str]:
        """Presses whose button still spins."""
        return [query for query in self._queries if not self._query_answers[query]]

    def pending(self) -> int:
        """Updates that nobody has confirmed."""
        return len(self._updates)

    def busiest_second(self) -> int:
        """The most messages accepted in any one second."""
        most, first = 0, 0
        times = [at for at, method, _ in self.log if method in PACED]
        for last, at in enumerate(times):
            while at - times[first] >= 1:
                first += 1
            most = max(most, last - first + 1)
        return most

    # --- trouble

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

    # --- the server

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        prefix, _, method = request.path[4:].rpartition("/")
        method = method.lower()
        if not request.path.startswith("/bot") or prefix != self.token:
            is_shaped = prefix.partition(":")[0].isdigit() and len(prefix.partition(":")[2]) >= 30
            return _answer(401, _error(401, "Unauthorized")) if is_shaped else _answer(404, _error(404, "Not Found"))
        if method not in PARAMETERS:
            self.faults.append(f"unknown method {method}")
            return _answer(404, _error(404, "Not Found"))
        self.calls[method] += 1
        parameters = await _parameters(request)
        trouble = self._trouble(method)
        if trouble and not trouble.is_after and (ended := await self._suffer(trouble, request)) is not None:
            return ended
        try:
            if unknown := parameters.keys() - PARAMETERS[method]:
                self.faults.append(f"{method}: unknown parameters {sorted(unknown)}")
            if method == "getupdates":
                result = await self._getupdates(parameters)
            else:
                if self.limits and method in PACED:
                    self._count(parameters)
                result = self._methods[method](parameters)
            status, body = 200, {"ok": True, "result": result}
        except Refused as refused:
            if refused.is_fault:
                self.faults.append(f"{method}: {refused}")
            self.refusals.append((method, refused.code, str(refused)))
            status, body = refused.code, _error(refused.code, str(refused))
            if refused.parameters:
                body["parameters"] = refused.parameters
        self._notify()
        if trouble and trouble.is_after and (ended := await self._suffer(trouble, request)) is not None:
            return ended
        return _answer(status, body)

    def _trouble(self, method: str) -> Trouble | None:
        for trouble in self._troubles:
            if trouble.method in ("", method):
                trouble.times -= 1
                if trouble.times <= 0:
                    self._troubles.remove(trouble)
                return trouble
        return self.chance() if self.chance is not None and method in PACED else None

    async def _suffer(self, trouble: Trouble, request: web.BaseRequest) -> web.StreamResponse | None:
        if trouble.kind == "stall":
            await asyncio.sleep(trouble.seconds)
            return None
        if trouble.kind == "drop":
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return _answer(*trouble.answer)

    # --- the pace

    def _count(self, parameters: dict[str, Any]) -> None:
        now = time.monotonic()
        if now < self._held_until:
            raise self._flood(self._held_until - now)
        window = self._window
        while window and now - window[0] >= 1:
            window.popleft()
        if len(window) >= self.rate * TOLERANCE:
            self._held_until = now + self.hold_seconds
            raise self._flood(self.hold_seconds)
        chat = self.chats.get(integer(parameters, "chat_id"))
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

    # --- updates

    async def _getupdates(self, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        if self.webhook_url:
            raise Refused(
                409,
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
            )
        self._stop_polling(
            Refused(409, "terminated by other getUpdates request; make sure that only one bot instance is running")
        )
        offset, limit = integer(parameters, "offset"), integer(parameters, "limit") or 100
        seconds = min(50, integer(parameters, "timeout"))
        if parameters.get("allowed_updates"):
            wanted = set(parsed(parameters["allowed_updates"]))
            if unknown := wanted - KNOWN_UPDATES:
                self.faults.append(f"getupdates: unknown kinds {sorted(unknown)}")
            self._allowed = wanted
        if offset < 0:
            offset = self._updates[max(0, len(self._updates) + offset)]["update_id"] if self._updates else 0
        while self._updates and self._updates[0]["update_id"] < offset:
            self._updates.popleft()
        self.offset = max(self.offset, offset)
        self._notify()
        if not self._updates and not self._again and seconds > 0:
            poller = self._poller = asyncio.get_running_loop().create_future()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await poller
        batch = [*self._again, *(update for update, _ in zip(self._updates, range(limit), strict=False))][:limit]
        self._again = []
        self.delivered.update(update["update_id"] for update in batch)
        return batch

    def _stop_polling(self, why: Refused | None) -> None:
        poller, self._poller = self._poller, None
        if poller is not None and not poller.done():
            if why is None:
                poller.set_result(None)
            else:
                poller.set_exception(why)

    def _wake(self) -> None:
        self._stop_polling(None)

    def _push(self, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        self._update_id += 1
        update = {"update_id": self._update_id, kind: content}
        if kind in self._allowed:
            self._updates.append(update)
            self._wake()
        return update

    def _user(self, chat: Chat, user_id: int, language: str) -> dict[str, Any]:
        user = {"id": user_id or abs(chat.chat_id), "is_bot": False, "first_name": chat.first_name}
        return {**user, "language_code": language} if language else user

    def _incoming(self, chat: Chat, user_id: int, language: str) -> dict[str, Any]:
        self._message_id += 1
        return {
            "message_id": self._message_id,
            "from": self._user(chat, user_id, language),
            "chat": chat.as_chat(),
            "date": int(self.now()),
        }

    def _membership(self, chat_id: int, *, blocked: bool) -> dict[str, Any]:
        chat = self.person(chat_id)
        chat.is_blocked = blocked
        status = [{"status": "member", "user": self._me()}, {"status": "kicked", "user": self._me(), "until_date": 0}]
        content = {
            "chat": chat.as_chat(),
            "from": self._user(chat, 0, chat.language),
            "date": int(self.now()),
            "old_chat_member": status[not blocked],
            "new_chat_member": status[blocked],
        }
        return self._push("my_chat_member", content)


async def _parameters(request: web.BaseRequest) -> dict[str, Any]:
    """From JSON, a form, multipart or the query; files as (name, media type, content)."""
    parameters: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        raw = await request.read()
        parameters.update(json.loads(raw) if raw else {})
    elif request.content_type == "multipart/form-data":
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            content = bytes(await part.read())
            kind = part.headers.get("Content-Type", "")
            parameters[str(part.name)] = (part.filename, kind, content) if part.filename else content.decode()
    else:
        parameters.update(await request.post())
    return parameters


def _answer(status: int, body: dict[str, Any]) -> web.Response:
    return web.Response(status=status, body=json.dumps(body).encode(), content_type="application/json")


def _error(code: int, text: str) -> dict[str, Any]:
    return {"ok": False, "error_code": code, "description": text}
