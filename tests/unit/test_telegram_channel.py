"""What comes over the Telegram channel, by HTTP, against the double of the Bot API."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.channels.telegram import polling, verdicts
from bot.channels.telegram.channel import TelegramChannel
from bot.chat.action import action
from bot.chat.channel import Later, Parcel, Sent
from bot.chat.reply import Button, Reply
from bot.chat.update import Joined, Left, Media, Position, Press, Start, Text, Update
from bot.text import markup
from tests.doubles.telegram import TelegramDouble
from tests.unit.on_telegram import Got, make, send


@asynccontextmanager
async def running(channel: TelegramChannel, receive: Got) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(channel.run(receive))
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await channel.close()


# --- updates


async def test_what_people_do_arrives_in_their_order(double: TelegramDouble) -> None:
    got = Got()
    double.start(7, "s_atelier-3", language="zh-hans")
    double.message(7, "/now@Passerelle_Bot", language="zh-hans")
    double.message(7, "/now@another_bot")
    double.message(7, "/Find 创新  工作坊")
    double.message(7, "你好")
    double.position(7, 48.5, 7.7)
    double.media(7, "sticker")
    double.media(7, "photo", caption="Where is this?")
    double.media(7, "document")
    double.media(7, "dice")
    double.message(7, "", pinned_message=double.message(7, "x")["message"])
    double.message(-100, "small talk", user_id=9)
    double.message(-100, "/now", user_id=9)
    async with running(make(double), got):
        await double.wait_for_offset(double.message(7, "the last"))
    assert [(type(u.content), u.content) for u in got.updates if u.address == "7"] == [
        (type(content), content)
        for content in (
            Start("s_atelier-3"), Text("/now"), Text("/Find 创新  工作坊"), Text("你好"), Position(48.5, 7.7),
            Media("sticker"), Text("Where is this?"), Media("file"), Media("unknown"), Text("x"), Text("the last"),
        )
    ]  # fmt: skip
    first = got.updates[0]
    assert (first.channel, first.key, first.author, first.language) == ("telegram", "1001", "7", "zh-hans")
    assert [(u.author, u.content) for u in got.updates if u.address == "-100"] == [("9", Text("/now"))]
    assert double.faults == []


async def test_an_update_is_confirmed_only_when_it_is_recorded(double: TelegramDouble) -> None:
    recorded = asyncio.Event()

    async def slow(_: Update) -> None:
        await recorded.wait()

    got = Got(slow)
    async with running(make(double), got):
        update = double.message(7, "Bonjour")
        await double.wait_until(lambda: double.delivered[update["update_id"]] == 1)
        await asyncio.sleep(0.05)
        assert (double.pending(), got.updates) == (1, [])
        recorded.set()
        await double.wait_for_offset(update)
    assert (double.pending(), got.contents) == (0, [Text("Bonjour")])


async def test_the_last_offset_is_confirmed_when_stopped(double: TelegramDouble) -> None:
    begun = asyncio.Event()

    async def slow(_: Update) -> None:
        begun.set()
        await asyncio.sleep(0.1)

    got = Got(slow)
    async with running(make(double), got):
        update = double.message(7, "Bonjour")
        await begun.wait()
    assert (got.contents, double.pending(), double.offset) == ([Text("Bonjour")], 0, update["update_id"] + 1)


async def test_a_batch_cut_off_is_delivered_again(double: TelegramDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "CLOSING_SECONDS", 0.05)

    async def never(update: Update) -> None:
        if update.content == Text("b"):
            await asyncio.Event().wait()

    double.message(7, "a")
    double.message(7, "b")
    first, second = Got(never), Got()
    async with running(make(double), first):
        await first.wait(1)
    async with running(make(double), second):
        await second.wait(1)
    assert (first.contents, second.contents) == ([Text("a")], [Text("b")])


async def test_a_repeated_update_reaches_receive_again_with_the_same_key(double: TelegramDouble) -> None:
    got = Got()
    async with running(make(double), got):
        update = double.message(7, "Bonjour")
        await double.wait_for_offset(update)
        double.redeliver(update)
        await got.wait(2)
    assert {u.key for u in got.updates} == {str(update["update_id"])}


async def test_chats_side_by_side_and_one_chat_in_order(double: TelegramDouble) -> None:
    first_may_go = asyncio.Event()

    async def slow(update: Update) -> None:
        if update.address == "7":
            await first_may_go.wait()

    got = Got(slow)
    for text in ("a", "b"):
        double.message(7, text)
        double.message(8, text)
    async with running(make(double), got):
        await got.wait(2)
        assert [(u.address, u.content) for u in got.updates] == [("8", Text("a")), ("8", Text("b"))]
        first_may_go.set()
        await got.wait(4)
    assert got.contents[2:] == [Text("a"), Text("b")]


async def test_a_failure_that_passes_is_tried_again(double: TelegramDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "TRY_PAUSES_SECONDS", (0.0, 0.0))
    times = 0

    async def twice(_: Update) -> None:
        nonlocal times
        times += 1
        if times < 3:
            raise RuntimeError

    got = Got(twice)
    async with running(make(double), got):
        await double.wait_for_offset(double.message(7, "Bonjour"))
    assert (times, got.contents) == (3, [Text("Bonjour")])


async def test_one_that_always_fails_is_skipped_once_others_succeed(
    double: TelegramDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "TRY_PAUSES_SECONDS", (0.0, 0.0))

    async def poison(update: Update) -> None:
        if update.content == Text("poison"):
            raise RuntimeError

    got = Got(poison)
    async with running(make(double), got):
        bad = double.message(7, "poison")
        after = double.message(7, "after")
        await asyncio.sleep(0.2)
        assert (double.offset <= bad["update_id"], got.updates) == (True, [])  # may be an outage: kept
        double.message(8, "fine")
        await double.wait_for_offset(after)
    assert sorted(str(content) for content in got.contents) == sorted(map(str, [Text("fine"), Text("after")]))


async def test_a_press_is_answered_by_the_channel_and_edits_its_message(double: TelegramDouble) -> None:
    got = Got()
    channel = make(double)
    buttons = (Button("More", action("more", "2")), Button("Back", action("back")))
    double.limits = False
    async with running(channel, got):
        double.person(7)
        (sent,) = await send(channel, Reply(text=markup.parse("One"), buttons=buttons))
        assert isinstance(sent, Sent)
        message = int(sent.message_id)
        double.press(7, message, "More")
        double.press_old(7, "gone|1", message_id=99_999)
        await got.wait(2)
        assert got.contents == [Press(action("more", "2"), str(message)), Press(action("gone", "1"), "")]
        await double.wait_until(lambda: double.unanswered() == [])
        two = Reply(text=markup.parse("Two"), replaces=True)
        assert await send(channel, two, replacing=str(message)) == [Sent(str(message))]
        assert await send(channel, two, replacing=str(message)) == [Sent(str(message))]  # not modified
        double.freeze(7, message)
        three = Reply(text=markup.parse("Three"), replaces=True)
        (anew,) = await send(channel, three, replacing=str(message))
        assert isinstance(anew, Sent)
        assert anew.message_id != str(message)
        double.delete(7, message)
        await send(channel, three, replacing=str(message))
    assert [(seen.text, seen.edited, seen.labels) for seen in double.sent(7)] == [("Three", 0, []), ("Three", 0, [])]
    assert double.faults == []


async def test_blocking_and_coming_back_is_told(double: TelegramDouble) -> None:
    got = Got()
    async with running(make(double), got):
        double.block(7)
        double.unblock(7)
        await got.wait(2)
    assert got.contents == [Left(), Joined()]


async def test_an_update_that_the_library_cannot_read_still_gets_an_answer(double: TelegramDouble) -> None:
    got = Got()
    double.message(7, "", sticker="not what a sticker is")
    double.message(8, "fine")
    async with running(make(double), got):
        await got.wait(2)
    assert sorted((u.address, u.content) for u in got.updates) == [("7", Media("unknown")), ("8", Text("fine"))]


async def test_polling_outlives_errors_a_webhook_and_a_dead_server(double: TelegramDouble) -> None:
    got = Got()
    double.webhook_url = "https://example.org/hook"
    double.fail_next("getMe", 502, "Bad Gateway")
    double.fail_next("getUpdates", 500)
    double.drop_next("getUpdates", after=False)
    double.message(7, "a")
    async with running(make(double), got):
        await got.wait(1)
        await double.down()
        await asyncio.sleep(0.1)
        await double.up()
        double.message(7, "b")
        await got.wait(2)
    assert (double.webhook_url, got.contents) == ("", [Text("a"), Text("b")])


async def test_two_pollers_do_not_fight(double: TelegramDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "CONFLICT_SECONDS", 0.3)
    one, two = Got(), Got()
    async with running(make(double), one):
        await double.wait_until(lambda: double.calls["getupdates"] == 1)
        async with running(make(double), two):
            await double.wait_until(lambda: double.calls["getupdates"] == 2)
            await double.wait_for_offset(double.message(7, "Bonjour"))
            assert double.calls["getupdates"] <= 4
    assert double.refusals[0][:2] == ("getupdates", 409)


@pytest.mark.parametrize("token", ["7000000001:another_token_of_the_tests_35_chars", "nonsense"])
async def test_a_refused_token_ends_the_channel_and_nothing_else(double: TelegramDouble, token: str) -> None:
    channel = make(double, token=token)
    async with asyncio.timeout(2):
        await channel.run(Got())
    verdict = await channel.send("7", Parcel({"method": "sendMessage", "text": "x"}), because="1", sequence=1)
    assert verdict == Later(verdicts.TOKEN_REFUSED_SECONDS, "bot", "token refused")
    await channel.close()


async def test_commands_and_texts_are_set_once_in_each_language(double: TelegramDouble) -> None:
    double.person(7)
    for times in (1, 2):
        async with running(make(double, organizers=(6, 7)), Got()):
            # Two organizers come last; the first has never written, and is passed over.
            await double.wait_until(lambda times=times: double.calls["getmycommands"] == 10 * times)
            await double.wait_until(lambda: len(double.own_commands[7]) == 3)
        assert [double.calls[name] for name in ("setmyname", "setmydescription")] == [3, 3]
        assert double.calls["setmycommands"] == 9
    assert {language: listed[0]["description"] for language, listed in double.commands.items()} == {
        "": "What is on now",
        "fr": "En ce moment",
        "zh": "正在进行",
    }
    assert double.profile["name", "zh"] == "论坛"
    assert double.group_commands.keys() == double.own_commands[7].keys() == {"", "fr", "zh"}
    assert double.faults == []
