"""Telegram's Mini App: the web chat that the menu button opens knows whose it is, and nobody else can be made to."""

import hashlib
import hmac
import json
import time
from urllib.parse import urlencode

from tests.delegate import PUBLIC_URL, Bot, running, text_of


def signed(token: str, user: object, *, age: float = 1, **more: str) -> str:
    """What Telegram puts behind the "#" of the address, as its documentation says it is signed."""
    fields = {
        "auth_date": str(int(time.time() - age)), "query_id": "AAH", "signature": "not-checked",
        "user": json.dumps({"id": user, "first_name": "Li & 李", "language_code": "zh-hans"}), **more,
    }  # fmt: skip
    line = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    key = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    return urlencode({**fields, "hash": hmac.new(key, line.encode(), hashlib.sha256).hexdigest()})


async def entered(bot: Bot, body: str, **headers: str) -> tuple[int, str]:
    """The status, and the cookie that was set."""
    post = bot.http().post(f"{bot.url}/telegram/app", data=body.encode(), headers=headers)
    async with post as answer:
        cookie = answer.cookies.get("passerelle")
        return answer.status, cookie.value if cookie else ""


async def agenda(bot: Bot, cookie: str) -> str:
    body = {"key": "a" * 20, "after": 0, "kind": "text", "text": "/agenda"}
    headers = {"Accept-Language": "zh", "Cookie": f"passerelle={cookie}"}
    async with bot.http().post(f"{bot.url}/chat/updates", json=body, headers=headers) as answer:
        return await answer.text()


async def test_the_agenda_of_the_chat_is_that_of_the_app(database_url: str) -> None:
    async with running(database_url) as bot:
        li = bot.delegate("telegram", language="zh")
        await li.starts("s_atelier-3")
        await li.presses("我要参加")
        await bot.telegram.wait_until(lambda: 0 in bot.telegram.menu_buttons)
        assert bot.telegram.menu_buttons[0]["web_app"]["url"] == f"{PUBLIC_URL}/telegram/app"
        status, cookie = await entered(bot, signed(bot.telegram.token, 1001))
        assert status == 204
        assert "分论坛三" in await agenda(bot, cookie)
        assert (await entered(bot, signed(bot.telegram.token, 1001)))[1] == cookie, "and so each time"
        assert (await entered(bot, signed(bot.telegram.token, 1002)))[1] != cookie
        assert "分论坛三" in text_of(await li.says("/agenda"))


async def test_what_telegram_has_not_signed_opens_nothing(sqlite_url: str) -> None:
    async with running(sqlite_url) as bot:
        token = bot.telegram.token
        right = signed(token, 1001)
        for body in (
            "", "hash=", "\N{LATIN SMALL LETTER E WITH ACUTE}=1&hash=\N{CJK UNIFIED IDEOGRAPH-4E2D}", "x" * 9000,
            signed("7000000001:another_bot_s_token_of_the_tests_35", 1001), signed(token, 1001, age=3 * 3600),
            signed(token, 1001, age=-600), right.replace("1001", "1002"), signed(token, "x"), right + "&a=b",
        ):  # fmt: skip
            assert await entered(bot, body) == (403, ""), body[:80]
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}):
            assert await entered(bot, right, **headers) == (403, ""), headers
        assert (await entered(bot, right))[0] == 204
