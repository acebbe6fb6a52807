"""A bare python-telegram-bot echo: one row committed and one message sent per update.

python ptb_echo.py URL TOKEN DATABASE [PORT]

By polling, or by webhook on PORT.
"""

import sqlite3
import sys

from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters

URL, TOKEN, DATABASE, *PORT = sys.argv[1:]

store = sqlite3.connect(DATABASE, isolation_level=None)
store.execute("PRAGMA journal_mode=WAL")
store.execute("PRAGMA synchronous=NORMAL")
store.execute("CREATE TABLE IF NOT EXISTS seen (id INTEGER PRIMARY KEY, chat INTEGER, text TEXT)")


async def echo(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    store.execute("INSERT INTO seen VALUES (?, ?, ?)", (update.update_id, update.message.chat_id, update.message.text))
    await update.message.reply_text(update.message.text or "")


application = Application.builder().token(TOKEN).base_url(f"{URL}/bot").build()
application.add_handler(MessageHandler(filters.TEXT, echo))
if PORT:
    application.run_webhook(
        listen="127.0.0.1",
        port=int(PORT[0]),
        url_path="telegram",
        webhook_url=f"https://127.0.0.1:{PORT[0]}/telegram",
        secret_token="secret",  # noqa: S106
        max_connections=100,
    )
else:
    application.run_polling()
