"""One code given by many at once is one person's; one question after a session, however many processes begin it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import func, insert, select

from bot.conversation.receive import words_for
from bot.event import load
from bot.notices import timers
from bot.notices.tables import delivery
from bot.notices.tables import notice as notices
from bot.people import accounts, codes, participants
from bot.people.participants import Participant
from bot.people.tables import account, participant, person
from bot.programme import feedback, seats, versions
from bot.programme.tables import feedback_asked
from bot.store.threads import Store
from bot.store.transaction import Transaction
from handlers import reminders

NOW = datetime(2027, 5, 20, 11, 12, tzinfo=UTC)  # ten minutes after the end of a workshop at 13:00
PEOPLE, STORES = 8, 4
LISTED = {code: Participant(code=code, name=f"N {code}", side="french") for code in ("CODE-001", "CODE-002")}


def prepared(url: str) -> tuple[list[Store], list[int]]:
    """Processes on one database, with people in it who can be written to."""
    first = Store(url)
    event = load.load(load.find("demo"))
    first.write_now(versions.publish, versions.Published(1, NOW, "x", event))
    first.write_now(participants.apply, LISTED, seen=participants.digest({}))

    def people(tx: Transaction) -> list[int]:
        new = {"language": "fr", "language_chosen": False, "created_at": NOW, "last_seen_at": NOW}
        ids = list(tx.execute(insert(person).values([new] * PEOPLE).returning(person.c.id)).scalars())
        for id_ in ids:
            values = {"person_id": id_, "channel": "web", "address": str(id_), "created_at": NOW, "choices": []}
            tx.execute(insert(account).values(**values))
        return ids

    ids = first.write_now(people)
    return [first, *(Store(url) for _ in range(STORES - 1))], ids


def test_one_code_given_by_many_at_once_is_one_person_s(database_url: str) -> None:
    stores, ids = prepared(database_url)
    for n in range(6):
        code = f"CODE-00{n % 2 + 1}"

        def give(at: int, code: str = code, n: int = n) -> codes.Outcome:
            who = accounts.Person(ids[at], "fr", language_chosen=True)
            # Wrong codes of earlier rounds are of another hour.
            return stores[at % STORES].write_now(codes.link, who, code, NOW + timedelta(hours=2 * n))

        with ThreadPoolExecutor(PEOPLE) as pool:
            outcomes = list(pool.map(give, range(PEOPLE)))
        linked = [ids[at] for at, outcome in enumerate(outcomes) if isinstance(outcome, codes.Linked)]
        assert len(linked) == 1
        owner = select(participant.c.person_id).where(participant.c.code == code)
        assert stores[0].read_now(lambda tx, owner=owner: tx.scalar(owner)) == linked[0]  # type: ignore[misc]
        french = select(person.c.id).where(person.c.side == "french").order_by(person.c.id)
        has_one = select(participant.c.person_id).where(participant.c.person_id.is_not(None))
        sides = stores[0].read_now(lambda tx, q=french: list(tx.execute(q).scalars()))  # type: ignore[misc]
        holders = stores[0].read_now(lambda tx, q=has_one: sorted(tx.execute(q).scalars()))  # type: ignore[misc]
        assert sides == holders, "who has no code any more is of no side"
        stores[0].write_now(participants.release, linked[0])
    for store in stores:
        store.close()


def test_two_lists_at_once_are_one_and_a_link_survives(database_url: str) -> None:
    stores, ids = prepared(database_url)
    stores[0].write_now(codes.link, accounts.Person(ids[0], "fr", language_chosen=True), "code-001", NOW)
    seen = participants.digest(LISTED)
    lists = [{"CODE-001": replace(LISTED["CODE-001"], name=str(n), side="chinese")} for n in range(STORES)]
    with ThreadPoolExecutor(STORES) as pool:
        done = list(pool.map(lambda n: stores[n].write_now(participants.apply, lists[n], seen=seen), range(STORES)))
    assert sorted(done) == [False, False, False, True]
    assert stores[0].read_now(participants.every) == lists[done.index(True)]
    assert stores[0].read_now(participants.names, ids) == {ids[0]: str(done.index(True))}
    side = select(person.c.side).where(person.c.id == ids[0])
    assert stores[0].read_now(lambda tx: tx.scalar(side)) == "chinese"
    for store in stores:
        store.close()


async def test_a_question_after_a_session_is_begun_once_by_many_processes(database_url: str, tmp_path: Path) -> None:
    stores, ids = await asyncio.to_thread(prepared, database_url)
    published = stores[0].read_now(versions.Versions().current)
    assert published is not None
    event = published.event
    for id_ in ids:  # two that end together, of one half-day: one message each
        for session in ("atelier-mobilite", "atelier-eau"):
            early = NOW - timedelta(hours=5)
            stores[0].write_now(seats.register, event, id_, session, now=early, despite_clash=True)
    now = datetime(2027, 5, 20, 10, 56, tzinfo=UTC)
    keys = tuple(f"feedback:{id_}:" for id_ in ("atelier-mobilite", "atelier-eau"))
    due = [each for each in timers.due(event, now) if any(key.startswith(keys) for key in each.sessions)]
    assert len(due) == 2

    def begin(n: int) -> int:
        total = 0
        for one in due if n % 2 else reversed(due):
            sessions = [session for each in one.sessions.values() for session in each]
            told = reminders.parts(event, sessions, partial(words_for, published))
            total += stores[n].write_now(timers.begin, one, told, {}, event, now)
        return total

    with ThreadPoolExecutor(STORES) as pool:
        begun = list(pool.map(begin, range(STORES)))
    assert sum(begun) == PEOPLE, "each is asked once, about one of the two"
    asked = select(func.count()).select_from(feedback_asked)
    assert stores[0].read_now(lambda tx: tx.scalar(asked)) == PEOPLE
    assert stores[0].read_now(lambda tx: tx.scalar(select(func.count()).select_from(delivery))) == 0, "not sent yet"
    assert stores[0].read_now(lambda tx: tx.scalar(select(func.count()).select_from(notices))) in (1, 2)

    def rate(n: int) -> int:
        return stores[n].write_now(feedback.rate, ids[0], "atelier-eau", n + 1, now)

    with ThreadPoolExecutor(STORES) as pool:
        assert len(set(pool.map(rate, range(STORES)))) == 1
    assert stores[0].read_now(feedback.figures, "atelier-eau").count == 1
    for store in stores:
        store.close()
