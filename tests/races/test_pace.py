"""A notice at Telegram's pace: never refused, not in the way of who waits for an answer, overtaken by what is urgent,
stopped by a pause at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.channels.telegram.channel import TelegramChannel
from bot.chat.channel import Parcel
from bot.clock import Clock
from bot.delivery import pace
from bot.event import load
from bot.notices import broadcast
from bot.notices.broadcast import Notice
from bot.notices.courier import Courier
from bot.notices.tables import NoticeState, Urgency
from bot.store.threads import Store
from bot.text.words import Words
from bot.wording import worded
from tests.doubles.telegram import TelegramDouble
from tests.races.test_broadcast_kills import NOW, begun, people

RATE = 60.0
WINDOW = int(RATE / 2)


@dataclass
class Post:
    """A courier at work on a database of people with Telegram, at RATE."""

    store: Store
    double: TelegramDouble
    channel: TelegramChannel
    courier: Courier

    def begin(self, urgency: Urgency = Urgency.NORMAL) -> Notice:
        seen = self.store.write_now(begun, urgency)
        self.courier.wake()
        return seen

    async def until(self, seen: Notice, state: NoticeState = NoticeState.SENT) -> None:
        while (await self.store.read(broadcast.get, seen.id)).state != state:
            await asyncio.sleep(0.05)

    def texts(self) -> list[str]:
        """Every message, in the order that they came."""
        messages = [message for chat in self.double.chats.values() for message in chat.messages.values()]
        return [message.text for message in sorted(messages, key=lambda message: message.change)]


@asynccontextmanager
async def post(url: str, many: int) -> AsyncIterator[Post]:
    store = Store(url)
    store.write_now(people, many)
    event = load.load(load.find("strasbourg-2014"))
    clock = Clock()
    clock.stand_at(NOW)
    # Where the machine stalls, what was sent in time arrives in a heap: the exact rate is the bench's to measure.
    async with TelegramDouble(rate=RATE * 1.3) as double:
        for chat in range(1, many + 1):
            double.person(chat)
        channel = TelegramChannel(
            token=double.token, api_url=double.url, words=lambda language: Words(language, event.zone),
            commands=lambda language, readers: [], rate=RATE,
        )  # fmt: skip
        courier = Courier(
            store, {"telegram": channel}, clock, owner="one", event=lambda: event,
            words=lambda language: Words(language, event.zone), wording=worded, alone=False,
        )  # fmt: skip
        task = asyncio.create_task(courier.run())
        try:
            yield Post(store, double, channel, courier)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await channel.close()
            store.close()


async def test_nobody_is_refused_and_an_urgent_one_overtakes(database_url: str) -> None:
    async with post(database_url, 240) as at:
        long = at.begin()
        while len(at.texts()) < 60:
            await asyncio.sleep(0.02)
        before = len(at.texts())
        urgent = at.begin(Urgency.URGENT)
        await at.until(urgent)
        in_between = sum("Urgent" not in text and "紧急" not in text for text in at.texts()[before:])
        assert in_between <= 2 * WINDOW, "only what was in flight, and one claim more, goes before an urgent one"
        await at.until(long)
        assert at.double.refusals == []
        assert len(at.texts()) == 480


async def test_who_waits_for_an_answer_does_not_wait_for_a_notice(sqlite_url: str) -> None:
    async with post(sqlite_url, 120) as at:
        for chat in range(901, 911):
            at.double.person(chat)
        long = at.begin()
        while len(at.texts()) < 20:
            await asyncio.sleep(0.02)
        for chat in range(901, 911):
            before = len(at.texts())
            assert await at.channel.admit(str(chat)) is None
            parcel = Parcel({"method": "sendMessage", "text": "answer"})
            await at.channel.send(str(chat), parcel, because="1", sequence=1)
            few = 4 + pace.AHEAD_SECONDS * RATE
            assert len(at.texts()) - before <= few, "the slots just ahead, not the queue of the notice"
        await at.until(long)
        assert at.double.refusals == []


async def test_a_pause_holds_and_nothing_is_lost(database_url: str) -> None:
    async with post(database_url, 150) as at:
        long = at.begin()
        while len(at.texts()) < 30:
            await asyncio.sleep(0.02)
        assert at.store.write_now(broadcast.pause, long.id)
        before = len(at.texts())
        await asyncio.sleep(1)
        few = 4 + RATE / 2  # of the hundred and more that are left
        assert len(at.texts()) - before <= few, "what was being sent ends, what waited for its turn does not begin"
        assert at.store.write_now(broadcast.resume, long.id)
        await at.until(long)
        assert len(at.texts()) == 150


async def test_two_couriers_share_one_notice(database_url: str) -> None:
    async with post(database_url, 200) as at:
        other = Courier(
            at.store, {"telegram": at.channel}, at.courier._clock, owner="two", event=at.courier._event,
            words=at.courier._words, wording=worded, alone=False,
        )  # fmt: skip
        task = asyncio.create_task(other.run())
        await at.until(at.begin())
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert len(at.texts()) == 200
        assert all(len(chat.messages) == 1 for chat in at.double.chats.values())
