"""One person on two channels, from outside: a code shown in one chat and typed in the other."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, or_, select, update

from bot.notices.tables import NoticeState
from bot.people.tables import account, link_code, link_try, person
from bot.programme.tables import interest, seat
from bot.store.transaction import Transaction
from tests.delegate import Bot, Delegate, Shown, TelegramDelegate, labels_of, running, text_of
from tests.walks.test_notices import begin, drafted, until

CODE = re.compile(r"\b([2-9B-Z]{4} [2-9B-Z]{4})\b")
WORDS = {
    # language: plain words for /link, yes, undo, yes to that, going, the other's sessions
    "fr": ("lier mon compte", "Oui, les relier", "Défaire le lien", "Oui, les séparer", "Je participe", "séance"),
    "zh": ("关联账号", "确认关联", "撤销关联", "确认分开", "我要参加", "场"),
    "en": ("link my account", "Yes, join them", "Undo the link", "Yes, separate", "I’m going", "session"),
}
SESSIONS = {
    "fr": ("gouvernance urbaine", "Atelier 3"),
    "zh": ("城乡治理", "分论坛三"),
    "en": ("urban and rural", "Workshop 3"),
}


def code_of(shown: list[Shown]) -> str:
    found = CODE.search(text_of(shown))
    assert found, text_of(shown)
    return found[1]


async def goes(who: Delegate, session: str, going: str) -> None:
    await who.starts(f"s_{session}")
    await who.presses(going)


async def linked(one: Delegate, other: Delegate, language: str) -> list[Shown]:
    """The code of `one`, typed by `other`, who agrees."""
    code = code_of(await one.says("/link"))
    await other.says(f"/link {code}")
    return await other.presses(WORDS[language][1])


@pytest.mark.parametrize("language", ["fr", "zh", "en"])
async def test_two_chats_become_one_person_and_two_again(database_url: str, language: str) -> None:
    words, yes, undo, separate, going, noun = WORDS[language]
    first, third = SESSIONS[language]
    async with running(database_url) as bot:
        phone, web = bot.delegate("telegram", language=language), bot.delegate("web", language=language)
        for each in (phone, web):
            await each.starts()
        await goes(phone, "atelier-1", going)
        await goes(web, "atelier-3", going)
        code = code_of(await phone.says(words))
        await web.says("/link")
        typed = code.lower().replace(" ", "\u3000")
        asked = await web.says(typed.translate({ord(c): ord(c) + 0xFEE0 for c in "23456789bcdfghjkmnpqrstvwxz"}))
        assert noun in text_of(asked)
        assert "Telegram" in text_of(asked)
        await web.presses(yes)
        await bot.app.sender.idle()  # what the other chat is told
        for each in (phone, web):
            agenda = text_of(await each.says("/agenda"))
            assert first in agenda
            assert third in agenda
        told = [m for m in bot.telegram.sent(1001) if undo in m.labels and code not in m.text]
        assert told, "the other chat is told, and can undo it"
        await phone.says("/link undo")
        await phone.presses(separate)
        assert first in text_of(await phone.says("/agenda"))
        assert third not in text_of(await phone.says("/agenda"))
        assert third in text_of(await web.says("/agenda"))
        assert first not in text_of(await web.says("/agenda"))
        seats_agree(bot)


def seats_agree(bot: Bot) -> None:
    def count(tx: Transaction) -> tuple[dict[str, int], dict[str, int]]:
        taken = tx.execute(select(seat.c.session_id, seat.c.taken).where(seat.c.taken > 0))
        going = tx.execute(
            select(interest.c.session_id, func.count())
            .where(or_(interest.c.state == "going", interest.c.offered_until.is_not(None)))
            .group_by(interest.c.session_id)
        )
        return {row[0]: row[1] for row in taken}, {row[0]: row[1] for row in going}

    taken, going = bot.app.opened.store.read_now(count)
    assert taken == going


async def test_a_seat_that_both_had_goes_to_who_waits_and_comes_back_if_there_is_one(database_url: str) -> None:
    def two_seats(tx: Transaction) -> None:
        tx.execute(update(seat).where(seat.c.session_id == "atelier-3").values(capacity=2))

    async with running(database_url) as bot:
        bot.app.opened.store.write_now(two_seats)
        phone, web, waiting = (bot.delegate(c, language="en") for c in ("telegram", "web", "telegram"))
        for each in (phone, web, waiting):
            await each.starts()
            await goes(each, "atelier-3", "I’m going" if each is not waiting else "Join waiting list")
        assert "waiting list" in waiting.seen[-1].text  # type: ignore[attr-defined]
        done = await linked(phone, web, "en")
        assert "holds 1 session" in text_of(done)
        await bot.telegram.wait_for(1003, "A place has come free")
        seats_agree(bot)
        await web.presses("Undo the link")
        await web.presses("Yes, separate")
        await bot.app.sender.idle()  # what the other chat is told
        shown = [text_of(await each.says("/agenda")) for each in (phone, web)]
        assert sum("Waiting list" in each for each in shown) == 1, "both again, as far as there are seats"
        assert all("Workshop 3" in each for each in shown)
        seats_agree(bot)


async def test_codes_hold_once_ten_minutes_and_nobody_may_guess(database_url: str) -> None:
    def age(tx: Transaction) -> None:
        tx.execute(update(link_code).values(expires_at=bot.app.opened.clock.now() - timedelta(seconds=1)))

    def an_hour_later(tx: Transaction) -> None:
        tx.execute(update(link_try).values(at=bot.app.opened.clock.now() - timedelta(hours=1, seconds=1)))

    async with running(database_url) as bot:
        phone, web, thief = (bot.delegate(c, language="en") for c in ("telegram", "web", "web"))
        for each in (phone, web, thief):
            await each.starts()
        code = code_of(await phone.says("/link"))
        assert "code of this chat" in text_of(await phone.says(code))
        bot.app.opened.store.write_now(age)
        too_old = text_of(await web.says(f"/link {code}"))
        code = code_of(await phone.says("/link"))
        assert "Link the two chats?" in text_of(await web.says(f"/link {code}"))
        used = text_of(await thief.says(f"/link {code}"))
        assert used == too_old == text_of(await thief.says("/link 2222 2222")), "one answer for all"
        for _ in range(3):
            await thief.says("/link 2222 2222")
        fresh = code_of(await phone.says("/link"))
        assert "Too many" in text_of(await thief.says(f"/link {fresh}")), "the right one too"
        bot.app.opened.store.write_now(an_hour_later)
        assert "Link the two chats?" in text_of(await thief.says(f"/link {fresh}"))
        assert "does not work" in text_of(await web.presses("Yes, join them")), "the new code took the old one's place"
        assert "That is no code" in text_of(await web.says("/link hello there"))
        assert "no link to undo" in text_of(await web.says("/link undo"))
        await phone.says("/link")
        assert "Workshop 3" in text_of(await phone.says("workshop 3")), "a question is a question still"


async def test_what_is_told_comes_once_and_where_it_can(database_url: str) -> None:
    async with running(database_url) as bot:
        phone, web = bot.delegate("telegram", language="en"), bot.delegate("web", language="en")
        for each in (phone, web):
            await each.starts()
        await linked(web, phone, "en")
        assert isinstance(phone, TelegramDelegate)

        def last_used(tx: Transaction) -> None:
            on_phone = account.c.channel == "telegram"
            tx.execute(update(account).where(on_phone).values(used_at=bot.app.opened.clock.now()))
            tx.execute(update(account).where(~on_phone).values(used_at=bot.app.opened.clock.now() - timedelta(hours=1)))

        bot.app.opened.store.write_now(last_used)
        first = drafted(bot, texts={"en": "Lunch is served.", "fr": "x", "zh": "x"})
        begin(bot, first)
        await until(bot, first)
        assert [m.text.splitlines()[-1] for m in bot.telegram.sent(1001)].count("Lunch is served.") == 1
        assert "Lunch" not in text_of(await web.says("/help"))
        bot.telegram.chats[1001].is_blocked = True
        bot.app.opened.store.write_now(last_used)
        second = drafted(bot, texts={"en": "Buses leave at six.", "fr": "x", "zh": "x"})
        begin(bot, second)
        assert (await until(bot, second)).state == NoticeState.SENT
        assert text_of(await web.says("/help")).count("Buses leave at six.") == 1


async def test_settings_feeds_and_data_of_both_are_kept(database_url: str) -> None:
    async with running(database_url) as bot:
        phone, web = bot.delegate("web", language="en"), bot.delegate("web", language="zh")
        feeds = []
        for each, going, title, calendar in (
            (phone, "I’m going", "atelier-3", "Add to calendar"),
            (web, "我要参加", "atelier-1", "加入日历"),
        ):
            await each.starts()
            await goes(each, title, going)
            await each.says("/agenda")
            shown = await each.presses(calendar)
            feeds.append(next(url for url in shown[-1].buttons.values() if url.startswith("/calendar/")))
        await web.says("/language zh")
        await phone.says("/stop")
        await linked(phone, web, "zh")
        async with bot.http() as http:
            for feed in feeds:
                async with http.get(bot.url + feed) as answer:
                    assert "分论坛三" in await answer.text(), "both addresses show what was the other's"
        shown = await web.says("/notify")
        assert "**" not in text_of(shown)
        assert any(label.startswith("接收：") for label in labels_of(shown)), "announcements stay off, as on one side"
        assert (await web.says("/mydata"))[-1].body["file"]["content"].count('"channel"') >= 2
        await web.says("/forget")
        await web.presses("全部删除")
        assert bot.app.opened.store.read_now(lambda tx: tx.scalar(select(func.count()).select_from(person))) == 1
