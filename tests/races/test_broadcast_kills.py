"""kill -9 in the middle of a notice to many, then a restart: nobody is lost, nobody is told twice."""

import asyncio
import os
import random
import signal
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from bot.delivery.tables import OPEN, State
from bot.notices import broadcast
from bot.notices.broadcast import Notice
from bot.notices.tables import NoticeState, Urgency, delivery
from bot.people.tables import account, person
from bot.store.threads import Store
from bot.store.transaction import Transaction
from tests import databases
from tests.doubles.telegram import TelegramDouble
from tests.doubles.telegram_trouble import Chance
from tests.races.test_kills import start

NOW = datetime(2014, 11, 6, 9, tzinfo=UTC)
TEXTS = {"fr": "Changement de salle", "zh": "会议室变更", "en": "Room change"}


def people(tx: Transaction, many: int) -> None:
    """Persons 1…many, each with a chat of that number, in three languages in turn."""
    rows = range(1, many + 1)
    who = {"language_chosen": False, "created_at": NOW, "last_seen_at": NOW, "side": "", "role": ""}
    tx.execute(insert(person), [{"id": n, "language": ("fr", "zh", "en")[n % 3], **who} for n in rows])
    where = {"channel": "telegram", "created_at": NOW, "used_at": NOW, "choices": [], "reachable": True}
    tx.execute(insert(account), [{"id": n, "person_id": n, "address": str(n), **where} for n in rows])
    if tx.is_postgresql:  # whoever comes by themselves gets the next number
        for table in ("person", "account"):
            tx.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), :many)"), {"many": many})


def begun(tx: Transaction, urgency: Urgency) -> Notice:
    made = broadcast.edit(tx, broadcast.draft(tx, author="test", now=NOW), texts=TEXTS, urgency=urgency)
    assert made is not None
    assert broadcast.send(tx, made, NOW)
    return made


def states(tx: Transaction, notice_id: int) -> dict[int, str]:
    rows = tx.execute(select(delivery.c.person_id, delivery.c.state).where(delivery.c.notice_id == notice_id))
    return {row.person_id: row.state for row in rows}


async def storm(
    url: str, log: Path, *, kills: int, many: int, urgency: Urgency, seed: int, every: float = 1.0, faults: float = 0.0
) -> Counter[str]:
    """A notice to `many`, its process killed `kills` times while it is sent; then the ledger is compared with what
    people got. faults: the share of calls that meets each kind of trouble."""
    chance = random.Random(seed)
    store = Store(url)
    store.write_now(people, many)
    async with TelegramDouble(limits=False) as double:
        double.chance = Chance(faults, seed)
        for chat in range(1, many + 1):
            double.person(chat)
        seen = store.write_now(begun, urgency)
        process = await start(url, double, log)
        try:
            for _ in range(kills):
                before = sum(len(double.sent(chat)) for chat in range(1, many + 1))
                for _ in range(200):  # until it is at work again
                    await asyncio.sleep(0.05)
                    if sum(len(double.sent(chat)) for chat in range(1, many + 1)) > before:
                        break
                await asyncio.sleep(chance.uniform(0, every))
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
                if (await store.read(broadcast.get, seen.id)).state == NoticeState.SENT:
                    break
                process = await start(url, double, log)
            for _ in range(600):
                if (await store.read(broadcast.get, seen.id)).state == NoticeState.SENT:
                    break
                await asyncio.sleep(0.1)
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
            found = store.read_now(states, seen.id)
            store.close()
        assert len(found) == many
        got = {chat: len(double.sent(chat)) for chat in range(1, many + 1)}
        told = Counter(found.values())
        assert not set(found.values()) & set(OPEN), told
        assert all(got[n] >= 1 for n, state in found.items() if state == State.SENT), "sent, and nobody got it"
        assert all(got[n] == 0 for n, state in found.items() if state == State.FAILED), "failed, and they got it"
        twice = [n for n in got if got[n] > 1]
        if urgency == Urgency.NORMAL:
            assert twice == [], "told twice"
            assert all(got[n] <= 1 for n in got)
        assert set(told) <= {State.SENT, State.IN_DOUBT}, told
        return Counter(
            told,
            faults=double.chance.befallen,
            twice=len(twice),
            in_doubt_but_got=sum(got[n] for n in got if found[n] == State.IN_DOUBT),
        )


@pytest.mark.parametrize("urgency", [Urgency.NORMAL, Urgency.URGENT])
async def test_a_notice_goes_on_where_it_was_killed(sqlite_url: str, tmp_path: Path, urgency: Urgency) -> None:
    seen = await storm(sqlite_url, tmp_path / "log", kills=2, many=600, urgency=urgency, seed=3, every=0.1)
    assert seen[State.IN_DOUBT] <= 2 * 200, "at most what is in flight at a kill"


async def test_what_telegram_fails_at_is_lost_nowhere_and_told_once(sqlite_url: str, tmp_path: Path) -> None:
    seen = await storm(
        sqlite_url, tmp_path / "log", kills=1, many=400, urgency=Urgency.NORMAL, seed=7, every=0.5, faults=0.05
    )
    assert seen["faults"] > 60


@pytest.mark.soak
@pytest.mark.parametrize("faults", [0.0, 0.05])
async def test_100_notices_to_1000_each_killed_once(database_url: str, tmp_path: Path, faults: float) -> None:
    total: Counter[str] = Counter()
    for n in range(50):  # on each of the two databases
        (tmp_path / str(n)).mkdir()
        with databases.another(database_url, tmp_path / str(n)) as url:
            total += await storm(
                url, tmp_path / str(n) / "log", kills=1, many=1000, urgency=Urgency.NORMAL, seed=n, every=0.8,
                faults=faults,
            )  # fmt: skip
    print(f"50 notices to 1,000 on {database_url.split(':')[0]}, faults {faults:.0%} each: {dict(total)}")


@pytest.mark.soak
async def test_50_kills_in_notices_to_1000(database_url: str, tmp_path: Path) -> None:
    total: Counter[str] = Counter()
    seen = await storm(database_url, tmp_path / "log", kills=50, many=1000, urgency=Urgency.NORMAL, seed=5, every=0.02)
    total.update(seen)
    print(f"50 kills on {database_url.split(':')[0]}: {dict(total)}")
