"""Two simulated days of Chinese delegates on WeChat: how many an urgent change would reach, and what that costs."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.app import _begin
from bot.delivery.tables import OPEN, outbox
from bot.notices import ledger, timers
from bot.notices.preferences import choose
from bot.notices.tables import Level
from bot.people import accounts
from bot.store.transaction import Transaction
from tests.delegate import Bot, running
from tests.walks.test_wechat import announce

BEGINS = datetime(2027, 5, 19, 12, 0, tzinfo=UTC)  # the afternoon before, when they follow the account
FIRST, LAST = datetime(2027, 5, 20, 5, 0, tzinfo=UTC), datetime(2027, 5, 21, 19, 0, tzinfo=UTC)
QUESTIONS = ("要看看第一场怎么走吗", "要看看今天还有什么活动吗")
SAYS = ("/now", "/next", "/agenda", "你好", "洗手间在哪里？")
# How many messages of their own a day, what share of questions they answer, how many are like that.
HABITS = ((0.1, 0.15, 0.35), (1.0, 0.4, 0.4), (5.0, 0.6, 0.25))


@dataclass
class Outcome:
    shares: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    most_prompts: int = 0
    prompts: int = 0
    urgent: tuple[int, int] = (0, 0)  # reachable, and reached
    unreachable: int = 0


def _join(tx: Transaction, people: list[str], sessions: list[list[str]], keeping: bool, now: datetime) -> None:
    """What they would have chosen on many buttons, in one transaction."""
    from bot.programme.tables import Interest, interest

    for openid, theirs in zip(people, sessions, strict=True):
        who = accounts.lock(tx, "wechat", openid, language="zh", now=now)
        rows = [
            {"person_id": who.person.id, "session_id": id_, "state": Interest.GOING, "changed_at": now}
            for id_ in theirs
        ]
        tx.connection.execute(interest.insert(), rows)
        if not keeping:
            choose(tx, who.person.id, "digest", Level.OFF)


async def _told(bot: Bot) -> None:
    """Begin what is due by the clock, until none of it is on its way."""
    opened = bot.app.opened
    published, now = opened.versions.last or opened.published, opened.clock.now()
    for one in timers.due(published.event, now):
        await opened.store.write(_begin, one, published, now)
    bot.app.courier.wake()
    while await opened.store.read(ledger.active):
        await asyncio.sleep(0.02)


async def _sent(bot: Bot) -> None:
    """Wait for answers that are on their way: an hour that passes under one would close its window."""
    for _ in range(500):
        if not await bot.app.opened.store.read(_is_anything_owed):
            return
        await asyncio.sleep(0.02)


def _is_anything_owed(tx: Transaction) -> bool:
    return tx.one(select(outbox.c.id).where(outbox.c.state.in_(OPEN)).limit(1)) is not None


async def simulate(url: str, people: int, *, keeping: bool, step: timedelta, seed: int) -> Outcome:
    chance, out = random.Random(seed), Outcome()
    async with running(url, event="demo", clock="2027-05-19T14:00") as bot:
        double, clock, event = bot.wechat, bot.app.opened.clock, bot.app.opened.published.event
        names = [f"oPerson{n}" for n in range(people)]
        habits = {name: chance.choices(HABITS, [share for *_, share in HABITS])[0] for name in names}
        await _together(double.event(name, "subscribe") for name in names)
        with_hours = [session.id for session in event.sessions if session.starts_at and session.registration == "open"]
        chosen = [chance.sample(with_hours, chance.randint(2, 8)) for _ in names]
        await bot.app.opened.store.write(_join, names, chosen, keeping, clock.now())
        await _together(double.says(name, "你好") for name in names if chance.random() < 0.8)
        steps = [FIRST + step * n for n in range(int((LAST - FIRST) / step))]
        urgent = set(chance.sample(steps, 12))
        looked = Counter[str]()
        for now in steps:
            clock.stand_at(now)
            await _told(bot)
            writes = []
            for name in names:
                rate, answers, _ = habits[name]
                seen, looked[name] = double.followers[name].seen[looked[name] :], len(double.followers[name].seen)
                asked = any(question in each.text for each in seen for question in QUESTIONS)
                if asked and chance.random() < answers:
                    writes.append((name, "1"))
                elif 5 <= now.hour <= 20 and chance.random() < rate * step / timedelta(hours=15):
                    writes.append((name, chance.choice(SAYS)))
            await _together(double.says(*each) for each in writes)
            await _sent(bot)
            if now in urgent:
                out.shares.append(_reachable(bot, names) / people)
        before = {name: len(double.followers[name].seen) for name in names}
        reachable = _reachable(bot, names)
        await announce(bot, urgent=True)
        reached = sum(len(double.followers[name].seen) > before[name] for name in names)
        out.urgent, out.faults = (reachable, reached), double.faults
        prompts = Counter(
            (name, each.at.astimezone(event.zone).date())
            for name in names
            for each in double.followers[name].seen
            if each.at and each.way == "customer" and any(question in each.text for question in QUESTIONS)
        )
        out.prompts, out.most_prompts = prompts.total(), max(prompts.values(), default=0)
    return out


def _reachable(bot: Bot, names: list[str]) -> int:
    """Whom WeChat would let us write to."""
    now = bot.wechat.now()
    all_ = [bot.wechat.followers[name] for name in names]
    return sum((w.until > now and w.left > 0) or (w.brief_until > now and w.brief_left > 0) for w in all_)


async def _together(things) -> None:  # type: ignore[no-untyped-def]
    """Some at a time, as people come."""
    room = asyncio.Semaphore(40)

    async def one(thing) -> None:  # type: ignore[no-untyped-def]
        async with room:
            await thing

    await asyncio.gather(*(one(thing) for thing in things))


async def both(folder: Path, people: int, step: timedelta) -> tuple[Outcome, Outcome]:
    kept = await simulate(f"sqlite:///{folder}/kept.db", people, keeping=True, step=step, seed=5)
    left = await simulate(f"sqlite:///{folder}/left.db", people, keeping=False, step=step, seed=5)
    for each in (kept, left):
        assert each.faults == [], "no quota was run into"
        assert each.most_prompts <= 1
        assert each.urgent[0] == each.urgent[1], "whoever may be written to gets it: one message was kept"
    assert left.prompts == 0 < kept.prompts
    return kept, left


async def test_two_days_of_a_few_delegates(tmp_path: Path) -> None:
    await both(tmp_path, 15, timedelta(minutes=60))


@pytest.mark.soak
async def test_two_days_of_eight_hundred_delegates(tmp_path: Path) -> None:
    kept, left = await both(tmp_path, 800, timedelta(minutes=10))
    for name, each in (("with window keeping", kept), ("without", left)):
        mean = sum(each.shares) / len(each.shares)
        print(
            f"\n{name}: reachable at 12 urgent moments {mean:.1%} ({min(each.shares):.1%} to {max(each.shares):.1%}), "
            f"{each.prompts} prompts, at the end {each.urgent[1]} of 800 reached"
        )
