"""200 people, 10 seats, 4 processes: never an 11th, nobody lost, nobody counted twice."""

import multiprocessing
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, insert, select

from bot.event.model import Event
from bot.people.tables import person
from bot.programme import seats, versions
from bot.programme.tables import Interest, interest, seat
from bot.store.threads import Store
from bot.store.transaction import Transaction
from tests import databases

PEOPLE, SEATS, PROCESSES = 200, 10, 4
NOW = datetime(2014, 11, 6, 8, tzinfo=UTC)
EVENT = Event.model_validate(
    {
        "details": {
            "id": "race", "name": {"fr": "x"}, "short_name": {"fr": "x"}, "city": {"fr": "x"},
            "starts": "2014-11-06", "ends": "2014-11-06", "time_zone": "Europe/Paris", "languages": ["fr"],
            "privacy": {"controller": {"fr": "x"}, "basis": {"fr": "x"}},
        },
        "sessions": [{"id": "s", "title": {"fr": "x"}, "capacity": SEATS, "registration": "open"}],
    }
)  # fmt: skip


def prepare(url: str) -> None:
    store = Store(url)
    store.write_now(versions.publish, versions.Published(1, NOW, "x", EVENT))
    store.close()


def new_round(tx: Transaction) -> list[int]:
    tx.execute(interest.delete())
    tx.execute(person.delete())
    tx.execute(seat.update().values(taken=0, last_place=0))
    rows = [{"language": "fr", "language_chosen": False, "created_at": NOW, "last_seen_at": NOW} for _ in range(PEOPLE)]
    return list(tx.execute(insert(person).values(rows).returning(person.c.id)).scalars())


def crowd(url: str, people: list[int], gate: multiprocessing.Barrier) -> None:  # type: ignore[name-defined]
    """One process: its people all press at once, each twice; some change their mind."""
    store = Store(url)
    gate.wait()

    def press(one: int) -> None:
        store.write_now(seats.register, EVENT, one, "s", now=NOW)
        if one % 7 == 0:
            store.write_now(seats.withdraw, EVENT, one, "s", now=NOW)
        else:
            store.write_now(seats.register, EVENT, one, "s", now=NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(press, people))
    store.close()


def outcome(tx: Transaction) -> tuple[dict[str, int], int, int, list[int]]:
    """(how many in each state, seats that are held, seats that are taken, places on the waiting list)"""
    states = dict(tx.execute(select(interest.c.state, func.count()).group_by(interest.c.state)).all())  # type: ignore[arg-type]
    held = int(tx.scalar(select(func.count()).where(interest.c.offered_until.is_not(None))))
    places = tx.execute(select(interest.c.place).where(interest.c.state == Interest.WAITLISTED)).scalars()
    return states, held, int(tx.scalar(select(seat.c.taken))), sorted(places)


def race(url: str, rounds: int) -> None:
    prepare(url)
    store = Store(url)
    spawn = multiprocessing.get_context("spawn" if sys.platform == "darwin" else "fork")
    for _ in range(rounds):
        people = store.write_now(new_round)
        gate = spawn.Barrier(PROCESSES)
        crews = [spawn.Process(target=crowd, args=(url, people[n::PROCESSES], gate)) for n in range(PROCESSES)]
        for crew in crews:
            crew.start()
        for crew in crews:
            crew.join(60)
            assert crew.exitcode == 0
        states, held, taken, places = store.read_now(outcome)
        assert states[Interest.GOING] + held == taken == SEATS
        assert sum(states.values()) == PEOPLE
        assert len(set(places)) == len(places), "two people hold the same place on the waiting list"
    store.close()


def test_200_people_from_4_processes_never_get_an_11th_seat(postgresql: str) -> None:
    with databases.database(postgresql) as url:
        race(url, rounds=2)


def test_the_same_on_one_sqlite_file(sqlite_url: str) -> None:
    race(sqlite_url, rounds=1)


@pytest.mark.soak
def test_50_rounds_on_postgresql(postgresql: str) -> None:
    with databases.database(postgresql) as url:
        race(url, rounds=50)
        print("50 rounds of 200 people for 10 seats from 4 processes: never an 11th")
