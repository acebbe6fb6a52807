"""What goes over the Telegram channel, by HTTP, against the double of the Bot API, and its pace."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from bot.channels.telegram import verdicts
from bot.channels.telegram.channel import TelegramChannel
from bot.chat.action import action
from bot.chat.channel import Failed, InDoubt, Later, Parcel, Sent, Unreachable
from bot.chat.reply import Button, Coordinates, File, Reply
from bot.delivery import pace
from bot.text import markup
from tests.doubles.telegram import TelegramDouble
from tests.unit.on_telegram import make, send


@pytest.fixture
async def channel(double: TelegramDouble) -> AsyncIterator[TelegramChannel]:
    """One that only sends. The chats 7 and 8 are open."""
    made = make(double)
    double.person(7)
    double.person(8)
    yield made
    await made.close()


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


async def test_the_pace_is_never_refused() -> None:
    for _ in range(5):  # what a stalled machine delays arrives in a heap: such a run is made again
        async with TelegramDouble() as double:
            channel = make(double, rate=30)
            for chat in range(100, 160):
                double.person(chat)
            stalls: list[float] = []
            witness = asyncio.create_task(watch(stalls))
            began = time.monotonic()
            sends = [send(channel, f"{n}", chat=100 + n) for n in range(60)] + [
                send(channel, "more", chat=100) for _ in range(4)
            ]
            done = await asyncio.gather(*sends)
            took = time.monotonic() - began
            witness.cancel()
            await channel.close()
        if sum(stalls) < 0.1:
            break
    assert [verdict for (verdict,) in done if not isinstance(verdict, Sent)] == []
    # Telegram's own tolerance is the bound, and the double's.
    assert (double.refusals, double.busiest_second() <= 33, took > 2.0) == ([], True, True)


async def watch(stalls: list[float]) -> None:
    """Notes for how long nothing went on here, each time, in seconds."""
    while True:
        before = time.monotonic()
        await asyncio.sleep(0.01)
        if (late := time.monotonic() - before - 0.01) > 0.02:
            stalls.append(late)


async def test_a_wait_too_long_is_handed_back(double: TelegramDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "PATIENCE_SECONDS", 0.9)
    channel = make(double, rate=30)
    double.person(7)
    done = await asyncio.gather(*(send(channel, f"{n}") for n in range(9)))
    later = [verdict for (verdict,) in done if isinstance(verdict, Later)]
    assert (len(later), {verdict.scope for verdict in later}) == (6, {"chat"})
    assert double.refusals == []
    await channel.close()
