"""The access token: WeChat's stable one, fetched once for all processes and kept in the database.

In its last five minutes WeChat hands out the next one, while the old one stays good: it is fetched then, so that no
message waits for it.
"""

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from bot.clock import Clock
from bot.delivery import credentials
from bot.delivery.credentials import Credential
from bot.store.threads import Store

PATH = "/cgi-bin/stable_token"
EARLY = timedelta(minutes=4)  # before its end; WeChat gives no other one before the last five
LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 8.0
AFTER_FAILURE = timedelta(seconds=5)

log = structlog.get_logger()


class Answered(Protocol):
    @property
    def code(self) -> int: ...
    @property
    def data(self) -> Mapping[str, Any]: ...


Call = Callable[[str, Mapping[str, Any] | None], Awaitable[Answered]]


class Tokens:
    """The token of one account, as one process uses it."""

    def __init__(self, store: Store, clock: Clock, *, app_id: str, secret: str) -> None:
        self._store, self._clock = store, clock
        self._app_id, self._secret = app_id, secret
        self._name = f"wechat:{app_id}"
        self._owner = secrets.token_hex(12)
        self._known = Credential("", credentials.NEVER)
        self._fetching: asyncio.Task[None] | None = None
        self.call: Call | None = None
        self.last_code = 0  # of the last fetch: what `doctor` says

    async def get(self, *, refused: str = "") -> str:
        """A token that is good, "" where there is none to be had. refused: one that WeChat has just refused."""
        known = self._known
        if refused and known.value == refused:
            known = self._known = Credential("", credentials.NEVER)
        now = self._clock.now()
        if known.value and now < known.until - EARLY:
            return known.value
        joins = self._fetching is not None and not self._fetching.done()
        fetching = self._fetch_once(refused)
        if known.value and now < known.until:
            return known.value  # still good; the next one is on its way
        await asyncio.wait([fetching])
        if self._is_good(refused) or not joins:
            return self._known.value if self._is_good(refused) else ""
        # That look may have begun before the last token ran out, and been content with it.
        await asyncio.wait([self._fetch_once(refused)])
        return self._known.value if self._is_good(refused) else ""

    def _is_good(self, refused: str) -> bool:
        return self._known.value not in ("", refused) and self._clock.now() < self._known.until

    def _fetch_once(self, refused: str) -> "asyncio.Task[None]":
        """One look for a newer token at a time in this process."""
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.ensure_future(self._fetch(refused))
        return self._fetching

    async def _fetch(self, refused: str) -> None:
        """Take what another process has fetched; else fetch it, one process for all."""
        end = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        try:
            while asyncio.get_running_loop().time() < end:
                now = self._clock.now()
                kept = await self._store.read(credentials.get, self._name)
                if kept.value and kept.value != refused and now < kept.until - EARLY:
                    self._known = kept
                    return
                if kept.has_failed(now):
                    return
                if await self._store.write(credentials.fetch, self._name, self._owner, now, seen=kept.value):
                    await self._ask(now)
                    return
                if kept.value and kept.value != refused and now < kept.until:
                    self._known = kept  # good enough until the other process has the next
                    return
                await asyncio.sleep(LOOK_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311
        except Exception:
            log.exception("wechat.token_failed")

    async def _ask(self, now: datetime) -> None:
        assert self.call is not None, "an Api was made with it"
        body = {
            "grant_type": "client_credential", "appid": self._app_id, "secret": self._secret, "force_refresh": False,
        }  # fmt: skip
        answer = await self.call(PATH, body)
        value, seconds = answer.data.get("access_token"), answer.data.get("expires_in")
        self.last_code = answer.code
        if answer.code or not isinstance(value, str) or not value or not isinstance(seconds, int):
            log.error("wechat.no_token", code=answer.code, do="passerelle doctor says what to mend")
            await self._store.write(credentials.give_up, self._name, self._owner, now + AFTER_FAILURE)
            return
        until = now + timedelta(seconds=seconds)
        self._known = Credential(value, until)
        await self._store.write(credentials.keep, self._name, self._owner, value, until)
        log.info("wechat.token_fetched", seconds=seconds)
