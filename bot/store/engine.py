"""SQLAlchemy engines for the two databases, set as reliability asks.

SQLite: WAL, synchronous FULL (a promise survives a power cut), foreign keys on, BEGIN IMMEDIATE for
writers so that two of them queue instead of failing. PostgreSQL: psycopg 3, READ COMMITTED.
"""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine import URL

from bot.errors import StoreUnreachable

BUSY_MS = 15_000
CONNECT_SECONDS = 5  # to a PostgreSQL that may be away


def url(text: str) -> URL:
    """`text` as a URL with the driver we use; the folder of an SQLite file is made. Raises StoreUnreachable."""
    parsed = make_url(text)
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.database and parsed.database != ":memory:":
        try:
            Path(parsed.database).resolve().parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnreachable(f"{error.strerror}: {error.filename}") from error
    return parsed


def exists(text: str) -> bool:
    """Whether the SQLite file is there; a server's database is taken to be."""
    parsed = make_url(text)
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").is_file()


def connect(text: str, *, threads: int, readonly: bool = False) -> Engine:
    """An engine whose pool holds `threads` connections and never waits for one more."""
    target = url(text)
    if target.get_backend_name() == "postgresql":
        return create_engine(
            target,
            pool_size=threads,
            max_overflow=2,
            pool_pre_ping=True,
            connect_args={"connect_timeout": CONNECT_SECONDS},
        )
    engine = create_engine(
        target,
        pool_size=threads,
        max_overflow=2,
        connect_args={"check_same_thread": False, "timeout": BUSY_MS / 1000, "cached_statements": 512},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # we write BEGIN ourselves, below
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_MS}"):
            connection.execute(f"PRAGMA {pragma}")

    def begin(connection: Any) -> None:
        connection.cursor().execute("BEGIN" if readonly else "BEGIN IMMEDIATE")

    # Not as a listener to the engine's "begin": where there is one, each statement looks for more, a tenth of a turn.
    engine.dialect.do_begin = begin  # type: ignore[method-assign,assignment]
    return engine
