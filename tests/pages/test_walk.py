"""The path that a delegate walks, by typing and tapping on a phone."""

from pathlib import Path

import icalendar
import pytest
from playwright.async_api import Route, expect

from bot.channels.web.identity import COOKIE
from tests.pages.conftest import Phones
from tests.pages.phone import Phone

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_delegate_asks_signs_up_and_saves_the_date_in_chinese(phones: Phones) -> None:
    li = await phones("zh-CN")
    await li.opens()
    await expect(li.page.locator("html")).to_have_attribute("lang", "zh-Hans")
    await expect(li.log).to_contain_text("隐私")
    await expect(li.answers).to_have_count(2)
    await expect(li.answers.first, "the notice of privacy does not push it away").to_be_in_viewport(ratio=0.95)
    await li.shot("zh-1-welcome")

    await li.says("怎么从机场去市区？")
    await expect(li.answer).to_contain_text("约9分钟")
    await li.shot("chat-zh")
    await li.taps("Entzheim-Aéroport（恩茨海姆机场）火车")
    await expect(li.answer.get_by_role("link")).to_have_text("打开地图")
    await li.shot("zh-2-place")
    await li.answer.get_by_role("button", name="给司机看").tap()
    await expect(li.page.locator("#large")).to_contain_text("Entzheim")
    await li.shot("zh-3-driver")
    await li.page.locator("#large").get_by_role("button").tap()

    await li.says("我想参加创新工作坊")
    await expect(li.answer).to_contain_text("分论坛三")
    await li.taps("我要参加")
    await expect(li.answer).to_contain_text("您已")
    await li.shot("zh-4-going")
    await li.opens_menu("我的日程")
    await expect(li.answer).to_contain_text("分论坛三：科研、高等教育与创新服务地方发展")
    await li.shot("zh-5-agenda")

    await li.taps("加入日历")
    async with li.page.expect_download() as saving:
        await li.answer.locator("a[download]").tap()
    saved = await saving.value
    assert saved.suggested_filename.endswith(".ics")
    (event,) = icalendar.Calendar.from_ical(Path(await saved.path()).read_bytes()).walk("VEVENT")
    assert event["dtstart"].dt.isoformat() == "2014-11-06"
    assert "分论坛三" in event["summary"]
    subscribe = await li.answer.get_by_role("link", name="订阅日历").get_attribute("href")
    assert subscribe
    assert subscribe.startswith(li.line.url.replace("http://", "webcal://") + "/calendar/")
    await li.shot("zh-6-calendar")


async def test_a_delegate_asks_and_signs_up_in_french(phones: Phones) -> None:
    marie = await phones("fr-FR", viewport={"width": 390, "height": 844})
    await marie.opens()
    await expect(marie.answers).to_have_count(2)
    await expect(marie.answers.first, "the notice of privacy does not push it away").to_be_in_viewport(ratio=0.95)
    await marie.shot("fr-1-welcome")
    await marie.says("Comment aller de l’aéroport à la ville ?")
    await expect(marie.answer).to_contain_text("9\N{NO-BREAK SPACE}min")
    await marie.shot("fr-2-airport")
    await marie.says("atelier innovation")
    await marie.taps("Je participe")
    await expect(marie.answer.get_by_role("button", name="Me retirer")).to_be_visible()
    await marie.shot("session-fr")
    await marie.taps("Mon agenda")
    await expect(marie.answer).to_contain_text("Atelier 3 : Recherche")
    await marie.shot("fr-3-agenda")


async def test_a_drumming_finger_presses_once_whatever_comes_under_it(phones: Phones) -> None:
    li = await phones("zh-CN")
    await li.opens()
    await li.says("分论坛三")
    box = await li.answer.get_by_role("button", name="我要参加").bounding_box()
    assert box
    for _ in range(12):
        await li.page.touchscreen.tap(box["x"] + 20, box["y"] + 15)
        await li.page.wait_for_timeout(70)
    await expect(li.answer.get_by_role("button", name="取消参加")).to_be_visible()
    await expect(li.said.locator(".bubble")).to_have_text(["分论坛三", "我要参加"])


async def test_the_door_of_a_room_leads_to_its_session(phones: Phones) -> None:
    marie = await phones("fr-FR")
    await marie.page.goto(marie.line.url + "/s/atelier-3")
    await expect(marie.page.get_by_role("heading")).to_contain_text("Atelier 3")
    await marie.shot("fr-4-door")
    await marie.page.get_by_role("link", name="Ouvrir la discussion").tap()
    await expect(marie.answer).to_contain_text("Michel Chéray")
    await expect(marie.answer.get_by_role("button", name="Je participe")).to_be_visible()
    assert marie.page.url == marie.line.url + "/", "a reload does not ask again"
    await marie.shot("fr-5-deep-link")


async def test_the_header_changes_the_language_of_page_and_answers(phones: Phones) -> None:
    li = await phones("fr-FR")
    await li.opens()
    await li.page.locator(".languages").get_by_text("中文").tap()
    await expect(li.page.locator("html")).to_have_attribute("lang", "zh-Hans")
    await expect(li.field).to_have_attribute("placeholder", "输入您的问题")
    await expect(li.answer).to_contain_text("中文")
    await li.taps("日程")
    await expect(li.answer).to_contain_text("分论坛三")
    await expect(li.answer).to_have_attribute("lang", "zh-Hans")
    await li.shot("zh-7-switched")
    await li.opens()
    await expect(li.page.locator("html")).to_have_attribute("lang", "zh-Hans")


@pytest.mark.parametrize("how", ["words", "button"])
async def test_the_page_follows_the_language_asked_for_in_the_conversation(phones: Phones, how: str) -> None:
    li = await phones("fr-FR")
    await li.opens()
    if how == "words":
        await li.says("请用中文")
    else:
        await li.says("/language")
        await li.taps("简体中文")
    await li.field.press_sequentially("还在写", delay=20)
    await expect(li.page.locator("html")).to_have_attribute("lang", "zh-Hans")
    await expect(li.field).to_have_attribute("placeholder", "输入您的问题")
    await expect(li.field).to_have_value("还在写")
    await expect(li.field).to_be_focused()
    await expect(li.page.locator(".rehearsal")).to_contain_text("11月6日")
    await expect(li.log, "what was said stays").to_contain_text("bienvenue")
    await li.shot(f"zh-8-followed-{how}")
    await li.opens_menu("日程")
    await expect(li.programme.get_by_text("开幕式", exact=True)).to_be_visible()
    await li.programme.get_by_role("button", name="关闭").tap()
    await li.field.fill("")
    await li.says("in English, please")
    await expect(li.field).to_have_attribute("placeholder", "Your question")
    await li.says("请用中文")
    await expect(li.page.locator("html")).to_have_attribute("lang", "zh-Hans")
    await li.opens()
    await expect(li.page.locator("html")).to_have_attribute("lang", "zh-Hans")


async def test_who_is_forgotten_leaves_nothing_on_the_phone(phones: Phones) -> None:
    marie = await phones("fr-FR")
    await marie.opens()
    await marie.says("atelier innovation")
    await marie.taps("Je participe")
    await expect(marie.answer.get_by_role("button", name="Me retirer")).to_be_visible()
    other = Phone(await marie.page.context.new_page(), marie.line)
    await other.opens()
    await marie.page.bring_to_front()
    (before,) = [cookie for cookie in await marie.page.context.cookies() if cookie["name"] == COOKIE]
    await marie.says("/forget")
    await marie.taps("Tout effacer")
    await expect(marie.log.locator(".message")).to_have_text(["Vos données ont été effacées."])
    await marie.shot("fr-7-forgotten")
    for page in (marie.page, other.page):
        kept = await page.evaluate("JSON.stringify(localStorage)")
        assert not any(word in kept for word in ("telier", "forget", "effac")), kept
    await expect(other.log).not_to_contain_text("telier")
    (after,) = [cookie for cookie in await marie.page.context.cookies() if cookie["name"] == COOKIE]
    assert after["value"] != before["value"]
    await marie.page.reload()
    await expect(marie.answers).to_have_count(2)
    await expect(marie.answers.first).to_contain_text("bienvenue")
    await expect(marie.log).not_to_contain_text("effacées")
    await expect(marie.said).to_have_count(0)


async def test_a_slow_tab_does_not_ask_once_more_to_be_forgotten(phones: Phones) -> None:
    """It hears that its person is forgotten before the browser tells it that what another tab sends has been taken."""
    marie = await phones("fr-FR")
    await marie.opens()
    other = Phone(await marie.page.context.new_page(), marie.line)
    late = "addEventListener('storage', (event) => event.newValue ?? event.stopImmediatePropagation())"
    await other.page.add_init_script(late)
    await other.opens()
    await marie.page.bring_to_front()
    await marie.says("/forget")
    await marie.answer.get_by_role("button", name="Tout effacer").wait_for()

    async def once_seen(route: Route) -> None:
        await other.said.get_by_text("Tout effacer").wait_for()
        await route.continue_()

    await marie.page.route("**/chat/updates", once_seen)
    await marie.taps("Tout effacer")
    goodbye = ["Vos données ont été effacées."]
    await expect(other.log.locator(".message")).to_have_text(goodbye)
    await marie.page.unroute("**/chat/updates")
    await marie.page.evaluate("dispatchEvent(new Event('online'))")  # whatever waits is sent now
    await marie.page.wait_for_load_state("networkidle")
    await expect(marie.log.locator(".message")).to_have_text(goodbye)
    assert "waiting" not in await marie.page.evaluate("JSON.stringify(localStorage)")


async def test_who_is_forgotten_may_go_on_as_somebody_new(phones: Phones) -> None:
    marie = await phones("fr-FR")
    await marie.opens()
    await marie.says("/forget")
    await marie.taps("Tout effacer")
    await expect(marie.log.locator(".message")).to_have_text(["Vos données ont été effacées."])
    await marie.says("merci")
    await expect(marie.answer, "the notice of first contact").to_contain_text("/forget")
    await expect(marie.said.locator(".bubble")).to_have_text("merci")
    await marie.page.reload()
    await expect(marie.said.locator(".bubble")).to_have_text("merci")


async def test_whatever_is_typed_is_shown_as_it_was_typed(phones: Phones) -> None:
    marie = await phones("fr-FR")
    await marie.opens()
    for said in ("<img src=x onerror=alert(1)><b>gras</b>", "🥨👨‍👩‍👧‍👦🇫🇷🇨🇳", "x" * 10_000, "שלום <i>עולם</i>"):
        answered = await marie.answers.count()
        await marie.says(said)
        await expect(marie.said.last.locator(".bubble")).to_have_text(said)
        await expect(marie.answers).to_have_count(answered + 1)
        await marie.shot(f"fr-6-typed-{answered}")
    await expect(marie.said.locator(".bubble *")).to_have_count(0)
