"""Taking updates by webhook: Telegram posts each to us, one of a chat at a time, and again until we answer 2xx.

An update is answered once it is recorded, so that none is lost and each chat's stay in order. What Telegram waits with
while we are away, it keeps (24 hours): nothing is ever dropped when the webhook is set or set again.
"""

import asyncio
import hashlib
import hmac
import json
import random
from collections import OrderedDict
from collections.abc import Awaitable
from typing import Any

import structlog
from aiohttp import web
from telegram import WebhookInfo
from telegram.error import InvalidToken, TelegramError

from bot.channels.telegram import updates
from bot.channels.telegram.arrivals import Arrivals, press_of, where
from bot.channels.telegram.polling import PollingBot, patiently
from bot.chat.channel import Receive

log = structlog.get_logger()

PATH = "/telegram/webhook"
HEADER = "X-Telegram-Bot-Api-Secret-Token"
CONNECTIONS = 100  # that Telegram may open at once; each carries another chat's update
BODY_LIMIT_BYTES = 1024 * 1024
LOOK_SECONDS = 60.0  # between two looks at what Telegram says of the webhook
TRIES = 3  # of one update that fails while others succeed; then it is skipped
TRIES_ALONE = 20  # ...and of one while nothing succeeds, which is more likely an outage of ours
RETRY_SECONDS = 1  # what Telegram is asked to wait before it tries again
REMEMBERED = 1_000  # failing updates


def secret(key: str, token: str) -> str:
    """What Telegram sends along with each update: the same in every process, and of no use for anything else."""
    return hmac.new(key.encode(), b"telegram.webhook:" + token.encode(), hashlib.sha256).hexdigest()


class Webhook:
    """The address that Telegram posts to. `take` answers a request; `hold` keeps the webhook set."""

    def __init__(self, bot: PollingBot, arrivals: Arrivals, *, url: str, secret: str) -> None:
        """url: our public address, without PATH."""
        self.url = url.rstrip("/") + PATH
        self._bot = bot
        self._arrivals = arrivals
        self._secret = secret.encode()
        self._failures: OrderedDict[int, tuple[int, int]] = OrderedDict()  # update -> times, successes by then
        self._successes = 0
        self._told_refused = 0.0

    # --- what Telegram posts

    async def take(self, request: web.Request, receive: Receive) -> web.Response:
        """200 once the update is recorded; 403 without the secret; 503 where it could not be, and Telegram tries
        again."""
        given = request.headers.get(HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self._secret):
            self._tell_refused()
            return web.Response(status=403)
        raw = await _update(request)
        if raw is None:
            log.error("telegram.webhook_unreadable", bytes=request.content_length)
            return web.Response(status=400)
        key = int(raw["update_id"])
        update = self._arrivals.read(raw)
        if update is not None and not await self._record(key, update, receive):
            return web.Response(status=503, headers={"Retry-After": str(RETRY_SECONDS)})
        press = press_of(raw)
        if not press:
            return web.Response()
        # Its button rests by the answer to Telegram's own request: a call saved, and nobody needs its outcome.
        body = json.dumps({"method": "answerCallbackQuery", "callback_query_id": press}).encode()
        return web.Response(body=body, content_type="application/json")

    async def _record(self, key: int, update: Any, receive: Receive) -> bool:
        try:
            # Telegram cutting the connection must not undo what is half done.
            await asyncio.shield(asyncio.ensure_future(receive(update)))
        except Exception as error:  # noqa: BLE001 (whatever it is, Telegram tries again)
            return self._failed(key, error)
        self._successes += 1
        self._failures.pop(key, None)
        return True

    def _failed(self, key: int, error: Exception) -> bool:
        """Whether the update is given up."""
        times, successes = self._failures.get(key, (0, self._successes))
        times += 1
        log.warning(
            "telegram.receive_failed", update=key, attempt=times, error=type(error).__name__, where=where(error)
        )
        if times >= TRIES_ALONE or (times >= TRIES and self._successes > successes):
            log.error("telegram.update_skipped", update=key, tries=times, do="report this: the update is lost")
            self._failures.pop(key, None)
            return True
        self._failures[key] = times, successes
        if len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)
        return False

    def _tell_refused(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._told_refused > LOOK_SECONDS:
            self._told_refused = now
            log.warning(
                "telegram.webhook_refused",
                do="somebody posts without our secret; were it Telegram, give all processes one PASSERELLE_SECRET_KEY",
            )

    # --- keeping it set

    async def hold(self) -> None:
        """Set the webhook, and set it again should it be gone; until cancelled. To be called once the server listens,
        since Telegram's first tries would otherwise fail and wait. Raises InvalidToken."""
        await self._set()
        seen_error = 0.0
        while True:
            await asyncio.sleep(LOOK_SECONDS * random.uniform(0.9, 1.1))  # noqa: S311
            try:
                info = await self._bot.get_webhook_info()
            except InvalidToken:
                raise
            except TelegramError as error:
                log.warning("telegram.webhook_unknown", error=type(error).__name__)
                continue
            if info.url != self.url:
                log.error(
                    "telegram.webhook_gone",
                    do="another program polls or listens with this token: stop it, or use its own token",
                )
                await self._set()
            seen_error = _tell_trouble(info, seen_error)

    async def _set(self) -> None:
        def call() -> Awaitable[bool]:
            return self._bot.set_webhook(
                self.url,
                secret_token=self._secret.decode(),
                max_connections=CONNECTIONS,
                allowed_updates=list(updates.ALLOWED),
                drop_pending_updates=False,
            )

        await patiently(call, "telegram.webhook_not_set", do="passerelle doctor")
        log.info("telegram.webhook_set", url=self.url)


def _tell_trouble(info: WebhookInfo, seen: float) -> float:
    """Log what Telegram last met at our address, once; when that was."""
    at = info.last_error_date.timestamp() if info.last_error_date else 0.0
    if at > seen:
        log.warning(
            "telegram.webhook_failing", why=info.last_error_message, waiting=info.pending_update_count,
            do="passerelle doctor",
        )  # fmt: skip
    return max(at, seen)


async def _update(request: web.Request) -> dict[str, Any] | None:
    """The body as an update, None where it is none or too long."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > BODY_LIMIT_BYTES:
            return None
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return raw if isinstance(raw, dict) and type(raw.get("update_id")) is int else None
