"""`await store.write(fn, …)`: the only bridge between asyncio and the database.

A turn is a plain function in a database thread. On SQLite one thread writes (a lock that never fails
beats many that compete): it takes all turns that wait at that moment and commits them together, so that
fifty people share one wait for the disk. A few threads read (WAL).
On PostgreSQL a pool of threads does both, a transaction a turn.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from bot.errors import StoreUnreachable
from bot.store import engine
from bot.store.transaction import Heard, Transaction

P = ParamSpec("P")
T = TypeVar("T")

READERS = 3
POSTGRESQL_THREADS = 4
SHARING = 64  # turns in one commit at most
TRIES = 5  # of a transaction that PostgreSQL broke off (deadlock, serialization) or whose connection fell

log = structlog.get_logger()


@dataclass(slots=True)
class _Job:
    """A turn that waits for the writer, and what became of it."""

    work: Callable[[Transaction], Any]
    waiter: "asyncio.Future[Any]"
    result: Any = None
    error: Exception | None = None
    heard: Heard | None = None

    def run(self, connection: Connection) -> Transaction:
        tx = Transaction(connection, self.heard)
        self.result = self.work(tx)
        return tx

    def settle(self) -> None:
        """Tell the waiter, in its loop; the commit holds. A waiter that was cancelled has stopped waiting, and the turn
        has gone to its end."""
        if self.waiter.done():
            return
        if self.error is not None:
            self.waiter.set_exception(self.error)
        else:
            self.waiter.set_result(self.result)


class Store:
    """The database of one process. Close it when done."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.heard: Heard | None = None  # what is told of signals, see Transaction.signal
        self.is_sqlite = engine.url(url).get_backend_name() == "sqlite"
        self._engine = engine.connect(url, threads=1 if self.is_sqlite else POSTGRESQL_THREADS)
        self._reading_engine = engine.connect(url, threads=READERS, readonly=True) if self.is_sqlite else self._engine
        threads = READERS if self.is_sqlite else POSTGRESQL_THREADS
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="database")
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_jobs, name="database-writer", daemon=True)
        if self.is_sqlite:
            self._writer.start()

    async def write(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(tx, …)` in a database thread and commit. `work` may run again: it must have no effect
        outside `tx` but through `tx.signal`. Once begun it goes to its end, cancelled or not."""
        if self.is_sqlite:
            waiter: asyncio.Future[T] = asyncio.get_running_loop().create_future()
            self._jobs.put(_Job(lambda tx: work(tx, *args, **kwargs), waiter, heard=self.heard))
            return await waiter
        call = partial(self.write_now, work, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    async def read(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(tx, …)` in a database thread; whatever it wrote is undone."""
        call = partial(self.read_now, work, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def write_now(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same in this thread, for the command line and tests."""
        for attempt in range(1, TRIES + 1):
            try:
                with self._engine.begin() as connection:
                    tx = Transaction(connection, self.heard)
                    result = work(tx, *args, **kwargs)
                tx.committed()
                return result
            except (OperationalError, IntegrityError) as error:
                if attempt == TRIES or not _passing(error):
                    if isinstance(error, IntegrityError):
                        raise
                    raise StoreUnreachable(_reason(error)) from error
                log.warning("store.again", attempt=attempt, why=type(error.orig).__name__)
                time.sleep(0.02 * 2**attempt)
        raise AssertionError("unreachable")

    def read_now(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            with self._reading_engine.connect() as connection:
                result = work(Transaction(connection), *args, **kwargs)
                connection.rollback()
                return result
        except OperationalError as error:
            raise StoreUnreachable(_reason(error)) from error

    def close(self) -> None:
        """Let running transactions end, then shut every connection."""
        if self._writer.is_alive():
            self._jobs.put(None)
            self._writer.join()
        self._threads.shutdown()
        self._engine.dispose()
        self._reading_engine.dispose()

    # --- SQLite's writer
    def _write_jobs(self) -> None:
        while (first := self._jobs.get()) is not None:
            jobs, last = [first], False
            while len(jobs) < SHARING:
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if job is None:
                    last = True
                    break
                jobs.append(job)
            self._write_together(jobs)
            if last:
                return

    def _write_together(self, jobs: list[_Job]) -> None:
        """One transaction for all of `jobs`. Where one fails, or the commit, all of it is undone and each is tried
        alone: so rare that a savepoint for each would cost more."""
        if len(jobs) == 1:
            self._write_alone(jobs[0])
            return
        try:
            with self._engine.begin() as connection:
                done = [job.run(connection) for job in jobs]
        except Exception:  # noqa: BLE001  each job meets the error again, alone, and its waiter gets it
            for job in jobs:
                self._write_alone(job)
            return
        try:
            for tx in done:
                tx.committed()
        finally:
            _settle(jobs)

    def _write_alone(self, job: _Job) -> None:
        try:
            job.result = self.write_now(job.work)
        except Exception as error:  # noqa: BLE001  it belongs to whoever waits for this turn
            job.error = error
        _settle([job])


def _settle(jobs: list[_Job]) -> None:
    """Tell all who wait; each loop is woken once."""
    for loop in {job.waiter.get_loop() for job in jobs}:

        def tell(loop: asyncio.AbstractEventLoop = loop) -> None:
            for job in jobs:
                if job.waiter.get_loop() is loop:
                    job.settle()

        with suppress(RuntimeError):  # the loop has gone, and with it whoever waited
            loop.call_soon_threadsafe(tell)


def _passing(error: DBAPIError) -> bool:
    """Whether running the transaction again may help: it was rolled back whole, so that is safe.

    40001 serialization_failure, 40P01 deadlock_detected, 55P03 lock_not_available, 23503 foreign_key_violation: what
    it leads to was deleted meanwhile, as when two persons become one (PostgreSQL, appendix A); a
    fallen connection; SQLite's "database is locked" past the busy time-out.
    """
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or state in {"40001", "40P01", "55P03", "23503"} or "locked" in str(error.orig)


def _reason(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
