"""What wakes workers: taskiq, in this process or over NATS JetStream.

A job says that there is something to do; what, stands in the database. So a job that is lost is a delay, until a
worker looks by itself, and one that runs twice changes nothing. Hints to open pages take the same connection.
"""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:  # a third of a second that the first answer need not wait for
    from taskiq import AsyncBroker
    from taskiq_nats import PullBasedJetStreamBroker

AGAIN_SECONDS = 1.0  # after the broker could not be reached
KICK_SECONDS = 2.0  # for the broker to take a job; else a worker finds it by itself
ACK_SECONDS = 10.0  # a job is a moment's work: what is not done by then is another's
KEPT_SECONDS = 60.0  # an older job is about what workers have found by themselves
TRIES = 3
PULL_BATCH, PULL_SECONDS = 10, 5.0
HINTS = 500  # in one message

log = structlog.get_logger()

Look = Callable[[int], None]  # the id of the notice that there is more of
Hear = Callable[[str, int], None]  # the address of a page, the number of the message that it may read


class Jobs:
    """One process's end of it. Without `run` nothing is kicked and nobody is told."""

    def __init__(self, url: str, deployment: str, *, look: Look, hear: Hear | None, works: bool) -> None:
        """url: nats://…, "" for this process alone. deployment: the same in all processes that belong together.

        look: called with a notice's id in one process that works. hear: called in every process with open pages.
        """
        self._url, self._works = url, works
        self._look, self._hear = look, hear
        self._name = f"passerelle-{blake2b(deployment.encode(), digest_size=6).hexdigest()}"
        self._broker: AsyncBroker | None = None
        self._kicks: set[int] = set()
        self._hints: dict[str, int] = {}
        self._has_news = asyncio.Event()

    def kick(self, notice_id: int) -> None:
        """There is more to do of that notice, now that it is committed."""
        self._kicks.add(notice_id)
        self._has_news.set()

    def tell(self, address: str, sequence: int) -> None:
        """Pages of that address that are open elsewhere may read that message."""
        if self._url:
            self._hints[address] = max(sequence, self._hints.get(address, 0))
            self._has_news.set()

    async def run(self) -> None:
        """Until cancelled; comes back by itself when the broker does."""
        while True:
            broker, jobs = None, []
            try:
                broker = await asyncio.to_thread(self._make)

                async def look(notice_id: int) -> None:
                    self._look(notice_id)

                task = broker.register_task(look, task_name="notices.look")
                await broker.startup()
                self._broker = broker
                log.info("jobs.connected", broker="nats" if self._url else "memory")
                jobs.append(asyncio.create_task(self._send(task)))
                if self._url:
                    jobs += await self._listen(broker)
                await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            except Exception as error:  # noqa: BLE001  whatever a broker and its client can meet
                log.warning("jobs.broker_away", error=type(error).__name__, do="work goes on, found by looking")
            finally:
                self._broker = None
                for job in jobs:
                    job.cancel()
                ended = await asyncio.gather(*jobs, return_exceptions=True)
                if broker is not None:
                    await _shut(broker)
            for end in ended:
                if isinstance(end, Exception):
                    log.warning("jobs.interrupted", error=type(end).__name__)
            await asyncio.sleep(AGAIN_SECONDS)

    def _make(self) -> "AsyncBroker":
        from taskiq import InMemoryBroker

        return self._over_nats() if self._url else InMemoryBroker()

    def _over_nats(self) -> "PullBasedJetStreamBroker":
        from nats.js.api import ConsumerConfig, RetentionPolicy, StreamConfig
        from taskiq_nats import PullBasedJetStreamBroker

        stream = StreamConfig(
            name=self._name, subjects=[f"{self._name}.jobs"], retention=RetentionPolicy.WORK_QUEUE, max_age=KEPT_SECONDS
        )
        consumer = ConsumerConfig(durable_name=self._name, ack_wait=ACK_SECONDS, max_deliver=TRIES)
        return PullBasedJetStreamBroker(
            self._url, subject=f"{self._name}.jobs", stream_name=self._name, durable=self._name, stream_config=stream,
            consumer_config=consumer, pull_consume_batch=PULL_BATCH, pull_consume_timeout=PULL_SECONDS,
            connect_timeout=2, reconnect_time_wait=AGAIN_SECONDS, max_reconnect_attempts=-1, error_cb=_heard_error,
        )  # fmt: skip

    async def _listen(self, broker: Any) -> list[asyncio.Task[None]]:
        """Jobs and hints from other processes."""
        if self._hear is not None:
            await broker.client.subscribe(f"{self._name}.pages", cb=self._heard)
        if not self._works:
            return []
        from taskiq.receiver import Receiver

        broker.is_worker_process = True
        receiver = Receiver(broker, executor=ThreadPoolExecutor(1), run_startup=False, max_async_tasks=PULL_BATCH)
        return [asyncio.create_task(receiver.listen(asyncio.Event()))]

    async def _heard(self, message: Any) -> None:
        assert self._hear is not None
        for address, sequence in json.loads(message.data).items():
            self._hear(address, sequence)

    async def _send(self, task: Any) -> None:
        """What is to be kicked and told, as it comes. What the broker does not take is dropped."""
        while True:
            await self._has_news.wait()
            self._has_news.clear()
            kicks, self._kicks = self._kicks, set()
            hints, self._hints = list(self._hints.items()), {}
            try:
                async with asyncio.timeout(KICK_SECONDS):
                    for notice_id in kicks:
                        await task.kiq(notice_id)
                    for start in range(0, len(hints), HINTS):
                        data = json.dumps(dict(hints[start : start + HINTS])).encode()
                        await self._client.publish(f"{self._name}.pages", data)
            except Exception as error:  # noqa: BLE001  as above
                log.warning("jobs.not_taken", jobs=len(kicks), hints=len(hints), error=type(error).__name__)

    @property
    def _client(self) -> Any:
        assert self._broker is not None
        return self._broker.client  # type: ignore[attr-defined]


async def _heard_error(error: Exception) -> None:
    log.debug("jobs.broker_error", error=type(error).__name__)


async def _shut(broker: "AsyncBroker") -> None:
    try:
        async with asyncio.timeout(KICK_SECONDS):
            await broker.shutdown()
    except Exception as error:  # noqa: BLE001  it is gone already
        log.debug("jobs.shutdown", error=type(error).__name__)
