"""kill -9 at any moment under load, then a restart: every update is answered, no effect happens twice."""

import asyncio
import os
import random
import signal
import socket
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.delivery.tables import OPEN, State, outbox
from bot.programme.tables import interest, seat
from bot.store.threads import Store
from bot.store.transaction import Transaction
from tests.doubles.telegram import TelegramDouble

ROOT = Path(__file__).parent.parent.parent
PEOPLE = 12


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def start(url: str, double: TelegramDouble, log: Path) -> asyncio.subprocess.Process:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with log.open("ab") as out:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.races.server", url, double.url, double.token, str(free_port()),
            stdout=out, stderr=out, env=environment, start_new_session=True,
        )  # fmt: skip


def answered(tx: Transaction) -> set[str]:
    """Keys of the updates that have a sent answer."""
    return set(tx.execute(select(outbox.c.because).where(outbox.c.state == State.SENT)).scalars())


def state(tx: Transaction) -> tuple[int, int, int]:
    waiting = tx.scalar(select(func.count()).where(outbox.c.state.in_(OPEN)))
    return (
        int(waiting),
        int(tx.scalar(select(func.sum(seat.c.taken))) or 0),
        int(tx.scalar(select(func.count()).select_from(interest).where(interest.c.state == "going"))),
    )


async def storm(url: str, kills: int, log: Path, seed: int) -> Counter[str]:
    """Load without pause, `kills` kills at random moments; then what people saw is compared with what they did."""
    chance = random.Random(seed)
    asked: Counter[int] = Counter()
    keys: set[str] = set()
    async with TelegramDouble(limits=False) as double:
        process = await start(url, double, log)
        try:
            for _ in range(kills):
                until = asyncio.get_running_loop().time() + chance.uniform(0.05, 1.2)
                while asyncio.get_running_loop().time() < until or not any(double.sent(chat) for chat in asked):
                    chat = 1 + chance.randrange(PEOPLE)
                    if asked[chat] == 0:
                        update = double.start(chat, "s_atelier-3")
                    elif asked[chat] == 1:
                        update = double.press_old(chat, "join|atelier-3")
                    else:
                        update = double.message(chat, f"/word{asked[chat]}")
                    keys.add(str(update["update_id"]))
                    asked[chat] += 1
                    await asyncio.sleep(chance.uniform(0, 0.02))
                    assert process.returncode is None, log.read_text()[-3000:]
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
                process = await start(url, double, log)
            await double.wait_until(lambda: double.pending() == 0, seconds=60)
            watch = Store(url)
            for _ in range(300):  # leases of the dead run out, the rest is sent
                if (await watch.read(state))[0] == 0:
                    break
                await asyncio.sleep(0.1)
            watch.close()
            os.killpg(process.pid, signal.SIGTERM)
            await asyncio.wait_for(process.wait(), 20)
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        store = Store(url)
        owed, taken, going = store.read_now(state)
        done = store.read_now(answered)
        store.close()
        pressed = sum(1 for count in asked.values() if count >= 2)
        assert owed == 0, f"{owed} messages were never sent"
        assert taken == going == pressed, (taken, going, pressed)
        assert keys - done == set(), "updates that nobody answered"
        messages = sum(len(double.sent(chat)) for chat in asked)
        # A first contact is answered three times: welcome, notice, the session's card.
        expected = len(keys) + 2 * len(asked)
        assert messages >= expected
        seen = Counter(updates=len(keys), messages=messages, said_twice=messages - expected)
        assert double.faults == []
        return seen


async def test_every_update_is_answered_through_3_kills(sqlite_url: str, tmp_path: Path) -> None:
    await storm(sqlite_url, 3, tmp_path / "log", seed=7)


@pytest.mark.soak
async def test_every_update_is_answered_through_50_kills(database_url: str, tmp_path: Path) -> None:
    seen = await storm(database_url, 50, tmp_path / "log", seed=11)
    print(f"50 kills on {database_url.split(':')[0]}: {dict(seen)}")
