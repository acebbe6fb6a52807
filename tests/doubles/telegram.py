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
from collections import Counter
from collections.abc import Callable
from typing import Any, Self

from aiohttp import BodyPartReader, web

from tests.doubles.telegram_groups import SENDS, Groups
from tests.doubles.telegram_methods import PARAMETERS
from tests.doubles.telegram_trouble import PACED, RATE, Paced, Trouble, Troubles
from tests.doubles.telegram_values import Refused, integer, parsed
from tests.doubles.telegram_webhook import Delivery


class TelegramDouble(Groups, Delivery, Troubles):
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
        Groups.__init__(self, token)
        Delivery.__init__(self)
        Troubles.__init__(self)
        self.limits = limits
        self._paced = Paced(rate, hold_seconds)
        self.port = port
        self.refusals: list[tuple[str, int, str]] = []  # method, code, text: every answer that was not ok
        self.calls: Counter[str] = Counter()
        self.lost: Counter[int] = Counter()  # chat -> sends carried out whose answer never came
        self.offset = 0  # all updates before it are confirmed
        self._again: list[dict[str, Any]] = []
        self._update_id = 1000
        self._poller: asyncio.Future[None] | None = None
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
        self._is_up = True
        self._deliver()

    async def down(self) -> None:
        """Stop listening and drop all connections; what is known stays."""
        self._stop_polling(None)
        await self._stop_delivery()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

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
        status, body = await self._answer(method, parameters)
        if trouble and trouble.is_after and status == 200 and method.startswith("send"):
            self.lost[integer(parameters, "chat_id")] += 1
        self._notify()
        if trouble and trouble.is_after and (ended := await self._suffer(trouble, request)) is not None:
            return ended
        return _answer(status, body)

    async def _answer(self, method: str, parameters: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        try:
            result = await self._getupdates(parameters) if method == "getupdates" else self._done(method, parameters)
        except Refused as refused:
            return refused.code, self._refusal(method, refused)
        return 200, {"ok": True, "result": result}

    def _done(self, method: str, parameters: dict[str, Any]) -> Any:
        if unknown := parameters.keys() - PARAMETERS[method]:
            self.faults.append(f"{method}: unknown parameters {sorted(unknown)}")
        if self.limits and method in PACED:
            self._paced.count(self.chats.get(integer(parameters, "chat_id")))
        self._in_group(parameters)
        result = self._methods[method](parameters)
        return self._placed(parameters, result) if method in SENDS else result

    def _refusal(self, method: str, refused: Refused) -> dict[str, Any]:
        if refused.is_fault:
            self.faults.append(f"{method}: {refused}")
        self.refusals.append((method, refused.code, str(refused)))
        self._notify()
        parameters = {"parameters": refused.parameters} if refused.parameters else {}
        return _error(refused.code, str(refused)) | parameters

    def call(self, method: str, parameters: dict[str, Any]) -> None:
        self.calls[method] += 1
        try:
            self._done(method, parameters)
        except Refused as refused:
            self._refusal(method, refused)

    async def _suffer(self, trouble: Trouble, request: web.BaseRequest) -> web.StreamResponse | None:
        if trouble.kind == "stall":
            await asyncio.sleep(trouble.seconds)
            return None
        if trouble.kind == "drop":
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return _answer(*trouble.answer)

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
            self.allow(set(parsed(parameters["allowed_updates"])))
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

    def redeliver(self, update: dict[str, Any]) -> None:
        """Hand the same update out once more, confirmed or not."""
        if self.webhook_url:
            self._enqueue(update)
            return
        self._again.append(update)
        self._wake()

    def _push(self, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        self._update_id += 1
        update = {"update_id": self._update_id, kind: content}
        if kind in self._allowed:
            self._updates.append(update)
            if self.webhook_url:
                self._enqueue(update)
            else:
                self._wake()
        return update


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
