"""What a delegate keeps when the network goes, and what the first visit costs."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import pytest
from playwright.async_api import Route, expect

from bot.channels.web.identity import COOKIE
from tests.delegate import running
from tests.pages.conftest import Phones
from tests.pages.line import Line
from tests.pages.phone import Phone

pytestmark = pytest.mark.asyncio(loop_scope="session")

LIGHT_BYTES = 100_000
ONE_ANSWER = ("mine", "bot")


async def order(phone: Phone) -> list[str]:
    """ "mine" and "bot" from top to bottom, without the welcome and the notice of privacy."""
    every = await phone.log.locator(".message").all()
    classes = [await one.get_attribute("class") or "" for one in every]
    return ["mine" if "mine" in names else "bot" for names in classes][2:]


async def test_what_is_said_without_a_network_waits_and_is_answered_once(
    sqlite_url: str, phones: Phones, line: Line
) -> None:
    async with running(sqlite_url.replace("test.db", "first.db")) as bot:
        line.target = bot.url
        li = await phones("zh-CN")
        await li.opens()
        await li.says("怎么从机场去市区？")
        await expect(li.answer).to_contain_text("9分钟")
        await line.cut()
    await li.says("分论坛三在哪儿？")
    await li.says("日程")
    await expect(li.state).to_have_attribute("data-state", "offline")
    await expect(li.waiting).to_have_count(2)
    await expect(li.waiting.first).to_have_text("网络恢复后自动发送")
    await li.shot("zh-8-waiting")
    async with running(sqlite_url.replace("test.db", "first.db")) as bot:  # the same bot, started anew
        line.target = bot.url
        await line.mend()
        await expect(li.state).to_have_attribute("data-state", "online", timeout=25_000)
        await expect(li.waiting).to_have_count(0)
        await expect(li.answer).to_contain_text("11月7日")
        assert await order(li) == ["mine", "bot", "mine", "mine", "bot", "bot"]
        await li.shot("zh-9-back")
        before = await li.log.inner_text()
        await li.page.reload()
        await li.answer.wait_for()
        await expect(li.state).to_have_attribute("data-state", "online")
        assert await li.log.inner_text() == before


async def test_what_one_tab_keeps_is_not_lost_to_another_that_writes_over_it(phones: Phones, line: Line) -> None:
    li = await phones("zh-CN")
    await li.opens()
    other = await li.page.context.new_page()
    await other.goto(line.url + "/healthz")  # of the same site, and heard nothing
    as_it_was = await other.evaluate("localStorage.getItem('passerelle.chat')")
    await line.cut()
    for text in ("怎么从机场去市区？", "分论坛三在哪儿？"):
        await li.says(text)
    await expect(li.waiting).to_have_count(2)
    await other.evaluate("kept => localStorage.setItem('passerelle.chat', kept)", as_it_was)
    await asyncio.sleep(0.5)  # for the browser to tell the first tab
    await line.mend()
    await expect(li.answer).to_contain_text("11月6日")
    await li.page.reload()
    await expect(li.answer).to_contain_text("11月6日")
    assert await order(li) == ["mine", "mine", "bot", "bot"]
    assert await li.page.evaluate("Object.keys(localStorage).filter(name => name.includes('/'))") == []


async def test_an_answer_lost_on_the_way_comes_once(phones: Phones, line: Line) -> None:
    marie = await phones("fr-FR")
    await marie.opens()
    await expect(marie.state).to_have_attribute("data-state", "online")
    line.swallow()
    await marie.says("atelier innovation")
    await expect(marie.waiting).to_have_count(1)
    await line.mend()
    await expect(marie.answer).to_contain_text("Michel Chéray", timeout=25_000)
    await expect(marie.waiting).to_have_count(0)
    await marie.says("merci")
    await expect(marie.answer).not_to_contain_text("Michel Chéray")
    assert await order(marie) == ["mine", "bot", "mine", "bot"]


async def test_an_answer_that_the_stream_brought_first_is_not_followed_by_the_sign_of_typing(phones: Phones) -> None:
    """On a slow line the post's own answer comes later than the message itself."""
    li = await phones("zh-CN")
    await li.opens()
    await expect(li.state).to_have_attribute("data-state", "online")
    is_through = asyncio.Event()

    async def hold(route: Route) -> None:
        response = await route.fetch()
        await is_through.wait()
        await route.fulfill(response=response)

    await li.page.route("**/chat/updates", hold)
    await li.says("怎么从机场去市区？")
    await expect(li.answer).to_contain_text("约9分钟")
    await li.page.wait_for_timeout(1_000)  # the sign comes half a second after what was said
    await expect(li.log.locator(".typing")).to_have_count(0)
    await expect(li.answer).to_be_in_viewport(ratio=0.95)
    is_through.set()


async def test_a_goodbye_lost_on_the_way_still_leaves_nothing(phones: Phones, line: Line) -> None:
    marie = await phones("fr-FR")
    await marie.opens()
    (before,) = [cookie for cookie in await marie.page.context.cookies() if cookie["name"] == COOKIE]
    await marie.says("/forget")
    await expect(marie.answer).to_contain_text("Effacer tout")
    line.swallow()
    await marie.taps("Tout effacer")
    await expect(marie.waiting).to_have_count(1)
    await line.mend()
    await expect(marie.log.locator(".message")).to_have_text(["Vos données ont été effacées."], timeout=25_000)
    (after,) = [cookie for cookie in await marie.page.context.cookies() if cookie["name"] == COOKIE]
    assert after["value"] != before["value"]
    assert "ffac" not in await marie.page.evaluate("JSON.stringify(localStorage)")


async def test_the_page_changes_its_language_without_a_network(phones: Phones, line: Line) -> None:
    li = await phones("fr-FR")
    await li.opens()
    await li.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await line.cut()
    await li.page.locator(".languages").get_by_text("中文").tap()
    await expect(li.page.locator("html")).to_have_attribute("lang", "zh-Hans")
    await expect(li.waiting).to_have_text("网络恢复后自动发送")
    await line.mend()
    await expect(li.answer).to_contain_text("用中文回答", timeout=25_000)
    await expect(li.waiting).to_have_count(0)
    await expect(li.page.locator("html")).to_have_attribute("lang", "zh-Hans")


async def test_the_whole_programme_is_readable_without_a_network(phones: Phones, line: Line) -> None:
    li = await phones("zh-CN", dark=True)
    await li.opens()
    await expect(li.state).to_have_attribute("data-state", "online")
    await li.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await line.cut()
    await li.page.context.set_offline(True)
    await li.page.reload()
    await li.answer.wait_for()
    await li.opens_menu("日程")
    await expect(li.page.locator("#programme-state")).to_have_text(re.compile(r"· 截至2014年11月6日（周四）09:\d\d$"))
    headings = await li.programme.get_by_role("heading", level=3).all_inner_texts()
    assert headings[:2] == ["11月6日（周四）", "11月7日（周五）"]
    for title in ("开幕式", "分论坛三：科研、高等教育与创新服务地方发展", "闭幕式"):
        await expect(li.programme.get_by_text(title, exact=True)).to_be_visible()
    await li.programme.get_by_text("分论坛三：科研").tap()
    await expect(li.programme.get_by_text("探讨科研、高等教育与创新")).to_be_visible()
    await li.shot("programme-zh-dark")
    await li.programme.locator("#programme-body").evaluate("body => { body.scrollTop = body.scrollHeight }")
    await li.shot("zh-10-programme-end")
    await li.page.go_back()
    await expect(li.programme).not_to_be_visible()


@pytest.mark.parametrize("locale", ["zh-CN", "fr-FR"])
async def test_the_first_load_is_light(phones: Phones, locale: str) -> None:
    phone = await phones(locale)
    weights: dict[str, int] = {}
    names: dict[str, str] = {}
    wire = await phone.page.context.new_cdp_session(phone.page)

    def named(event: Mapping[str, Any]) -> None:
        names[event["requestId"]] = re.sub(r"^https?://[^/]+", "", event["response"]["url"])

    def weighed(event: Mapping[str, Any]) -> None:
        weights[names.get(event["requestId"], event["requestId"])] = event["encodedDataLength"]

    wire.on("Network.responseReceived", named)
    wire.on("Network.loadingFinished", weighed)
    await wire.send("Network.enable")
    await phone.opens()
    await expect(phone.state).to_have_attribute("data-state", "online")
    await phone.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    print(
        f"\nfirst load, {locale}: {sum(weights.values())} bytes", dict(sorted(weights.items(), key=lambda kv: -kv[1]))
    )
    assert any(name.startswith("/programme.json") for name in weights)
    assert sum(weights.values()) < LIGHT_BYTES
