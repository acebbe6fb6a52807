"""What a first start makes: once, however many begin together; and the clock of it, which stays."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot import opening
from bot.clock import Clock
from bot.event import load
from bot.event.model import Event
from bot.programme.tables import version
from bot.settings import Settings
from tests.delegate import folder

WITHOUT = "time_zone: Europe/Vienna\n"
OWN = datetime.fromisoformat("2027-09-13T09:00")  # local: what the event says
SET = datetime.fromisoformat("2027-09-14T08:00")  # local: what the setting says


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder("tiny-event"), tmp_path / "event"))


def give(copy: Path, clock: str) -> None:
    file = copy / "event.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count(WITHOUT) == 1
    file.write_text(text.replace(WITHOUT, f"{WITHOUT}clock: {clock}\n"), encoding="utf-8")


def settings(copy: Path, url: str, clock: datetime | None = None) -> Settings:
    return Settings(_env_file=None, event=str(copy), clock=clock, database_url=url, embedder="none")  # type: ignore[call-arg,arg-type]


def opened(copy: Path, url: str, clock: datetime | None = None) -> Clock:
    found = opening.open_store(settings(copy, url, clock))
    found.store.close()
    return found.clock


def reads(clock: Clock, local: datetime, event: Event) -> bool:
    return abs(clock.now() - local.replace(tzinfo=event.zone)) < timedelta(minutes=2)


def test_an_event_without_a_clock_lives_in_real_time(copy: Path, sqlite_url: str) -> None:
    assert not opened(copy, sqlite_url).is_moved
    give(copy, "2027-09-13T09:00")
    assert not opened(copy, sqlite_url).is_moved, "nor does a clock that comes later move a database that has begun"


def test_an_events_own_clock_moves_a_new_database_and_stays(copy: Path, sqlite_url: str) -> None:
    give(copy, "2027-09-13T09:00")
    event = load.load(copy)
    assert event.details.clock == OWN
    looked_up = opening.look_up(settings(copy, sqlite_url), event)
    assert looked_up.published is None
    assert reads(looked_up.clock, OWN, event), "a command without a database lives then too"
    assert reads(opened(copy, sqlite_url), OWN, event)
    assert reads(opened(copy, sqlite_url), OWN, event)
    assert reads(opened(copy, sqlite_url, SET), OWN, event)
    assert reads(opening.look_up(settings(copy, sqlite_url, SET), event).clock, OWN, event)


def test_the_setting_rules_over_an_events_own_clock(copy: Path, sqlite_url: str) -> None:
    give(copy, "2027-09-13T09:00")
    event = load.load(copy)
    assert reads(opening.look_up(settings(copy, sqlite_url, SET), event).clock, SET, event)
    assert reads(opened(copy, sqlite_url, SET), SET, event)
    assert reads(opened(copy, sqlite_url), SET, event)


def test_of_replicas_that_start_together_on_an_empty_database_one_makes_it(copy: Path, new_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: opening.open_store(settings(copy, new_url, SET)), range(4)))
    assert {each.published.number for each in made} == {1}
    assert made[0].store.read_now(lambda tx: tx.scalar(select(func.count()).select_from(version))) == 1
    for each in made:
        each.store.close()
