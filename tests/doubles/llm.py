"""A strict double of an OpenAI-compatible `/v1/chat/completions`: it refuses what such a server refuses, keeps what
it was asked, and answers, or fails, as it is told."""

import asyncio
import json
from types import TracebackType
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

KNOWN = {"model", "messages", "temperature", "max_tokens"}


class LlmDouble:
    key = "sk-double"
    model = "small-1"

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []  # the user's message of each request, parsed
        self.faults: list[str] = []
        self.says = "none"  # an id, "none", or whatever else
        self.fails = ""  # "500", "slow", "garbage", "huge", "redirect"
        self.elsewhere = 0  # requests that came where a redirect led
        app = web.Application(client_max_size=256 * 1024)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_route("*", "/elsewhere", self._elsewhere)
        self._server = TestServer(app)

    @property
    def url(self) -> str:
        return str(self._server.make_url("/v1"))

    async def __aenter__(self) -> "LlmDouble":
        await self._server.start_server()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.close()

    async def _elsewhere(self, request: web.Request) -> web.Response:
        self.elsewhere += 1
        return self._answer(self.says)

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return web.json_response({"error": {"message": "Incorrect API key provided"}}, status=401)
        body = await request.json()
        self._check(body)
        self.asked.append(json.loads(body["messages"][-1]["content"]))
        match self.fails:
            case "500":
                return web.json_response({"error": {"message": "The server had an error"}}, status=500)
            case "slow":
                await asyncio.sleep(30)
            case "garbage":
                return web.Response(text="<html>proxy error</html>", content_type="application/json")
            case "huge":
                return self._answer("x" * 1_000_000)
            case "redirect":
                raise web.HTTPTemporaryRedirect("/elsewhere")
        return self._answer(self.says)

    def _check(self, body: dict[str, Any]) -> None:
        if set(body) - KNOWN:
            self.faults.append(f"unknown parameters {set(body) - KNOWN}")
        if body.get("model") != self.model:
            self.faults.append(f"The model {body.get('model')!r} does not exist")
        if [message["role"] for message in body["messages"]] != ["system", "user"]:
            self.faults.append("roles")
        if body.get("max_tokens", 1000) > 64:
            self.faults.append("pays for more than an id")

    def _answer(self, content: str) -> web.Response:
        message = {"role": "assistant", "content": content}
        return web.json_response({"object": "chat.completion", "choices": [{"index": 0, "message": message}]})
