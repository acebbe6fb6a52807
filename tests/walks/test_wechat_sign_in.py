"""WeChat's sign-in: the web chat in its browser knows whose it is, and no other browser can be made to."""

from urllib.parse import parse_qs, urlsplit

import aiohttp

from bot.event.model import WeChat
from tests.delegate import Bot, running, text_of
from tests.walks.test_wechat import person

AGENT = {"User-Agent": "Mozilla/5.0 MicroMessenger/8.0.50"}
MAY = WeChat(sign_in=True)


async def entered(http: aiohttp.ClientSession, bot: Bot) -> str:
    """The state that WeChat's page is opened with."""
    async with http.get(bot.url + "/wechat/enter", headers=AGENT, allow_redirects=False) as answer:
        assert answer.status == 302
        where = urlsplit(answer.headers["Location"])
        assert where.netloc == "open.weixin.qq.com"
        query = parse_qs(where.query)
        assert query["scope"] == ["snsapi_base"]
        assert where.fragment == "wechat_redirect"
        return query["state"][0]


async def asked(http: aiohttp.ClientSession, bot: Bot, text: str) -> str:
    body = {"key": "a" * 20, "after": 0, "kind": "text", "text": text}
    async with http.post(bot.url + "/chat/updates", json=body, headers={"Accept-Language": "zh"}) as answer:
        return await answer.text()


async def test_the_agenda_of_the_chat_is_that_of_the_page(sqlite_url: str) -> None:
    async with running(
        sqlite_url, event="demo", clock="2027-05-20T09:00", public_url="http://bot.example", wechat_of_event=MAY
    ) as bot:
        li = person(bot, "zh")
        await li.starts()
        await li.scans("s_atelier-eau")
        await li.presses("我要参加")
        http = bot.http()
        state = await entered(http, bot)
        code = bot.wechat.sign_in_code(li.openid)
        where = f"{bot.url}/wechat/oauth?code={code}&state={state}"
        async with http.get(where, headers=AGENT, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (302, "/")
        assert "分论坛二" in await asked(http, bot, "/agenda")
        # The same redirection, opened by somebody else: they stay who they are.
        stranger = bot.http()
        await entered(stranger, bot)
        async with stranger.get(where, headers=AGENT, allow_redirects=False) as answer:
            assert answer.status == 302
        assert "分论坛二" not in await asked(stranger, bot, "/agenda")
        assert text_of(await li.says("/agenda"))


async def test_where_the_account_may_not_the_page_opens_as_anybodys(sqlite_url: str) -> None:
    async with running(sqlite_url, public_url="http://bot.example") as bot:
        for headers in (AGENT, {"User-Agent": "Mozilla/5.0 Chrome"}):
            async with bot.http().get(bot.url + "/wechat/enter", headers=headers, allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"]) == (302, "/")
