"""What an organizer tells many: once each, in their language, on the channel they last used."""

import asyncio

from bot.notices import broadcast
from bot.notices.broadcast import Notice
from bot.notices.tables import NoticeState
from bot.store.transaction import Transaction
from tests.delegate import Bot, Delegate, TelegramDelegate, running, text_of

TEXTS = {
    "fr": "L’atelier 3 passe en salle **12**.",
    "zh": "分论坛三改到**12**号会议室。",
    "en": "Workshop 3 moves to room **12**.",
}


def drafted(bot: Bot, **changes: object) -> Notice:
    def make(tx: Transaction) -> Notice:
        now = bot.app.opened.clock.now()
        seen = broadcast.edit(tx, broadcast.draft(tx, author="test", now=now), **{"texts": TEXTS, **changes})
        assert seen is not None
        return seen

    return bot.app.opened.store.write_now(make)


def begin(bot: Bot, seen: Notice) -> bool:
    done = bot.app.opened.store.write_now(broadcast.send, seen, bot.app.opened.clock.now())
    bot.app.courier.wake()
    return done


async def until(bot: Bot, seen: Notice, state: NoticeState = NoticeState.SENT) -> Notice:
    for _ in range(600):
        now = await bot.app.opened.store.read(broadcast.get, seen.id)
        if now.state == state:
            return now
        await asyncio.sleep(0.05)
    raise AssertionError(f"still {now.state}")


async def news(delegate: Delegate) -> str:
    """What has come since without being asked for."""
    if isinstance(delegate, TelegramDelegate):
        return delegate._double.sent(delegate._chat)[-1].text
    return text_of(await delegate.says("/help"))


async def test_everyone_is_told_once_in_their_language(database_url: str) -> None:
    async with running(database_url) as bot:
        marie, li = bot.delegate("telegram", language="fr"), bot.delegate("web", language="zh")
        john = bot.delegate("telegram", language="en")
        for each in (marie, li, john):
            await each.starts()
        seen = drafted(bot)
        assert [begin(bot, seen), begin(bot, seen)] == [True, False], "two clicks are one send"
        await until(bot, seen)
        assert "L’atelier 3 passe en salle 12." in await news(marie)
        assert "Workshop 3 moves to room 12." in await news(john)
        shown = await news(li)
        assert shown.count("分论坛三改到12号会议室。") == 1
        assert bot.telegram.faults == []
        for chat in (1001, 1003):
            assert sum("12" in message.text for message in bot.telegram.sent(chat)) == 1


async def test_a_correction_leaves_those_in_peace_whose_text_stays(database_url: str) -> None:
    async with running(database_url) as bot:
        marie, john = bot.delegate("telegram", language="fr"), bot.delegate("telegram", language="en")
        for each in (marie, john):
            await each.starts()
        seen = drafted(bot)
        begin(bot, seen)
        told = await until(bot, seen)
        edits = bot.telegram.calls["editmessagetext"]
        assert bot.app.opened.store.write_now(broadcast.correct, told, {"fr": "Salle **14**."})
        bot.app.courier.wake()
        await until(bot, seen)
        for _ in range(100):
            if "Salle 14." in await news(marie):
                break
            await asyncio.sleep(0.05)
        assert "Salle 14." in await news(marie)
        assert "Workshop 3 moves to room 12." in await news(john)
        assert bot.telegram.calls["editmessagetext"] == edits + 1


async def test_the_notice_of_privacy_comes_once_however_one_begins(sqlite_url: str) -> None:
    async with running(sqlite_url) as bot:
        for words in ("/start", "mot de passe du wifi"):
            marie = bot.delegate("web", language="fr")
            assert text_of(await marie.says(words)).count("est responsable du traitement") == 1
