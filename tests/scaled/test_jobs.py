"""The engine that wakes workers, over a real NATS server and in memory."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from bot.jobs import Jobs
from tests.scaled.topology import nats

Heard = list[tuple[str, int]]


async def until(claim: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not claim():
            await asyncio.sleep(0.02)


async def test_in_one_process_a_job_is_done_there() -> None:
    looked: list[int] = []
    jobs = Jobs("", "", look=looked.append, hear=None, works=True)
    running = asyncio.create_task(jobs.run())
    jobs.kick(7)
    await until(lambda: looked == [7])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_job_wakes_one_worker_a_hint_reaches_every_door_and_a_dead_broker_is_waited_for(tmp_path: Path) -> None:
    async with nats(tmp_path / "nats") as server:
        looked: list[tuple[str, int]] = []
        heard: dict[str, Heard] = {"web-1": [], "web-2": [], "elsewhere": []}

        def process(name: str, deployment: str = "one", *, works: bool = False) -> Jobs:
            def hear(address: str, sequence: int) -> None:
                heard[name].append((address, sequence))

            return Jobs(
                server.url, deployment, look=lambda n: looked.append((name, n)), hear=hear if name in heard else None,
                works=works,
            )  # fmt: skip

        worker, other, web = process("worker-1", works=True), process("worker-2", works=True), process("web-1")
        every = [worker, other, web, process("web-2"), process("elsewhere", "another deployment", works=True)]
        running = [asyncio.create_task(jobs.run()) for jobs in every]
        try:
            await until(lambda: all(jobs._broker is not None for jobs in every))
            for n in range(20):
                web.kick(n)
                await asyncio.sleep(0.01)
            await until(lambda: len(looked) >= 20)
            worker.tell("a", 3)
            worker.tell("b", 1)
            await until(lambda: bool(heard["web-1"] and heard["web-2"]))
            await asyncio.sleep(0.2)
            assert sorted(n for _, n in looked) == list(range(20)), "each by one worker"
            assert heard == {"web-1": [("a", 3), ("b", 1)], "web-2": [("a", 3), ("b", 1)], "elsewhere": []}

            await server.kill()
            web.kick(100)  # may be lost, and is no error
            worker.tell("a", 4)
            await asyncio.sleep(1)
            await server.start()
            looked.clear()

            def asked_again() -> bool:
                web.kick(101)
                worker.tell("a", 5)
                return any(n == 101 for _, n in looked) and heard["web-2"][-1] == ("a", 5)

            async with asyncio.timeout(30):
                while not asked_again():
                    await asyncio.sleep(0.2)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
