"""Several processes that write as one bot keep one pace. Each has a Store of its own on one PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.channels.telegram.pace import limits
from bot.chat.channel import Later
from bot.delivery import shared_pace
from bot.delivery.shared_pace import SharedPace
from bot.store.threads import Store
from tests import databases

RATE = 60.0


@asynccontextmanager
async def processes(postgresql: str, many: int, rate: float = RATE) -> AsyncIterator[list[SharedPace]]:
    with databases.database(postgresql) as url:
        stores = [Store(url) for _ in range(many)]
        yield [SharedPace(store, "telegram:1", limits(rate)) for store in stores]
        for store in stores:
            store.close()


def busiest(times: list[float]) -> int:
    """The most in any one second."""
    times = sorted(times)
    return max(sum(1 for other in times if at <= other < at + 1) for at in times)


async def test_three_processes_share_the_rate_and_answers_go_first(postgresql: str) -> None:
    async with processes(postgresql, 3) as paces:
        time = asyncio.get_running_loop().time
        slots: list[float] = []
        waits: list[float] = []
        refused: list[Later] = []

        async def notice(of: SharedPace, chat: int) -> None:
            at = await of.reserve(str(chat))
            if isinstance(at, Later):
                refused.append(at)
                return
            await asyncio.sleep(at - time())
            slots.append(time())

        async def answer(of: SharedPace, chat: int) -> None:
            began = time()
            later = await of.admit(str(chat))
            refused.extend([later] if later else [])
            slots.append(time())
            waits.append(slots[-1] - began)

        began = time()
        sends = [asyncio.create_task(notice(paces[n % 3], n)) for n in range(180)]
        for n in range(20):
            await asyncio.sleep(0.1)
            sends.append(asyncio.create_task(answer(paces[n % 3], 1000 + n)))
        await asyncio.gather(*sends)
        assert refused == []
        assert time() - began >= 200 / RATE - 0.2, "no burst at the start"
        # A busy machine lets what was in time be seen in heaps; three paces that share nothing are three times as fast.
        assert busiest(slots) <= RATE * 1.5
        assert max(waits) < 180 / RATE / 2, "nobody waits behind the 180"


async def test_what_the_platform_refuses_is_held_in_every_process(postgresql: str) -> None:
    async with processes(postgresql, 2) as (one, other):
        assert await one.admit("7") is None
        held = await one.refused("7", 20)
        assert (held.scope, await other.admit("8")) == ("chat", None)
        refusal = await other.admit("7")
        assert isinstance(refusal, Later)
        assert (refusal.scope, 15 < refusal.seconds < 21) == ("chat", True)
        assert (await other.refused("8", 20)).scope == "bot", "two chats within three seconds"
        for of in (one, other):
            for is_notice in (False, True):
                refusal = await (of.reserve("9") if is_notice else of.admit("9"))
                assert isinstance(refusal, Later)
                assert (refusal.scope, 15 < refusal.seconds < 21) == ("bot", True)


async def test_a_chat_has_one_allowance_over_all_processes(postgresql: str) -> None:
    async with processes(postgresql, 3) as paces:
        time = asyncio.get_running_loop().time
        began = time()
        assert [await paces[n].admit("7") for n in range(3)] == [None] * 3, "three at once after a rest"
        refusal = await paces[0].reserve("7")
        assert isinstance(refusal, Later)
        assert refusal.scope == "chat"
        assert await paces[1].admit("7") is None
        assert time() - began > 0.9, "the fourth waits its second"


async def test_without_a_database_it_is_later_and_then_goes_on(postgresql: str) -> None:
    async with processes(postgresql, 1) as (one,):
        assert await one.admit("7") is None
        real = one._store
        dead = Store("postgresql://nobody@127.0.0.1:9/none")
        one._store = dead
        assert await one.reserve("8") == shared_pace.AGAIN
        one._store = real
        assert isinstance(await one.reserve("8"), float)
        dead.close()
