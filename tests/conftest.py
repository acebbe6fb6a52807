"""The fixtures, nothing else."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot import logs
from tests import databases
from tests.delegate import Bot, running

logs.set_up("text")  # as a command does: to stderr


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test in a folder of its own: `var/` and saved files land there, no .env is read."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with databases.server(tmp_path_factory.mktemp("postgresql")) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with the newest schema and nothing in it, on each of the two."""
    if request.param == "sqlite":
        yield databases.sqlite(tmp_path)
        return
    with databases.database(request.getfixturevalue("postgresql")) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table, on each of the two; as a file, it is not there."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/test.db"
        return
    with databases.empty(request.getfixturevalue("postgresql")) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return databases.sqlite(tmp_path)


@pytest.fixture
async def bot(database_url: str) -> AsyncIterator[Bot]:
    """The whole bot on the shipped event, the morning it begins."""
    async with running(database_url) as made:
        yield made
        assert made.telegram.faults == []
        assert made.wechat.faults == []
