"""An organizer announces something from chat, from outside; and what delegates choose to get of it."""

import asyncio
from dataclasses import dataclass

import pytest

from bot.errors import Fault
from bot.notices import broadcast
from bot.notices.broadcast import Notice
from bot.notices.tables import NoticeState
from handlers import mending
from tests.delegate import Bot, Delegate, Shown, TelegramDelegate, labels_of, running, text_of

TEXTS = {
    "fr": "L’atelier 3 passe en salle **12**.",
    "zh": "分论坛三改到**12**号会议室。",
    "en": "Workshop 3 moves to room **12**.",
}
ORGANIZERS = "telegram:1001,telegram:1002"


@dataclass(frozen=True)
class Labels:
    """What an organizer reads in a language."""

    order: tuple[str, ...]  # of the languages asked for
    missing: str
    send: str
    yes: str
    preview: str
    trial: str
    pause: str
    resume: str
    refresh: str
    cancel: str
    yes_cancel: str
    recall: str
    yes_recall: str
    correct: str
    already: str


FR = Labels(
    ("fr", "zh", "en"), "non écrit", "Envoyer", "Oui, envoyer", "Aperçu", "M’envoyer un essai", "Suspendre",
    "Reprendre", "Actualiser", "Annuler le reste", "Oui, annuler", "Retirer", "Oui, retirer", "Corriger", "déjà",
)  # fmt: skip
ZH = Labels(
    ("zh", "fr", "en"), "未写", "发送", "确认发送", "预览", "试发给自己", "暂停", "恢复发送",
    "刷新", "取消其余", "确认取消", "撤回", "确认撤回", "更正", "发送中",
)  # fmt: skip
LABELS = {"fr": FR, "zh": ZH}


async def organizer(bot: Bot, language: str = "fr") -> Delegate:
    """The next organizer: the first two persons of a test are."""
    made = bot.delegate("telegram", language=language)
    await made.starts()
    return made


async def readers(bot: Bot) -> tuple[Delegate, ...]:
    """A delegate of each language on the web."""
    made = tuple(bot.delegate("web", language=language) for language in ("fr", "zh", "en"))
    for each in made:
        await each.starts()
    return made


async def opens_the_draft(li: Delegate) -> None:
    """The draft of another organizer, from the list."""
    await li.says("/broadcast")
    await li.presses("全部通知")
    await li.presses("第1号（草稿）")


async def compose(boss: Delegate, order: tuple[str, ...] = FR.order) -> list[Shown]:
    card = await boss.says("/broadcast")
    for language in order:
        card = await boss.says(TEXTS[language])
    return card


async def until(bot: Bot, state: NoticeState, notice_id: int = 1) -> Notice:
    for _ in range(600):
        now = await bot.app.opened.store.read(broadcast.get, notice_id)
        if now.state == state:
            return now
        await asyncio.sleep(0.02)
    raise AssertionError(f"still {now.state}")


async def over(bot: Bot) -> None:
    """Sent, and its organizer told so, who otherwise is told in the middle of what they do next."""
    while (await until(bot, NoticeState.SENT)).card is not None:
        await asyncio.sleep(0.02)


async def news(delegate: Delegate) -> str:
    """What has come since, before the answer to /help."""
    return text_of(await delegate.says("/help"))


def presses_again(bot: Bot, boss: Delegate, label: str) -> None:
    """The second tap of two, on a button that is being replaced."""
    assert isinstance(boss, TelegramDelegate)
    bot.telegram.press_old(boss._chat, boss._button(label))


@pytest.mark.parametrize("language", ["fr", "zh"])
async def test_an_announcement_is_composed_looked_at_and_sent_once(database_url: str, language: str) -> None:
    words = LABELS[language]
    async with running(database_url, organizers=ORGANIZERS) as bot:
        boss = await organizer(bot, language)
        marie, li, john = await readers(bot)
        card = await boss.says("/broadcast")
        assert text_of(card).count(words.missing) == 3
        for n, tag in enumerate(words.order, 1):
            card = await boss.says(TEXTS[tag])
            assert text_of(card).count(words.missing) == 3 - n
        shown = await boss.presses(words.preview)
        assert [message.text.splitlines()[-1] for message in shown][:3] == [
            TEXTS[tag].replace("**", "") for tag in ("fr", "zh", "en")
        ]
        await boss.says("/broadcast")
        await boss.presses(words.trial)
        assert TEXTS[language].replace("**", "") in [
            message.text.splitlines()[-1] for message in bot.telegram.sent(1001)
        ]
        confirm = await boss.presses(words.send)
        assert "4" in text_of(confirm)
        sent = await boss.presses(words.yes)
        presses_again(bot, boss, words.yes)
        told = await bot.telegram.wait_for(1001, words.already)
        assert told.text != text_of(sent)
        await until(bot, NoticeState.SENT)
        assert "4" in text_of(await boss.presses(words.refresh))
        for delegate, tag in ((marie, "fr"), (li, "zh"), (john, "en")):
            assert (await news(delegate)).count(TEXTS[tag].replace("**", "")) == 1
        assert bot.telegram.faults == []


async def test_of_two_organizers_one_sends(database_url: str) -> None:
    async with running(database_url, organizers=ORGANIZERS) as bot:
        marie, li = await organizer(bot, "fr"), await organizer(bot, "zh")
        await compose(marie)
        await opens_the_draft(li)
        await li.presses("发送")
        await marie.presses("Envoyer")
        await marie.presses("Oui, envoyer")
        assert "发送中" in text_of(await li.presses("确认发送"))
        await until(bot, NoticeState.SENT)
        for chat, tag in ((1001, "fr"), (1002, "zh")):
            text = TEXTS[tag].replace("**", "")
            assert sum(message.text.endswith("\n" + text) for message in bot.telegram.sent(chat)) == 1


async def test_a_change_by_another_organizer_is_seen_before_it_is_sent(sqlite_url: str) -> None:
    async with running(sqlite_url, organizers=ORGANIZERS) as bot:
        marie, li = await organizer(bot, "fr"), await organizer(bot, "zh")
        await compose(marie)
        await marie.presses("Envoyer")
        await opens_the_draft(li)
        await li.presses("设为紧急")
        shown = await marie.presses("Oui, envoyer")
        assert "elle a changé entre-temps" in text_of(shown)
        assert "Urgent" in text_of(shown)
        assert (await bot.app.opened.store.read(broadcast.get, 1)).state == NoticeState.DRAFT


async def test_bad_input_is_explained_and_loses_nothing(sqlite_url: str) -> None:
    async with running(sqlite_url, organizers=ORGANIZERS) as bot:
        boss = await organizer(bot)
        await readers(bot)
        await boss.says("/broadcast")
        shown = await boss.says("Salle **12.")
        assert "deux astérisques sans leur paire" in text_of(shown)
        shown = await boss.says("x" * 3500)
        assert "3500 caractères" in text_of(shown).replace("\u00a0", " ")
        assert "Envoyer" not in labels_of(shown)
        for language in FR.order:
            shown = await boss.says(TEXTS[language])
        assert "Envoyer" in labels_of(shown)
        await boss.presses("Destinataires")
        await boss.presses("L’écrire")
        shown = await boss.says("language:jp session:atelier-33 tous")
        assert "session:atelier-33" in text_of(shown)
        assert "« atelier-3 »" in text_of(shown).replace("\u00a0", " ")
        assert "tous" in text_of(shown)
        shown = await boss.says("language:zh,fr")
        assert "chinois ou français" in text_of(shown)
        await boss.presses("Programmer")
        for written in ("demain", "25:00", "2014-11-31 10:00"):
            assert "ni jour ni heure" in text_of(await boss.says(written))
        assert "C’est passé" in text_of(await boss.says("8 h 30"))
        await boss.says("/help")
        kept = (await bot.app.opened.store.read(broadcast.get, 1)).texts
        assert kept == TEXTS


@pytest.mark.parametrize("text", ["Programme", "stop", "今天有什么活动", "2 places free", "/"])
async def test_a_text_is_taken_as_it_is_written(sqlite_url: str, text: str) -> None:
    async with running(sqlite_url, organizers=ORGANIZERS) as bot:
        boss = await organizer(bot)
        await boss.says("/broadcast")
        shown = await boss.says(text)
        kept = (await bot.app.opened.store.read(broadcast.get, 1)).texts
        if text == "/":
            assert kept == {}
        else:
            assert kept == {"fr": text}
            assert "Annonce : brouillon" in text_of(shown).replace("\u00a0", " ")


async def test_an_audience_is_chosen_by_buttons(sqlite_url: str) -> None:
    async with running(sqlite_url, organizers=ORGANIZERS) as bot:
        boss = await organizer(bot)
        _, li, _ = await readers(bot)
        await li.says("/programme")
        await li.presses("分论坛三")
        await li.presses("我要参加")
        await boss.says("/broadcast")
        await boss.presses("Destinataires")
        await boss.presses("Par séance")
        shown = await boss.presses("Atelier 3")
        assert "1 personne la reçoit" in text_of(shown).replace("\u00a0", " ")
        await boss.presses("✓ Atelier 3")
        await boss.presses("Destinataires")
        shown = await boss.presses("Sans inscription")
        assert "3 personnes" in text_of(shown).replace("\u00a0", " ")
        await boss.presses("Par langue")
        shown = await boss.presses("Anglais")
        assert "selon tous ces critères" in text_of(shown)
        assert "1 personne la reçoit" in text_of(shown).replace("\u00a0", " ")
        assert (await bot.app.opened.store.read(broadcast.get, 1)).audience == "unregistered language:en"
        await boss.presses("Destinataires")
        shown = await boss.presses("Tout le monde")
        assert "4 personnes" in text_of(shown).replace("\u00a0", " ")


async def test_a_night_s_announcement_is_paused_resumed_and_cancelled(database_url: str) -> None:
    async with running(database_url, clock="2014-11-06T23:30", organizers=ORGANIZERS) as bot:
        boss = await organizer(bot)
        await readers(bot)
        assert "matin" in text_of(await compose(boss))
        await boss.presses(FR.send)
        await boss.presses(FR.yes)
        for _ in range(200):
            if (await bot.app.opened.store.read(broadcast.get, 1)).is_fanned:
                break
            await asyncio.sleep(0.02)
        assert "à envoyer : 4" in text_of(await boss.presses(FR.refresh)).replace("\u00a0", " ")
        assert "Suspendue" in text_of(await boss.presses(FR.pause))
        assert "Envoi en cours" in text_of(await boss.presses(FR.resume))
        await boss.presses(FR.cancel)
        shown = text_of(await boss.presses(FR.yes_cancel)).replace("\u00a0", " ")
        assert "Annulée" in shown
        assert "annulées : 4" in shown
        assert "à envoyer" not in shown


async def test_what_was_sent_is_corrected_and_recalled(database_url: str) -> None:
    async with running(database_url, organizers=ORGANIZERS) as bot:
        boss = await organizer(bot)
        marie, *_ = await readers(bot)
        await compose(boss)
        await boss.presses("Demander confirmation")
        await boss.presses(FR.send)
        await boss.presses(FR.yes)
        await over(bot)
        assert "salle 12" in await news(marie)
        assert "Merci" in text_of(await marie.presses("J’ai lu"))
        shown = text_of(await boss.presses(FR.refresh)).replace("\u00a0", " ")
        assert "1 personne a confirmé" in shown
        await boss.presses(FR.correct)
        await boss.presses("Français")
        assert "sans leur paire" in text_of(await boss.says("Salle **14"))
        shown = text_of(await boss.says("L’atelier 3 passe en salle 14."))
        assert "Remplacer l’ancien texte par celui-ci" in shown.replace("\u00a0", " ")
        assert "salle 14" not in await news(marie), "nothing goes out before it is agreed to"
        assert "Corrigée" in text_of(await boss.presses("Remplacer"))
        await bot.telegram.wait_for(1001, "salle 14")
        await over(bot)
        assert "salle 14" in text_of(await marie.says("/news"))
        await boss.presses(FR.refresh)
        await boss.presses(FR.recall)
        assert "Retirée" in text_of(await boss.presses(FR.yes_recall))
        await bot.telegram.wait_until(
            lambda: all(m.text != "L’atelier 3 passe en salle 14." for m in bot.telegram.sent(1001))
        )
        assert "salle 14" not in text_of(await marie.says("/news"))


async def test_a_correction_may_be_told_again_to_those_who_had_it(database_url: str) -> None:
    newer = "L’atelier 3 passe en salle 14."
    async with running(database_url, organizers=ORGANIZERS) as bot:
        boss, li = await organizer(bot), await organizer(bot, "zh")
        marie, *_, mary = await readers(bot)
        await compose(boss)
        await boss.presses(FR.send)
        await boss.presses(FR.yes)
        await until(bot, NoticeState.SENT)
        assert "salle 12" in await news(marie)
        await news(mary)

        async def proposes(text: str) -> None:
            await boss.presses(FR.correct)
            await boss.presses("Français")
            await boss.says(text)

        await proposes(newer)
        await li.says("/broadcast")
        await li.presses("全部通知")
        await li.presses("第1号（已发送）")
        await li.presses(ZH.correct)
        await li.presses("法语")
        await li.says("L’atelier 3 passe en salle 99.")
        shown = text_of(await boss.presses("Remplacer et redire"))
        assert "rien n’a été changé" in shown, "the other organizer's text is not what was agreed to"
        await proposes(newer)
        assert "prévenue" in text_of(await boss.presses("Remplacer et redire"))
        await until(bot, NoticeState.SENT)
        await until(bot, NoticeState.SENT, 3)  # 2 is the draft that /broadcast begins
        told = [message for message in await marie.says("/help") if newer in message.text]
        assert [bool(message.body.get("replaces")) for message in told] == [True, False], "in place, and once more"
        assert told[0].text.startswith("De la part des organisateurs")
        assert told[1].text.startswith("Rectificatif, de la part des organisateurs")
        assert text_of(await marie.says("/news")).count(newer) == 1
        assert "14" not in await news(mary), "who reads English was told nothing wrong"
        assert bot.telegram.faults == []


async def test_a_scheduled_announcement_goes_out_by_itself(sqlite_url: str) -> None:
    async with running(sqlite_url, clock="2014-11-06T08:59:57", organizers=ORGANIZERS) as bot:
        boss = await organizer(bot, "zh")
        await compose(boss, ZH.order)
        await boss.presses("定时发送")
        shown = await boss.says("２０１４年１１月６日 ９点")
        assert "09:00" in text_of(shown)
        await until(bot, NoticeState.SENT)
        assert TEXTS["zh"].replace("**", "") in [message.text.splitlines()[-1] for message in bot.telegram.sent(1001)]


async def test_nobody_else_learns_of_it(sqlite_url: str) -> None:
    async with running(sqlite_url, organizers=ORGANIZERS) as bot:
        boss = await organizer(bot)
        await compose(boss)
        bot.delegate("telegram")
        marie = bot.delegate("telegram")
        await marie.starts()
        for command in ("/broadcast", "/brodcast"):
            shown = await marie.says(command)
            assert "broadcast" not in text_of(shown)
        assert "broadcast" not in text_of(await marie.says("/help"))
        assert "broadcast" in text_of(await boss.says("/help"))
        for forged in (
            "notice|1",
            "notices",
            "notice-new",
            "notice-go|1|4",
            "notice-write|1|fr",
            "notice-recall|1|yes",
        ):
            mark = bot.telegram.mark()
            bot.telegram.press_old(1003, forged)
            seen = await bot.telegram.wait_for(1003, since=mark)
            assert "Ce bouton ne fonctionne plus" in seen.text, forged
        assert (await bot.app.opened.store.read(broadcast.get, 1)).state == NoticeState.DRAFT


async def test_an_organizer_is_one_in_their_own_chat_alone(sqlite_url: str) -> None:
    async with running(sqlite_url, organizers=ORGANIZERS) as bot:
        mark = bot.telegram.mark()
        bot.telegram.message(-100200, "/broadcast", user_id=1001)
        seen = await bot.telegram.wait_for(-100200, since=mark)
        assert "Annonce" not in seen.text


async def test_whoever_turned_announcements_off_is_told_what_is_urgent(database_url: str) -> None:
    async with running(database_url, organizers=ORGANIZERS) as bot:
        boss = await organizer(bot)
        marie, li, john = await readers(bot)
        assert "avec un son" in text_of(await marie.says("/notify"))
        await marie.presses("Sans son")
        shown = await marie.presses("Ne plus recevoir")
        assert "jamais" in text_of(shown)
        assert "/notify" in text_of(await li.says("/stop"))
        await compose(boss)
        shown = await boss.presses(FR.send)
        assert "2 autres ne veulent pas d’annonces" in text_of(shown).replace("\u00a0", " ")
        await boss.presses(FR.yes)
        await until(bot, NoticeState.SENT)
        assert "salle 12" not in await news(marie)
        assert "12号" not in await news(li)
        assert "room 12" in await news(john)
        shown = text_of(await boss.presses(FR.refresh)).replace("\u00a0", " ")
        assert "2 autres ne veulent pas d’annonces" in shown, "in the report too"
        await boss.presses("Nouvelle annonce")
        for language in FR.order:
            await boss.says(TEXTS[language].replace("12", "13"))
        await boss.presses("Rendre urgente")
        await boss.presses(FR.send)
        await boss.presses(FR.yes)
        await until(bot, NoticeState.SENT, 2)
        assert "salle 13" in await news(marie)
        assert "13号" in await news(li)


@pytest.mark.parametrize(
    ("language", "button", "text", "when"),
    [("fr", "Annonces", "L’atelier 3 passe en salle 12.", "jeudi 6\u00a0novembre, 9\u00a0h"),
     ("zh", "通知", "分论坛三改到12号会议室。", "11月6日（周四）09:00")],
)  # fmt: skip
async def test_who_comes_late_finds_what_is_still_true(
    sqlite_url: str, language: str, button: str, text: str, when: str
) -> None:
    async with running(sqlite_url, organizers=ORGANIZERS) as bot:
        boss = await organizer(bot)
        early = bot.delegate("web", language=language)
        assert button not in labels_of(await early.starts())
        await compose(boss)
        await boss.presses(FR.send)
        await boss.presses(FR.yes)
        await until(bot, NoticeState.SENT)
        late = bot.delegate("web", language=language)
        assert button in labels_of(await late.starts())
        shown = await late.presses(button)
        assert text in text_of(shown)
        assert when in text_of(shown)


@pytest.mark.parametrize("language", ["fr", "zh", "en"])
async def test_every_fault_is_worded_in_the_organizer_s_language(sqlite_url: str, language: str) -> None:
    codes: list[tuple[str, ...]] = [
        ("empty",), ("missing", "fr", "zh"), ("nobody in it can be written to",), ("is nobody",),
        ("long", "fr", "3100", "3000"), ("long for wechat", "zh", "600"), ("link", "en", "2"), ("bold", "en", "1"),
        ("term", "foo", "x"), ("value", "session:x"), ("value", "session:x", "y"), ("skipped", "02:30"),
        ("past", "2014-11-06T09:00:00+01:00"),
    ]  # fmt: skip
    async with running(sqlite_url) as bot:
        say = bot.app.conversation.words(bot.app.opened.published, language)
        worded = [str(mending.worded([Fault("text", 0, "ENGLISH", "ENGLISH", code)], say)) for code in codes]
        assert len(set(worded)) == len(codes)
        assert not any("ENGLISH" in each or "{" in each for each in worded)


async def test_a_card_stays_one_message_however_much_is_wrong(sqlite_url: str) -> None:
    async with running(sqlite_url, organizers=ORGANIZERS) as bot:
        boss = await organizer(bot)
        await boss.says("/broadcast")
        shown = await boss.says("\n".join(["**loin"] * 100))
        assert len(shown) == 1
        assert "autres fautes" in text_of(shown)
        await boss.presses("Destinataires")
        await boss.presses("L’écrire")
        assert len(await boss.says(" ".join(f"{n}:personne" for n in range(300)))) == 1
        assert bot.telegram.faults == []
