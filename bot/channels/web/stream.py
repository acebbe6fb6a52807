"""Server-sent events: the messages of one browser, from where it left off, for as long as it listens.

The backlog is the truth. `wake` says that there may be more; a look now and then needs nobody to say
so. A browser that comes back names the last message it has, so coming back is the normal path.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import web

from bot.channels.web.identity import fingerprint
from bot.channels.web.updates import key_of

FIRST_LOOK_SECONDS = 1.0  # after something came; doubled each time that nothing did
LAST_LOOK_SECONDS = 5.0
BEAT_SECONDS = 20.0
STREAMS_EACH = 6  # of one browser; the oldest gives way
STREAMS_IN_ALL = 4000
HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",  # nginx would hold messages back
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Stored:
    """One message of a browser; `sequence` counts in the account's order, from 1. because: the key of the update
    that it answers, or a kind of notice."""

    sequence: int
    body: Mapping[str, Any]
    because: str

    @property
    def as_json(self) -> dict[str, Any]:
        """What the page gets of it."""
        return {"sequence": self.sequence, "body": self.body}


@dataclass(frozen=True, slots=True)
class Line:
    """What is held for a browser. language: its person's, "" for a stranger's. is_leaving: the person asked to be
    forgotten, so that the messages are the goodbye."""

    messages: list[Stored]
    language: str = ""
    is_leaving: bool = False


class Backlog(Protocol):
    async def __call__(self, address: str, after: int) -> Line:
        """The messages of `address` past number `after`, oldest first; where there are more, the newest 100."""
        ...


@dataclass(frozen=True, slots=True)
class News:
    """What a browser does not have yet, and its person's language.

    erased: the person is forgotten here, and is to be forgotten there but for these last messages.
    restarted: the account's numbers began anew, so what the browser shows is gone here.
    """

    messages: list[Stored]
    language: str = ""
    restarted: bool = False
    erased: bool = False


async def news(backlog: Backlog, address: str, after: int, *, doubts: bool = True) -> News:
    """What a browser that has all up to `after` does not have yet. doubts: whether these are still our numbers."""
    line = await backlog(address, after)
    if line.is_leaving:
        return News((await backlog(address, 0)).messages, line.language, erased=True)
    if not doubts or line.messages or not after or (await backlog(address, after - 1)).messages:
        return News(line.messages, line.language)
    return News((await backlog(address, 0)).messages, line.language, restarted=True)


@dataclass(eq=False, slots=True)
class _Listener:
    awake: asyncio.Event = field(default_factory=asyncio.Event)
    is_closed: bool = False
    position: int = 0
    doubts: bool = False  # woken for a message it should have: the numbers may have begun anew
    language: str = ""  # last said to be the person's
    is_erased: bool = False  # was told so


class Streams:
    """The open streams of this process."""

    def __init__(self, backlog: Backlog) -> None:
        self._backlog = backlog
        self._open: dict[str, list[_Listener]] = {}
        self._is_closed = False

    @property
    def is_full(self) -> bool:
        return sum(map(len, self._open.values())) >= STREAMS_IN_ALL

    def wake(self, address: str, sequence: int) -> None:
        """A hint that message number `sequence` can be read."""
        for listener in self._open.get(address, ()):
            listener.doubts = listener.doubts or sequence <= listener.position
            listener.awake.set()

    def close(self) -> None:
        """End all streams; the browsers come back by themselves."""
        self._is_closed = True
        for listener in [listener for each in self._open.values() for listener in each]:
            listener.is_closed = True
            listener.awake.set()

    async def serve(self, request: web.Request, address: str, after: int) -> web.StreamResponse:
        """Write until the browser leaves, a newer stream takes this one's place, or we close.

        Without an address it only beats: the page gets one with its first message, and then comes back.
        """
        response = web.StreamResponse(headers=HEADERS)
        await response.prepare(request)
        listener = self._enter(address)
        listener.position = after
        try:
            await response.write(_event("hello", {"conversation": fingerprint(address)}))
            await self._write(request, response, address, listener)
        except ConnectionResetError:
            pass  # the browser left
        finally:
            self._leave(address, listener)
        return response

    async def _write(
        self, request: web.Request, response: web.StreamResponse, address: str, listener: _Listener
    ) -> None:
        time = asyncio.get_running_loop().time
        look, beat = FIRST_LOOK_SECONDS, time() + BEAT_SECONDS
        listener.doubts = True
        while not listener.is_closed and request.transport is not None:
            listener.awake.clear()
            if address:
                found = await self._look(address, listener)
                for event in self._told(found, listener):
                    await response.write(event)
                look = FIRST_LOOK_SECONDS if found.messages else min(look * 2, LAST_LOOK_SECONDS)
            if time() >= beat:
                await response.write(_event("beat", {}))  # an event, so that the page can miss it
                beat = time() + BEAT_SECONDS
            try:
                await asyncio.wait_for(listener.awake.wait(), look)
            except TimeoutError:
                continue

    async def _look(self, address: str, listener: _Listener) -> News:
        doubts, listener.doubts = listener.doubts, False
        found = await news(self._backlog, address, listener.position, doubts=doubts)
        return News([], found.language) if found.erased and listener.is_erased else found

    def _told(self, found: News, listener: _Listener) -> Iterator[bytes]:
        """The events that say what was found; the listener as it is once they are heard."""
        if found.erased:
            listener.is_erased = True
            keys = [key_of(message.because) for message in found.messages]
            yield _event("erased", {"messages": [message.as_json for message in found.messages], "keys": keys})
            return
        if found.restarted:
            yield _event("restart", {})
        for message in found.messages:
            listener.is_erased = False
            listener.position = message.sequence
            yield _message(message)
        if found.language != listener.language:
            listener.language = found.language
            yield _event("reader", {"language": found.language})

    def _enter(self, address: str) -> _Listener:
        listener = _Listener(is_closed=self._is_closed)
        others = self._open.setdefault(address, [])
        others.append(listener)
        if address and len(others) > STREAMS_EACH:
            others[0].is_closed = True
            others[0].awake.set()
        return listener

    def _leave(self, address: str, listener: _Listener) -> None:
        others = self._open.get(address, [])
        if listener in others:
            others.remove(listener)
        if not others:
            self._open.pop(address, None)


def _message(message: Stored) -> bytes:
    return f"id: {message.sequence}\n".encode() + _event("message", message.as_json)


def _event(name: str, data: Mapping[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()
