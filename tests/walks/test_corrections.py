"""An announcement that is corrected or taken back: whoever has it, is getting it or was to get it ends up right."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select

from bot.delivery.tables import State
from bot.notices import broadcast, preferences
from bot.notices.broadcast import Notice
from bot.notices.tables import Level, NoticeState, delivery
from bot.people import accounts
from bot.people.tables import account
from bot.store.transaction import Transaction
from tests.delegate import Bot, Delegate, TelegramDelegate, WebDelegate, running
from tests.doubles.telegram_values import Seen
from tests.walks.test_notices import TEXTS, begin, drafted, until

NEWER = {
    "fr": "L’atelier 3 passe en salle **14**.",
    "zh": "分论坛三改到**14**号会议室。",
    "en": "Workshop 3 moves to room **14**.",
}
NEWEST = {language: text.replace("14", "16") for language, text in NEWER.items()}
MARKS = ("atelier 3 passe", "分论坛三改到", "Workshop 3 moves")
WITHDRAWN = {"fr": "Cette annonce a été retirée.", "zh": "这条通知已撤回。", "en": "This announcement was withdrawn."}


def crowd(bot: Bot, count: int, *, first: int = 5000, language: str = "fr") -> list[int]:
    """Chats of persons who are known to the bot, without any talk."""
    chats = list(range(first, first + count))

    def make(tx: Transaction) -> None:
        for chat in chats:
            accounts.lock(tx, "telegram", str(chat), language=language, now=bot.app.opened.clock.now())

    bot.app.opened.store.write_now(make)
    for chat in chats:
        bot.telegram.person(chat, language)
    return chats


def correct(bot: Bot, seen: Notice, texts: Mapping[str, str]) -> bool:
    def newest(tx: Transaction) -> bool:
        return broadcast.correct(tx, broadcast.get(tx, seen.id), texts)

    done = bot.app.opened.store.write_now(newest)
    bot.app.courier.wake()
    return done


def recall(bot: Bot, seen: Notice) -> bool:
    done = bot.app.opened.store.write_now(broadcast.recall, seen.id, bot.app.opened.clock.now())
    bot.app.courier.wake()
    return done


def rows(bot: Bot, seen: Notice) -> dict[str, Any]:
    """Address -> its delivery."""

    def read(tx: Transaction) -> dict[str, Any]:
        wanted = select(delivery, account.c.address, account.c.reachable).join_from(delivery, account)
        return {row["address"]: row for row in tx.all(wanted.where(delivery.c.notice_id == seen.id))}

    return bot.app.opened.store.read_now(read)


async def settled(bot: Bot, seen: Notice, *states: State) -> dict[str, Any]:
    """The deliveries, once all are in one of `states` and in nobody's hands."""
    for _ in range(400):
        found = rows(bot, seen)
        if found and all(row["state"] in states and not row["lease_owner"] for row in found.values()):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError({address: (row["state"], row["why"]) for address, row in rows(bot, seen).items()})


def told(bot: Bot, chat: int) -> list[str]:
    """What a chat shows of the announcement, below its heading."""
    return [
        message.text.splitlines()[-1]
        for message in bot.telegram.sent(chat)
        if any(mark in message.text for mark in MARKS)
    ]


async def reloaded(web: Delegate) -> list[str]:
    """What a page shows of the announcement that has nothing yet and takes it all from the table."""
    assert isinstance(web, WebDelegate)
    web.after = 0
    return [
        shown.text.splitlines()[-1] for shown in await web.says("/help") if any(mark in shown.text for mark in MARKS)
    ]


async def has(bot: Bot, chats: list[int], count: int, text: str) -> None:
    def enough() -> bool:
        return sum(any(text in one for one in told(bot, chat)) for chat in chats) >= count

    await bot.telegram.wait_until(enough, seconds=20)


async def under_way(bot: Bot, many: int) -> tuple[Delegate, list[int], Notice]:
    """A Chinese page, a crowd on Telegram, and a notice to all of them that some have by now."""
    li = bot.delegate("web", language="zh")
    await li.starts()
    chats = crowd(bot, many)
    seen = drafted(bot)
    begin(bot, seen)
    await has(bot, chats, 6, "12")
    return li, chats, seen


def chat_of(delegate: Delegate) -> int:
    assert isinstance(delegate, TelegramDelegate)
    return delegate._chat


async def test_a_correction_while_sending_reaches_everyone_once(database_url: str) -> None:
    async with running(database_url, telegram_rate=25) as bot:
        li, chats, seen = await under_way(bot, 40)
        assert correct(bot, seen, NEWER)
        assert sum(bool(told(bot, chat)) for chat in chats) < len(chats), "some had not got it"
        await until(bot, seen)
        assert [told(bot, chat) for chat in chats] == [["L’atelier 3 passe en salle 14."]] * 40
        assert await reloaded(li) == ["分论坛三改到14号会议室。"]
        assert bot.telegram.faults == []


async def test_of_two_corrections_in_quick_succession_the_last_wins_everywhere(database_url: str) -> None:
    async with running(database_url, telegram_rate=25) as bot:
        li, chats, seen = await under_way(bot, 30)
        assert correct(bot, seen, NEWER)
        await has(bot, chats, 1, "14")
        assert correct(bot, seen, NEWEST)
        newest = await until(bot, seen)
        assert [told(bot, chat) for chat in chats] == [["L’atelier 3 passe en salle 16."]] * 30
        assert await reloaded(li) == ["分论坛三改到16号会议室。"]
        assert {row["version"] for row in rows(bot, seen).values()} == {newest.version}


async def test_a_page_that_missed_the_first_correction_still_knows_what_the_second_replaces(database_url: str) -> None:
    async with running(database_url) as bot:
        li = bot.delegate("web", language="zh")
        await li.starts()
        seen = drafted(bot)
        begin(bot, seen)
        await until(bot, seen)
        assert isinstance(li, WebDelegate)
        before = li.after
        (first,) = [m for m in await li.says("/help") if "12" in m.text and any(mark in m.text for mark in MARKS)]
        for texts in (NEWER, NEWEST):
            assert correct(bot, seen, texts), "also of one that was over"
            await until(bot, seen)
        (last,) = [m for m in await li.says("/help") if any(mark in m.text for mark in MARKS)]
        assert (last.text.splitlines()[-1], last.body["replaces"]) == ("分论坛三改到16号会议室。", before + 1)
        assert "replaces" not in first.body
        assert recall(bot, seen)
        await settled(bot, seen, State.RECALLED)
        assert [m.body for m in await li.says("/help") if "replaces" in m.body] == [{"replaces": before + 1}]
        assert await reloaded(li) == []


async def test_a_recall_while_sending_leaves_it_with_nobody(database_url: str) -> None:
    async with running(database_url, telegram_rate=25) as bot:
        li, chats, seen = await under_way(bot, 40)
        assert recall(bot, seen)
        await settled(bot, seen, State.QUEUED, State.RECALLED)
        got = bot.telegram.calls["sendmessage"]
        assert 6 <= got < 40
        await asyncio.sleep(1)
        assert bot.telegram.calls["sendmessage"] == got, "nobody new gets it"
        assert [told(bot, chat) for chat in chats] == [[]] * 40
        assert await reloaded(li) == []
        assert not correct(bot, seen, NEWER), "what was taken back stays so"


async def test_who_blocked_the_bot_in_between_holds_up_nobody(database_url: str) -> None:
    async with running(database_url) as bot:
        gone, there = crowd(bot, 2)
        seen = drafted(bot)
        begin(bot, seen)
        await until(bot, seen)
        bot.telegram.chats[gone].is_blocked = True
        assert correct(bot, seen, NEWER)
        await until(bot, seen)
        found = rows(bot, seen)
        assert told(bot, there) == ["L’atelier 3 passe en salle 14."]
        assert told(bot, gone) == ["L’atelier 3 passe en salle 12."]
        assert found[str(gone)]["why"] == "correct: Forbidden: bot was blocked by the user"
        assert not found[str(gone)]["reachable"], "the next goes elsewhere"
        assert recall(bot, seen)
        await bot.telegram.wait_until(lambda: told(bot, there) == [])


async def test_an_old_message_is_corrected_in_place_and_says_that_it_was_withdrawn(database_url: str) -> None:
    async with running(database_url) as bot:
        (marie,) = crowd(bot, 1)
        (li,) = crowd(bot, 1, first=6000, language="zh")
        seen = drafted(bot)
        begin(bot, seen)
        await until(bot, seen)
        bot.telegram.pass_hours(49)
        assert correct(bot, seen, NEWER)
        await until(bot, seen)
        assert told(bot, marie) == ["L’atelier 3 passe en salle 14."]
        assert recall(bot, seen)
        found = await settled(bot, seen, State.RECALLED)
        assert [message.text for message in bot.telegram.sent(marie)] == [WITHDRAWN["fr"]]
        assert [message.text for message in bot.telegram.sent(li)] == [WITHDRAWN["zh"]]
        assert {row["why"] for row in found.values()} == {"corrected: Message can't be deleted for everyone"}


async def test_where_the_message_is_gone_the_new_text_comes_anew_and_is_followed(database_url: str) -> None:
    async with running(database_url) as bot:
        marie, li = crowd(bot, 2)
        seen = drafted(bot)
        begin(bot, seen)
        await until(bot, seen)

        def shown(chat: int) -> Seen:
            (message,) = [one for one in bot.telegram.sent(chat) if any(mark in one.text for mark in MARKS)]
            return message

        bot.telegram.delete(marie, shown(marie).message_id)
        frozen = shown(li).message_id
        bot.telegram.freeze(li, frozen)
        assert correct(bot, seen, NEWER)
        await until(bot, seen)
        found = rows(bot, seen)
        assert told(bot, marie) == ["L’atelier 3 passe en salle 14."]
        assert told(bot, li) == ["L’atelier 3 passe en salle 12.", "L’atelier 3 passe en salle 14."]
        assert found[str(marie)]["message_id"] == str(shown(marie).message_id)
        bot.telegram.delete(li, frozen)
        assert correct(bot, seen, NEWEST)
        await until(bot, seen)
        assert told(bot, marie) == told(bot, li) == ["L’atelier 3 passe en salle 16."]
        bot.telegram.delete(marie, shown(marie).message_id)
        assert recall(bot, seen)
        await settled(bot, seen, State.RECALLED)
        assert told(bot, li) == []
        assert bot.telegram.sent(marie) == [], "who deleted it hears no more of it"


async def test_what_was_under_way_with_the_old_text_is_corrected_afterwards(database_url: str) -> None:
    async with running(database_url) as bot:
        (marie,) = crowd(bot, 1)
        bot.telegram.stall_next("sendMessage", 1.0, after=False)
        seen = drafted(bot)
        begin(bot, seen)
        await bot.telegram.wait_until(lambda: bot.telegram.calls["sendmessage"] == 1 or bool(told(bot, marie)))
        await asyncio.sleep(0.2)
        assert correct(bot, seen, NEWER)
        await until(bot, seen)
        assert told(bot, marie) == ["L’atelier 3 passe en salle 14."]
        assert (bot.telegram.calls["sendmessage"], bot.telegram.calls["editmessagetext"]) == (1, 1)


@pytest.mark.parametrize("after", [True, False])
async def test_an_answer_lost_on_the_way_leaves_neither_the_old_text_nor_a_second_message(
    database_url: str, after: bool
) -> None:
    async with running(database_url) as bot:
        (marie,) = crowd(bot, 1)
        seen = drafted(bot)
        begin(bot, seen)
        await until(bot, seen)
        bot.telegram.drop_next("editMessageText", after=after)
        assert correct(bot, seen, NEWER)
        await until(bot, seen)
        assert told(bot, marie) == ["L’atelier 3 passe en salle 14."]
        bot.telegram.drop_next("deleteMessage", after=after)
        assert recall(bot, seen)
        await settled(bot, seen, State.RECALLED)
        assert bot.telegram.sent(marie) == []


async def test_a_correction_does_not_ring_and_a_recall_needs_no_text(database_url: str) -> None:
    async with running(database_url) as bot:
        marie, john = crowd(bot, 2)

        def prefer(tx: Transaction) -> None:
            one = accounts.lock(tx, "telegram", str(marie), language="fr", now=bot.app.opened.clock.now())
            preferences.choose(tx, one.person.id, "announcements", Level.SILENT)

        def turn(tx: Transaction) -> None:
            one = accounts.lock(tx, "telegram", str(john), language="fr", now=bot.app.opened.clock.now())
            accounts.set_language(tx, one.person.id, "zh", chosen=True)

        bot.app.opened.store.write_now(prefer)
        seen = drafted(bot, texts={"fr": TEXTS["fr"]})
        begin(bot, seen)
        await until(bot, seen)
        assert correct(bot, seen, {"fr": NEWER["fr"]})
        await until(bot, seen)
        assert told(bot, marie) == ["L’atelier 3 passe en salle 14."]
        bot.app.opened.store.write_now(turn)
        assert recall(bot, seen)
        await settled(bot, seen, State.RECALLED)
        assert bot.telegram.sent(john) == bot.telegram.sent(marie) == []
        assert bot.telegram.faults == []


async def test_a_pause_holds_corrections_too(database_url: str) -> None:
    async with running(database_url, telegram_rate=25) as bot:
        chats = crowd(bot, 30)
        seen = drafted(bot)
        begin(bot, seen)
        await until(bot, seen)
        assert correct(bot, seen, NEWER)
        await has(bot, chats, 3, "14")
        assert bot.app.opened.store.write_now(broadcast.pause, seen.id)
        await asyncio.sleep(0.5)
        corrected = bot.telegram.calls["editmessagetext"]
        assert corrected < 30
        assert correct(bot, seen, NEWEST), "what is paused stays so"
        await asyncio.sleep(0.7)
        assert bot.telegram.calls["editmessagetext"] == corrected
        assert (await until(bot, seen, NoticeState.PAUSED)).state == NoticeState.PAUSED
        bot.app.opened.store.write_now(broadcast.resume, seen.id)
        await until(bot, seen)
        assert [told(bot, chat) for chat in chats] == [["L’atelier 3 passe en salle 16."]] * 30
