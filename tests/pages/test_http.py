"""The web chat's door, knocked on without a browser: what is refused, and what a stream brings."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from yarl import URL

from bot.channels.web.identity import COOKIE
from tests.delegate import Bot

pytestmark = pytest.mark.asyncio(loop_scope="session")


def update(text: str = "bonjour", **more: Any) -> dict[str, Any]:
    return {"key": secrets.token_hex(12), "kind": "text", "text": text} | more


async def post(http: aiohttp.ClientSession, bot: Bot, **request: Any) -> tuple[int, dict[str, Any]]:
    async with http.post(bot.url + "/chat/updates", **request) as answer:
        return answer.status, await answer.json()


@asynccontextmanager
async def stream(http: aiohttp.ClientSession, bot: Bot, *, last: int = 0) -> AsyncIterator["Ears"]:
    """One tab's stream, from where the browser says it left off."""
    headers = {"Last-Event-ID": str(last)} if last else {}
    async with http.get(bot.url + "/chat/stream", headers=headers) as answer:
        assert answer.content_type == "text/event-stream"
        yield Ears(answer)


class Ears:
    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def hear(self, count: int) -> list[int]:
        """The numbers of the next `count` messages."""
        heard: list[int] = []
        async with asyncio.timeout(5):
            while len(heard) < count:
                line = (await self._answer.content.readline()).decode()
                assert line, "the stream ended"
                if line.startswith("id: "):
                    heard.append(int(line.removeprefix("id: ")))
        return heard

    async def hears_nothing_for(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return not await self.hear(1)
        except TimeoutError:
            return True


UNREADABLE = (
    b"{", b"[]", b"\xff", b"[" * 20_000, b'{"key":"short","kind":"text","text":"x"}',
    *(json.dumps(update() | change).encode() for change in (
        {"kind": "zap"}, {"text": None}, {"text": 1}, {"kind": "press"}, {"kind": "press", "action": "a" * 65},
        {"kind": "start", "payload": "p" * 65}, {"after": -1}, {"after": True}, {"after": "1"}, {"key": None},
        {"language": "l" * 30},
    )),
)  # fmt: skip
OUTSIDE = (
    "/static/x/../channel.py", "/static/x/..%2fchannel.py", "/static/x/%2e%2e%2fchannel.py", "/static/../pages.py",
    "/static/x/..%5c..%5cpages.py", "//etc/passwd", "/calendar/..%2f..%2fvar%2fsecret.key.ics", "/static/x/%00",
)  # fmt: skip


async def test_what_no_page_of_ours_sends_is_refused_with_a_reason(bot: Bot) -> None:
    for body in UNREADABLE:
        status, answer = await post(bot.http(), bot, data=body, headers={"Content-Type": "application/json"})
        assert (status, list(answer)) == (400, ["error"]), body[:80]
        assert answer["error"]


async def test_other_sites_other_types_and_books_are_refused(bot: Bot) -> None:
    http = bot.http()
    for headers in (
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert (await post(http, bot, json=update(), headers=headers))[0] == 403
    assert (await post(http, bot, data="x", headers={"Content-Type": "text/plain"}))[0] == 415
    assert (await post(http, bot, json=update("x" * 33_000)))[0] == 413

    async def in_chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 1000

    assert (await post(http, bot, data=in_chunks(), headers={"Content-Type": "application/json"}))[0] == 413
    assert (await post(http, bot, json=update(), headers={"Origin": bot.url}))[0] == 200


async def test_more_than_thumbs_can_type_is_slowed_down_for_one_browser_only(bot: Bot) -> None:
    fast, other = bot.http(), bot.http()
    await post(fast, bot, json=update())
    statuses = [(await post(fast, bot, json=update()))[0] for _ in range(35)]
    assert statuses[:30] == [200] * 30
    assert statuses[30:] == [429] * 5
    async with fast.post(bot.url + "/chat/updates", json=update()) as answer:
        assert 1 <= int(answer.headers["Retry-After"]) <= 10
    assert (await post(other, bot, json=update()))[0] == 200


async def test_a_forged_cookie_opens_nobodys_conversation(bot: Bot) -> None:
    http = bot.http()
    await post(http, bot, json=update())
    signed = http.cookie_jar.filter_cookies(URL(bot.url))[COOKIE].value
    address, _, signature = signed.rpartition(".")
    for forged in (address, f"{address}.", f"{address}.{signature[:-2]}AA", f"{address}x.{signature}", "." * 50):
        headers = {"Cookie": f"{COOKIE}={forged}"}
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as thief:
            status, answer = await post(thief, bot, json=update("merci"), headers=headers)
            assert status == 200
            assert answer["messages"][0]["sequence"] == 1, "a conversation of their own"
            async with thief.get(bot.url + "/chat/stream", headers=headers) as listening:
                assert await Ears(listening).hears_nothing_for(0.3)


async def test_no_path_leads_out_of_the_folder(bot: Bot) -> None:
    async with bot.http() as http:
        for path in OUTSIDE:
            async with http.get(URL(bot.url + path, encoded=True)) as answer:
                assert answer.status == 404, path
                assert "import" not in await answer.text()


async def test_two_tabs_hear_everything_once_and_come_back_where_they_left_off(bot: Bot) -> None:
    http = bot.http()
    _, first = await post(http, bot, json=update())
    known = max(message["sequence"] for message in first["messages"])
    async with stream(http, bot) as left, stream(http, bot, last=known) as right:
        assert await left.hear(known) == list(range(1, known + 1))
        await post(http, bot, json=update("merci", after=known))
        assert await left.hear(1) == await right.hear(1) == [known + 1]
    for text in ("merci", "bonjour"):  # nobody listens
        await post(http, bot, json=update(text, after=known + 1))
    async with stream(http, bot, last=known + 1) as left, stream(http, bot, last=known + 2) as right:
        assert await left.hear(2) == [known + 2, known + 3]
        assert await right.hear(1) == [known + 3]
        assert await right.hears_nothing_for(0.3)


async def test_the_same_update_sent_again_brings_its_answer_and_no_other(bot: Bot) -> None:
    http, once = bot.http(), update("merci")
    answers = [await post(http, bot, json=once) for _ in range(5)]
    assert [status for status, _ in answers] == [200] * 5
    assert all(answer["messages"] == answers[0][1]["messages"] for _, answer in answers)
