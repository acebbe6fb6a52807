"""A bare aiogram echo by polling: one row committed and one message sent per update.

python aiogram_echo.py URL TOKEN DATABASE
"""

import asyncio
import sqlite3
import sys

from aiogram import Bot, Dispatcher  # type: ignore[import-not-found]
from aiogram.client.session.aiohttp import AiohttpSession  # type: ignore[import-not-found]
from aiogram.client.telegram import TelegramAPIServer  # type: ignore[import-not-found]
from aiogram.types import Message, Update  # type: ignore[import-not-found]

URL, TOKEN, DATABASE = sys.argv[1:]

store = sqlite3.connect(DATABASE, isolation_level=None)
store.execute("PRAGMA journal_mode=WAL")
store.execute("PRAGMA synchronous=NORMAL")
store.execute("CREATE TABLE IF NOT EXISTS seen (id INTEGER PRIMARY KEY, chat INTEGER, text TEXT)")


async def echo(message: Message, event_update: Update) -> None:
    store.execute("INSERT INTO seen VALUES (?, ?, ?)", (event_update.update_id, message.chat.id, message.text))
    await message.answer(message.text)


async def main() -> None:
    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(URL)))
    dispatcher = Dispatcher()
    dispatcher.message.register(echo)
    await dispatcher.start_polling(bot)


asyncio.run(main())
