"""python-telegram-bot's requests over one shared aiohttp session.

Tells what matters for a delivery: a connection that never opened (`NotSent`) from a request that
Telegram may have taken (`TimedOut`, `NetworkError`). No error of it carries the address, which
holds the token.
"""

import json
from typing import Any

import aiohttp
from telegram._utils.types import ODVInput  # the type of the timeouts in BaseRequest's own signature
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

CONNECTIONS = 128  # more wait for a free one
KEEP_ALIVE_SECONDS = 15.0  # below Telegram's, so that a request does not run into a closing connection
CONNECT_SECONDS = 5.0
POOL_SECONDS = 5.0
READ_SECONDS = 10.0
WRITE_SECONDS = 10.0
UPLOAD_SECONDS = 30.0  # writing a file
NAMES = ("message_id", "date", "chat")  # of a message


class NotSent(NetworkError):
    """The sender meets it: no connection could be opened, so Telegram has not seen the request."""


class AiohttpRequest(BaseRequest):
    """Opens its session at the first request; `shutdown` closes it. Belongs to one event loop."""

    __slots__ = ("_session",)

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        return READ_SECONDS

    async def initialize(self) -> None:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=CONNECTIONS, keepalive_timeout=KEEP_ALIVE_SECONDS, ttl_dns_cache=300
                ),
                headers={"User-Agent": self.USER_AGENT},
                auto_decompress=True,
                cookie_jar=aiohttp.DummyCookieJar(),
            )

    async def shutdown(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        await self.initialize()
        assert self._session is not None
        uploads = request_data is not None and request_data.contains_files
        read = _seconds(read_timeout, READ_SECONDS)
        write = _seconds(write_timeout, UPLOAD_SECONDS if uploads else WRITE_SECONDS)
        connect = _seconds(connect_timeout, CONNECT_SECONDS)
        pool = _seconds(pool_timeout, POOL_SECONDS)
        opened = None if connect is None or pool is None else connect + pool
        # aiohttp has no limit of its own for writing: the whole request is bounded instead.
        whole = None if opened is None or read is None or write is None else opened + write + read
        timeout = aiohttp.ClientTimeout(total=whole, connect=opened, sock_connect=connect, sock_read=read)
        body: bytes | aiohttp.FormData | None = None
        headers = {}
        if uploads:
            assert request_data is not None
            body = _multipart(request_data)
        elif request_data is not None:
            # Once: the library's own payload has values of JSON within JSON.
            body = json.dumps(request_data.parameters).encode()
            headers["Content-Type"] = "application/json"
        try:
            async with self._session.request(
                method, url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(f"no connection: {type(error).__name__}") from None
        except TimeoutError:
            raise TimedOut("no answer in time") from None
        except aiohttp.ClientError as error:
            raise NetworkError(f"connection lost: {type(error).__name__}") from None

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """As the library's own, but an answer that is no JSON is not logged: it may hold a person's text; and of a
        message of our own, which Telegram echoes, only what names it is read: its objects cost a third of a send."""
        try:
            parsed = json.loads(payload)
        except ValueError:
            raise TelegramError("Invalid server response") from None
        if not isinstance(parsed, dict):
            raise TelegramError("Invalid server response")
        result = parsed.get("result")
        if isinstance(result, dict) and "message_id" in result:
            parsed["result"] = {name: result[name] for name in NAMES if name in result}
        return parsed


def _seconds(given: ODVInput[float], default: float) -> float | None:
    return default if given is BaseRequest.DEFAULT_NONE else given  # type: ignore[return-value]


def _multipart(request_data: RequestData) -> aiohttp.FormData:
    form = aiohttp.FormData()
    for name, value in request_data.json_parameters.items():
        form.add_field(name, value)
    for name, (file_name, content, media_type) in request_data.multipart_data.items():
        form.add_field(name, content, filename=file_name, content_type=media_type)
    return form
