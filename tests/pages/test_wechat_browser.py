"""The web chat inside WeChat's browser: says how to open what it cannot, loads nothing from elsewhere."""

import pytest
from playwright.async_api import expect

from tests.pages.conftest import Phones

pytestmark = pytest.mark.asyncio(loop_scope="session")

IN_WECHAT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 "
    "MicroMessenger/8.0.50(0x18003233) NetType/WIFI Language/zh_CN"
)


async def test_calendar_and_file_lead_to_another_browser_and_nothing_is_loaded_from_elsewhere(phones: Phones) -> None:
    li = await phones("zh-CN", user_agent=IN_WECHAT)
    hosts: set[str] = set()
    li.page.on("request", lambda request: hosts.add(request.url.split("/")[2]) if "//" in request.url else None)
    await li.opens()
    await li.says("我想参加创新工作坊")
    await expect(li.answer).to_contain_text("分论坛三")
    await li.taps("我要参加")
    await expect(li.answer).to_contain_text("您已")
    await li.says("/agenda")
    await expect(li.answer).to_contain_text("其他代表看不到您的日程")
    await li.taps("加入日历")
    outside = li.page.locator("#outside")
    await li.answer.locator("a[download]").tap()
    await expect(outside).to_contain_text("在浏览器打开")
    await li.shot("zh-wechat-outside")
    await outside.get_by_role("button", name="关闭").tap()
    await li.answer.get_by_role("link", name="订阅日历").tap()
    await expect(outside.locator(".address")).to_contain_text("/calendar/")
    await outside.get_by_role("button", name="复制网址").tap()
    await outside.get_by_role("button", name="关闭").tap()
    await li.says("/places")
    assert hosts == {li.line.url.split("//")[1]}


async def test_whoever_has_another_browser_sees_none_of_it(phones: Phones) -> None:
    li = await phones("zh-CN")
    await li.opens()
    await expect(li.page.locator("#outside")).to_be_hidden()
