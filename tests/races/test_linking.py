"""Two persons who become one while everything else goes on: nobody is lost, no seat is counted twice, no code twice."""

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from threading import Barrier

import pytest
from sqlalchemy import func, or_, select

import bot.app  # noqa: F401  registers every merger
from bot.notices import broadcast, ledger
from bot.notices.tables import delivery
from bot.people import accounts, linking
from bot.people.linking import Entered, Joined
from bot.people.tables import account, person
from bot.programme import seats, versions
from bot.programme.tables import Interest, interest, seat
from bot.store.threads import Store
from bot.store.transaction import Transaction
from tests.races.test_seats import EVENT

NOW = datetime(2014, 11, 6, 8, tzinfo=UTC)
SEATS = 10


@pytest.fixture
def store(database_url: str):  # type: ignore[no-untyped-def]
    made = Store(database_url)
    made.write_now(versions.publish, versions.Published(1, NOW, "x", EVENT))
    yield made
    made.close()


def made(tx: Transaction, name: str) -> accounts.Account:
    return accounts.lock(tx, "web", name, language="fr", now=NOW)


def turn(tx: Transaction, name: str, work: Callable[[Transaction, int], object]) -> object:
    """As the conversation does it: the account's row first, then whatever its person does."""
    return work(tx, accounts.lock(tx, "web", name, language="fr", now=NOW).person.id)


def together(*work: Callable[[], object]) -> list[object]:
    gate = Barrier(len(work))

    def one(each: Callable[[], object]) -> object:
        gate.wait()
        return each()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(one, work))


def code(store: Store, name: str) -> str:
    def make(tx: Transaction) -> str:
        who = made(tx, name)
        return linking.new_code(tx, who.person.id, who.id, NOW)

    return store.write_now(make)


def enter(store: Store, name: str, typed: str) -> object:
    return store.write_now(turn, name, lambda tx, me: linking.enter(tx, me, typed, NOW))


def join(store: Store, name: str, entered: Entered) -> object:
    return store.write_now(turn, name, lambda tx, me: linking.join(tx, entered.id, me, EVENT, NOW))


def all_entered(store: Store, pairs: Sequence[tuple[str, str]]) -> dict[str, Entered]:
    """The second of each pair has typed the first one's code."""
    entered = {}
    for a, b in pairs:
        found = enter(store, b, code(store, a))
        assert isinstance(found, Entered)
        entered[b] = found
    return entered


def test_of_two_who_type_one_code_at_once_one_is_asked(store: Store) -> None:
    for n in range(10):
        typed = code(store, f"a{n}")
        for name in (f"b{n}", f"c{n}"):
            store.write_now(made, name)
        found = together(*(partial(enter, store, name, typed) for name in (f"b{n}", f"c{n}")))
        assert sorted(isinstance(each, Entered) for each in found) == [False, True]


def test_two_who_join_each_other_at_once_are_one(store: Store) -> None:
    for n in range(4):
        a, b = f"a{n}", f"b{n}"
        code_a, code_b = code(store, a), code(store, b)
        from_b, from_a = enter(store, b, code_a), enter(store, a, code_b)
        assert isinstance(from_a, Entered)
        assert isinstance(from_b, Entered)
        done = together(partial(join, store, b, from_b), partial(join, store, a, from_a))
        assert sum(isinstance(each, Joined) for each in done) == 1
        people = store.read_now(
            lambda tx, names=(a, b): set(
                tx.execute(select(account.c.person_id).where(account.c.address.in_(names))).scalars()
            )
        )
        assert len(people) == 1


def test_seats_hold_while_people_are_joined_separated_and_sign_up(store: Store) -> None:
    chance = random.Random(7)
    pairs = [(f"a{n}", f"b{n}") for n in range(12)]
    entered = all_entered(store, pairs)

    def sign_up(name: str) -> None:
        store.write_now(turn, name, lambda tx, me: seats.register(tx, EVENT, me, "s", now=NOW))

    def withdraw(name: str) -> None:
        store.write_now(turn, name, lambda tx, me: seats.withdraw(tx, EVENT, me, "s", now=NOW))

    def separate(name: str) -> None:
        def undo(tx: Transaction, me: int) -> object:
            last = linking.last_link(tx, me, NOW)
            return linking.undo(tx, last[0], me, EVENT, NOW) if last else None

        store.write_now(turn, name, undo)

    first: list[Callable[[], object]] = [partial(sign_up, name) for pair in pairs for name in pair]
    second: list[Callable[[], object]] = [partial(join, store, b, entered[b]) for _, b in pairs]
    third: list[Callable[[], object]] = [partial(withdraw, a) for a, _ in pairs[::4]]
    for wave in ([*first[::2], *second[::2]], [*first[1::2], *second[1::2], *third]):
        chance.shuffle(wave)
        together(*wave)
        check(store)
    together(*(partial(separate, a) for a, _ in pairs), *(partial(sign_up, b) for _, b in pairs))
    check(store)
    assert store.read_now(lambda tx: tx.scalar(select(func.count()).select_from(account))) == 24


@pytest.mark.parametrize("going", ["a", "b"])
def test_who_waited_waits_again_when_two_are_apart_and_is_offered_what_came_free(store: Store, going: str) -> None:
    def sign_up(name: str) -> None:
        store.write_now(turn, name, lambda tx, me: seats.register(tx, EVENT, me, "s", now=NOW))

    def state(name: str) -> tuple[str, bool]:
        wanted = select(interest.c.state, interest.c.offered_until).join(
            account, account.c.person_id == interest.c.person_id
        )
        row = store.read_now(lambda tx: tx.one(wanted.where(account.c.address == name)))
        assert row is not None, name
        return row["state"], row["offered_until"] is not None

    waiting = "b" if going == "a" else "a"
    entered = enter(store, "b", code(store, "a"))
    assert isinstance(entered, Entered)
    for name in (going, *(f"x{n}" for n in range(SEATS - 1)), waiting):
        sign_up(name)
    assert state(waiting) == (Interest.WAITLISTED, False)
    join(store, "b", entered)
    assert state("a") == state("b") == (Interest.GOING, False)
    store.write_now(turn, "x0", lambda tx, me: seats.withdraw(tx, EVENT, me, "s", now=NOW))

    def undo(tx: Transaction, me: int) -> object:
        last = linking.last_link(tx, me, NOW)
        assert last is not None
        return linking.undo(tx, last[0], me, EVENT, NOW)

    store.write_now(turn, "a", undo)
    assert state(going) == (Interest.GOING, False)
    assert state(waiting) == (Interest.WAITLISTED, True), "waits again, and the free seat is held for them"
    check(store)


def check(store: Store) -> None:
    def look(tx: Transaction) -> tuple[int, int, int, int]:
        held = interest.c.offered_until.is_not(None)
        going = select(func.count()).where(or_(interest.c.state == Interest.GOING, held))
        waits = select(func.count()).where(interest.c.state == Interest.WAITLISTED, ~held)
        empty = select(func.count()).select_from(person.outerjoin(account)).where(account.c.id.is_(None))
        return tuple(int(tx.scalar(each)) for each in (going, select(seat.c.taken), waits, empty))  # type: ignore[return-value]

    going, taken, waits, empty = store.read_now(look)
    assert going == taken <= SEATS
    assert going == SEATS or not waits, "somebody waits though there is room"
    assert not empty, "a person without an account"


def test_a_stranger_s_code_is_not_in_the_database(store: Store) -> None:
    typed = code(store, "a")
    rows = store.read_now(lambda tx: [dict(row) for row in tx.all(select(linking.link_code))])
    assert typed.replace(" ", "") not in str(rows)


def test_who_is_joined_while_a_notice_is_handed_out_gets_it_once(store: Store) -> None:
    pairs = [(f"a{n}", f"b{n}") for n in range(6)]
    entered = all_entered(store, pairs)

    def begin(tx: Transaction) -> int:
        seen = broadcast.edit(tx, broadcast.draft(tx, author="x", now=NOW), texts={"fr": "Salle 12."})
        assert seen is not None
        assert broadcast.send(tx, seen, NOW)
        return seen.id

    def hand_out(notice_id: int) -> None:
        while store.write_now(ledger.fan_out, notice_id, EVENT, NOW):
            pass

    notice_id = store.write_now(begin)
    together(*(partial(join, store, b, entered[b]) for _, b in pairs), partial(hand_out, notice_id))
    hand_out(notice_id)

    def rows(tx: Transaction) -> list[tuple[int, int]]:
        found = select(delivery.c.person_id, delivery.c.account_id).where(delivery.c.notice_id == notice_id)
        return [tuple(row) for row in tx.execute(found)]  # type: ignore[misc]

    told = store.read_now(rows)
    people = store.read_now(lambda tx: set(tx.execute(select(person.c.id)).scalars()))
    assert sorted(who for who, _ in told) == sorted(people), "each person once, nobody left out"
