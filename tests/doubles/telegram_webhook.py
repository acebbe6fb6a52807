"""Delivery to a webhook, as Telegram's server does it: one update of a chat at a time, several chats at once, again
and again until the answer is 2xx."""

import asyncio
import contextlib
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.doubles.telegram_profile import Profile

HEADER = "X-Telegram-Bot-Api-Secret-Token"
FIRST_SECONDS, LONGEST_SECONDS = 0.05, 1.0  # between two tries; Telegram: up to a minute or two
ANSWER_SECONDS = 20.0
HASTE = 0.05  # of a second that we are asked to wait
FORBIDDEN = ("setwebhook", "deletewebhook", "close", "logout")  # and get…: not in an answer


class Delivery(Profile):
    """`reach` is where the public address of the webhook is served in truth, as "http://127.0.0.1:8080"."""

    reach = ""
    # Called for each try; "twice": delivered once more after it was taken, "cut": we do not wait for the answer,
    # and try again.
    webhook_chance: Callable[[], str] | None = None

    def __init__(self) -> None:
        self.posts = 0
        self.busiest = 0  # the most posts at once
        self._is_up = False
        self._session: aiohttp.ClientSession | None = None
        self._lines: defaultdict[int, deque[dict[str, Any]]] = defaultdict(deque)
        self._busy: dict[int, asyncio.Task[None]] = {}

    def call(self, method: str, parameters: dict[str, Any]) -> None:
        """Carry out a method that came in an answer; nobody sees its result."""
        raise NotImplementedError

    def _deliver(self) -> None:
        """All that waits, from now on; at the webhook's setting."""
        self._lines.clear()
        for update in self._updates:
            self._lines[_chat(update)].append(update)
        self._post_next()

    def _enqueue(self, update: dict[str, Any]) -> None:
        self._lines[_chat(update)].append(update)
        self._post_next()

    def _post_next(self) -> None:
        """Begin with every chat that has something and none in flight."""
        if not self.webhook_url or not self._is_up:
            return
        for chat in list(self._lines):
            if len(self._busy) >= self.max_connections:
                return
            if not self._lines[chat]:
                del self._lines[chat]
            elif chat not in self._busy:
                self._busy[chat] = asyncio.create_task(self._post_line(chat))
                self.busiest = max(self.busiest, len(self._busy))

    async def _post_line(self, chat: int) -> None:
        line = self._lines[chat]
        try:
            while line and self.webhook_url:
                update = line[0]
                if not await self._post_until_taken(update):
                    return
                line.popleft()
                with contextlib.suppress(ValueError):
                    self._updates.remove(update)
                self._notify()
                if len(self._lines) > self.max_connections:
                    return  # others wait too
        finally:
            self._busy.pop(chat, None)
            self._post_next()

    async def _post_until_taken(self, update: dict[str, Any]) -> bool:
        pause = FIRST_SECONDS
        while self.webhook_url:
            chance = self.webhook_chance() if self.webhook_chance else ""
            wait = await self._post(update, is_cut=chance == "cut")
            if wait is None:
                if chance == "twice":
                    await self._post(update)
                return True
            self._notify()
            await asyncio.sleep(min(wait * HASTE, LONGEST_SECONDS) if wait else pause)
            pause = min(LONGEST_SECONDS, pause * 2)
        return False

    async def _post(self, update: dict[str, Any], *, is_cut: bool = False) -> float | None:
        """None where it was taken, else how long we were asked to wait (0: as we like)."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        url = self.reach + urlsplit(self.webhook_url).path
        self.posts += 1
        self.delivered[update["update_id"]] += 1
        try:
            timeout = aiohttp.ClientTimeout(total=0.01 if is_cut else ANSWER_SECONDS)
            async with self._session.post(
                url, json=update, headers={HEADER: self.webhook_secret}, timeout=timeout
            ) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            text = "Read timeout expired" if isinstance(error, TimeoutError) else "Connection refused"
            self.last_error = (int(time.time()), text)
            return 0.0
        if not 200 <= answer.status < 300:
            self.last_error = (int(time.time()), f"Wrong response from the webhook: {answer.status} {answer.reason}")
            return float(answer.headers.get("Retry-After", 0))
        if body:
            self._carry_out(body)
        return None

    def _carry_out(self, body: bytes) -> None:
        try:
            parameters = json.loads(body)
            method = str(parameters.pop("method")).lower()
        except (ValueError, KeyError, AttributeError):
            self.faults.append(f"the webhook's answer is no call: {body[:80]!r}")
            return
        if method in FORBIDDEN or method.startswith("get"):
            self.faults.append(f"{method} in the webhook's answer")
            return
        self.call(method, parameters)

    async def _stop_delivery(self) -> None:
        self._is_up = False
        for task in list(self._busy.values()):
            task.cancel()
        await asyncio.gather(*self._busy.values(), return_exceptions=True)
        if self._session is not None:
            await self._session.close()


def _chat(update: dict[str, Any]) -> int:
    """Whose line an update is in: the chat's, else the person's."""
    content = next(value for name, value in update.items() if name != "update_id")
    message = content.get("message", content)
    return int((message.get("chat") or content.get("from") or {"id": 0})["id"])
