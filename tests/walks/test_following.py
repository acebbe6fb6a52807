"""The card of an announcement under way: kept up to date in its organizer's chat, and never in their way."""

import re

from sqlalchemy import select

from bot.chat.action import Action
from bot.chat.update import Press, Update
from bot.notices.tables import NoticeState
from bot.people.tables import account
from tests.delegate import Bot, TelegramDelegate, running, text_of
from tests.walks.test_corrections import crowd
from tests.walks.test_organizers import FR, ORGANIZERS, TEXTS, compose, organizer, over, until


async def test_the_card_follows_what_is_being_sent_until_its_organizer_does_something_else(database_url: str) -> None:
    async with running(database_url, organizers=ORGANIZERS, telegram_rate=20) as bot:
        boss = await organizer(bot)
        crowd(bot, 160)
        await compose(boss, ("fr",))
        await boss.presses(FR.send)
        shown = await boss.presses(FR.yes)
        assert isinstance(boss, TelegramDelegate)
        card = shown[0].body.message_id

        def sent() -> int:
            """How many the card says have it."""
            text = next(m.text for m in bot.telegram.sent(boss._chat) if m.message_id == card).replace("\u00a0", " ")
            return int(found[1]) if (found := re.search(r"envoyées? : (\d+)", text)) else 0

        await bot.telegram.wait_until(lambda: sent() > 20, seconds=20)
        await boss.says("/now")  # the card is above it now, and stays as it was
        before = sent()
        await until(bot, NoticeState.SENT)
        last = await bot.telegram.wait_for(boss._chat, "envoyées\u00a0: 161", seconds=20)
        assert (sent(), last.message_id > card) == (before, True), "told where they are by then"
        assert bot.telegram.faults == []


async def test_a_card_that_comes_late_takes_neither_a_screen_s_place_nor_the_text_about_to_be_written(
    database_url: str,
) -> None:
    async with running(database_url, organizers=ORGANIZERS) as bot:
        boss = await organizer(bot)
        assert isinstance(boss, TelegramDelegate)
        await compose(boss)
        await boss.presses(FR.send)
        await boss.presses(FR.yes)
        await over(bot)
        seen = await newest(bot, boss)
        await boss.presses("Nouvelle annonce")
        assert not await refreshed(bot, boss, only_at=seen), "they have gone on"
        shown = await boss.says(TEXTS["fr"].replace("12", "13"))
        assert "Annonce : brouillon" in text_of(shown).replace("\u00a0", " ")
        assert "salle 13" in text_of(shown)
        await boss.says("/now")
        assert await refreshed(bot, boss, only_at=await newest(bot, boss)), "nothing is in its way"


async def newest(bot: Bot, boss: TelegramDelegate) -> int:
    """The number of the newest message in their chat."""
    wanted = select(account.c.sequence).where(account.c.address == str(boss._chat))
    return int(await bot.app.opened.store.read(lambda tx: tx.scalar(wanted)))


async def refreshed(bot: Bot, boss: TelegramDelegate, *, only_at: int) -> bool:
    """As the card is kept up to date, by whoever saw that message as the newest; whether it was done."""
    chat = str(boss._chat)
    press = Press(Action("notice", ("1",)))
    return await bot.app.conversation.receive(
        Update(
            channel="telegram", key=f"late:{only_at}", address=chat, author=chat, at=bot.app.opened.clock.now(),
            content=press, only_at=only_at,
        )
    )  # fmt: skip
