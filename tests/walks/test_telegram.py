"""What is Telegram's own: the walk by webhook and by polling, who blocks and comes back, groups, deep links."""

import asyncio
import io
import re
from collections.abc import AsyncIterator

import aiohttp
import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select

from bot import doors
from bot.conversation.receive import words_for
from bot.people.tables import account
from bot.store.transaction import Transaction
from tests.delegate import PUBLIC_URL, Bot, TelegramDelegate, labels_of, running, text_of

HELP = {"fr": ("Menu", "Urgence"), "zh": ("菜单", "紧急求助"), "en": ("Menu", "Emergency")}
GOING = {"fr": "Je participe", "zh": "我要参加", "en": "I’m going"}
WITHDRAW = {"fr": "Me retirer", "zh": "取消参加", "en": "Withdraw"}


def reachable(tx: Transaction, chat: int) -> bool:
    return bool(tx.scalar(select(account.c.reachable).where(account.c.address == str(chat))))


@pytest.fixture(params=["polling", "webhook"])
async def mode(request: pytest.FixtureRequest, sqlite_url: str) -> AsyncIterator[Bot]:
    async with running(sqlite_url, by_webhook=request.param == "webhook") as bot:
        yield bot
        assert bot.telegram.faults == []
        assert bot.telegram.unanswered() == []


@pytest.mark.parametrize("language", ["fr", "zh"])
async def test_every_screen_leads_to_the_start_and_to_help(mode: Bot, language: str) -> None:
    menu, emergency = HELP[language]
    li = mode.delegate("telegram", language=language)
    screens = [await li.starts("s_atelier-3")]
    screens += [
        await li.says(f"/{name}") for name in ("programme", "now", "agenda", "places", "news", "notify", "help")
    ]
    screens += [await li.says("…"), await li.sends("sticker"), await li.says("/language")]
    screens += [await li.says("WiFi ?"), await li.says("/privacy"), await li.says("/forget")]
    for shown in screens:
        assert {menu, emergency} <= set(labels_of(shown)), shown
    help_ = await li.presses(emergency)
    assert "112" in text_of(help_)
    assert menu in labels_of(help_)


@pytest.mark.parametrize("language", ["fr", "zh", "en"])
async def test_one_step_is_undone_by_one_tap(mode: Bot, language: str) -> None:
    li = mode.delegate("telegram", language=language)
    await li.starts("s_atelier-3")
    shown = await li.presses(GOING[language])
    assert WITHDRAW[language] in labels_of(shown)
    assert len(shown) == 1, "the card in hand is edited"
    assert shown[0].body.edited == 1


async def test_who_blocks_the_bot_is_unreachable_and_welcome_back(mode: Bot) -> None:
    double = mode.telegram
    li = mode.delegate("telegram", language="fr")
    assert isinstance(li, TelegramDelegate)
    await li.starts()
    double.chats[li._chat].is_blocked = True  # we have not been told yet
    double.limits = False
    mark = double.mark()
    double._push("message", {**double._incoming(double.chats[li._chat], 0, "fr"), "text": "/now"})
    await double.wait_until(lambda: any(code == 403 for _, code, _ in double.refusals))
    async with asyncio.timeout(30):
        while await mode.app.opened.store.read(reachable, li._chat):
            await asyncio.sleep(0.01)
    assert double.mark() == mark
    assert "Bon retour" in text_of(await li.starts())
    assert "Bon retour" not in text_of(await li.starts())
    double.block(li._chat)
    double.unblock(li._chat)
    double.chats[li._chat].messages.clear()
    assert "Bon retour" in text_of(await li.starts())


async def test_deep_links_lead_to_a_session_a_place_a_language(mode: Bot) -> None:
    li = mode.delegate("telegram", language="fr")
    assert "欢迎" in text_of(await li.starts("l_zh"))
    assert "分论坛三" in text_of(await li.starts("s_atelier-3_l_fr")), "who is known keeps their language"
    new = mode.delegate("telegram", language="en")
    assert "分论坛三" in text_of(await new.starts("s_atelier-3_l_zh")), "a link’s page was in that language"
    place = mode.app.opened.published.event.places[0]
    assert place.name.in_("zh") in text_of(await new.starts(f"p_{place.id}"))
    for odd in ("x_y", "s_", "s_nothing", "p_nothing", "l_xx", "s_a_s_b", "_" * 64):
        assert await new.starts(odd)


async def test_each_menu_has_the_commands_that_are_answered_there(mode: Bot) -> None:
    say = words_for(mode.app.opened.published, "fr")
    person, group, organizer = (
        [name for name, _ in doors.commands(say, readers)]  # type: ignore[arg-type]
        for readers in ("person", "group", "organizer")
    )
    assert set(organizer) - set(person) == {"broadcast", "session"}
    assert set(group) < set(person)
    mode.telegram.person(-100, "fr", "Delegation")
    talk = TelegramDelegate(mode, mode.telegram, -100, "fr")
    for name in person:
        said = text_of(await talk.says(f"/{name}", user_id=9))
        assert ("privé" in said) == (name not in group), name


async def test_a_group_is_answered_in_its_place_and_nothing_personal_is_said_there(mode: Bot) -> None:
    double = mode.telegram
    double.person(-100, "fr", "Delegation")
    group = TelegramDelegate(mode, double, -100, "fr")
    double.message(-100, "Bonjour à tous", user_id=9)
    shown = await group.says("/programme", user_id=9)
    assert shown[0].buttons
    card = await group.presses("Atelier 3", user_id=9)
    assert GOING["fr"] not in labels_of(card)
    assert "Mon agenda" not in labels_of(card)
    assert card[-1].buttons["M’inscrire en privé"].endswith("?start=s_atelier-3_l_fr")
    shown = await group.says("/agenda", user_id=9)
    assert "privé" in text_of(shown)
    private = shown[0].buttons["Me parler en privé"]
    assert private.startswith("https://t.me/passerelle_bot")
    assert "l_fr" not in private, "who reads Chinese in a French group goes on in Chinese"
    shown = await group.says("/help", user_id=9)
    assert "/places" in text_of(shown)
    assert "/agenda" not in text_of(shown), "it is not answered there"
    before = len(double.sent(-100))
    double.message(-100, "/unknown", user_id=9)
    double.message(-100, "/unknown@another_bot", user_id=9)
    double.migrate(-100, -200)
    moved = TelegramDelegate(mode, double, -200, "fr")
    assert "Programme" in text_of(await moved.says("/programme", user_id=9))
    assert len(double.sent(-200)) == 1
    assert before > 0


@pytest.mark.parametrize(
    ("language", "typed", "title", "label", "card"),
    [
        ("fr", "innov", "Atelier 3", "Détails et inscription", "Où\N{NO-BREAK SPACE}:"),
        ("zh", "第三分论坛", "分论坛三", "详情与报名", "地点："),
        ("en", "Workshop 3", "Workshop 3", "Details and sign-up", "Where:"),
    ],
)
async def test_a_session_is_found_and_shared_from_any_chat(
    mode: Bot, language: str, typed: str, title: str, label: str, card: str
) -> None:
    double = mode.telegram
    query = double.inline_query(9, typed, language)
    await double.wait_until(lambda: bool(double.inline[query]))
    first = double.inline[query][0]
    assert first["title"].startswith(title), first
    assert card in first["input_message_content"]["message_text"]
    (button,) = [one for row in first["reply_markup"]["inline_keyboard"] for one in row]
    assert button["text"] == label
    payload = button["url"].removeprefix("https://t.me/passerelle_bot?start=")
    assert title in text_of(await mode.delegate("telegram", language=language).starts(payload))
    for odd in ("", " ", "xyzzy", "\ud800", "0" * 256, "<b>&"):
        query = double.inline_query(9, odd, language)
        await double.wait_until(lambda query=query: query in double.inline_buttons)
    assert mode.app.opened.store.read_now(lambda tx: reachable(tx, 9)) is False, "a search makes nobody an account"


async def test_a_session_s_page_leads_into_telegram_and_has_its_code(sqlite_url: str) -> None:
    async with running(sqlite_url, public_url=PUBLIC_URL) as bot, aiohttp.ClientSession() as http:
        li = bot.delegate("telegram", language="en")
        await li.starts()
        async with http.get(f"{bot.url}/s/atelier-3?lang=zh") as answer:
            page = await answer.text()
        link = re.search(r'href="https://t\.me/passerelle_bot\?start=([^"]+)">([^<]+)<', page)
        assert link is not None
        assert link[2] == "在Telegram中打开"
        assert "分论坛三" in text_of(await li.starts(link[1])), "in the language of the page"
        async with http.get(f"{bot.url}/s/atelier-3/qr.png") as answer:
            (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(await answer.read())))
        assert read.text == f"{PUBLIC_URL}/s/atelier-3"
        async with http.get(f"{bot.url}/s/atelier-3/qr.svg") as answer:
            assert answer.content_type == "image/svg+xml"
        async with http.get(f"{bot.url}/s/nothing/qr.png") as answer:
            assert answer.status == 404


@pytest.mark.parametrize("people", [40, pytest.param(500, marks=pytest.mark.soak)])
async def test_many_people_at_once_are_answered_and_nothing_is_refused(mode: Bot, people: int) -> None:
    walkers = [mode.delegate("telegram", language=("fr", "zh")[n % 2]) for n in range(people)]

    async def walk(n: int) -> None:
        li, language = walkers[n], ("fr", "zh")[n % 2]
        await li.starts("s_atelier-3")
        await li.presses(GOING[language])
        assert WITHDRAW[language] in labels_of(await li.says("/agenda")) or await li.says("/now")
        assert await li.says({"fr": "Où est la gare ?", "zh": "火车站在哪里？"}[language])

    await asyncio.gather(*(walk(n) for n in range(people)))
    assert [refusal for refusal in mode.telegram.refusals if refusal[1] != 400] == []
