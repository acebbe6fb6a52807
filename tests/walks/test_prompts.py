"""What is written while the bot waits for something: a cry for help, a word that ends it, a question much later."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.chat import kept
from bot.chat.action import action
from bot.chat.reply import Button, Link, Reply
from bot.conversation import choices
from bot.text.markup import Markup
from tests.delegate import TelegramDelegate, WeChatDelegate, running, text_of
from tests.walks.test_help_desk import ANA, GROUP, asked, card, news

DEMO = {"event": "demo", "clock": "2027-05-20T09:00"}
SEVERAL = {"fr": "Pour plusieurs", "zh": "多人登记"}
NOTE = {"fr": "Mon mémo", "zh": "备注"}
CRY = {"fr": "au secours, un malaise", "zh": "救命"}
LET_GO = {"fr": "Annuler", "zh": "算了"}
UNCHANGED = {"fr": "rien n’a été changé", "zh": "没有任何改动"}


@pytest.mark.parametrize("language", ["fr", "zh"])
async def test_a_cry_for_help_is_no_guest_and_no_note_and_a_word_ends_what_was_begun(
    database_url: str, language: str
) -> None:
    async with running(database_url, **DEMO) as bot:
        li = bot.delegate("telegram", language=language)
        for prompt in (SEVERAL, NOTE):
            for said, expected in ((CRY, "112"), (LET_GO, UNCHANGED[language])):
                await li.starts("s_atelier-eau")
                await li.presses(prompt[language])
                assert expected in text_of(await li.says(said[language]))
        shown = text_of(await li.starts("s_atelier-eau"))
        assert CRY[language] not in shown
        assert LET_GO[language] not in shown
        assert bot.telegram.faults == []


async def test_what_is_asked_days_after_a_prompt_is_a_question(sqlite_url: str) -> None:
    async with running(sqlite_url, desk_chat=GROUP) as bot:
        li = bot.delegate("telegram", language="zh")
        await li.starts()
        await li.says("/human")
        bot.app.opened.clock.stand_at(bot.app.opened.clock.now() + timedelta(hours=51))
        assert "午餐" in text_of(await li.says("午饭几点"))
        wang = bot.delegate("telegram", language="zh")
        await wang.starts()
        await wang.says("/human")
        assert "图片" in text_of(await wang.sends("photo"))
        assert "会务组" in text_of(await wang.says("午饭几点")), "at once it is for the team"


async def test_what_is_written_after_the_team_s_answer_goes_to_the_team(sqlite_url: str) -> None:
    async with running(sqlite_url, desk_chat=GROUP) as bot:
        marie = bot.delegate("telegram", language="fr")
        assert isinstance(marie, TelegramDelegate)
        await marie.starts()
        shown = await asked(bot, marie, "fr")
        bot.telegram.says(GROUP, *ANA, "Quel est votre nom exact ?", to=shown.message_id)
        await news(marie, "exact")
        assert "ajouté" in text_of(await marie.says("Durand, avec un d"))
        await card(bot, "Durand, avec un d")
        assert "C’est ajouté" not in text_of(await marie.says("Où est le vestiaire ?")), "what comes next is a question"


async def test_an_export_of_all_one_s_data_holds_no_export(sqlite_url: str) -> None:
    async with running(sqlite_url) as bot:
        marie = bot.delegate("web", language="fr")
        await marie.starts()
        sizes = [len(str((await marie.says("/mydata"))[-1].body)) for _ in range(4)]
        assert sizes[3] - sizes[2] < 1_000, sizes


async def test_a_session_is_opened_by_its_number(sqlite_url: str) -> None:
    async with running(sqlite_url, organizers="telegram:1001", **DEMO) as bot:
        boss = bot.delegate("telegram", language="fr")
        await boss.starts()
        assert "Atelier 2" in text_of(await boss.says("/session atelier 2")).split("\n")[0]


async def test_on_wechat_an_option_is_said_as_shown_and_an_announcement_takes_no_numbers(
    sqlite_url: str, tmp_path: Path
) -> None:
    from tests.walks.test_wechat import announce

    async with running(sqlite_url, **DEMO) as bot:
        li = bot.delegate("wechat", language="zh")
        assert isinstance(li, WeChatDelegate)
        shown = await li.starts("s_atelier-jeunesse")
        assert shown[0].buttons["我要参加"] == "1", "of what they came for"
        assert "已登记" in text_of(await li.says("我要参加"))
        await li.says("周五下午")
        before = li.seen[-1]
        first = next(label for label, number in before.buttons.items() if number == "1")
        await announce(bot)
        told = (await li.gets())[-1]
        assert "发送/notify" in told.text
        assert "1. " not in told.text
        assert first.split("：")[0][:4] in text_of(await li.says("1"))
        await li.says("周五下午")
        assert "更多" in li.seen[-1].text
        await announce(bot)
        await li.gets()
        assert "我只能回答" not in text_of(await li.says("更多"))
        for _ in range(6):
            last = text_of(await li.says("更多"))
        assert last == "后面没有内容了。"
        (tmp_path / "var" / "wechat").mkdir(parents=True)
        (tmp_path / "var" / "wechat" / "MP_verify_abc.txt").write_text("abc")
        async with bot.http().get(f"{bot.url}/MP_verify_abc.txt") as answer:
            assert (answer.status, await answer.text()) == (200, "abc")
        async with bot.http().get(f"{bot.url}/MP_verify_other.txt") as answer:
            assert answer.status == 404


def test_a_reply_that_is_kept_keeps_what_its_buttons_do() -> None:
    buttons = (
        Button("What I receive", action("notify"), command="notify"),
        Button("Add", Link("/calendar/x.ics", is_feed=True)),
        Button("Go", action("session", "s")),
    )
    reply = Reply(text=Markup.text("x"), buttons=buttons)
    assert kept.unpack(kept.pack([reply])) == [reply]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2", 2), ("２", 2), ("二", 2), ("两", 2), ("①", 1), ("2。", 2), ("第12", 12), ("No.3", 3), ("十", 10),
        ("十二", 12), ("二十", 20), ("二十一", 21), ("第十二个", 12), ("12号", 12), ("选12", 12), ("3吧", 3),
        ("序号3", 3),
        ("我要第3个", 3), ("3️⃣", 3), ("n° 4", 4), ("22号有活动吗", None), ("十二点", None), ("2 cafés", None),
        ("", None), ("一二", None),
    ],
)  # fmt: skip
def test_a_number_is_read_however_it_is_written(text: str, number: int | None) -> None:
    assert choices.number(text) == number
