"""The Telegram channel over HTTP, against the double of the Bot API."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

import pytest

from bot.channels.telegram import polling, verdicts
from bot.channels.telegram.channel import TelegramChannel
from bot.chat.action import action
from bot.chat.channel import Failed, InDoubt, Later, Parcel, Sent, Unreachable
from bot.chat.reply import Button, Coordinates, File, Reply
from bot.chat.update import Joined, Left, Media, Position, Press, Start, Text, Update
from bot.delivery import pace
from bot.text import markup
from bot.text.words import Words
from tests.doubles.telegram import TelegramDouble

PARIS = ZoneInfo("Europe/Paris")
SAY = Words("en", PARIS)
COMMANDS = {
    "fr": [("now", "En ce moment"), ("help", "Aide")],
    "zh": [("now", "正在进行"), ("help", "帮助")],
    "en": [("now", "What is on now"), ("help", "Help")],
}


def make(
    double: TelegramDouble, *, token: str = "", rate: float = 0, organizers: Collection[int] = ()
) -> TelegramChannel:
    return TelegramChannel(
        token=token or double.token,
        api_url=double.url,
        words=lambda language: Words(language, PARIS),
        commands=lambda language, _: COMMANDS[language],
        names={"en": "The Forum", "fr": "Le Forum", "zh": "论坛"},
        rate=rate,
        organizers=organizers,
    )


class Got:
    """A `receive` that keeps what it gets."""

    def __init__(self, doing: Callable[[Update], Awaitable[None]] | None = None) -> None:
        self.updates: list[Update] = []
        self._doing = doing
        self._came = asyncio.Event()

    async def __call__(self, update: Update) -> None:
        if self._doing is not None:
            await self._doing(update)
        self.updates.append(update)
        self._came.set()

    async def wait(self, count: int) -> list[Update]:
        async with asyncio.timeout(30):
            while len(self.updates) < count:
                self._came.clear()
                await self._came.wait()
        return self.updates

    @property
    def contents(self) -> list[object]:
        return [update.content for update in self.updates]


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


@pytest.fixture
async def double() -> AsyncIterator[TelegramDouble]:
    async with TelegramDouble() as made:
        yield made


@pytest.fixture
async def channel(double: TelegramDouble) -> AsyncIterator[TelegramChannel]:
    """One that only sends. The chats 7 and 8 are open."""
    made = make(double)
    double.person(7)
    double.person(8)
    yield made
    await made.close()


async def send(channel: TelegramChannel, reply: Reply | str, chat: int = 7, *, replacing: str = "") -> list[object]:
    reply = Reply(text=markup.parse(reply)) if isinstance(reply, str) else reply
    parcels = channel.render([reply], SAY, replacing=replacing)
    return [
        await channel.admit(str(chat)) or await channel.send(str(chat), parcel, because="1", sequence=1)
        for parcel in parcels
    ]


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


# --- messages


async def test_everything_a_reply_can_hold_arrives(double: TelegramDouble, channel: TelegramChannel) -> None:
    reply = Reply(
        text=markup.parse("**Venue** <here> & [map](https://osm.org/?a=1&b=2)"),
        buttons=(Button("Back", action("back")),),
        place=Coordinates(48.59, 7.77, "PMC", "Place de Bordeaux"),
        file=File("agenda.ics", "text/calendar", "BEGIN:VCALENDAR é 会"),
        large="Palais de la Musique",
    )
    verdicts_ = await send(channel, reply)
    text, venue, document = double.sent(7)
    assert verdicts_ == [Sent(str(text.message_id)), Sent(str(venue.message_id)), Sent(str(document.message_id))]
    assert (text.text, text.labels, text.preview) == ("Venue <here> & map\n\nPalais de la Musique", ["Back"], False)
    assert (text.marked("bold"), text.marked("text_link")) == (["Venue", "Palais de la Musique"], ["map"])
    assert venue.venue == {
        "location": {"latitude": 48.59, "longitude": 7.77}, "title": "PMC", "address": "Place de Bordeaux",
    }  # fmt: skip
    assert document.document == ("agenda.ics", "text/calendar", "BEGIN:VCALENDAR é 会".encode())
    assert double.faults == []


@pytest.mark.parametrize("sign", ["会议。", "Une phrase avec des mots. ", "😀", "<&>", "x"])
async def test_a_text_of_any_length_is_taken(double: TelegramDouble, channel: TelegramChannel, sign: str) -> None:
    double.limits = False
    await send(channel, Reply(text=markup.parse("**{x}**", {"x": sign * (10_000 // len(sign))})))
    assert double.faults == []
    assert "".join(seen.text for seen in double.sent(7)).replace(" ", "") == (sign * (10_000 // len(sign))).replace(
        " ", ""
    )


async def test_html_that_telegram_refuses_goes_as_plain_text(double: TelegramDouble, channel: TelegramChannel) -> None:
    parcel = Parcel({"method": "sendMessage", "text": "<b>a</i> &lt;x&gt; <p>b</p>", "parse_mode": "HTML"})
    assert isinstance(await channel.send("7", parcel, because="1", sequence=1), Sent)
    assert [seen.text for seen in double.sent(7)] == ["a <x> b"]
    fault = 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'
    assert double.faults == [f"sendmessage: Bad Request: can't parse entities: {fault}"]


async def test_who_cannot_be_reached_is_told_from_what_cannot_be_sent(
    double: TelegramDouble, channel: TelegramChannel
) -> None:
    double.block(7)
    assert await send(channel, "x") == [Unreachable("Forbidden: bot was blocked by the user")]
    assert await send(channel, "x", chat=99) == [Unreachable("Chat not found")]
    double.fail_next("sendMessage", 400, "Bad Request: BUTTON_DATA_INVALID")
    assert await send(channel, "x", chat=8) == [Failed("Button_data_invalid")]
    double.fail_next("sendMessage", 400, "Bad Request: upgraded", {"migrate_to_chat_id": 8})
    assert await send(channel, "x", chat=-5) == [Sent("1")]
    assert await channel.send("8", Parcel({"method": "sendBanana"}), because="1", sequence=1) == Failed(
        "no such method: sendBanana"
    )


async def test_what_may_have_been_taken_is_in_doubt(
    double: TelegramDouble, channel: TelegramChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    double.drop_next("sendMessage")
    assert await send(channel, "a") == [InDoubt("connection lost: ServerDisconnectedError")]
    double.fail_next("sendMessage", 502, "Bad Gateway", after=True)
    assert await send(channel, "b") == [InDoubt("Bad Gateway")]
    monkeypatch.setattr("bot.channels.telegram.http.READ_SECONDS", 0.1)
    double.stall_next("sendMessage", 0.3)
    assert await send(channel, "c") == [InDoubt("no answer in time")]
    assert [seen.text for seen in double.sent(7)] == ["a", "b", "c"]


async def test_a_connection_that_never_opened_is_not_in_doubt(double: TelegramDouble, channel: TelegramChannel) -> None:
    await double.down()
    assert await send(channel, "a") == [
        Later(verdicts.NO_CONNECTION_SECONDS, "bot", "no connection: ClientConnectorError")
    ]


async def test_a_refusal_holds_the_chat_and_two_hold_the_bot(double: TelegramDouble, channel: TelegramChannel) -> None:
    flood = ("sendMessage", 429, "Too Many Requests: retry after 9", {"retry_after": 9})
    double.fail_next(*flood)
    (first,) = await send(channel, "a")
    assert isinstance(first, Later)
    assert (first.scope, 9 < first.seconds < 10) == ("chat", True)
    (held,) = await send(channel, "b")
    assert isinstance(held, Later)
    assert double.calls["sendmessage"] == 1
    double.fail_next(*flood)
    (second,) = await send(channel, "c", chat=8)
    assert isinstance(second, Later)
    assert second.scope == "bot"
    (all_held,) = await send(channel, "d", chat=9)
    assert isinstance(all_held, Later)
    assert (all_held.scope, double.calls["sendmessage"]) == ("bot", 2)


async def test_the_pace_is_never_refused(double: TelegramDouble) -> None:
    channel = make(double, rate=30)
    for chat in range(100, 160):
        double.person(chat)
    began = time.monotonic()
    sends = [send(channel, f"{n}", chat=100 + n) for n in range(60)] + [
        send(channel, "more", chat=100) for _ in range(4)
    ]
    done = await asyncio.gather(*sends)
    took = time.monotonic() - began
    assert [verdict for (verdict,) in done if not isinstance(verdict, Sent)] == []
    # What a stalled machine delays arrives in a heap: Telegram's own tolerance is the bound, and the double's.
    assert (double.refusals, double.busiest_second() <= 33, took > 2.0) == ([], True, True)
    await channel.close()


async def test_a_wait_too_long_is_handed_back(double: TelegramDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "PATIENCE_SECONDS", 0.9)
    channel = make(double, rate=30)
    double.person(7)
    done = await asyncio.gather(*(send(channel, f"{n}") for n in range(9)))
    later = [verdict for (verdict,) in done if isinstance(verdict, Later)]
    assert (len(later), {verdict.scope for verdict in later}) == (6, {"chat"})
    assert double.refusals == []
    await channel.close()
