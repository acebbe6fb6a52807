"""Which language a person is answered in, from outside, and what is peculiar to one."""

import pytest

from tests.delegate import EVERY_CHANNEL, Bot, labels_of, running, text_of


@pytest.mark.parametrize("channel", EVERY_CHANNEL)
async def test_the_language_follows_the_hint_the_text_and_the_wish(bot: Bot, channel: str) -> None:
    li = bot.delegate(channel, language="zh-CN")
    assert "欢迎" in text_of(await li.starts())
    await li.says("/language en")
    assert "Programme" in labels_of(await li.says("/help"))
    shown = await li.says("中文")
    assert "日程" in labels_of(shown)


async def test_a_message_in_another_language_is_answered_in_it_with_an_offer(bot: Bot) -> None:
    li = bot.delegate("web", language="fr")
    await li.starts()
    shown = await li.says("有没有无线网，密码是多少？")
    assert "以后都用中文" in labels_of(shown)
    assert "密码" in text_of(shown)
    await li.presses("以后都用中文")
    assert "日程" in labels_of(await li.says("/help"))


@pytest.mark.parametrize("channel", EVERY_CHANNEL)
async def test_a_button_goes_on_in_the_language_of_its_message(sqlite_url: str, channel: str) -> None:
    async with running(sqlite_url) as bot:
        marie = bot.delegate(channel, language="fr")
        await marie.starts()
        assert "我要参加" in labels_of(await marie.says("我想参加创新工作坊"))
        assert "您已登记" in text_of(await marie.presses("我要参加"))
        assert "分论坛三" in text_of(await marie.presses("我的日程")), "and so does the button after it"
        assert "Mon agenda" in text_of(await marie.says("/agenda")), "her own words are answered in her language"
        if channel in ("terminal", "wechat"):
            return  # its numbers are those of the newest message
        await marie.says("我想参加创新工作坊")
        await marie.says("/language en")
        assert "Programme" in text_of(await marie.presses("日程")), "she has changed her language since"


async def test_readers_of_traditional_get_traditional(bot: Bot) -> None:
    li = bot.delegate("web", language="zh-TW")
    assert "歡迎" in text_of(await li.starts())
    shown = await li.says("會場有無線網路嗎？密碼是多少")
    assert "密碼" in text_of(shown)
    assert "码" not in text_of(shown)


@pytest.mark.parametrize("channel", EVERY_CHANNEL)
async def test_one_message_in_the_other_script_is_answered_in_it_with_an_offer(bot: Bot, channel: str) -> None:
    li = bot.delegate(channel, language="zh-CN")
    await li.starts()
    shown = await li.says("會場有無線網路嗎？密碼是多少")
    assert "密碼" in text_of(shown)
    assert "以後都用繁體中文" in labels_of(shown)
    assert "地址与地图" in text_of(await li.says("/help"))
    shown = await li.says("会场有无线网吗？密码是多少")
    assert "密码" in text_of(shown)
    assert "以后都用" not in " ".join(labels_of(shown))
    await li.says("會場有無線網路嗎？密碼是多少")
    await li.presses("以後都用繁體中文")
    assert "密碼" in text_of(await li.says("会场有无线网吗？密码是多少")), "chosen, it stays"
    assert "地址與地圖" in text_of(await li.says("/help"))


async def test_an_evening_that_is_past_midnight_in_beijing_says_so(sqlite_url: str) -> None:
    async with running(sqlite_url, event="demo", clock="2027-05-20T06:00") as bot:
        li = bot.delegate("web", language="zh")
        await li.starts()
        shown = text_of(await li.update({"kind": "press", "action": "day|2027-05-20"}))  # type: ignore[attr-defined]
        assert "（北京时间16:15）" in shown, "10:15 in Paris"
        assert "（北京时间次日01:30）" not in shown, "a long day is shown in parts"
        shown = text_of(await li.presses("晚上"))
        assert "（北京时间次日01:30）" in shown, "19:30 in Paris"


async def test_another_event_in_other_languages_runs_from_its_folder(sqlite_url: str) -> None:
    from tests.delegate import folder

    async with running(sqlite_url, event=str(folder("tiny-event")), clock="2026-05-05T09:00") as bot:
        li = bot.delegate("web", language="de")
        shown = await li.starts()
        text = text_of(shown) + " ".join(labels_of(shown))
        assert "Strasbourg" not in text
        assert "中文" not in text
        assert labels_of(await li.says("/programme"))
        assert "network name" in text_of(await li.says("Where can I find the Wi-Fi password?"))
        assert labels_of(await li.says("/language")) == ["Deutsch", "English"]
        await li.presses("English")
        assert "Deutsch" in labels_of(await li.says("Wie lautet das Passwort für das WLAN?"))


async def test_the_english_welcome_has_its_article(sqlite_url: str) -> None:
    async with running(sqlite_url) as bot:
        shown = await bot.delegate("terminal", language="en").starts()
        assert shown[0].text.startswith("Welcome to the 4th High-Level Forum")
