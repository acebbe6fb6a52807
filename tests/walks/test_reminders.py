"""What comes by the clock: a reminder before each session as early as its reader wants, one's day in the morning."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from bot.conversation.receive import words_for
from bot.event import load
from bot.event.model import Event
from bot.notices import broadcast, timers
from bot.programme import edits, versions
from bot.store.transaction import Transaction
from handlers import reminders
from tests.delegate import Bot, Shown, running, text_of
from tests.walks.test_changes import signed_up

PARIS_SUMMER = 2  # hours before UTC


def at(day: int, hour: int, minute: int) -> datetime:
    """A moment of the demo event, local time."""
    return datetime(2027, 5, day, hour - PARIS_SUMMER, minute, tzinfo=UTC)


def got(bot: Bot, chat: int, *marks: str) -> list[str]:
    """What came there by the clock."""
    return [m.text.replace("\N{NO-BREAK SPACE}", " ") for m in bot.telegram.sent(chat) if m.text.startswith(marks)]


async def becomes(bot: Bot, moment: datetime, chat: int, count: int) -> list[str]:
    """The clock stands at that moment; what has come by it once there are so many, or a while later."""
    bot.app.opened.clock.stand_at(moment)
    for _ in range(120):
        if len(found := got(bot, chat, "Bientôt", "即将开始", "Votre journée", "您今天")) >= count > 0:
            return found
        await asyncio.sleep(0.05 if count else 0.03)
    return found


async def test_reminders_come_as_early_as_wanted_once_and_not_for_what_was_left(database_url: str) -> None:
    async with running(database_url, event="demo", clock="2027-05-20T09:00") as bot:
        await signed_up(bot, "telegram", "fr", "atelier-eau")
        li = await signed_up(bot, "telegram", "zh", "atelier-eau")
        left = await signed_up(bot, "telegram", "fr", "atelier-eau")
        silent = await signed_up(bot, "telegram", "fr", "atelier-eau")
        await li.says("/notify")
        await li.presses("改为提前30分钟提醒")
        await left.starts("s_atelier-eau")
        await left.presses("Me retirer")
        await left.presses("Oui, me retirer")
        await silent.says("/notify")
        await silent.presses("Sans son : rappels")
        await silent.presses("Ne plus recevoir : rappels")
        # 11:30 in Port-Exemple, 17:30 for a phone on Beijing time.
        (early,) = await becomes(bot, at(20, 11, 0), 1002, 1)
        assert early.startswith("即将开始\n\n分论坛二：")
        assert "11:30" in early
        assert "17:30" in early
        assert got(bot, 1001, "Bientôt") == []
        (told,) = await becomes(bot, at(20, 11, 15), 1001, 1)
        assert told.startswith("Bientôt\n\nAtelier 2")
        assert "11 h 30" in told
        assert "Où : Salle Boussole" in told
        await becomes(bot, at(20, 11, 28), 1001, 0)
        for chat, count in ((1001, 1), (1002, 1), (1003, 0), (1004, 0)):
            assert len(got(bot, chat, "Bientôt", "即将开始")) == count, chat


async def test_the_day_comes_in_the_morning_to_whoever_has_one(database_url: str) -> None:
    async with running(database_url, event="demo", clock="2027-05-20T21:30") as bot:
        await signed_up(bot, "telegram", "fr", "visite-port")
        await signed_up(bot, "telegram", "zh")
        off = await signed_up(bot, "telegram", "fr", "visite-port")
        await becomes(bot, at(21, 7, 29), 1001, 0)
        assert got(bot, 1001, "Votre journée") == []
        day = await becomes(bot, at(21, 7, 31), 1001, 1)
        assert len(day) == 1
        assert day[0].startswith("Votre journée : vendredi 21 mai")
        assert "Quai Nord" in day[0] or "Visite" in day[0]
        assert got(bot, 1002, "您今天") == []
        assert len(await becomes(bot, at(21, 7, 32), 1003, 1)) == 1
        message = bot.telegram.sent(1003)[-1]
        off.seen.append(Shown(message.text, {button.label: button.data for button in message.buttons}, message))
        await off.presses("Ne plus recevoir le programme du jour")
        assert "programme du jour : jamais" in "".join(
            m.text.replace("\N{NO-BREAK SPACE}", " ").lower() for m in bot.telegram.sent(1003)
        )


async def test_of_many_processes_that_look_at_once_one_begins(database_url: str) -> None:
    async with running(database_url, event="demo", clock="2027-05-20T09:00") as bot:
        await signed_up(bot, "telegram", "fr", "atelier-eau")
        opened = bot.app.opened
        now = at(20, 11, 20)
        due = [one for one in timers.due(opened.published.event, now) if one.lead == 15]
        (one,) = [each for each in due if any("atelier-eau" in key for key in each.sessions)]
        event: Event = opened.published.event
        sessions = [session for each in one.sessions.values() for session in each]
        told = reminders.parts(event, sessions, partial(words_for, opened.published))

        def begin(tx: Transaction) -> int:
            return timers.begin(tx, one, told, reminders.texts(told, event.details.scripts), event, now)

        reached = await asyncio.gather(*(opened.store.write(begin) for _ in range(12)))
        assert sorted(reached) == [*[0] * 11, 1]
        notices = await opened.store.read(broadcast.every)
        assert [notice.kind for notice in notices] == ["reminders"]


def test_a_start_is_a_moment_across_the_change_of_clocks() -> None:
    event, _ = load.read(load.find("demo"))
    assert event is not None
    # Of the last Sunday in October: 09:00 is 08:00 UTC, where on Saturday it was 07:00.
    details = event.details.model_copy(update={"starts": date(2027, 10, 30), "ends": date(2027, 10, 31)})
    first = event.session["atelier-eau"]
    moved = [
        first.model_copy(
            update={
                "id": f"d{day}",
                "day": date(2027, 10, day),
                "start": time(9),
                "end": None,
            }
        )
        for day in (30, 31)
    ]
    parts = {name: getattr(event, name) for name in Event.model_fields}
    shifted = Event(**{**parts, "details": details, "sessions": tuple(moved)})
    for session, utc in (
        ("d30", datetime(2027, 10, 30, 7, tzinfo=UTC)),
        ("d31", datetime(2027, 10, 31, 8, tzinfo=UTC)),
    ):
        for before, wanted in ((16, False), (15, True), (1, True), (0, False)):
            due = timers.due(shifted, utc - timedelta(minutes=before))
            told = any(one.lead == 15 and any(f":{session}:" in key for key in one.sessions) for one in due)
            assert told is wanted, (session, before)


async def test_a_session_that_there_is_no_time_to_walk_to_is_a_clash(database_url: str) -> None:
    async with running(database_url, event="demo", clock="2027-05-20T09:00") as bot:
        opened = bot.app.opened
        event, kept = edits.change(opened.published.event, {}, "mentorat", {"start": "15:35", "end": "16:15"})
        await opened.store.write(versions.publish, versions.Published(0, opened.clock.now(), "", event, {}, kept))
        person = await signed_up(bot, "telegram", "fr", "atelier-the")
        await person.starts("s_mentorat")
        shown = text_of(await person.presses("Je participe")).replace("\N{NO-BREAK SPACE}", " ")
        assert "il faut 7 minutes à pied, et le temps manque. Laquelle gardez-vous ?" in shown
        assert "C’est noté" in text_of(await person.presses("Les deux"))
