"""The access token of eight processes: one fetch at a time, none of their messages lost to an old one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from bot.channels.wechat.api import Api
from bot.channels.wechat.token import Tokens
from bot.clock import Clock
from bot.store.threads import Store
from tests.doubles.wechat import WeChatDouble

REPLICAS = 8
BODY = {"touser": "oPersonLi", "msgtype": "text", "text": {"content": "你好"}}
SEND, TOKEN = "/cgi-bin/message/custom/send", "/cgi-bin/stable_token"


@asynccontextmanager
async def replicas(url: str, double: WeChatDouble, clock: Clock) -> AsyncIterator[list[Api]]:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(double)
        first = Store(url)
        first.close()
        made = []
        # SQLite is one process's: its callers share the file's only writer.
        shared = Store(url) if url.startswith("sqlite") else None
        for _ in range(REPLICAS):
            store = shared or Store(url)
            tokens = Tokens(store, clock, app_id=double.app_id, secret=double.secret)
            api = Api(tokens, api_url=double.url)
            stack.push_async_callback(api.close)
            if shared is None:
                stack.callback(store.close)
            made.append(api)
        if shared is not None:
            stack.callback(shared.close)
        yield made


async def talk(apis: list[Api], double: WeChatDouble, rounds: int) -> list[int]:
    """Every process sends; the codes that came of it."""
    who = double.follower("oPersonLi")
    codes = []
    for _ in range(rounds):
        who.left, who.until = 100, double.now() + timedelta(hours=1)
        codes += [a.code for a in await asyncio.gather(*(api.call(SEND, BODY) for api in apis))]
    return codes


async def test_eight_processes_fetch_once_and_again_before_the_end(database_url: str) -> None:
    clock = Clock()
    double = WeChatDouble(now=clock.now)
    async with replicas(database_url, double, clock) as apis:
        assert set(await talk(apis, double, 3)) == {0}
        assert double.calls[TOKEN] == 1
        for _ in range(3):  # its last minutes, in which the old one is still good
            clock.shift += timedelta(seconds=7200 - 200)
            assert set(await talk(apis, double, 4)) == {0}
            await asyncio.sleep(0.5)
            assert set(await talk(apis, double, 4)) == {0}
        assert double.calls[TOKEN] == 4, "one each time, though eight saw it coming"
        clock.shift += timedelta(seconds=7300)  # nobody sent anything until it had run out
        assert set(await talk(apis, double, 2)) == {0}
        assert double.calls[TOKEN] == 5
        assert double.codes.keys() == {0}, "no message was refused"


async def test_a_token_that_is_refused_is_fetched_once_by_all(database_url: str) -> None:
    clock = Clock()
    double = WeChatDouble(now=clock.now)
    async with replicas(database_url, double, clock) as apis:
        assert set(await talk(apis, double, 1)) == {0}
        double.revoke()
        assert set(await talk(apis, double, 3)) == {0}, "each is sent with the next one"
        assert double.calls[TOKEN] == 2
        double.secret = "changed"
        double.revoke()
        assert set(await talk(apis, double, 1)) == {40001}
        assert double.calls[TOKEN] <= 4, "and a wrong secret is not tried by all at once"
