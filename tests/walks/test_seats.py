"""Seats from the phone's side: a freed one is offered, taken, refused, passed on; 'still coming?'; groups by name;
notes to oneself; themes that are followed; what opens and closes."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.conversation.receive import words_for
from bot.event.model import Event, SeatRules
from bot.notices import publishing
from bot.programme import seats, versions
from bot.programme.tables import seat
from bot.programme.versions import Published
from handlers import changes
from tests.delegate import EVERY_CHANNEL, Bot, Delegate, TelegramDelegate, labels_of, running, text_of
from tests.walks.test_exchange_shell import shell

GOES = {"fr": "Je participe", "zh": "我要参加"}
WAITS = {"fr": "Liste d’attente", "zh": "加入候补"}
LEAVES = {"fr": ("Me retirer", "Oui, me retirer"), "zh": ("取消参加", "确认取消")}

BUTTONED = tuple(each for each in EVERY_CHANNEL if each != "wechat")  # there the last of the choices come by “更多”


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def at(day: int, hour: int, minute: int) -> datetime:
    """A moment of the demo event, local time."""
    return datetime(2027, 5, day, hour - 2, minute, tzinfo=UTC)


async def edited(bot: Bot, rules: SeatRules | None = None, **sessions: dict[str, object]) -> Event:
    """Publish the event with other rules and other fields of sessions (their ids with _ for -)."""
    old = bot.app.opened.published.event
    parts = {name: getattr(old, name) for name in Event.model_fields}
    values = {id_.replace("_", "-"): each for id_, each in sessions.items()}
    parts["sessions"] = tuple(
        type(each).model_validate({**each.model_dump(mode="json"), **values.get(each.id, {})}) for each in old.sessions
    )
    if rules:
        parts["details"] = old.details.model_copy(update={"seats": rules})
    new = Event(**parts)
    opened = bot.app.opened
    await opened.store.write(versions.publish, Published(0, opened.clock.now(), "", new))
    return new


async def joins(bot: Bot, channel: str, language: str, session: str, press: dict[str, str] = GOES) -> Delegate:
    person = bot.delegate(channel, language=language)
    await person.starts()
    await person.starts(f"s_{session}")
    await person.presses(press[language])
    return person


async def leaves(person: Delegate, language: str, session: str) -> None:
    await person.starts(f"s_{session}")
    for label in LEAVES[language]:
        await person.presses(label)


async def comes(person: Delegate, mark: str) -> str:
    """What came without being asked for, with that in it; its buttons can be pressed."""
    for _ in range(160):
        if isinstance(person, TelegramDelegate):
            for message in reversed(person._double.sent(person._chat)):
                if mark in plain(message.text):
                    person.seen.append(_shown(message))
                    return plain(message.text)
        else:
            shown = text_of(await person.update({"kind": "press", "action": "menu"}))  # type: ignore[attr-defined]
            if mark in plain(shown):
                return plain(shown)
            await asyncio.sleep(0.5)  # a page may ask so often and no more
        await asyncio.sleep(0.05)
    raise AssertionError(f"{mark!r} never came")


def _shown(message: object):  # type: ignore[no-untyped-def]
    from tests.delegate import Shown

    return Shown(message.text, {b.label: b.data or b.url for b in message.buttons}, message)  # type: ignore[attr-defined]


async def holds(bot: Bot, session: str) -> int:
    found = await bot.app.opened.store.read(
        lambda tx: tx.scalar(select(seat.c.taken).where(seat.c.session_id == session))
    )
    return int(found)


@pytest.mark.parametrize(
    ("channel", "language"), [("telegram", "zh"), ("web", "fr"), ("telegram", "fr"), ("web", "zh")]
)
async def test_a_freed_seat_is_offered_refused_passed_on_and_taken(
    sqlite_url: str, channel: str, language: str
) -> None:
    async with running(sqlite_url, event="demo", clock="2027-05-20T09:00") as bot:
        await edited(bot, mentorat={"capacity": 1})
        goes = await joins(bot, "web", "fr", "mentorat")
        first = await joins(bot, channel, language, "mentorat", WAITS)
        second = await joins(bot, channel, language, "mentorat", WAITS)
        third = await joins(bot, channel, language, "mentorat", WAITS)
        await leaves(goes, "fr", "mentorat")
        offer = {"fr": "Elle vous est réservée jusqu’à 9 h 3", "zh": "为您保留至09:3"}[language]
        assert offer in await comes(first, offer)
        newcomer = bot.delegate("web", language="fr")
        await newcomer.starts("s_mentorat")
        assert "Je participe" not in labels_of(newcomer.seen), "a seat that is held is not free"  # type: ignore[attr-defined]
        refused = await first.presses({"fr": "Non merci", "zh": "不参加了"}[language])
        assert {"fr": "la place va à la personne suivante", "zh": "名额已转给下一位"}[language] in plain(
            text_of(refused)
        )
        await comes(second, offer)
        # Who said no waits at the list's end, should they come back.
        again = await first.presses(WAITS[language])
        assert {"fr": "Votre rang sur la liste d’attente : 3.", "zh": "候补第3位"}[language] in plain(text_of(again))
        # Silence passes it on as well, and is told so.
        bot.app.opened.clock.stand_at(at(20, 9, 31))
        await comes(second, {"fr": "est passé", "zh": "已过确认时间"}[language])
        await comes(third, {"fr": "Elle vous est réservée jusqu’à 10 h 01", "zh": "为您保留至10:01"}[language])
        taken = await third.presses({"fr": "Je la prends", "zh": "我要参加"}[language])
        assert {"fr": "Je la prends", "zh": "不参加了"}[language] not in labels_of(taken)
        assert {"fr": "Me retirer", "zh": "取消参加"}[language] in labels_of(taken)
        assert await holds(bot, "mentorat") == 1


async def test_who_presses_too_late_is_told_and_nobody_is_offered_a_seat_after_the_start(sqlite_url: str) -> None:
    async with running(sqlite_url, event="demo", clock="2027-05-20T15:00") as bot:
        await edited(bot, mentorat={"capacity": 1})
        goes = await joins(bot, "web", "fr", "mentorat")
        waits = await joins(bot, "telegram", "fr", "mentorat", WAITS)
        last = await joins(bot, "telegram", "zh", "mentorat", WAITS)
        await leaves(goes, "fr", "mentorat")
        # Half of the 35 minutes that are left, so that it can still go on.
        await comes(waits, "réservée jusqu’à 15 h 17")
        await comes_to_nobody(bot, 1003)
        bot.app.opened.clock.stand_at(at(20, 15, 18))
        late = plain(text_of(await waits.presses("Je la prends")))
        assert "le délai pour prendre cette place est passé" in late.lower()
        await comes(last, "为您保留至15:2")
        bot.app.opened.clock.stand_at(at(20, 15, 36))
        for _ in range(60):
            if not await holds(bot, "mentorat"):
                break
            await asyncio.sleep(0.1)
        assert await holds(bot, "mentorat") == 0, "no seat stays locked after the start"
        shown = plain(text_of(await last.presses("我要参加")))
        assert "已登记" not in shown


async def comes_to_nobody(bot: Bot, chat: int) -> None:
    assert not [m.text for m in bot.telegram.sent(chat) if "空出" in m.text or "libérée" in m.text]


async def test_who_cannot_walk_there_in_time_is_passed_over_and_a_clash_is_said(sqlite_url: str) -> None:
    async with running(sqlite_url, event="demo", clock="2027-05-20T09:00") as bot:
        await edited(bot, mentorat={"capacity": 1})
        goes = await joins(bot, "web", "fr", "mentorat")
        far = await joins(bot, "telegram", "fr", "atelier-the")  # until 15:30, seven minutes away
        await far.starts("s_mentorat")
        await far.presses("Liste d’attente")
        assert "à pied" in plain(far.seen[-1].text)  # type: ignore[attr-defined]
        await far.presses("Les deux")
        busy = await joins(bot, "telegram", "fr", "atelier-eau")
        await edited(bot, mentorat={"capacity": 1}, atelier_eau={"start": "15:00", "end": "16:00"})
        await busy.starts("s_mentorat")
        await busy.presses("Liste d’attente")
        await busy.presses("Les deux")
        await leaves(goes, "fr", "mentorat")
        shown = await comes(busy, "Une place s’est libérée")
        assert "elle a lieu en même temps que « Atelier 2" in shown
        await comes_to_nobody(bot, 1002)
        await far.starts("s_mentorat")
        assert "Votre rang sur la liste d’attente : 1." in plain(text_of(far.seen[-1:]))  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", ["fr", "zh"])
async def test_still_coming_is_asked_once_and_the_silent_give_way(sqlite_url: str, language: str) -> None:
    async with running(sqlite_url, event="demo", clock="2027-05-20T09:00") as bot:
        await edited(bot, SeatRules(give_up_minutes=5), mentorat={"capacity": 3})
        stays = await joins(bot, "telegram", language, "mentorat")
        gives = await joins(bot, "telegram", language, "mentorat")
        silent = await joins(bot, "web", language, "mentorat")
        one = await joins(bot, "telegram", language, "mentorat", WAITS)
        other = await joins(bot, "telegram", language, "mentorat", WAITS)
        asks = {"fr": "Venez-vous toujours ?", "zh": "您还来吗？"}[language]
        held = {"fr": "réservée jusqu’à", "zh": "为您保留至"}[language]
        bot.app.opened.clock.stand_at(at(20, 15, 14))
        await asyncio.sleep(0.1)
        assert not [m for m in bot.telegram.sent(1001) if asks in plain(m.text)]
        bot.app.opened.clock.stand_at(at(20, 15, 15))
        asked = await comes(stays, asks)
        assert {"fr": "Sans réponse avant 15 h 30", "zh": "15:30前未回复"}[language] in asked
        thanks = await stays.presses({"fr": "Oui, je viens", "zh": "我来"}[language])
        assert {"fr": "votre place est gardée", "zh": "名额为您保留"}[language] in plain(text_of(thanks))
        await comes(gives, asks)
        await gives.presses({"fr": "Non, je laisse ma place", "zh": "不来了"}[language])
        await comes(one, held)
        await one.presses({"fr": "Je la prends", "zh": "我要参加"}[language])
        bot.app.opened.clock.stand_at(at(20, 15, 30))
        await comes(silent, {"fr": "Sans nouvelles de votre part", "zh": "未收到您的回复"}[language])
        await comes(other, held)
        await other.presses({"fr": "Je la prends", "zh": "我要参加"}[language])
        assert await holds(bot, "mentorat") == 3
        assert not [m for m in bot.telegram.sent(1001) if asks in plain(m.text)], (
            "asked once: the answer took its place"
        )
        assert not [m for m in bot.telegram.sent(1004) if asks in plain(m.text)], "who has just taken it is not asked"


@pytest.mark.parametrize(("channel", "language"), [*((each, "fr") for each in BUTTONED), ("telegram", "zh")])
async def test_several_people_are_signed_up_by_name(
    sqlite_url: str, channel: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(sqlite_url, event="demo", clock="2027-05-20T09:00") as bot:
        head = bot.delegate(channel, language=language)
        await head.starts()
        await head.starts("s_mentorat")
        asked = await head.presses({"fr": "Pour plusieurs personnes", "zh": "多人登记"}[language])
        assert {"fr": "20 au plus", "zh": "最多20人"}[language] in plain(text_of(asked))
        few = plain(text_of(await head.says("Wang Fang\nLi Wei\nZhao Min\nHu Bo")))
        assert {"fr": "Il reste 3 places, et vous avez donné plus de noms (4)", "zh": "仅剩3个名额，您列出了4人"}[
            language
        ] in few
        assert await holds(bot, "mentorat") == 0, "all or none"
        done = plain(text_of(await head.says("1. 王芳、李伟")))
        assert {"fr": "Sont inscrits : 王芳 et 李伟", "zh": "已登记：王芳"}[language] in done
        assert await holds(bot, "mentorat") == 2
        agenda = plain(text_of(await head.says("/agenda")))
        assert {"fr": "Pour les personnes que vous avez inscrites", "zh": "您替他人登记的场次"}[language] in agenda
        assert "李伟" in agenda
        monkeypatch.setenv("PASSERELLE_DATABASE_URL", sqlite_url)
        monkeypatch.setenv("PASSERELLE_EVENT", "demo")
        listed = json.loads(await shell("export", "attendance", "mentorat", "--format", "json"))
        assert [(row["state"], row["name"], row["here"]) for row in listed] == [
            ("going", "王芳", ""), ("going", "李伟", "")
        ]  # fmt: skip
        await head.starts("s_mentorat")
        await head.presses({"fr": "Mon groupe (2)", "zh": "我的团组（2人）"}[language])
        question = plain(text_of(await head.says("où sont les toilettes ?")))
        assert {"fr": "Ce ne sont pas des noms", "zh": "这不像是姓名"}[language] in question
        await head.presses({"fr": "Retirer", "zh": "移除：王芳"}[language])
        assert await holds(bot, "mentorat") == 1
        await head.presses({"fr": "Retirer", "zh": "移除：李伟"}[language])
        assert await holds(bot, "mentorat") == 0


@pytest.mark.parametrize(("channel", "language"), [*((each, "zh") for each in BUTTONED), ("telegram", "fr")])
async def test_a_note_is_kept_shown_to_its_writer_and_deleted(sqlite_url: str, channel: str, language: str) -> None:
    async with running(sqlite_url, event="demo", clock="2027-05-20T09:00") as bot:
        person, other = bot.delegate(channel, language=language), bot.delegate("web", language="fr")
        for each in (person, other):
            await each.starts()
            await each.starts("s_mentorat")
        await person.presses({"fr": "Mon mémo", "zh": "备注"}[language])
        long = plain(text_of(await person.says("x" * 501)))
        assert {"fr": "compte 501 caractères, pour 500 au plus", "zh": "您输入了501个字符，最多500个"}[language] in long
        kept = plain(text_of(await person.says("Q: **prix** <b>? https://example.org")))
        shown = {"fr": "Votre mémo : ", "zh": "您的备注："}[language] + "Q: **prix** <b>? https://example.org"
        assert shown in kept
        assert shown in plain(text_of(await person.says("/agenda")))
        await other.starts("s_mentorat")
        assert "example.org" not in text_of(other.seen)  # type: ignore[attr-defined]
        await person.starts("s_mentorat")
        await person.presses({"fr": "Mon mémo", "zh": "备注"}[language])
        gone = plain(text_of(await person.presses({"fr": "Supprimer le mémo", "zh": "删除备注"}[language])))
        assert "example.org" not in gone


async def test_followers_hear_of_what_is_new_and_what_is_full_in_a_theme_once(database_url: str) -> None:
    async with running(database_url, event="demo", clock="2027-05-20T09:00") as bot:
        marie, li = bot.delegate("telegram", language="fr"), bot.delegate("telegram", language="zh")
        other = bot.delegate("telegram", language="fr")
        for each in (marie, li, other):
            await each.starts()
            await each.starts("s_mentorat")
        assert "Vous suivez « Économie locale »" in plain(text_of(await marie.presses("Suivre ce thème")))
        await li.presses("关注此议题")
        assert "您关注的议题：地方经济" in plain(text_of(await li.says("/notify")))
        opened = bot.app.opened
        old = opened.published.event
        fresh = old.session["mentorat"].model_copy(update={"id": "mentorat-2", "capacity": 1})
        elsewhere = fresh.model_copy(update={"id": "ailleurs", "theme": "culture"})
        parts = {name: getattr(old, name) for name in Event.model_fields}
        new = Event(**{**parts, "sessions": (*old.sessions, fresh, elsewhere)})
        published = Published(0, opened.clock.now(), "", new)
        wording = changes.wording(lambda language: words_for(published, language))
        done = await opened.store.write(publishing.publish, 1, published, wording, author="test")
        assert done is not None
        assert (done.people, done.followers) == (0, 2)
        told = await comes(marie, "Nouveau dans un thème que vous suivez")
        assert "15 h 35" in told
        await comes(li, "您关注的议题新增1个场次")
        filled = bot.delegate("web", language="fr")
        await filled.starts("s_mentorat-2")
        await filled.presses("Je participe")
        await comes(marie, "est complet. Vous pouvez rejoindre la liste d’attente")
        await comes(li, "名额已满，可以加入候补")
        for chat, mark in ((1001, "est complet"), (1001, "Nouveau dans"), (1002, "名额已满，可以")):
            assert len([m for m in bot.telegram.sent(chat) if mark in m.text]) == 1, mark
        assert not [m for m in bot.telegram.sent(1003) if "suivez" in m.text]
        await marie.presses("Liste d’attente")
        await marie.says("/notify")
        assert "Vous ne suivez plus" in plain(text_of(await marie.presses("Ne plus suivre")))


async def test_sign_up_opens_and_closes_at_its_time(sqlite_url: str) -> None:
    async with running(sqlite_url, event="demo", clock="2027-05-20T09:00") as bot:
        await edited(bot, mentorat={"opens": "2027-05-20T10:00", "closes": "2027-05-20T12:00", "capacity": 1})
        person = bot.delegate("web", language="fr")
        await person.starts()
        early = await person.starts("s_mentorat")
        assert "Les inscriptions ouvrent le jeudi 20 mai, 10 h" in plain(text_of(early))
        assert "Je participe" not in labels_of(early)
        forged = await person.update({"kind": "press", "action": "join|mentorat"})  # type: ignore[attr-defined]
        assert "Me retirer" not in labels_of(forged)
        bot.app.opened.clock.stand_at(at(20, 10, 1))
        await person.starts("s_mentorat")
        assert "Me retirer" in labels_of(await person.presses("Je participe"))
        bot.app.opened.clock.stand_at(at(20, 12, 0))
        late = bot.delegate("web", language="fr")
        await late.starts()
        shown = await late.starts("s_mentorat")
        assert "fermées" in text_of(shown) or "closes" in text_of(shown) or "plus" in text_of(shown)
        assert "Liste d’attente" not in labels_of(shown)
        await leaves(person, "fr", "mentorat")
        assert await holds(bot, "mentorat") == 0, "who leaves still leaves"
        assert seats.is_open(bot.app.opened.published.event.session["mentorat"], at(20, 12, 0) + timedelta(hours=1))
