"""A notice becomes a row for each person, however many make them at once, in memory that does not grow."""

import resource
import threading
import time

import pytest
from sqlalchemy import func, select, text

from bot.delivery.tables import State
from bot.event import load
from bot.notices import audience, broadcast, ledger
from bot.notices.broadcast import Notice
from bot.notices.tables import Urgency, delivery
from bot.people.tables import account
from bot.store.threads import Store
from bot.store.transaction import Transaction
from tests import databases
from tests.races.test_broadcast_kills import NOW, begun, people

EVENT = load.load(load.find("strasbourg-2014"))


def prepared(url: str, many: int) -> tuple[Store, Notice]:
    store = Store(url)
    store.write_now(people, many)
    return store, store.write_now(begun, Urgency.NORMAL)


def fan_out(store: Store, seen: Notice) -> None:
    while store.write_now(ledger.fan_out, seen.id, EVENT, NOW):
        pass


def rows(tx: Transaction) -> tuple[int, int]:
    """How many rows, of how many persons."""
    n, persons = tx.execute(select(func.count(), func.count(func.distinct(delivery.c.person_id)))).one()
    return n, persons


def test_four_that_fan_out_at_once_make_one_row_a_person(database_url: str) -> None:
    store, seen = prepared(database_url, 5000)
    others = [store, *(Store(database_url) for _ in range(3))]
    threads = [threading.Thread(target=fan_out, args=(each, seen)) for each in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.read_now(rows) == (5000, 5000)
    for each in others:
        each.close()


def test_who_cannot_be_written_to_stands_in_the_ledger_too(database_url: str) -> None:
    store, seen = prepared(database_url, 10)

    def lose(tx: Transaction) -> None:
        tx.execute(account.update().where(account.c.id == 3).values(reachable=False))
        tx.execute(account.delete().where(account.c.id == 4))
        tx.execute(account.update().where(account.c.id == 5).values(channel="terminal"))

    store.write_now(lose)
    counted = store.read_now(audience.count, audience.parse("", EVENT), EVENT, Urgency.NORMAL)
    assert (counted.total, counted.unreachable) == (7, 3)
    fan_out(store, seen)
    states = store.read_now(lambda tx: tx.execute(select(delivery.c.person_id, delivery.c.state)).all())
    assert sorted(row.person_id for row in states if row.state == State.UNREACHABLE) == [3, 4, 5]
    assert len(states) == 10
    store.close()


PERSONS = """
INSERT INTO person (id, language, language_chosen, created_at, last_seen_at)
SELECT n, (ARRAY['fr','zh','en'])[1 + n % 3], false, now(), now() FROM generate_series(1, :n) n
"""
ACCOUNTS = """
INSERT INTO account (id, person_id, channel, address, created_at, used_at, choices, reachable, sequence, expects,
                     last_entry)
SELECT n, n, 'telegram', n::text, now(), now(), '[]', true, 0, '', '' FROM generate_series(1, :n) n
"""


@pytest.mark.soak
@pytest.mark.parametrize("many", [1_000, 10_000, 100_000, 1_000_000])
def test_a_million(postgresql: str, many: int) -> None:
    with databases.database(postgresql) as url:
        store = Store(url)
        for statement in (PERSONS, ACCOUNTS):
            store.write_now(lambda tx, sql=statement: tx.execute(text(sql), {"n": many}))
        seen = store.write_now(begun, Urgency.NORMAL)
        before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
        fan_out(store, seen)
        spent = time.perf_counter() - began
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        began = time.perf_counter()
        store.write_now(ledger.claim, seen, owner="a", channel="telegram", limit=500, now=NOW)
        claimed = time.perf_counter()
        store.write_now(broadcast.pause, seen.id)
        paused = time.perf_counter()
        assert store.read_now(rows) == (many, many)
        assert grown < 20, "in bounded memory"
        print(
            f"{many:>9}: fan-out {spent:.2f} s, {spent / many * 1e6:.1f} µs each, +{grown:.0f} MB; claim of 500 "
            f"{(claimed - began) * 1000:.0f} ms, pause {(paused - claimed) * 1000:.0f} ms"
        )
        store.close()
