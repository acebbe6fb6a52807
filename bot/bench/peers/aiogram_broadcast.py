"""An aiogram loop, fifty messages at a time.

python aiogram_broadcast.py URL TOKEN RECIPIENTS TEXT
"""

import asyncio
import sys
from collections.abc import Iterator

from aiogram import Bot  # type: ignore[import-not-found]
from aiogram.client.session.aiohttp import AiohttpSession  # type: ignore[import-not-found]
from aiogram.client.telegram import TelegramAPIServer  # type: ignore[import-not-found]

URL, TOKEN, RECIPIENTS, TEXT = sys.argv[1:]


async def send(bot: Bot, chats: Iterator[int]) -> None:
    for chat in chats:
        await bot.send_message(chat, TEXT, parse_mode="HTML")


async def main() -> None:
    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(URL)))
    chats = iter(range(1, int(RECIPIENTS) + 1))
    await asyncio.gather(*(send(bot, chats) for _ in range(50)))
    await asyncio.Event().wait()


asyncio.run(main())
