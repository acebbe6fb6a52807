"""Turns that share a commit share nothing else; a waiter that gives up does not undo its turn."""

import asyncio

import pytest
from sqlalchemy import func, insert, select

from bot.programme.tables import kept
from bot.store.threads import Store
from bot.store.transaction import Transaction


def keep(tx: Transaction, name: str, *, fails: bool = False) -> str:
    tx.execute(insert(kept).values(name=name, value="x"))
    if fails:
        raise ValueError(name)
    return name


def names(tx: Transaction) -> set[str]:
    return set(tx.execute(select(kept.c.name)).scalars())


async def test_a_turn_that_fails_undoes_itself_alone(database_url: str) -> None:
    store = Store(database_url)
    turns = [store.write(keep, f"n{n}", fails=n % 5 == 0) for n in range(50)]
    results = await asyncio.gather(*turns, return_exceptions=True)
    assert [isinstance(result, ValueError) for result in results] == [n % 5 == 0 for n in range(50)]
    assert store.read_now(names) == {f"n{n}" for n in range(50) if n % 5}
    store.close()


async def test_a_signal_is_heard_once_and_only_where_the_turn_holds(database_url: str) -> None:
    store = Store(database_url)
    heard: list[tuple[str, int]] = []
    store.heard = lambda subject, row_id: heard.append((subject, row_id))

    def turn(tx: Transaction, n: int) -> None:
        tx.signal("kept", n)
        keep(tx, f"n{n}", fails=n == 3)
        tx.signal("kept", n)

    await asyncio.gather(*(store.write(turn, n) for n in range(10)), return_exceptions=True)
    assert sorted(heard) == [("kept", n) for n in range(10) if n != 3]
    store.close()


async def test_a_waiter_that_is_cancelled_leaves_its_turn_to_end(database_url: str) -> None:
    store = Store(database_url)
    waiting = [asyncio.create_task(store.write(keep, f"n{n}")) for n in range(20)]
    await asyncio.sleep(0)
    for task in waiting[::2]:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert await store.write(keep, "last") == "last"
    store.close()
    again = Store(database_url)
    assert again.read_now(lambda tx: tx.scalar(select(func.count()).select_from(kept))) >= 11
    again.close()


@pytest.mark.parametrize("turns", [1, 40])
async def test_what_a_turn_wrote_before_a_savepoint_failed_stays(database_url: str, turns: int) -> None:
    store = Store(database_url)

    def turn(tx: Transaction, n: int) -> None:
        keep(tx, f"before{n}")
        with pytest.raises(ValueError, match="inside"), tx.savepoint():
            keep(tx, f"inside{n}", fails=True)
        keep(tx, f"after{n}")

    await asyncio.gather(*(store.write(turn, n) for n in range(turns)))
    assert store.read_now(names) == {f"{when}{n}" for n in range(turns) for when in ("before", "after")}
    store.close()
