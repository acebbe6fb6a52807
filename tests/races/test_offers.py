"""Seats that are held, taken, given back and passed on by many at once: none oversold, locked or passed on twice."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Barrier, Lock
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from bot.event.model import Event
from bot.notices import seated
from bot.notices.audience import can_be_written
from bot.notices.tables import notice
from bot.people import privacy
from bot.people.tables import account, person
from bot.programme import guests, offers, seats, still, versions
from bot.programme.tables import Interest, guest, interest, seat
from bot.store import migrate
from bot.store.threads import Store
from bot.store.transaction import Transaction

NOW = datetime(2027, 5, 20, 8, tzinfo=UTC)  # two hours before it begins
START = datetime(2027, 5, 20, 10, tzinfo=UTC)
SEATS = 6


def event(**rules: int) -> Event:
    details = {
        "id": "race", "name": {"fr": "x"}, "short_name": {"fr": "x"}, "city": {"fr": "x"}, "starts": "2027-05-20",
        "ends": "2027-05-20", "time_zone": "Europe/Paris", "languages": ["fr"], "seats": rules,
        "privacy": {"controller": {"fr": "x"}, "basis": {"fr": "x"}},
    }  # fmt: skip
    session = {
        "id": "s", "title": {"fr": "Atelier"}, "day": "2027-05-20", "start": "12:00", "end": "13:00",
        "capacity": SEATS, "registration": "open", "zone": "Europe/Paris",
    }  # fmt: skip
    return Event.model_validate({"details": details, "sessions": [session]})


@contextmanager
def stores(url: str, made: Event, many: int = 2) -> Iterator[list[Store]]:
    """As many processes on one database; where that is a file, each has a writer of its own."""
    opened = [Store(url) for _ in range(many)]
    opened[0].write_now(migrate.to_newest)
    opened[0].write_now(versions.publish, versions.Published(1, NOW, "x", made))
    try:
        yield opened
    finally:
        for each in opened:
            each.close()


def people(tx: Transaction, many: int) -> list[int]:
    """Persons who can be written to."""
    row = {"language": "fr", "language_chosen": False, "created_at": NOW, "last_seen_at": NOW}
    made = list(tx.execute(insert(person).values([row] * many).returning(person.c.id)).scalars())
    for each in made:
        values = {"person_id": each, "channel": "web", "address": f"a{each}", "created_at": NOW, "choices": []}
        tx.execute(insert(account).values(**values))
    return made


def holds(tx: Transaction, now: datetime | None = None) -> tuple[int, int, int]:
    """(going, held, guests), which are what is taken and no more than there is. now: nothing is held past it."""
    going = int(tx.scalar(select(func.count()).where(interest.c.state == Interest.GOING)))
    held = int(tx.scalar(select(func.count()).where(interest.c.offered_until.is_not(None))))
    with_names = int(tx.scalar(select(func.count()).select_from(guest)))
    taken = int(tx.scalar(select(seat.c.taken)))
    assert going + held + with_names == taken <= SEATS, (going, held, with_names, taken)
    wrong = select(func.count()).where(interest.c.offered_until.is_not(None), interest.c.state != Interest.WAITLISTED)
    assert tx.scalar(wrong) == 0
    if now is not None:
        assert tx.scalar(select(func.count()).where(interest.c.offered_until <= now)) == 0, "a seat stays locked"
    return going, held, with_names


def offered(tx: Transaction) -> list[int]:
    """Who may take a seat, as it stands: by the time they do, it may have gone on."""
    return list(tx.execute(select(interest.c.person_id).where(interest.c.offered_until.is_not(None))).scalars())


def settled(store: Store, made: Event, now: datetime) -> None:
    """What the clock does in one look."""
    for step in store.read_now(seated.due, made, now):
        store.write_now(seated.do, step, made, now)


def together(*works: Callable[[], Any]) -> list[Any]:
    """All at the same moment."""
    gate = Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        gate.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def storm(url: str, seed: int, steps: int) -> Counter[str]:
    """Four threads on two stores do whatever people and the clock do, at a time that runs on as they go."""
    made, counts, lock = event(confirm_minutes=5), Counter[str](), Lock()
    with stores(url, made) as (one, other):
        crowd = one.write_now(people, 24)
        ticks = iter(range(4 * steps))

        def now() -> datetime:
            with lock:
                return NOW + timedelta(seconds=20 * next(ticks))

        def live(number: int) -> None:
            store, chance = (one, other)[number % 2], random.Random(seed * 10 + number)
            for _ in range(steps):
                who, at = chance.choice(crowd), now()
                match chance.randrange(10):
                    case 0 | 1 | 2:
                        what = type(store.write_now(seats.register, made, who, "s", now=at)).__name__
                    case 3 | 4:
                        gone = store.write_now(seats.withdraw, made, who, "s", now=at)
                        what = f"withdrawn {len(gone.passed)}"
                    case 5 | 6:
                        who = chance.choice(store.read_now(offered) or [who])
                        what = f"accepted {store.write_now(offers.accept, made.sessions[0], who, at)}"
                    case 7:
                        names = [f"n{chance.randrange(4)}" for _ in range(3)]
                        what = type(store.write_now(guests.add, made, who, "s", names, now=at)).__name__
                    case 8 if chance.random() < 0.3:
                        store.write_now(privacy.erase, who, at)
                        what = "erased"
                    case 8:
                        store.write_now(guests.remove, made, who, "s", None, now=at)
                        what = "taken out"
                    case _:
                        settled(store, made, at)
                        what = "settled"
                with lock:
                    counts[what] += 1

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(live, range(4)))
        end = now() if (left := next(ticks, None)) is not None else NOW + timedelta(seconds=80 * steps)
        assert left is None or end
        one.read_now(holds)
        for minutes in range(1, 12):  # nobody answers any more: every seat finds its way down the list
            at = end + timedelta(minutes=6 * minutes)
            settled((one, other)[minutes % 2], made, at)
            going, held, with_names = one.read_now(holds, at)
            waiting = one.read_now(lambda tx: tx.scalar(select(func.count()).where(*offers.WAITS)))
            if at < START:
                assert not waiting or going + held + with_names == SEATS, "a seat is free while somebody waits"
        settled(one, made, START + timedelta(seconds=1))
        assert one.read_now(holds)[1] == 0, "held past the start"
    return counts


def test_seats_hold_whatever_people_and_clocks_do_at_once(database_url: str) -> None:
    counts = storm(database_url, seed=1, steps=60)
    assert counts["accepted True"] > 0, counts
    assert counts["Added"] > 0, counts


@pytest.mark.soak
def test_seats_hold_for_longer(database_url: str) -> None:
    for seed in range(2, 8):
        print(dict(storm(database_url.replace(".db", f"{seed}.db"), seed, steps=75)))
        if not database_url.startswith("sqlite"):
            break


def test_an_offer_that_runs_out_while_it_is_taken_is_either(database_url: str) -> None:
    made = event(confirm_minutes=5)
    with stores(database_url, made) as (one, other):
        session, late = made.sessions[0], NOW + timedelta(minutes=5)
        seen = Counter[str]()
        for n in range(20):
            *goes, first, second = one.write_now(people, SEATS + 2)
            for each in (*goes, first, second):
                one.write_now(seats.register, made, each, "s", now=NOW)
            (passed,) = one.write_now(seats.withdraw, made, goes[0], "s", now=NOW).passed
            assert (passed.person, passed.until) == (first, late)
            assert not one.write_now(offers.accept, session, first, late), (
                "at its moment it has run out, looked at or not"
            )
            accepted, gone = together(
                # Two clocks that differ: for one it is not late yet, for the other it is.
                lambda first=first, n=n: one.write_now(  # type: ignore[misc]
                    offers.accept, session, first, late - timedelta(milliseconds=n)
                ),
                lambda: other.write_now(offers.settle, made, "s", late),
            )
            assert accepted == (not gone.lapsed), "taken and passed on"
            assert [each.person for each in gone.passed] == ([second] if gone.lapsed else [])
            assert one.read_now(seats.state_of, first, "s") == (Interest.GOING if accepted else Interest.WITHDRAWN), (
                "who was silent is off the list"
            )
            one.read_now(holds, late)
            seen["taken" if accepted else "passed on"] += 1
            for each in (*goes, first, second):
                one.write_now(privacy.erase, each, NOW)
        assert sum(seen.values()) == 20


def test_of_many_processes_that_pass_on_an_offer_one_does(database_url: str) -> None:
    made = event(confirm_minutes=5)
    with stores(database_url, made, many=3) as several:
        crowd = several[0].write_now(people, SEATS + 4)
        for each in crowd:
            several[0].write_now(seats.register, made, each, "s", now=NOW)
        for each in crowd[:2]:
            several[0].write_now(seats.withdraw, made, each, "s", now=NOW)
        late = NOW + timedelta(minutes=6)
        steps = several[0].read_now(seated.due, made, late)
        assert [step.what for step in steps] == ["settle"]
        together(*(lambda store=store: store.write_now(seated.do, steps[0], made, late) for store in several * 2))
        kinds = several[0].read_now(
            lambda tx: list(tx.execute(select(notice.c.kind).order_by(notice.c.kind)).scalars())
        )
        assert kinds == ["lapsed", "offers", "offers"], "each is told once"
        states = [several[0].read_now(seats.state_of, each, "s") for each in crowd[SEATS:]]
        assert states == [Interest.WITHDRAWN] * 2 + [Interest.WAITLISTED] * 2
        assert several[0].read_now(holds, late) == (SEATS - 2, 2, 0)


def test_a_group_against_the_last_seats_is_whole_or_not_at_all(database_url: str) -> None:
    made = event()
    with stores(database_url, made) as (one, other):
        heads = one.write_now(people, 8)
        done = together(
            *(
                lambda n=n, head=head: (one, other)[n % 2].write_now(
                    guests.add, made, head, "s", [f"{head}-{i}" for i in range(4)], now=NOW
                )
                for n, head in enumerate(heads[:4])
            ),
            *(lambda head=head: other.write_now(seats.register, made, head, "s", now=NOW) for head in heads[4:]),
        )
        whole = [each for each in done if isinstance(each, guests.Added)]
        assert len(whole) <= 1
        going, _, with_names = one.read_now(holds)
        assert with_names == 4 * len(whole)
        assert going == min(4, SEATS - with_names)
        short = [each for each in done if isinstance(each, guests.TooFew)]
        assert len(short) == 4 - len(whole)
        # The same names from two of one's devices at once are one group.
        one.write_now(privacy.erase, heads[7], NOW)
        for each in heads:
            one.write_now(privacy.erase, each, NOW)
        assert one.read_now(holds) == (0, 0, 0)
        head = heads[0]
        both = together(*(
            lambda store=store: store.write_now(guests.add, made, head, "s", ["王伟", "Marie"], now=NOW)
            for store in (one, other)
        ))  # fmt: skip
        assert sorted(len(each.names) for each in both) == [0, 2]
        assert one.read_now(holds) == (0, 0, 2)


def test_the_silent_give_way_to_as_many_as_wait_and_those_who_answer_stay(database_url: str) -> None:
    made = event(still_coming_minutes=20, give_up_minutes=5)
    with stores(database_url, made) as (one, other):
        crowd = one.write_now(people, SEATS + 2)
        for each in crowd:
            one.write_now(seats.register, made, each, "s", now=NOW)
        assert one.read_now(seated.due, made, START - timedelta(minutes=21)) == []
        asks = START - timedelta(minutes=20)
        (step,) = one.read_now(seated.due, made, asks)
        assert step.what == "ask"
        asked = together(*(
            lambda store=store: store.write_now(still.ask, made, made.sessions[0], asks, can_be_written)
            for store in (one, other)
        ))  # fmt: skip
        assert sorted(map(len, asked)) == [0, SEATS], "each is asked once"
        assert one.write_now(still.comes, crowd[5], "s")
        assert one.write_now(still.comes, crowd[4], "s")
        assert one.read_now(seated.due, made, START - timedelta(minutes=6)) == []
        last = START - timedelta(minutes=5)
        together(*(lambda store=store: settled(store, made, last) for store in (one, other)))
        states = [one.read_now(seats.state_of, each, "s") for each in crowd]
        # The last who signed up and said nothing make room for the two who wait.
        assert states[:SEATS] == [Interest.GOING] * 2 + [Interest.WITHDRAWN] * 2 + [Interest.GOING] * 2
        assert not one.write_now(still.comes, crowd[3], "s"), "who lost the seat learns it"
        for each in crowd[SEATS:]:
            assert one.write_now(offers.accept, made.sessions[0], each, last + timedelta(seconds=30))
        assert one.read_now(holds, last) == (SEATS, 0, 0)
