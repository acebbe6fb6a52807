"""WeChat's calls of `/wechat`: checked, opened, answered within its five seconds or left in silence."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from aiohttp import web

from bot.channels.wechat import updates, xml
from bot.channels.wechat.crypto import Envelope, Refused, check, open_with, signature
from bot.channels.wechat.waiting import CALLS, Ride, Rides, Timing
from bot.chat.channel import Receive
from bot.chat.update import Update
from bot.clock import Clock

BODY_LIMIT_BYTES = 64 * 1024
SKEW_SECONDS = 300  # of the signed timestamp, either way
LOOK_SECONDS = 0.05
SUCCESS = "success"
SORRY = "抱歉，刚才出了问题，请稍后再发一次。\nDésolé, un problème est survenu : réessayez dans un instant.\nSorry, something went wrong: please try again in a moment."  # noqa: E501

log = structlog.get_logger()

# What is owed to that update, where no process here offers it: see channel.py.
Fetch = Callable[[Update, Ride], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Call:
    """One call of WeChat's, as opened. number: of the message's three, as far as its timestamps tell."""

    fields: Mapping[str, str]
    envelope: Envelope | None
    arrived: float
    number: int


class Door:
    """token: as configured at WeChat. envelopes: of safe mode, the newest key first; none for plain mode."""

    def __init__(
        self, *, token: str, envelopes: Sequence[Envelope], rides: Rides, fetch: Fetch, clock: Clock, timing: Timing
    ) -> None:
        self._token, self._envelopes, self._rides, self._fetch = token, envelopes, rides, fetch
        self._clock, self._timing = clock, timing
        self._working: set[asyncio.Task[None]] = set()

    def add_routes(self, app: web.Application, receive: Receive) -> None:
        async def post(request: web.Request) -> web.StreamResponse:
            try:
                return await self._post(request, receive)
            except Refused as refusal:
                log.warning("wechat.call_refused", status=refusal.status, why=refusal.why)
                return web.Response(status=refusal.status)

        app.router.add_get("/wechat", self._handshake)
        app.router.add_post("/wechat", post)

    async def finish(self) -> None:
        """Let the turns end that calls began."""
        if self._working:
            await asyncio.wait(set(self._working), timeout=5)

    async def _handshake(self, request: web.Request) -> web.Response:
        query = request.query
        try:
            _check_time(query.get("timestamp", ""))
            check(query.get("signature", ""), self._token, query.get("timestamp", ""), query.get("nonce", ""))
        except Refused as refusal:
            return web.Response(status=refusal.status)
        return web.Response(text=query.get("echostr", "")[:200], content_type="text/plain")

    async def _post(self, request: web.Request, receive: Receive) -> web.StreamResponse:
        call = await self._opened(request)
        update = updates.read(call.fields, at=self._clock.now())
        if update is None:
            return web.Response(text=SUCCESS)
        ride, is_first = self._rides.begin(update.key)
        ride.calls = max(ride.calls + 1, call.number)
        number = ride.calls
        if is_first:
            task = asyncio.create_task(self._work(update, ride, receive))
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        text = await ride.wait(call.arrived + (self._timing.taken if number < CALLS else self._timing.last))
        if text is None and number < CALLS:
            return await self._silence(request, call)
        if text is None:
            ride.end()
        if not text:
            return web.Response(text=SUCCESS)
        arrived = False
        try:
            response = web.Response(text=self._reply(call, text), content_type="application/xml")
            if request.transport is not None and not request.transport.is_closing():
                await response.prepare(request)
                await response.write_eof()
                arrived = True
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            ride.written(arrived=arrived)
            if not arrived and number >= CALLS:
                ride.end()
        return response

    async def _opened(self, request: web.Request) -> _Call:
        """The call, if it is WeChat's and a new one. Raises Refused."""
        arrived = asyncio.get_running_loop().time()
        query = request.query
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        _check_time(timestamp)
        if not self._envelopes:
            check(query.get("signature", ""), self._token, timestamp, nonce)
            fields, envelope = xml.parse(await _body(request)), None
        else:
            sealed = xml.parse(await _body(request)).get("Encrypt", "")
            if not sealed:
                raise Refused(400, "the message is not encrypted, and PASSERELLE_WECHAT_AES_KEY is set")
            check(query.get("msg_signature", ""), self._token, timestamp, nonce, sealed)
            opened, envelope = open_with(self._envelopes, sealed)
            fields = xml.parse(opened)
        written = fields.get("CreateTime", "")
        waited = int(timestamp) - int(written) if written.isascii() and written.isdigit() and len(written) < 12 else 0
        # Both by WeChat's own clock: which of the three calls this is, where others came to other processes.
        number = 1 + max(0, min(CALLS - 1, int(waited // self._timing.cut))) if self._timing.cut >= 1 else 1
        return _Call(fields, envelope, arrived, number)

    async def _work(self, update: Update, ride: Ride, receive: Receive) -> None:
        try:
            await receive(update)
        except Exception as error:  # noqa: BLE001  whatever the database has; its own words may hold what was written
            log.error("wechat.turn_failed", error=type(error).__name__)
            self._rides.forget(update.key)  # WeChat's next call tries again
            if ride.calls >= CALLS:
                await ride.offer(SORRY)
            return
        try:
            await self._fetch(update, ride)
        except Exception:
            log.exception("wechat.fetch_failed")

    async def _silence(self, request: web.Request, call: _Call) -> web.StreamResponse:
        """Say nothing until WeChat cuts the call, or should have."""
        end = call.arrived + self._timing.cut * 1.4
        while asyncio.get_running_loop().time() < end:
            if request.transport is None or request.transport.is_closing():
                break
            await asyncio.sleep(min(LOOK_SECONDS, self._timing.cut / 20))
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _reply(self, call: _Call, text: str) -> str:
        now = int(time.time())
        message = xml.write(
            {
                "ToUserName": call.fields.get("FromUserName", ""), "FromUserName": call.fields.get("ToUserName", ""),
                "CreateTime": now, "MsgType": "text", "Content": text,
            }
        )  # fmt: skip
        if call.envelope is None:
            return message
        sealed, nonce = call.envelope.seal(message), secrets.token_hex(8)
        signed = signature(self._token, str(now), nonce, sealed)
        return xml.write({"Encrypt": sealed, "MsgSignature": signed, "TimeStamp": now, "Nonce": nonce})


def _check_time(timestamp: str) -> None:
    """Raises Refused where the signed moment is no number, too long ago or to come."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        raise Refused(403, "the timestamp is none")
    if abs(time.time() - int(timestamp)) > SKEW_SECONDS:
        raise Refused(403, "the timestamp is out of its window")


async def _body(request: web.Request) -> bytes:
    """Raises Refused where it is over the limit, without reading it to its end."""
    if (request.content_length or 0) > BODY_LIMIT_BYTES:
        raise Refused(413, "the body is too large")
    raw = bytearray()
    async for chunk in request.content.iter_any():
        raw += chunk
        if len(raw) > BODY_LIMIT_BYTES:
            raise Refused(413, "the body is too large")
    return bytes(raw)
