"""Delivery to a webhook for the double of the bench: one update of a chat at a time, as Telegram does it."""

import asyncio
import json
from collections import defaultdict, deque
from contextlib import suppress
from typing import Protocol

import aiohttp

HEADER = "X-Telegram-Bot-Api-Secret-Token"
AGAIN_SECONDS = 0.02  # Telegram waits longer: a start would be measured by its pauses


class Rests(Protocol):
    """Whose presses rest by the answers to posts."""

    def rest(self) -> None: ...


class Hook:
    """url: https, as it is set; it is reached without TLS, as behind a proxy on the same machine."""

    def __init__(self, url: str, secret: str, connections: int, double: Rests) -> None:
        self._url = url.replace("https://", "http://", 1)
        self._headers = {HEADER: secret, "Content-Type": "application/json"}
        self._double = double
        self._lines: defaultdict[int, deque[bytes]] = defaultdict(deque)
        self._ready: asyncio.Queue[int] = asyncio.Queue()
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self._workers = [asyncio.create_task(self._work()) for _ in range(connections)]

    def put(self, chat: int, update: bytes) -> None:
        line = self._lines[chat]
        line.append(update)
        if len(line) == 1:
            self._ready.put_nowait(chat)

    async def close(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        await self._session.close()

    async def _work(self) -> None:
        while True:
            chat = await self._ready.get()
            line = self._lines[chat]
            while not await self._post(line[0]):  # noqa: ASYNC110  Telegram tries again, too
                await asyncio.sleep(AGAIN_SECONDS)
            line.popleft()
            if line:
                self._ready.put_nowait(chat)
            else:
                del self._lines[chat]

    async def _post(self, update: bytes) -> bool:
        try:
            async with self._session.post(self._url, data=update, headers=self._headers) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            return False
        if not 200 <= answer.status < 300:
            return False
        if body:
            with suppress(ValueError):
                if json.loads(body).get("method") == "answerCallbackQuery":
                    self._double.rest()
        return True
