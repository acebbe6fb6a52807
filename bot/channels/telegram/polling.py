"""Taking updates by long polling, so that none is lost and each chat's stay in order.

The offset moves past an update once `receive` returned for it. An update whose `receive` keeps
failing while others succeed is skipped, with its id in the log; where all fail, it is taken to be
an outage of ours, and Telegram keeps the updates (24 hours) until it is over.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.ext import ExtBot

from bot.channels.telegram import updates
from bot.channels.telegram.arrivals import Arrivals, press_of, where
from bot.channels.telegram.http import READ_SECONDS
from bot.chat.channel import Receive
from bot.chat.update import Update

log = structlog.get_logger()

POLL_SECONDS = 25
BATCH = 100  # Telegram's own limit
CONFLICT_SECONDS = 15.0  # another poller: do not fight over the updates
TRIES = 3  # of `receive` for one update in one round...
TRY_PAUSES_SECONDS = (0.2, 1.0)  # ...with these pauses
ROUNDS = 20  # after that a failing update is skipped even if nothing else succeeds (some 8 minutes)
CLOSING_SECONDS = 5.0  # for updates being recorded when the channel is stopped
CONFIRM_SECONDS = 2.0
WHY_LENGTH = 200


class Backoff:
    """Pauses that double, with jitter, up to `longest` seconds."""

    def __init__(self, first: float = 0.5, longest: float = 30.0) -> None:
        self._first, self._longest, self._times = first, longest, 0

    def reset(self) -> None:
        self._times = 0

    def next_seconds(self) -> float:
        pause = min(self._longest, self._first * 2**self._times)
        self._times = min(self._times + 1, 16)
        return float(pause * random.uniform(0.5, 1.0))  # noqa: S311 (jitter)


async def patiently(call: Callable[[], Awaitable[object]], failed: str, **more: str) -> None:
    """Until it succeeds, with growing pauses. failed: the event in the log, each time; more: what else it says. Raises
    InvalidToken."""
    backoff = Backoff()
    while True:
        try:
            await call()
        except InvalidToken:
            raise
        except RetryAfter as error:
            await asyncio.sleep(retry_seconds(error))
        except TelegramError as error:
            pause = backoff.next_seconds()
            why = error.message[:WHY_LENGTH]
            log.warning(failed, error=type(error).__name__, why=why, pause_seconds=round(pause, 1), **more)
            await asyncio.sleep(pause)
        else:
            return


class PollingBot(ExtBot[None]):
    """The library's bot, and updates as they came: one that it cannot read must not hide the others."""

    async def fetch(self, offset: int, seconds: int, limit: int = BATCH) -> list[dict[str, Any]]:
        """Wait up to `seconds` for updates from `offset` on; confirms all before it."""
        arguments = {
            "offset": offset,
            "timeout": seconds,
            "limit": limit,
            "allowed_updates": list(updates.ALLOWED),
        }
        fetched: list[dict[str, Any]] = await self._post("getUpdates", arguments, read_timeout=READ_SECONDS + seconds)
        return fetched

    async def chat(self, chat: int) -> dict[str, Any]:
        """A chat as it comes: the library wants fields of it that some servers lack."""
        found: dict[str, Any] = await self._post("getChat", {"chat_id": chat})
        return found

    async def put(self, method: str, **arguments: Any) -> str:
        """Send or edit a message by this method; its id, "" where Telegram names none. The library would make objects
        of the arguments and of the message, a third of what a send costs."""
        sent = await self._post(method, arguments)
        return str(sent["message_id"]) if isinstance(sent, dict) and "message_id" in sent else ""


class Poller:
    """One run of polling. on_press: called once with the id of each press, to let the button rest."""

    def __init__(
        self, bot: PollingBot, receive: Receive, *, arrivals: Arrivals, on_press: Callable[[str], None]
    ) -> None:
        self._bot = bot
        self._receive = receive
        self._arrivals = arrivals
        self._on_press = on_press
        self._offset = 0  # the next update we want
        self._confirmed = 0  # the offset of the last request: Telegram has forgotten all before it
        self._done: set[int] = set()  # recorded, but held up by one before it
        self._rested: set[int] = set()  # presses answered, as above
        self._failures: dict[int, int] = {}  # update -> rounds in which it failed

    async def run(self) -> None:
        """Until cancelled. Raises InvalidToken; nothing else that Telegram or the network can do."""
        backoff = Backoff()
        held = Backoff(first=1.0)
        try:
            while True:
                try:
                    arrived = await self._bot.fetch(self._offset, POLL_SECONDS)
                except InvalidToken:
                    raise
                except Conflict as error:
                    log.error(
                        "telegram.conflict",
                        error=error.message,
                        do="another program polls with this token or has set a webhook: stop it, or use its own token",
                    )
                    await asyncio.sleep(CONFLICT_SECONDS * random.uniform(0.7, 1.0))  # noqa: S311
                    continue
                except RetryAfter as error:
                    await asyncio.sleep(retry_seconds(error))
                    continue
                except TelegramError as error:
                    pause = backoff.next_seconds()
                    log.warning("telegram.poll_failed", error=type(error).__name__, pause_seconds=round(pause, 1))
                    await asyncio.sleep(pause)
                    continue
                backoff.reset()
                self._confirmed = self._offset
                if arrived and not await self._hand_over(arrived):
                    await asyncio.sleep(held.next_seconds())
                else:
                    held.reset()
        except asyncio.CancelledError:
            await self._confirm()
            raise

    async def _hand_over(self, arrived: list[dict[str, Any]]) -> bool:
        """Different chats side by side, one chat's in order. Returns whether all were recorded or skipped."""
        lines: dict[str, list[tuple[int, Update]]] = {}
        ids = sorted(int(raw["update_id"]) for raw in arrived)
        for raw in arrived:
            key = int(raw["update_id"])
            if key in self._done:
                continue
            if (press := press_of(raw)) and key not in self._rested:
                self._rested.add(key)
                self._on_press(press)
            update = self._arrivals.read(raw)
            if update is None:
                self._done.add(key)
            else:
                lines.setdefault(update.address, []).append((key, update))
        before = len(self._done)
        if len(lines) == 1:  # the usual case, without a task
            work = asyncio.ensure_future(self._line(next(iter(lines.values()))))
        else:
            work = asyncio.ensure_future(self._lines(list(lines.values())))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait({work}, timeout=CLOSING_SECONDS)
            work.cancel()
            self._advance(ids)
            raise
        self._skip(ids, others_succeeded=len(self._done) > before)
        self._advance(ids)
        return not self._failures

    async def _lines(self, lines: list[list[tuple[int, Update]]]) -> None:
        await asyncio.gather(*map(self._line, lines))

    async def _line(self, line: list[tuple[int, Update]]) -> None:
        for key, update in line:
            if not await self._record(key, update):
                return  # what follows in this chat waits with it

    async def _record(self, key: int, update: Update) -> bool:
        for n in range(TRIES):
            try:
                await self._receive(update)
            except Exception as error:  # noqa: BLE001 (whatever it is, polling goes on)
                log.warning(
                    "telegram.receive_failed",
                    update=key,
                    attempt=n + 1,
                    error=type(error).__name__,
                    where=where(error),
                )
                if n < len(TRY_PAUSES_SECONDS):
                    await asyncio.sleep(TRY_PAUSES_SECONDS[n] * random.uniform(0.7, 1.3))  # noqa: S311
            else:
                self._done.add(key)
                self._failures.pop(key, None)
                return True
        self._failures[key] = self._failures.get(key, 0) + 1
        return False

    def _skip(self, ids: list[int], *, others_succeeded: bool) -> None:
        for key in ids:
            rounds = self._failures.get(key, 0)
            if rounds and (others_succeeded or rounds >= ROUNDS):
                log.error("telegram.update_skipped", update=key, rounds=rounds, do="report this: the update is lost")
                self._done.add(key)
                del self._failures[key]

    def _advance(self, ids: list[int]) -> None:
        upto = next((key for key in ids if key not in self._done), ids[-1] + 1)
        self._offset = max(self._offset, upto)
        self._done = {key for key in self._done if key >= self._offset}
        self._rested = {key for key in self._rested if key >= self._offset}

    async def _confirm(self) -> None:
        """Tell Telegram what is recorded, so that the next start does not get it again."""
        if self._offset <= self._confirmed:
            return
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                await self._bot.fetch(self._offset, 0, limit=1)
        except (TelegramError, TimeoutError) as error:
            log.info("telegram.offset_unconfirmed", error=type(error).__name__)


def retry_seconds(error: RetryAfter) -> float:
    wait = error.retry_after
    return float(wait) if isinstance(wait, int) else wait.total_seconds()
