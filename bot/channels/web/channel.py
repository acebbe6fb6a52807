"""The web chat as a channel: a page that posts updates and listens to a stream. Who a browser is:
identity.py; what it posts: updates.py; what it is told: render.py, stream.py; what it loads: pages.py."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from bot.channels.web import render, updates
from bot.channels.web.identity import Identity, fingerprint, is_from_our_page, new_address
from bot.channels.web.pace import Pace
from bot.channels.web.pages import Pages
from bot.channels.web.site import Site
from bot.channels.web.stream import Backlog, Streams, news
from bot.chat.channel import Abilities, Parcel, Receive, Sent, Verdict
from bot.chat.reply import Reply
from bot.clock import Clock
from bot.text.words import Words

BODY_LIMIT_BYTES = 32 * 1024
NEWCOMERS, NEWCOMERS_SECONDS = 300, 10  # first messages without a cookie, from one network address


class WebChannel:
    """site: the published event as of now. secure: the page is only served over https."""

    name = "web"
    abilities = Abilities(buttons=True, edits=False, pushes=True, stored=True, window=100, text_limit=render.TEXT_LIMIT)

    def __init__(
        self, *, secret_key: str, backlog: Backlog, site: Callable[[], Site], clock: Clock, secure: bool
    ) -> None:
        self._identity = Identity(secret_key, secure=secure)
        self._backlog = backlog
        self._site = site
        self._clock = clock
        self._streams = Streams(backlog)
        self._pages = Pages(identity=self._identity, site=site, clock=clock)
        self._pace = Pace()
        self._newcomers = Pace(NEWCOMERS, NEWCOMERS_SECONDS)
        self.tell_others = _nobody  # of a message that pages open on other processes may read

    def add_routes(self, app: web.Application, receive: Receive) -> None:
        async def post(request: web.Request) -> web.Response:
            return await self._post(request, receive)

        async def close(_: web.Application) -> None:
            self._streams.close()

        self._pages.add_routes(app)
        app.router.add_post("/chat/updates", post)
        app.router.add_get("/chat/stream", self._stream)
        app.on_shutdown.append(close)

    def render(self, replies: Sequence[Reply], say: Words, *, replacing: str = "") -> list[Parcel]:
        return render.parcels(replies, say)

    async def admit(self, address: str) -> None:
        return None

    async def reserve(self, address: str) -> float:
        return 0.0

    async def correct(self, address: str, message_id: str, parcel: Parcel) -> Verdict:
        return Sent(message_id)  # it is in the table, see `send`

    async def withdraw(self, address: str, message_id: str) -> Verdict:
        return Sent(message_id)

    async def send(self, address: str, parcel: Parcel, *, because: str, sequence: int) -> Verdict:
        """The message is in its row already, where the browser finds it; this only says so to open streams."""
        self.hear(address, sequence)
        self.tell_others(address, sequence)
        return Sent(str(sequence))

    def hear(self, address: str, sequence: int) -> None:
        """Pages of that address may read that message: put there here, or by another process."""
        self._streams.wake(address, sequence)

    async def run(self, receive: Receive) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        """End the open streams; what is owed stays in the table."""
        self._streams.close()

    async def _post(self, request: web.Request, receive: Receive) -> web.Response:
        """One update in; out, every message that the page does not have yet."""
        language = self._pages.language(request)
        say = self._site().words[language]
        if not is_from_our_page(request):
            return _refusal(403, "This request does not come from the chat page.")
        if request.content_type != "application/json":
            return _refusal(415, "Send JSON, as application/json.")
        raw = await _body(request)
        if raw is None:
            return _refusal(413, say.text("This message is too long. Please send it in several parts."))
        address = self._identity.read(request)
        pace, sender = (self._pace, address) if address else (self._newcomers, request.remote or "")
        if wait_seconds := pace.wait_seconds(sender):
            words = say.text("That was a lot at once. Please wait a few seconds.")
            return _refusal(429, words, {"Retry-After": str(wait_seconds)})
        own = address or new_address()
        try:
            posted = updates.read(raw, own, at=self._clock.now(), language=language)
        except updates.Unreadable as fault:
            return _refusal(400, str(fault))
        await receive(posted.update)
        is_same = posted.conversation in ("", fingerprint(own))
        found = await news(self._backlog, own, posted.after if is_same else 0)
        if found.erased:
            address, own = "", new_address()  # whoever goes on from here is somebody new
        response = _json(
            {
                "conversation": fingerprint(own),
                "language": found.language,
                "restarted": found.restarted,
                "erased": found.erased,
                "messages": [each.as_json for each in found.messages],
            },
            headers={"Cache-Control": "no-store"},
        )
        response.enable_compression()
        if not address:
            self._identity.write(response, own)
        return response

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        if self._streams.is_full:
            return _refusal(503, "Too many open streams.", {"Retry-After": "10"})
        named = request.headers.get("Last-Event-ID") or request.query.get("after", "")
        after = int(named) if named.isascii() and named.isdigit() and len(named) < 16 else 0
        address = self._identity.read(request)
        if request.query.get("conversation", "") not in ("", fingerprint(address)):
            after = 0
        return await self._streams.serve(request, address, after)


def _nobody(address: str, sequence: int) -> None:
    """There are no other processes."""


async def _body(request: web.Request) -> bytes | None:
    """The request's body, None where it is over the limit."""
    if (request.content_length or 0) > BODY_LIMIT_BYTES:
        return None
    raw = bytearray()
    async for chunk in request.content.iter_any():
        raw += chunk
        if len(raw) > BODY_LIMIT_BYTES:
            return None
    return bytes(raw)


def _json(answer: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    written = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    return web.Response(text=written, status=status, headers=headers, content_type="application/json")


def _refusal(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return _json({"error": sentence}, status=status, headers=headers)
