"""The fixtures, nothing else."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot import logs
from tests import databases
from tests.delegate import Bot, running

DATABASES = ("sqlite", "postgresql")

logs.set_up("text")  # as a command does: to stderr


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of a walk in several channels or languages, each case on one of the two databases, in turn, so that every line of
    it meets both. All on both where TEST_EVERY_DATABASE is set; races always."""
    if os.environ.get("TEST_EVERY_DATABASE"):
        return
    cases: dict[tuple[str, str], list[str]] = {}  # test -> what else it is given, in the order of collection
    dropped = []
    for item in items:
        given = getattr(item, "callspec", None)
        if given is None or "database_url" not in given.params or "races" in item.path.parts:
            continue
        seen = cases.setdefault((str(item.path), getattr(item, "originalname", "")), [])
        case = repr({name: value for name, value in given.params.items() if name != "database_url"})
        if case not in seen:
            seen.append(case)
        if case != "{}" and DATABASES.index(given.params["database_url"]) != seen.index(case) % len(DATABASES):
            dropped.append(item)
    config.hook.pytest_deselected(items=dropped)
    items[:] = [item for item in items if item not in dropped]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test in a folder of its own: `var/` and saved files land there, no .env is read."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with databases.server(tmp_path_factory.mktemp("postgresql")) as url:
        yield url


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with the newest schema and nothing in it, on each of the two."""
    if request.param == "sqlite":
        yield databases.sqlite(tmp_path)
        return
    with databases.database(request.getfixturevalue("postgresql")) as url:
        yield url


@pytest.fixture(params=DATABASES)
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
