"""Stalls, lost leases and a database that goes away, between the claim of a delivery and what came of it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from bot.channels.web.render import parcels
from bot.chat.channel import Abilities, Channel, InDoubt, Later, Parcel, Sent, Unreachable, Verdict
from bot.chat.reply import Reply
from bot.clock import Clock
from bot.delivery.tables import State, outbox
from bot.errors import StoreUnreachable
from bot.event import load
from bot.event.model import Event
from bot.notices import broadcast, closing, ledger
from bot.notices.broadcast import Notice
from bot.notices.closing import Closing
from bot.notices.courier import Courier
from bot.notices.due import Due
from bot.notices.tables import NoticeState, Urgency, delivery, notice
from bot.people.tables import account
from bot.store.threads import Store
from bot.store.transaction import Transaction
from bot.text.words import Words
from bot.wording import worded
from tests.races.test_broadcast_kills import NOW, begun, people

STALL = ledger.LEASE + timedelta(seconds=5)


@cache
def shipped() -> Event:
    return load.load(load.find("strasbourg-2014"))


class Platform(Channel):
    """A platform whose calls wait at gates. Ids of messages are those of their chats, counted."""

    name = "telegram"

    def __init__(self, window: int = 8) -> None:
        self.abilities = Abilities(edits=True, window=window)
        self.admitting, self.calling = asyncio.Event(), asyncio.Event()
        self.admitting.set()
        self.calling.set()
        self.waiting = 0  # at either gate
        self.calls: list[tuple[str, str, str]] = []  # act, address, text

    def render(self, replies: Sequence[Reply], say: Words, *, replacing: str = "") -> list[Parcel]:
        return [Parcel({"text": str(replies[0].text)})]

    async def admit(self, address: str) -> Later | None:
        return None

    async def reserve(self, address: str) -> Later | float:
        await self._pass(self.admitting)
        return 0.0

    async def send(self, address: str, parcel: Parcel, *, because: str, sequence: int) -> Verdict:
        return await self._call("send", address, parcel.body)

    async def correct(self, address: str, message_id: str, parcel: Parcel) -> Verdict:
        return await self._call("correct", address, parcel.body)

    async def withdraw(self, address: str, message_id: str) -> Verdict:
        return await self._call("withdraw", address, {"text": ""})

    async def _call(self, act: str, address: str, body: Mapping[str, Any]) -> Verdict:
        self.calls.append((act, address, body["text"]))
        await self._pass(self.calling)
        return Sent(f"{address}-{len(self.calls)}")

    async def _pass(self, gate: asyncio.Event) -> None:
        self.waiting += 1
        await gate.wait()
        self.waiting -= 1

    async def run(self, receive: Any) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        return None


class Shelf(Platform):
    """A platform that reads its messages from the table."""

    name = "web"

    def __init__(self) -> None:
        super().__init__()
        self.abilities = Abilities(stored=True, window=100)

    def render(self, replies: Sequence[Reply], say: Words, *, replacing: str = "") -> list[Parcel]:
        return parcels(replies, say)

    async def send(self, address: str, parcel: Parcel, *, because: str, sequence: int) -> Verdict:
        return Sent(str(sequence))


class Flaky(Store):
    """A database that does not take what comes of calls, for some time."""

    refuses = 0

    async def write(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if work is closing.close and self.refuses:
            self.refuses -= 1
            raise StoreUnreachable("the server closed the connection unexpectedly")
        return await super().write(work, *args, **kwargs)


@dataclass
class Office:
    """A database of people, and couriers on it."""

    store: Store
    clock: Clock
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def courier(self, channel: Platform, owner: str) -> Courier:
        event = shipped()
        made = Courier(
            self.store, {channel.name: channel}, self.clock, owner=owner, event=lambda: event,
            words=lambda language: Words(language, event.zone), wording=worded, alone=False,
        )  # fmt: skip
        self.tasks.append(asyncio.create_task(made.run()))
        return made

    def begin(self, **changes: Any) -> Notice:
        seen = self.store.write_now(begun, Urgency.NORMAL)
        if changes:
            self.store.write_now(lambda tx: tx.execute(update(notice).where(notice.c.id == seen.id).values(**changes)))
        return seen

    def correct(self, seen: Notice, text: str) -> None:
        texts = dict.fromkeys(("fr", "zh", "en"), text)
        assert self.store.write_now(lambda tx: broadcast.correct(tx, broadcast.get(tx, seen.id), texts))

    def rows(self, seen: Notice) -> list[Any]:
        wanted = select(delivery).where(delivery.c.notice_id == seen.id).order_by(delivery.c.id)
        return list(self.store.read_now(lambda tx: tx.all(wanted)))

    async def until(self, claim: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not await asyncio.to_thread(claim):
                await asyncio.sleep(0.02)

    async def sent(self, seen: Notice) -> None:
        await self.until(
            lambda: self.store.read_now(broadcast.get, seen.id).state == NoticeState.SENT,
        )


@asynccontextmanager
async def office(url: str, many: int, *, kind: type[Store] = Store) -> AsyncIterator[Office]:
    store = kind(url)
    store.write_now(people, many)
    clock = Clock()
    clock.stand_at(NOW)
    made = Office(store, clock)
    try:
        yield made
    finally:
        for task in made.tasks:
            task.cancel()
        await asyncio.gather(*made.tasks, return_exceptions=True)
        store.close()


async def test_a_delivery_that_waits_longer_than_its_lease_is_sent_once(database_url: str) -> None:
    async with office(database_url, 12) as at:
        platform = Platform(window=4)
        platform.admitting.clear()
        courier = at.courier(platform, "one")
        seen = at.begin()
        await at.until(lambda: platform.waiting == 4)
        at.clock.shift += STALL
        courier._flying["telegram"] = 0  # there is room for more, as when others have ended
        await at.until(lambda: platform.waiting > 4)
        await asyncio.sleep(0.3)
        platform.admitting.set()
        await at.sent(seen)
        assert sorted(address for _, address, _ in platform.calls) == sorted(str(n) for n in range(1, 13))


@asynccontextmanager
async def overtaken(at: Office) -> AsyncIterator[tuple[Notice, Platform]]:
    """A sent notice whose correction waits in one courier, longer than its lease, while another takes over; the
    notice, and the other's platform. In the end the first goes on, and must have called nothing."""
    slow, quick = Platform(window=1), Platform()  # no room for more: it does not claim again what it holds
    at.courier(slow, "slow")
    seen = at.begin()
    await at.sent(seen)
    slow.admitting.clear()
    at.correct(seen, "second")
    await at.until(lambda: slow.waiting == 1)
    yield seen, quick
    slow.admitting.set()
    await asyncio.sleep(0.5)
    assert [act for act, _, _ in slow.calls] == ["send"]


async def test_a_correction_that_was_overtaken_does_not_put_the_older_text_back(database_url: str) -> None:
    async with office(database_url, 1) as at, overtaken(at) as (seen, quick):
        at.correct(seen, "third")
        at.clock.shift += STALL
        at.courier(quick, "quick")
        await at.sent(seen)
        assert [(call, to, text.splitlines()[-1]) for call, to, text in quick.calls] == [("correct", "1", "third")]


async def test_a_correction_that_was_overtaken_does_not_bring_back_what_was_recalled(database_url: str) -> None:
    async with office(database_url, 1) as at, overtaken(at) as (seen, quick):
        assert at.store.write_now(broadcast.recall, seen.id, NOW)
        at.clock.shift += STALL
        at.courier(quick, "quick")
        await at.until(lambda: at.rows(seen)[0]["state"] == State.RECALLED)
        assert quick.calls == [("withdraw", "1", "")]


async def test_what_came_of_a_call_is_kept_while_the_database_is_away(database_url: str) -> None:
    async with office(database_url, 5, kind=Flaky) as at:
        assert isinstance(at.store, Flaky)
        at.store.refuses = 2
        platform = Platform()
        at.courier(platform, "one")
        seen = at.begin()
        await at.sent(seen)
        assert {row["state"] for row in at.rows(seen)} == {State.SENT}
        assert len(platform.calls) == 5


async def test_a_notice_that_fails_does_not_hold_up_the_others(database_url: str) -> None:
    async with office(database_url, 3) as at:
        platform = Platform()
        bad = at.begin(audience="session:gone-from-the-programme")
        good = at.begin()
        at.courier(platform, "one")
        await at.sent(good)
        assert at.store.read_now(broadcast.get, bad.id).state == NoticeState.SENDING


async def test_a_notice_is_not_over_while_a_correction_is_under_way(database_url: str) -> None:
    async with office(database_url, 2) as at:
        platform = Platform()
        at.courier(platform, "one")
        seen = at.begin()
        await at.sent(seen)
        platform.calling.clear()
        at.correct(seen, "second")
        await at.until(lambda: platform.waiting == 2)
        await asyncio.sleep(0.6)
        assert not at.store.write_now(ledger.end, seen.id, NOW)
        platform.calling.set()
        await at.sent(seen)


async def test_a_message_without_a_known_id_is_corrected_once(database_url: str) -> None:
    async with office(database_url, 1) as at:
        platform = Platform()
        at.courier(platform, "one")
        seen = at.begin()
        await at.sent(seen)
        at.store.write_now(lambda tx: tx.execute(update(delivery).values(message_id="-")))
        at.correct(seen, "second")
        await at.sent(seen)
        assert [row["message_id"] for row in at.rows(seen)] == ["1-2"]
        assert [act for act, _, _ in platform.calls] == ["send", "correct"]


async def test_who_lost_the_lease_does_not_send_the_row_elsewhere(database_url: str) -> None:
    async with office(database_url, 1) as at:
        other = {"channel": "web", "address": "b", "created_at": NOW, "used_at": NOW, "choices": [], "reachable": True}
        at.store.write_now(lambda tx: tx.execute(insert(account).values(id=9, person_id=1, **other)))
        seen = at.begin()
        event = shipped()
        while at.store.write_now(ledger.fan_out, seen.id, event, NOW):
            pass
        seen = at.store.read_now(broadcast.get, seen.id)
        at.store.write_now(lambda tx: tx.execute(update(delivery).values(account_id=1)))

        def claimed(owner: str, now: Any) -> Due:
            (due,) = at.store.write_now(ledger.claim, seen, owner=owner, channel="telegram", limit=5, now=now)
            assert at.store.write_now(ledger.mark, [due.id], owner=owner, now=now) == {due.id}
            return due

        first = claimed("slow", NOW)
        at.store.write_now(lambda tx: tx.execute(update(delivery).values(state=State.QUEUED)))
        claimed("quick", NOW + STALL)
        late = Closing(first, "send", Unreachable("blocked"), seen.version, False)
        at.store.write_now(closing.close, [late], owner="slow", now=NOW + STALL)
        (row,) = at.rows(seen)
        assert (row["state"], row["account_id"], row["lease_owner"]) == (State.SENDING, 1, "quick")


async def test_a_call_ends_before_its_lease(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.notices.courier.CALL_SECONDS", 0.2)
    async with office(sqlite_url, 1) as at:
        platform = Platform()
        platform.calling.clear()
        at.courier(platform, "one")
        seen = at.begin()
        await at.sent(seen)
        (row,) = at.rows(seen)
        assert (row["state"], row["why"]) == (State.IN_DOUBT, InDoubt("no answer in time").why)


async def test_a_row_taken_over_while_it_is_put_into_the_line_is_put_there_once(postgresql: str) -> None:
    from tests import databases

    with databases.database(postgresql) as url:
        async with office(url, 1) as at:
            at.store.write_now(lambda tx: tx.execute(update(account).values(channel="web")))
            seen = at.begin()
            while at.store.write_now(ledger.fan_out, seen.id, shipped(), NOW):
                pass
            other = Store(url)
            held, go = threading.Event(), threading.Event()

            def hold(tx: Transaction) -> None:  # a turn of that person's is under way
                tx.execute(select(account.c.id).with_for_update())
                held.set()
                go.wait(10)

            turn = threading.Thread(target=other.write_now, args=(hold,))
            turn.start()
            await asyncio.to_thread(held.wait)
            at.courier(Shelf(), "slow")
            await at.until(lambda: bool(at.rows(seen)) and at.rows(seen)[0]["lease_owner"] == "slow")
            await asyncio.sleep(0.5)  # it waits for the account
            taken = update(delivery).values(lease_owner="quick", lease_until=at.clock.now() + STALL)
            other.write_now(lambda tx: tx.execute(taken))
            go.set()
            turn.join()
            await asyncio.sleep(0.5)
            assert at.store.read_now(lambda tx: tx.all(select(outbox))) == []
            (row,) = at.rows(seen)
            assert (row["state"], row["lease_owner"]) == (State.QUEUED, "quick")
            other.close()


async def test_a_polite_stop_ends_whenever_it_comes(sqlite_url: str) -> None:
    async with office(sqlite_url, 1) as at:
        for turns in range(12):
            courier = at.courier(Platform(), f"owner {turns}")
            await asyncio.sleep(0.1)
            courier.wake()
            for _ in range(turns):
                await asyncio.sleep(0)
            task = at.tasks.pop()
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=5)
            assert done, f"after {turns} turns of the loop"
