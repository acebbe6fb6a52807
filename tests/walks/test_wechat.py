"""A delegate on WeChat, in safe mode, from outside; and what its law leaves of announcements."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.event.model import WeChat
from bot.notices import broadcast, reporting
from bot.notices.tables import NoticeState, Urgency
from bot.programme.tables import seat
from tests.delegate import Bot, WeChatDelegate, labels_of, running, text_of
from tests.doubles.wechat import WeChatDouble
from tests.races.test_wechat import settled, stalled

SESSION = "atelier-eau"
WORDS = {
    # language: going, title, soon, missed, withdraw, yes, welcome
    "zh": ("我要参加", "分论坛二", "即将开始", "您不在时的通知", "欢迎"),
    "fr": ("Je participe", "Atelier 2", "Bientôt", "Pendant votre absence", "Bon retour"),
}
QUESTIONS = {"zh": "洗手间在哪里？", "fr": "Où sont les toilettes ?"}
TEXTS = {"fr": "Le dîner est à 20 h.", "zh": "晚宴改到20点。", "en": "Dinner is at 8."}


def person(bot: Bot, language: str) -> WeChatDelegate:
    made = bot.delegate("wechat", language=language)
    assert isinstance(made, WeChatDelegate)
    return made


async def announce(bot: Bot, *, urgent: bool = False) -> int:
    """To everyone, and until nothing of it is open."""
    store, clock = bot.app.opened.store, bot.app.opened.clock
    urgency = Urgency.URGENT if urgent else Urgency.NORMAL

    def begin(tx):  # type: ignore[no-untyped-def]
        seen = broadcast.edit(tx, broadcast.draft(tx, author="shell", now=clock.now()), texts=TEXTS, urgency=urgency)
        assert seen is not None
        assert broadcast.send(tx, seen, clock.now())
        return seen.id

    made: int = await store.write(begin)
    bot.app.courier.wake()
    while (await store.read(broadcast.get, made)).state != NoticeState.SENT:
        await asyncio.sleep(0.05)
    return made


@pytest.mark.parametrize("language", ["zh", "fr"])
async def test_the_walk_of_a_delegate(database_url: str, language: str) -> None:
    going, title, soon, missed, welcome = WORDS[language]
    async with running(database_url, event="demo", clock="2027-05-20T09:00") as bot:
        li, clock = person(bot, language), bot.app.opened.clock
        assert "欢迎" in text_of(await li.starts()), "WeChat tells no language: Chinese until they say otherwise"
        assert text_of(await li.says(QUESTIONS[language]))
        assert title in text_of(await li.scans(f"s_{SESSION}")), "the code on the room's door"
        await li.presses(going)
        assert title in text_of(await li.says("/agenda"))
        clock.stand_at(datetime(2027, 5, 20, 9, 16, tzinfo=UTC))  # 11:16 there, a quarter of an hour before
        assert soon in text_of(await li.gets())
        inside = await announce(bot)
        assert TEXTS[language] in text_of(await li.gets())
        clock.stand_at(clock.now() + timedelta(hours=49))
        outside = await announce(bot)
        store = bot.app.opened.store
        reasons = (await store.read(reporting.summary, outside)).reasons
        assert reasons == {("unreachable", "outside the window"): 1}
        shown = text_of(await li.says("/help"))
        assert missed in shown
        assert TEXTS[language] in shown
        assert missed not in text_of(await li.says("/help")), "given once"
        assert (await store.read(reporting.summary, outside)).states == {"sent": 1}
        assert (await store.read(reporting.summary, inside)).states == {"sent": 1}
        assert await li.double.event(li.openid, "unsubscribe") == []
        gone = await announce(bot, urgent=True)
        assert (await store.read(reporting.summary, gone)).states == {"unreachable": 1}
        assert welcome in text_of(await li.returns())
        assert title in text_of(await li.says("/agenda")), "what they chose is still theirs"
        assert li.double.faults == []


async def test_a_place_that_comes_free_outside_the_window_is_told_when_they_next_write(sqlite_url: str) -> None:
    async with running(sqlite_url, event="demo", clock="2027-05-10T09:00") as bot:
        store, clock = bot.app.opened.store, bot.app.opened.clock
        await store.write(lambda tx: tx.execute(seat.update().where(seat.c.session_id == SESSION).values(capacity=1)))
        first, second = person(bot, "zh"), person(bot, "zh")
        for each in (first, second):
            await each.starts(f"s_{SESSION}")
            await each.presses("我要参加" if each is first else "加入候补")
        clock.stand_at(clock.now() + timedelta(hours=49))
        await first.says("/agenda")
        await first.presses("分论坛二")
        await first.presses("取消参加")
        await first.presses("确认取消")
        await settled(bot)
        shown = text_of(await second.says("你好"))
        assert "您不在时的通知" in shown
        assert "名额" in shown
        assert second.double.faults == []


async def test_one_message_is_kept_for_what_is_urgent(sqlite_url: str) -> None:
    async with running(sqlite_url) as bot:
        li = person(bot, "zh")
        await li.starts()
        await li.says("你好")
        bot.app.opened.clock.stand_at(bot.app.opened.clock.now() + timedelta(minutes=2))  # the menu's minute is over
        for _ in range(6):
            await announce(bot)
        await announce(bot, urgent=True)
        shown = await li.gets(5)
        assert [each.text.startswith("紧急") for each in shown] == [False] * 4 + [True]
        assert li.double.faults == []
        assert text_of(await li.says("你好")).count("晚宴") == 2, "the two that were held back"


async def test_outside_the_window_a_template_where_one_is_configured(sqlite_url: str) -> None:
    template = {"id": "T1", "fields": {"thing1": "what"}}
    async with running(
        sqlite_url, wechat_of_event=WeChat.model_validate({"templates": {"announcements": template}})
    ) as bot:
        li = person(bot, "zh")
        await li.starts()
        bot.app.opened.clock.stand_at(bot.app.opened.clock.now() + timedelta(hours=50))
        await announce(bot)
        (shown,) = await li.gets()
        assert shown.body.way == "template"
        assert shown.text == "晚宴改到20点。"
        assert li.double.faults == []


async def test_the_organizer_sees_how_many_are_reached_now_and_how_many_later(sqlite_url: str) -> None:
    async with running(sqlite_url, organizers="telegram:1001") as bot:
        boss = bot.delegate("telegram", language="fr")
        await boss.starts()
        people = [person(bot, "zh") for _ in range(3)]
        for each in people:
            await each.starts()
            await each.says("你好")
        bot.app.opened.clock.stand_at(bot.app.opened.clock.now() + timedelta(hours=40))
        await people[0].says("你好")
        await boss.says("/broadcast")
        card = text_of(await boss.says(TEXTS["fr"])).replace("\N{NO-BREAK SPACE}", " ")
        assert "Sur WeChat : 3 personnes" in card
        assert "2 sont joignables maintenant, mais ne le seront plus" in card
        bot.app.opened.clock.stand_at(bot.app.opened.clock.now() + timedelta(hours=10))
        card = text_of(await boss.says("/broadcast")).replace("\N{NO-BREAK SPACE}", " ")
        assert "Sur WeChat : 1 personne" in card
        assert "2 le reçoivent à leur prochain message" in card


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
async def test_whatever_kind_of_thing_comes_has_an_answer_or_rightly_none(sqlite_url: str, mode: str) -> None:
    async with running(sqlite_url, wechat=WeChatDouble(mode=mode)) as bot:
        double, li = bot.wechat, "oPersonLi"
        await double.event(li, "subscribe")
        for kind in ("image", "video", "shortvideo", "link", "file", "hologram", "voice"):
            (shown,) = await double.sends(li, kind)
            assert shown.text, kind
        (shown,) = await double.sends(li, "voice", Recognition="/agenda")
        assert "日程" in shown.text
        (shown,) = await double.sends(li, "location", Location_X="48.58", Location_Y="7.75", Scale="15", Label="x")
        assert shown.text
        (shown,) = await double.event(li, "CLICK", "/programme")
        assert "分论坛" in shown.text
        for name, key in (
            ("VIEW", "https://bot.example/"),
            ("LOCATION", ""),
            ("TEMPLATESENDJOBFINISH", ""),
            ("new", ""),
        ):
            assert await double.event(li, name, key) == []
        assert double.faults == []


async def test_a_session_s_page_has_a_code_that_opens_it_in_the_chat(sqlite_url: str) -> None:
    async with running(sqlite_url, event="demo", clock="2027-05-20T09:00") as bot:
        while f"s_{SESSION}" not in bot.wechat.scenes:
            await asyncio.sleep(0.05)
        async with bot.http() as http:
            page = ""
            while "/wechat/qr/" not in page:
                async with http.get(f"{bot.url}/s/{SESSION}?lang=zh") as answer:
                    page = await answer.text()
            async with http.get(f"{bot.url}/wechat/qr/s_{SESSION}.svg") as answer:
                assert answer.content_type == "image/svg+xml"
            async with http.get(f"{bot.url}/wechat/qr/s_made-up.svg") as answer:
                assert answer.status == 404
        assert "长按" in page
        assert "分论坛二" in text_of(await person(bot, "zh").starts(f"s_{SESSION}")), "the first contact is by it"


async def test_choices_by_any_number_and_more_of_a_long_answer(sqlite_url: str) -> None:
    async with running(sqlite_url, event="demo", clock="2027-05-20T09:00") as bot:
        li = person(bot, "zh")
        await li.starts()
        first = await li.says("/programme")
        number = labels_of(first)
        assert number
        for typed in ("2", "２", "二", "第2个"):
            await li.says("/programme")
            assert text_of(await li.says(typed)) not in ("", text_of(first))
        await li.says("/programme")
        await li.presses(number[0])
        pages = [text_of(await li.presses("下午"))]
        while "更多" in pages[-1]:
            assert len(li.seen[-1].body.text.encode()) <= 2048
            pages.append(text_of(await li.says("更多")))
        assert len(pages) > 1
        assert len(set(pages)) == len(pages)


async def test_a_late_answer_is_a_menu_that_can_be_pressed_or_numbers_where_the_account_may_not(
    sqlite_url: str,
) -> None:
    for verified in (True, False):
        double = WeChatDouble(scale=0.2, is_verified=verified)
        async with running(sqlite_url, wechat=double) as bot:
            li = f"oPerson{verified}"
            await double.event(li, "subscribe")
            async with stalled(sqlite_url):
                await double.says(li, "/help")
            await double.wait_for(li, 2)
            await settled(bot)
            late = double.followers[li].seen[-1]
            assert late.way == "customer"
            if verified:
                (shown,) = await double.presses(li, "日程")
            else:
                assert not late.items
                (shown,) = await double.says(li, "1")
            assert "分论坛" in shown.text
            assert double.faults == []
