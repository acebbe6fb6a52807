"""One call in five fails, by an error, a reset, a time-out after acceptance or 429: no conversation is lost, and what
comes twice is a message whose answer was lost."""

import asyncio
import random

import pytest
from sqlalchemy import func, select

from bot.delivery.tables import OPEN, State, outbox
from bot.people.tables import account, update_seen
from bot.store.transaction import Transaction
from tests.delegate import Bot, running
from tests.doubles.telegram_trouble import Chance, faults

SHARE = 0.2
READ_SECONDS, STALL_SECONDS, AGAIN_SECONDS, LONGEST_PAUSE = 1.0, 1.4, 0.5, 4
QUESTIONS = {"fr": "Où se garer ?", "zh": "有没有无线网，密码是多少？"}
FIRST = 100_000


def unsent(tx: Transaction) -> int:
    return int(tx.scalar(select(func.count()).where(outbox.c.state.in_(OPEN))) or 0)


def came_of(tx: Transaction) -> dict[str, int]:
    rows = tx.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state)).all()
    return {str(State(row[0])): row[1] for row in rows}


def messages(tx: Transaction) -> dict[int, int]:
    """Chat -> how many messages it was owed, edits aside."""
    rows = tx.execute(
        select(account.c.address, func.count())
        .join_from(outbox, account)
        .where(outbox.c.edits == "", account.c.channel == "telegram")
        .group_by(account.c.address)
    ).all()
    return {int(row[0]): row[1] for row in rows}


def seen(tx: Transaction) -> int:
    return int(tx.scalar(select(func.count()).select_from(update_seen)) or 0)


async def converse(bot: Bot, count: int, at_once: int) -> int:
    """That many people sign up for a session, ask and look at their agenda, whatever fails; how many updates."""
    double, room, asked = bot.telegram, asyncio.Semaphore(at_once), 0

    async def one(n: int) -> None:
        nonlocal asked
        chat, language = FIRST + n, ("fr", "zh")[n % 2]
        async with room:
            double.start(chat, "s_atelier-3", language)
            double.press_old(chat, "join|atelier-3", language=language)
            double.message(chat, QUESTIONS[language], language)
            last = double.message(chat, "/agenda", language)
            asked += 4
            async with asyncio.timeout(120):
                while double.delivered[last["update_id"]] == 0 or not double.sent(chat):
                    await asyncio.sleep(0.05)

    await asyncio.gather(*(one(n) for n in range(count)))
    return asked


async def all_sent(bot: Bot, asked: int, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while await bot.app.opened.store.read(seen) < asked or await bot.app.opened.store.read(unsent):
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("mode", ["polling", "webhook"])
@pytest.mark.parametrize("count", [20, pytest.param(5_000, marks=pytest.mark.soak)])
async def test_no_conversation_is_lost_and_repeats_are_counted(
    sqlite_url: str, mode: str, count: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bot.channels.telegram.http.READ_SECONDS", READ_SECONDS)
    monkeypatch.setattr("bot.channels.telegram.channel.AGAIN_SECONDS", AGAIN_SECONDS)
    monkeypatch.setattr("bot.delivery.outbox.LONGEST_PAUSE", LONGEST_PAUSE)
    chance = random.Random(5)
    async with running(sqlite_url, by_webhook=mode == "webhook") as bot:
        double = bot.telegram
        kinds = faults(STALL_SECONDS)
        double.chance = Chance(SHARE / len(kinds), 7, kinds)
        double.webhook_chance = lambda: chance.choices(("", "twice", "cut"), (8, 1, 1))[0]
        asked = await converse(bot, count, at_once=200)
        await all_sent(bot, asked, 60 + count / 5)
        double.chance = double.webhook_chance = None
        owed = await bot.app.opened.store.read(messages)
        states = await bot.app.opened.store.read(came_of)
    twice = {chat: len(double.sent(chat)) - owed[chat] for chat in owed}
    if count > 1000:
        with capsys.disabled():
            print(
                f"\n{mode}: {count} conversations, {asked} updates, {sum(owed.values())} messages owed; "
                f"{sum(double.lost.values())} answers to sends lost, {sum(twice.values())} messages twice; {states}"
            )
    assert len(owed) == count
    assert set(states) == {"sent"}, states
    assert all(extra >= 0 for extra in twice.values()), "a message was lost"
    assert all(extra <= double.lost[chat] for chat, extra in twice.items()), "a message came twice without a reason"
    assert sum(double.lost.values()) > 0
    assert [fault for fault in double.faults if "retry after" not in fault] == []
