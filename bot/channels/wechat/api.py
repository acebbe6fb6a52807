"""WeChat's server as we call it: a few POSTs of JSON with the access token, and what their error codes mean."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog

from bot.channels.wechat.token import Tokens

SERVER = "https://api.weixin.qq.com"
BUSY = -1
TOKEN_REFUSED = (40001, 40014, 42001)
CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
CONNECTIONS = 64

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """What WeChat said. code: 0 where it is done. reached: False where it never saw the call; None where that is not
    known."""

    code: int
    data: Mapping[str, Any]
    reached: bool | None = True

    @property
    def is_done(self) -> bool:
        return self.reached is True and self.code == 0


class Api:
    """One account's calls. Belongs to one event loop; opens its session at the first call."""

    def __init__(self, tokens: Tokens, *, api_url: str = "") -> None:
        self._server = api_url or SERVER
        self._tokens = tokens
        self._session: aiohttp.ClientSession | None = None
        tokens.call = self.plain

    @property
    def last_token_code(self) -> int:
        """What WeChat answered the last time that it was asked for a token."""
        return self._tokens.last_code

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def call(self, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """With the token; once more with another where this one is refused. body: None for a GET."""
        answer = Answer(BUSY, {}, reached=False)
        refused = ""
        for _ in range(2):
            token = await self._tokens.get(refused=refused)
            if not token:
                return Answer(TOKEN_REFUSED[0], {}, reached=False)
            answer = await self.plain(path, body, {"access_token": token})
            if answer.code not in TOKEN_REFUSED:
                return answer
            refused = token
        log.error("wechat.token_refused", code=answer.code, do="check PASSERELLE_WECHAT_APP_ID and _APP_SECRET")
        return answer

    async def plain(
        self, path: str, body: Mapping[str, Any] | None = None, query: Mapping[str, str] | None = None
    ) -> Answer:
        """Without a token. Never raises for what a network can do."""
        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(limit=CONNECTIONS, ttl_dns_cache=300)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS)
        # As it is: WeChat shows a \u escape to the reader letter by letter.
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        headers = {"Content-Type": "application/json; charset=utf-8"} if data is not None else {}
        method = "GET" if data is None else "POST"
        try:
            async with self._session.request(
                method, self._server + path, params=query, data=data, headers=headers, timeout=timeout,
                allow_redirects=False,
            ) as answer:  # fmt: skip
                raw = await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            log.warning("wechat.no_connection", path=path, error=type(error).__name__)
            return Answer(BUSY, {}, reached=False)
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError) as error:
            log.warning("wechat.no_answer", path=path, error=type(error).__name__)
            return Answer(BUSY, {}, reached=None)
        return _read(path, answer.status, raw)


def _read(path: str, status: int, raw: bytes) -> Answer:
    try:
        data = json.loads(raw)
    except ValueError:
        data = None
    if not isinstance(data, dict) or status >= 500:
        log.warning("wechat.no_json", path=path, status=status)
        return Answer(BUSY, {}, reached=None)
    code = data.get("errcode", 0)
    if code:
        _, _, rid = str(data.get("errmsg", "")).partition("rid: ")
        log.warning("wechat.refused", path=path, code=code, rid=rid[:40])
    return Answer(code if isinstance(code, int) else BUSY, data)
