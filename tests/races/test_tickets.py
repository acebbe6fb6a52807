"""One question, many hands: of two of the team one has it, of two chats of one person one opens it."""

from functools import partial

import pytest
from sqlalchemy import func, select

from bot.desk import room, tickets
from bot.desk.tables import TicketState, ticket
from bot.desk.tickets import Answered, Member, Taken, Ticket
from bot.people import accounts
from bot.store.threads import Store
from bot.store.transaction import Transaction
from tests.races.test_linking import NOW, made, store, together

__all__ = ["store"]  # the fixture
ROUNDS = 5


def begin(tx: Transaction, person: int, account: int, text: str = "Où ?") -> tuple[Ticket, bool]:
    return tickets.begin(tx, person, account, "web", text, language="fr", urgent=False, entries=(), now=NOW)


@pytest.fixture
def asker(store: Store) -> accounts.Account:
    return store.write_now(made, "a")


def test_of_many_who_take_or_answer_one_question_one_has_it(store: Store, asker: accounts.Account) -> None:
    for n in range(ROUNDS):
        seen, _ = store.write_now(begin, asker.person.id, asker.id)
        crew = [Member(f"telegram:{m}", f"M{m}") for m in range(6)]
        takes = [partial(store.write_now, tickets.take, seen.id, who, NOW) for who in crew[:3]]
        answers = [partial(store.write_now, tickets.answer, seen.id, who, NOW, text=who.name) for who in crew[3:]]
        done = together(*takes, *answers)
        now = store.read_now(tickets.get, seen.id)
        assert now is not None
        assert now.state == TicketState.TAKEN
        news = [each for each in done if isinstance(each, Taken) and each.is_news]
        sent = [each for each in done if isinstance(each, Answered) and not each.said.held]
        assert len(news) + len(sent) == 1, f"round {n}"
        assert sum(each.held for each in now.said) == 3 - len(sent)
        held = next(each.id for each in now.said if each.held)
        released = together(*(partial(store.write_now, tickets.release, held, who, NOW) for who in crew[:3]))
        assert sum(each is not None for each in released) == 1, "sent once, however often it is agreed to"
        assert store.write_now(tickets.close, seen.id, NOW)


def test_one_person_has_one_open_question(store: Store, asker: accounts.Account) -> None:
    for n in range(ROUNDS):
        done = together(*(partial(store.write_now, begin, asker.person.id, asker.id, f"{n} {m}") for m in range(4)))
        opened = {found.id for found, _ in done}  # type: ignore[misc]
        assert len(opened) == 1
        (id_,) = opened
        now = store.read_now(tickets.get, id_)
        assert now is not None
        assert sorted(each.text for each in now.said) == [f"{n} {m}" for m in range(4)], "nothing is lost"
        store.write_now(tickets.close, id_, NOW)
    assert store.read_now(lambda tx: tx.scalar(select(func.count()).select_from(ticket))) == ROUNDS


def test_of_many_who_learn_that_the_room_moved_one_acts(store: Store) -> None:
    store.write_now(room.configure, "telegram", "-1")
    assert sum(map(bool, together(*[partial(store.write_now, room.move, "-1", "-100")] * 4))) == 1
    assert sum(map(bool, together(*[partial(store.write_now, room.switch, "-100", False)] * 4))) == 1
    store.write_now(room.configure, "telegram", "-1")
    found = store.read_now(room.of)
    assert found is not None
    assert (found.address, found.is_on) == ("-100", False), "a start keeps what was learnt"
