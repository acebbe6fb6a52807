"""A channel to the double of Telegram, for tests of it alone."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from zoneinfo import ZoneInfo

from bot.channels.telegram.channel import TelegramChannel
from bot.chat.reply import Reply
from bot.chat.update import Update
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


async def send(channel: TelegramChannel, reply: Reply | str, chat: int = 7, *, replacing: str = "") -> list[object]:
    reply = Reply(text=markup.parse(reply)) if isinstance(reply, str) else reply
    parcels = channel.render([reply], SAY, replacing=replacing)
    return [
        await channel.admit(str(chat)) or await channel.send(str(chat), parcel, because="1", sequence=1)
        for parcel in parcels
    ]
