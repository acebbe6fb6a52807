"""Updates by webhook, over HTTP, against the double of the Bot API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from bot.channels.telegram import webhook
from bot.channels.telegram.channel import TelegramChannel
from bot.chat.channel import Parcel, Sent
from bot.chat.update import Moved, Press, Text, Update
from bot.text.words import Words
from tests.doubles.telegram import TelegramDouble
from tests.unit.on_telegram import COMMANDS, PARIS, Got

SECRET = webhook.secret("key of the tests", "token")


@pytest.fixture
async def double() -> AsyncIterator[TelegramDouble]:
    async with TelegramDouble(limits=False) as made:
        yield made


def make(double: TelegramDouble, *, by_webhook: bool = True) -> TelegramChannel:
    return TelegramChannel(
        token=double.token,
        api_url=double.url,
        words=lambda language: Words(language, PARIS),
        commands=lambda language, _: COMMANDS[language],
        base_url="https://bot.example.org",
        rate=0,
        webhook_secret=SECRET if by_webhook else "",
    )


@asynccontextmanager
async def served(double: TelegramDouble, receive: Got, *, by_webhook: bool = True) -> AsyncIterator[str]:
    """The channel behind a server that is there first; the server's address."""
    channel = make(double, by_webhook=by_webhook)
    app = web.Application()
    channel.add_routes(app, receive)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    double.reach = f"http://127.0.0.1:{runner.addresses[0][1]}"
    task = asyncio.create_task(channel.run(receive))
    try:
        yield double.reach
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await runner.cleanup()
        await channel.close()


async def test_updates_come_once_recorded_and_what_waited_is_kept(double: TelegramDouble) -> None:
    double.message(7, "before the start")
    got = Got()
    async with served(double, got):
        await got.wait(1)
        double.message(7, "a")
        double.press_old(8, "more|2")
        await got.wait(3)
        await double.wait_until(lambda: double.pending() == 0)
        assert double.unanswered() == []  # the press rests by the answer to Telegram's own request
        assert double.calls["getupdates"] == 0
        assert (double.max_connections, "inline_query" in double._allowed) == (webhook.CONNECTIONS, True)
        assert double.refusals == []  # nothing was tried before the server listened
        assert double.last_error is None
    assert double.webhook_url == "https://bot.example.org/telegram/webhook"
    double.message(7, "while we are away")  # the webhook stays set, and Telegram keeps it
    later = Got()
    async with served(double, later):
        await later.wait(1)
        await double.wait_until(lambda: double.pending() == 0)
    assert [Text("before the start"), Text("a")] == [u.content for u in got.updates if u.address == "7"]
    assert {type(u.content) for u in got.updates if u.address == "8"} == {Press}
    assert Text("while we are away") in later.contents
    assert double.faults == []


async def test_a_chat_is_in_order_others_do_not_wait_and_a_failure_comes_again(double: TelegramDouble) -> None:
    may_go = asyncio.Event()
    failed: list[str] = []

    async def doing(update: Update) -> None:
        if update.address == "7":
            await may_go.wait()
        if update.address == "8" and not failed:
            failed.append(update.key)
            raise RuntimeError

    got = Got(doing)
    async with served(double, got):
        for text in "ab":
            for chat in (7, 8):
                double.message(chat, text)
        await got.wait(2)
        assert [(u.address, u.content) for u in got.updates] == [("8", Text("a")), ("8", Text("b"))]
        assert double.pending() >= 2
        may_go.set()
        await got.wait(4)
        await double.wait_until(lambda: double.pending() == 0)
    assert got.contents[2:] == [Text("a"), Text("b")]
    assert len(failed) == 1


async def test_one_that_always_fails_is_given_up_once_others_succeed(double: TelegramDouble) -> None:
    async def poison(update: Update) -> None:
        if update.content == Text("poison"):
            raise RuntimeError

    got = Got(poison)
    async with served(double, got):
        bad = double.message(7, "poison")
        double.message(7, "after")
        await double.wait_until(lambda: double.delivered[bad["update_id"]] >= webhook.TRIES + 1)
        assert got.updates == []  # it may be an outage: kept
        double.message(8, "fine")
        await got.wait(2)
    assert sorted(map(str, got.contents)) == sorted(map(str, [Text("fine"), Text("after")]))


@pytest.mark.parametrize("given", ["", SECRET[:-1], SECRET + "x", "é", "secret"])
async def test_without_the_secret_nothing_comes_in(double: TelegramDouble, given: str) -> None:
    got = Got()
    async with served(double, got) as url, aiohttp.ClientSession() as http:
        await double.wait_until(lambda: double.webhook_url != "")
        update = {"update_id": 1, "message": {"message_id": 1, "date": 0, "chat": {"id": 7, "type": "private"}}}
        headers = {webhook.HEADER: given}
        async with http.post(url + webhook.PATH, json=update, headers=headers) as answer:
            assert (answer.status, await answer.text()) == (403, "")
        for body in (b"[]", b"{", b"{}", b'{"update_id": "x"}', b"[" * 100_000, b" " * (webhook.BODY_LIMIT_BYTES + 1)):
            async with http.post(url + webhook.PATH, data=body, headers={webhook.HEADER: SECRET}) as answer:
                assert answer.status == 400, body[:20]
    assert got.updates == []


async def test_a_change_of_mode_cleans_up_and_loses_nothing(double: TelegramDouble) -> None:
    one, two, three = Got(), Got(), Got()
    async with served(double, one):
        double.message(7, "a")
        await double.wait_until(lambda: double.pending() == 0)
    double.message(7, "b")
    async with served(double, two, by_webhook=False):
        await two.wait(1)
        await double.wait_until(lambda: double.offset > 0 and double.pending() == 0)
        assert double.webhook_url == ""
        double.message(7, "c")
        await two.wait(2)
    double.message(7, "d")
    async with served(double, three):
        await three.wait(1)
        await double.wait_until(lambda: double.pending() == 0)
    assert [got.contents for got in (one, two)] == [[Text("a")], [Text("b"), Text("c")]]
    assert Text("d") in three.contents


async def test_a_webhook_that_another_took_away_is_set_again(
    double: TelegramDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "LOOK_SECONDS", 0.05)
    got = Got()
    async with served(double, got):
        await double.wait_until(lambda: double.webhook_url != "")
        double.webhook_url = ""
        double.fail_next("setWebhook", 429, "Too Many Requests: retry after 1", {"retry_after": 0})
        await double.wait_until(lambda: double.webhook_url != "")
        double.message(7, "a")
        await got.wait(1)


async def test_a_group_that_moved_is_known_from_a_refusal_too(double: TelegramDouble) -> None:
    got, channel = Got(), make(double, by_webhook=False)
    double.person(-100, "fr", "Delegation")
    task = asyncio.create_task(channel.run(got))
    await double.wait_until(lambda: double.calls["getupdates"] > 0)
    double.chats[-200] = double.chats.pop(-100)
    double.chats[-200].chat_id = -200
    double.moved[-100] = -200
    parcel = Parcel({"method": "sendMessage", "text": "x"})
    assert isinstance(await channel.send("-100", parcel, because="1", sequence=1), Sent)
    assert [(u.address, u.content) for u in await got.wait(1)] == [("-100", Moved("-200"))]
    assert [seen.text for seen in double.sent(-200)] == ["x"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await channel.close()


async def test_in_a_group_only_what_is_said_to_the_bot_arrives(double: TelegramDouble) -> None:
    got = Got()

    def mention(text: str, name: str) -> list[dict[str, object]]:
        return [{"type": "mention", "offset": text.index(name), "length": len(name)}]

    ours = {"message_id": 1, "date": 0, "from": double._me(), "chat": {"id": -100, "type": "supergroup", "title": "x"}}
    theirs = {**ours, "from": {"id": 5, "is_bot": False, "first_name": "x"}}
    text = "@passerelle_bot, où est la gare ?"
    async with served(double, got):
        double.message(-100, "small talk", user_id=9)
        double.message(-100, "hello @someone_else", user_id=9, entities=mention("hello @someone_else", "@someone_else"))
        double.message(-100, "an answer to another", user_id=9, reply_to_message=theirs)
        double.message(-100, text, user_id=9, entities=mention(text, "@passerelle_bot"))
        double.message(-100, "and the tram?", user_id=9, reply_to_message=ours)
        double.message(-100, "@Passerelle_Bot", user_id=9, entities=mention("@Passerelle_Bot", "@Passerelle_Bot"))
        double.message(-100, "/now", user_id=9)
        double.message(-100, "/now@another_bot", user_id=9)
        double.media(-100, "sticker")
        await got.wait(4)
        double.migrate(-100, -200)
        await got.wait(5)
        await double.wait_until(lambda: double.pending() == 0)
    assert got.contents == [
        Text("où est la gare ?"), Text("and the tram?"), Text("/help"), Text("/now"), Moved("-200"),
    ]  # fmt: skip
    assert {(u.address, u.author) for u in got.updates} == {("-100", "9")}
