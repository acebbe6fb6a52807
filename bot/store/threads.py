"""`await store.write(fn, …)`: the only bridge between asyncio and the database.

A turn is a plain function in a database thread. On SQLite one thread writes (a lock that never
fails beats many that compete) and a few read (WAL); on PostgreSQL a pool of threads does both.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError

from bot.errors import StoreUnreachable
from bot.store import engine
from bot.store.transaction import Transaction

P = ParamSpec("P")
T = TypeVar("T")

READERS = 3
POSTGRESQL_THREADS = 4
TRIES = 5  # of a transaction that PostgreSQL broke off (deadlock, serialization) or whose connection fell

log = structlog.get_logger()


class Store:
    """The database of one process. Close it when done."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = engine.url(url).get_backend_name() == "sqlite"
        writers = 1 if self.is_sqlite else POSTGRESQL_THREADS
        self._engine = engine.connect(url, threads=writers)
        self._reading_engine = engine.connect(url, threads=READERS, readonly=True) if self.is_sqlite else self._engine
        self._writers = ThreadPoolExecutor(writers, thread_name_prefix="write")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="read") if self.is_sqlite else self._writers

    async def write(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(tx, …)` in a database thread and commit. `work` may run again: it must have no effect
        outside `tx` but through `tx.after_commit`. Once begun it goes to its end, cancelled or not."""
        call = partial(self.write_now, work, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._writers, call)

    async def read(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(tx, …)` in a database thread; whatever it wrote is undone."""
        call = partial(self.read_now, work, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._readers, call)

    def write_now(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same in this thread, for the command line and tests."""
        for attempt in range(1, TRIES + 1):
            try:
                with self._engine.begin() as connection:
                    tx = Transaction(connection)
                    result = work(tx, *args, **kwargs)
                tx.committed()
                return result
            except OperationalError as error:
                if attempt == TRIES or not _passing(error):
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
        self._writers.shutdown()
        self._readers.shutdown()
        self._engine.dispose()
        self._reading_engine.dispose()


def _passing(error: DBAPIError) -> bool:
    """Whether running the transaction again may help: it was rolled back whole, so that is safe.

    40001 serialization_failure, 40P01 deadlock_detected, 55P03 lock_not_available (PostgreSQL,
    appendix A); a fallen connection; SQLite's "database is locked" past the busy time-out.
    """
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or state in {"40001", "40P01", "55P03"} or "locked" in str(error.orig)


def _reason(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
