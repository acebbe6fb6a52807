"""The menu button of Telegram, as its own view opens it; and the same address in another browser."""

from urllib.parse import quote

import pytest
from playwright.async_api import expect

from tests.delegate import Bot
from tests.pages.conftest import Phones
from tests.walks.test_mini_app import signed

pytestmark = pytest.mark.asyncio(loop_scope="session")
VIEW = "window.TelegramWebviewProxy = {postEvent() {}};"  # what Telegram's view brings along


async def test_the_chat_opens_as_the_same_person_s_in_telegram_alone(bot: Bot, phones: Phones) -> None:
    delegate = bot.delegate("telegram", language="zh")
    await delegate.starts("s_atelier-3")
    await delegate.presses("我要参加")
    address = f"/telegram/app#tgWebAppData={quote(signed(bot.telegram.token, int(delegate._chat)))}&tgWebAppVersion=9.0"
    li = await phones("zh-CN")
    await li.page.add_init_script(VIEW)
    await li.page.goto(li.line.url + address)
    await li.page.wait_for_url(li.line.url + "/")
    await li.says("/agenda")
    await expect(li.answer).to_contain_text("分论坛三")
    await li.shot("zh-telegram-app")
    other = await phones("zh-CN")
    await other.page.goto(other.line.url + address)
    await other.page.wait_for_url(other.line.url + "/")
    await other.says("/agenda")
    await expect(other.answer).not_to_contain_text("分论坛三")
