"""Two doors and two workers on a real PostgreSQL and a real NATS: a notice to many while people chat, and each part
of it killed in turn."""

import asyncio
import gc
import json
import random
import statistics
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import aiohttp
import pytest
from sqlalchemy import make_url

from bot.delivery.tables import State
from bot.notices import broadcast
from bot.notices.tables import NoticeState, Urgency
from bot.store.threads import Store
from tests import databases
from tests.doubles.telegram import TelegramDouble
from tests.doubles.telegram_trouble import Chance
from tests.pages.line import Line
from tests.races.test_broadcast_kills import NOW, begun, people, states
from tests.scaled.topology import Nats, Topology, nats

CHATTER = 1_000_000  # chats from here on talk; they may get the notice too, and are not counted
CLOCK = "2014-11-06T10:00"  # local, when people() was there


@dataclass
class Place:
    """Everything there is, and what can be done to it."""

    store: Store
    broker: Nats
    line: Line
    double: TelegramDouble
    bot: Topology
    many: int
    delays: list[float] = field(default_factory=list)  # of answers, in seconds

    async def told(self) -> int:
        return sum(1 for chat in range(1, self.many + 1) if self.double.sent(chat))

    async def until_told(self, many: int) -> None:
        async with asyncio.timeout(120):
            while await self.told() < many:
                await asyncio.sleep(0.05)

    async def chats(self, people: int, *, seconds: float) -> None:
        """So many people ask and wait for the answer, again and again; each answer counts."""
        end = perf_counter() + seconds

        async def one(chat: int) -> None:
            while perf_counter() < end:
                mark, began = self.double.mark(), perf_counter()
                self.double.message(chat, "/now")
                await self.double.wait_for(chat, since=mark, seconds=90)
                self.delays.append(perf_counter() - began)
                await asyncio.sleep(1.2)  # a chat may be written to once a second

        await asyncio.gather(*(one(CHATTER + n) for n in range(people)))

    async def sends(self, urgency: Urgency = Urgency.NORMAL) -> Counter[str]:
        """A notice from its beginning to its end; how many deliveries ended in each state."""
        seen = await self.store.write(begun, urgency)
        await self.ends(seen.id)
        found = await self.store.read(states, seen.id)
        return Counter(state for person, state in found.items() if person <= self.many)

    async def ends(self, notice_id: int) -> None:
        async with asyncio.timeout(300):
            while (await self.store.read(broadcast.get, notice_id)).state != NoticeState.SENT:
                await asyncio.sleep(0.1)


@asynccontextmanager
async def place(
    postgresql: str, folder: Path, many: int, rate: int, *, web: int = 2, workers: int = 2, slack: float = 1.3
) -> AsyncIterator[Place]:
    """slack: what the double allows, of the rate: where the machine stalls, what was sent in time comes in a heap."""
    with databases.database(postgresql) as url:
        store = Store(url)
        store.write_now(people, many)
        where = make_url(url)
        async with nats(folder / "nats") as broker, Line(f"http://{where.host}:{where.port or 5432}") as line:
            cut = where.set(host="127.0.0.1", port=int(line.url.rpartition(":")[2]))
            settings = {
                "PASSERELLE_CLOCK": CLOCK, "PASSERELLE_EMBEDDER": "none", "PASSERELLE_TELEGRAM_RATE": str(rate),
            }  # fmt: skip
            async with (
                TelegramDouble(rate=rate * slack) as double,
                Topology(
                    cut.render_as_string(hide_password=False), broker.url, folder / "bot", telegram=double, web=web,
                    workers=workers, settings=settings,
                ) as bot,
            ):  # fmt: skip
                for chat in range(1, many + 1):
                    double.person(chat)
                yield Place(store, broker, line, double, bot, many)
        store.close()


def check(at: Place, told: Counter[str], in_flight: int) -> None:
    """Nobody lost, nobody told twice, what is in doubt at most what was being sent."""
    got = Counter(len(at.double.sent(chat)) for chat in range(1, at.many + 1))
    assert set(got) <= {0, 1}, got
    assert set(told) <= {State.SENT, State.IN_DOUBT}, told
    assert sum(told.values()) == at.many
    assert told[State.SENT] <= got[1]
    assert told[State.IN_DOUBT] <= in_flight, told


def browser() -> aiohttp.ClientSession:
    """One that keeps the cookie of a server without a name."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))


async def test_each_part_is_killed_in_turn_while_a_notice_is_sent_and_people_chat(
    postgresql: str, tmp_path: Path
) -> None:
    async with place(postgresql, tmp_path, 700, 60) as at:
        chatting = asyncio.create_task(at.chats(4, seconds=12))
        sending = asyncio.create_task(at.sends())
        await at.until_told(60)
        await at.bot.kill("worker-1")
        await at.until_told(150)
        await at.broker.kill()
        await at.until_told(250)
        await at.line.cut()
        await asyncio.sleep(1.5)
        await at.line.mend()
        await at.broker.start()
        await at.until_told(350)
        await at.bot.kill("web-1")
        await at.bot.start("worker-1")
        told = await sending
        await at.bot.start("web-1")
        await chatting
        check(at, told, in_flight=30 * 3)
        assert at.double.faults == []
        assert [each for each in at.double.refusals if each[1] == 429] == [], "the pace held"


async def test_a_page_hears_from_whichever_process_it_is_open_at(postgresql: str, tmp_path: Path) -> None:
    """The notice is put into the page's line by a worker; pages listen at both doors."""
    async with place(postgresql, tmp_path, 1, 30) as at, browser() as http:
        doors = [f"http://127.0.0.1:{port}" for port in at.bot.ports]
        headers = {"Accept-Language": "zh"}
        await (await http.get(doors[0], headers=headers)).read()
        asked = {"key": "k" * 24, "after": 0, "kind": "start", "payload": ""}
        async with http.post(f"{doors[0]}/chat/updates", json=asked, headers=headers) as answer:
            last = max(message["sequence"] for message in (await answer.json())["messages"])
        streams = [await http.get(f"{door}/chat/stream?after={last}") for door in doors]
        await at.sends()
        for stream in streams:
            async with asyncio.timeout(20):
                async for line in stream.content:
                    if line.startswith(b"data: ") and "sequence" in (data := json.loads(line[6:])):
                        break
            assert data["body"]["paragraphs"][-1]["spans"][0]["t"] == "会议室变更"
            stream.close()


@pytest.mark.soak
@pytest.mark.parametrize(("many", "rate"), [(2_000, 30), (10_000, 300)])
async def test_the_allowed_rate_is_held_by_four_workers(postgresql: str, tmp_path: Path, many: int, rate: int) -> None:
    async with place(postgresql, tmp_path, many, rate, workers=4, slack=1.0) as at:
        await at.bot.is_warm()
        gc.disable()  # the double's: a pause of a tenth of a second would be measured as a burst
        told = await at.sends()
        gc.enable()
        times = [when for when, method, _ in at.double.log if method == "sendmessage"]
        held = (len(times) - 1) / (max(times) - min(times))
        refused = [each for each in at.double.refusals if each[1] == 429]
        print(
            f"{many} at {rate}/s from four workers: {held:.1f}/s, at most {at.double.busiest_second()} in a second,"
            f" {len(refused)} refused"
        )
        check(at, told, in_flight=0)
        assert refused == []


@pytest.mark.soak
@pytest.mark.parametrize("faults", [0.0, 0.05])
async def test_any_process_is_killed_in_each_of_50_notices(postgresql: str, tmp_path: Path, faults: float) -> None:
    chance = random.Random(11)
    total: Counter[str] = Counter()
    async with place(postgresql, tmp_path, 1_000, 1_000) as at:
        at.double.chance = Chance(faults, 12)
        for _ in range(50):
            before = {chat: len(at.double.sent(chat)) for chat in range(1, at.many + 1)}
            seen = await at.store.write(begun, Urgency.NORMAL)
            await asyncio.sleep(chance.uniform(0, 1.5))
            victim = chance.choice(at.bot.names)
            await at.bot.kill(victim)
            await at.bot.start(victim)
            await at.ends(seen.id)
            found = await at.store.read(states, seen.id)
            got = {chat: len(at.double.sent(chat)) - before[chat] for chat in before}
            assert len(found) == at.many
            assert set(found.values()) <= {State.SENT, State.IN_DOUBT}
            assert all(got[n] == 1 for n, state in found.items() if state == State.SENT)
            assert all(got[n] <= 1 for n in found), "told twice"
            total += Counter(found.values())
            total["in doubt but got"] += sum(got[n] for n, state in found.items() if state == State.IN_DOUBT)
    print(f"50 notices to 1,000, a process killed in each, faults {faults:.0%} each: {dict(total)}")


@pytest.mark.soak
async def test_an_urgent_one_overtakes_10000_at_30_a_second(postgresql: str, tmp_path: Path) -> None:
    async with place(postgresql, tmp_path, 10_000, 30) as at:
        await at.bot.is_warm()
        long = await at.store.write(begun, Urgency.NORMAL)
        await at.until_told(150)
        began = perf_counter()
        urgent = await at.store.write(begun, Urgency.URGENT)
        while Counter((await at.store.read(states, urgent.id)).values())[State.SENT] < 100:
            await asyncio.sleep(0.05)
        took = perf_counter() - began
        assert at.store.write_now(broadcast.cancel, long.id, NOW)
        assert at.store.write_now(broadcast.cancel, urgent.id, NOW)
        print(f"an urgent notice in the middle of 10,000 at 30/s: out to its first 100 after {took:.1f} s")


@pytest.mark.soak
@pytest.mark.parametrize("victim", ["worker", "broker", "database", "door"])
async def test_what_a_death_costs(postgresql: str, tmp_path: Path, victim: str) -> None:
    async with place(postgresql, tmp_path, 2_400, 60) as at:
        await at.bot.is_warm()
        chatting = asyncio.create_task(at.chats(10, seconds=35))
        sending = asyncio.create_task(at.sends())
        await at.until_told(300)
        before = len(at.double.log)
        match victim:
            case "worker":
                await at.bot.kill("worker-1")
            case "broker":
                await at.broker.kill()
            case "database":
                await at.line.cut()
            case _:
                await at.bot.kill("web-1")
        await asyncio.sleep(10)
        await at.broker.start() if victim == "broker" else None
        await at.line.mend() if victim == "database" else None
        told = await sending
        await chatting
        check(at, told, in_flight=60)
        sent = [(when, chat) for when, method, chat in list(at.double.log)[before - 1 :] if method == "sendmessage"]
        times = [when for when, chat in sent if chat < CHATTER]
        gap = max(after - before for before, after in pairwise(times))
        print(
            f"{victim} away for 10 s: longest silence {gap:.1f} s, answers median {statistics.median(at.delays):.2f} s,"
            f" slowest {max(at.delays):.1f} s of {len(at.delays)}; {dict(told)}"
        )
