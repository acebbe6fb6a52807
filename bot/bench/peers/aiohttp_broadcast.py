"""The floor: a durable loop on bare aiohttp. Fifty calls at a time, each committed before and after.

python aiohttp_broadcast.py URL TOKEN DATABASE RECIPIENTS TEXT
"""

import asyncio
import sqlite3
import sys
from collections.abc import Iterator

import aiohttp

URL, TOKEN, DATABASE, RECIPIENTS, TEXT = sys.argv[1:]
WORKERS = 50

store = sqlite3.connect(DATABASE, isolation_level=None)
store.execute("PRAGMA journal_mode=WAL")
store.execute("PRAGMA synchronous=NORMAL")
store.execute("CREATE TABLE delivery (chat INTEGER PRIMARY KEY, state TEXT, message INTEGER)")
store.execute("BEGIN")
store.executemany("INSERT INTO delivery VALUES (?, 'queued', 0)", ((n,) for n in range(1, int(RECIPIENTS) + 1)))
store.execute("COMMIT")


async def send(http: aiohttp.ClientSession, chats: Iterator[int]) -> None:
    for chat in chats:
        store.execute("UPDATE delivery SET state = 'sending' WHERE chat = ?", (chat,))
        call = {"chat_id": chat, "text": TEXT, "parse_mode": "HTML"}
        async with http.post(f"{URL}/bot{TOKEN}/sendMessage", json=call) as answer:
            message = (await answer.json())["result"]["message_id"]
        store.execute("UPDATE delivery SET state = 'sent', message = ? WHERE chat = ?", (message, chat))


async def main() -> None:
    chats = iter(range(1, int(RECIPIENTS) + 1))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=WORKERS)) as http:
        await asyncio.gather(*(send(http, chats) for _ in range(WORKERS)))
        await asyncio.Event().wait()  # until told to stop: what it held is read before


asyncio.run(main())
