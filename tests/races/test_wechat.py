"""WeChat's five seconds, from outside: whatever stalls, each person has one answer to each message."""

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest
from sqlalchemy import func, select

from bot.delivery.tables import OPEN, State, outbox
from bot.people.tables import account
from bot.store.transaction import Transaction
from tests.delegate import Bot, running
from tests.doubles.wechat import WeChatDouble

OWED = select(func.count()).select_from(outbox).where(outbox.c.state.in_(OPEN))
QUESTIONS = ("有没有无线网，密码是多少？", "怎么从机场去市区", "/programme", "停车", "/agenda")


@asynccontextmanager
async def stalled(database_url: str) -> AsyncIterator[None]:
    """Nobody else writes to the database meanwhile."""
    if database_url.startswith("sqlite"):
        held = sqlite3.connect(database_url.removeprefix("sqlite:///"), timeout=30, isolation_level=None)
        held.execute("BEGIN IMMEDIATE")
        yield
        held.execute("ROLLBACK")
        held.close()
        return
    holder = await psycopg.AsyncConnection.connect(database_url)
    await holder.execute("LOCK TABLE update_seen, outbox, account IN ACCESS EXCLUSIVE MODE")
    yield
    await holder.rollback()
    await holder.close()


def cut_after_writing(tx: Transaction) -> Counter[str]:
    """Of each person, the answers that were written into a call."""
    rows = tx.execute(
        select(account.c.address, func.count())
        .join_from(outbox, account)
        .where(outbox.c.state == State.SENT, outbox.c.message_id == "passive")
        .group_by(account.c.address)
    )
    return Counter({row[0]: row[1] for row in rows})


async def settled(bot: Bot) -> None:
    """Once nothing is owed to anybody, and what was sent is seen."""
    while await bot.app.opened.store.read(lambda tx: tx.scalar(OWED)):
        await asyncio.sleep(0.05)


async def converse(
    database_url: str, people: int, *, scale: float, stall: float, spread: float
) -> tuple[WeChatDouble, Counter[str], Counter[str]]:
    """Each says one thing and, where they got their answer, another; the database stalls in the middle. Ends with what
    was seen and what was written of each."""
    async with running(database_url, wechat=WeChatDouble(scale=scale)) as bot:
        double = bot.wechat
        asked: Counter[str] = Counter()

        async def person(n: int) -> None:
            await asyncio.sleep(spread * n / people)
            for text in (QUESTIONS[n % 5], QUESTIONS[(n + 2) % 5]):
                asked[f"oPerson{n}"] += 1
                await double.says(f"oPerson{n}", text)

        talk = asyncio.gather(*(person(n) for n in range(people)))
        await asyncio.sleep(spread / 2)
        async with stalled(database_url):
            await asyncio.sleep(stall)
        await talk
        await settled(bot)
        return double, asked, await bot.app.opened.store.read(cut_after_writing)


def judged(double: WeChatDouble, asked: Counter[str], written: Counter[str]) -> int:
    """Each was answered once a message; how many answers were written into a call that was cut."""
    lost = 0
    for who, count in asked.items():
        seen = Counter(each.way for each in double.followers[who].seen)
        assert seen["none"] == 0, who
        cut = written[who] - seen["passive"]
        assert seen["passive"] + seen["customer"] + cut == count, (who, seen, written[who], count)
        assert cut >= 0, who
        lost += cut
    return lost


async def test_a_stall_in_the_middle_leaves_nobody_without_their_one_answer(database_url: str) -> None:
    double, asked, written = await converse(database_url, 30, scale=0.3, stall=1.8, spread=1.0)
    lost = judged(double, asked, written)
    assert double.faults == []
    assert double.repeats[2] > 0, "the stall was long enough to matter"
    assert lost <= 1


async def test_a_stall_longer_than_the_three_calls_ends_in_customer_messages(database_url: str) -> None:
    # Half of them begin within the stall, however quick the others are.
    double, asked, written = await converse(database_url, 14, scale=0.25, stall=4.5, spread=0.2)
    judged(double, asked, written)
    assert double.faults == []
    assert sum(seen.way == "customer" for who in double.followers.values() for seen in who.seen) > 5


@pytest.mark.soak
async def test_a_thousand_conversations_and_a_stall_of_six_seconds(database_url: str) -> None:
    double, asked, written = await converse(database_url, 1000, scale=1.0, stall=6.0, spread=60.0)
    lost = judged(double, asked, written)
    ways = Counter(seen.way for who in double.followers.values() for seen in who.seen)
    print(f"\n{asked.total()} messages: {dict(ways)}, in call {dict(double.repeats)}, cut after writing {lost}")
    assert double.faults == []


async def test_three_deliveries_are_one_effect_and_one_answer_and_a_number_is_only_its_senders(bot: Bot) -> None:
    double = bot.wechat
    await double.event("oPersonLi", "subscribe")
    fields = {
        "ToUserName": "gh_passerelle", "FromUserName": "oPersonLi", "CreateTime": str(int(time.time())),
        "MsgType": "text", "MsgId": "77", "Content": "/forget",
    }  # fmt: skip
    answers = await asyncio.gather(*(double._call(fields) for _ in range(3)))
    texts = {double._read("oPersonLi", answer, fields).text for answer in answers if answer}
    assert len(texts) == 1, "the three carry the same answer"
    await double.event("oPersonMarie", "subscribe")
    both = await asyncio.gather(
        double.says("oPersonLi", "/now", number=99), double.says("oPersonMarie", "/now", number=99)
    )
    assert all(len(shown) == 1 for shown in both)
    count = await bot.app.opened.store.read(lambda tx: tx.scalar(select(func.count()).select_from(outbox)))
    assert count == 5


async def test_the_answer_rides_in_whichever_process_is_called(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("one process has an SQLite file for itself")
    double = WeChatDouble(scale=0.3)
    async with running(database_url, wechat=double), running(database_url, wechat=double) as bot:
        people = [f"oPerson{n}" for n in range(12)]
        talk = asyncio.gather(*(double.says(who, "/programme") for who in people))
        async with stalled(database_url):
            await asyncio.sleep(1.8)
        await talk
        await settled(bot)
        seen = Counter(each.way for who in people for each in double.followers[who].seen)
        assert seen == Counter(passive=12), (seen, double.repeats)
        assert double.faults == []
