"""An announcement on a phone: corrected where it stands, or gone; the same after a reload, in another tab, without a
network."""

from urllib.parse import urljoin

import pytest
from playwright.async_api import expect

from bot.notices.broadcast import Notice
from tests.delegate import Bot
from tests.pages.conftest import Phones
from tests.pages.line import Line
from tests.pages.phone import Phone
from tests.walks.test_corrections import NEWER, NEWEST, correct, recall
from tests.walks.test_notices import begin, drafted, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

OLD = {"fr": "L’atelier 3 passe en salle 12.", "zh": "分论坛三改到12号会议室。"}
NEW = {language: text.replace("12", "14") for language, text in OLD.items()}
LAST = {language: text.replace("12", "16") for language, text in OLD.items()}
CORRECTED = {"fr": "Corrigé", "zh": "已更正"}
WITHDRAWN = {"fr": "Cette annonce a été retirée.", "zh": "这条通知已撤回。"}
LOCALES = {"fr": "fr-FR", "zh": "zh-CN"}
LANGUAGES = pytest.mark.parametrize("language", ["fr", "zh"])


async def announced(bot: Bot, phone: Phone, language: str) -> Notice:
    """The announcement as the phone has it, with an answer under it."""
    await phone.opens()
    await expect(phone.state).to_have_attribute("data-state", "online")
    seen = drafted(bot)
    begin(bot, seen)
    await expect(phone.answer).to_contain_text(OLD[language])
    await phone.says("/places")
    await expect(phone.answers).to_have_count(4)
    return seen


async def shown(phone: Phone) -> list[str]:
    return [text.strip() for text in await phone.log.locator(".message").all_inner_texts()]


@LANGUAGES
async def test_a_correction_takes_the_place_of_what_was_announced(bot: Bot, phones: Phones, language: str) -> None:
    phone = await phones(LOCALES[language])
    seen = await announced(bot, phone, language)
    before = await shown(phone)
    assert correct(bot, seen, NEWER)
    message = phone.answers.nth(2)
    await expect(message.locator(".mark")).to_have_text(CORRECTED[language])
    await expect(message.locator(".bubble")).to_contain_text(NEW[language])
    await expect(phone.log).not_to_contain_text(OLD[language])
    await phone.shot(f"{language}-corrected")
    after = await shown(phone)
    place = before.index(next(text for text in before if OLD[language] in text))
    assert [*after[:place], *after[place + 1 :]] == [*before[:place], *before[place + 1 :]], "nothing else has moved"
    await phone.page.reload()
    await expect(phone.state).to_have_attribute("data-state", "online")
    assert await shown(phone) == after
    await until(bot, seen)
    assert correct(bot, seen, NEWEST)
    await expect(message.locator(".bubble")).to_contain_text(LAST[language])
    await expect(phone.log.locator(".mark")).to_have_count(1)
    await forget(phone)
    await expect(phone.answers.filter(has_text=LAST[language]), "all from the table").to_have_count(1)
    await expect(phone.log).not_to_contain_text(NEW[language])


async def forget(phone: Phone) -> None:
    """The page opened anew, with nothing kept: from a page where no script can keep it again meanwhile."""
    address = phone.page.url
    await phone.page.goto(urljoin(address, "/healthz"))
    await phone.page.evaluate("localStorage.clear()")
    await phone.page.wait_for_timeout(300)
    phone.faults.clear()  # the browser looks for an icon there
    await phone.page.goto(address)


@LANGUAGES
async def test_what_was_withdrawn_leaves_one_line(bot: Bot, phones: Phones, language: str) -> None:
    phone = await phones(LOCALES[language], dark=True)
    seen = await announced(bot, phone, language)
    assert recall(bot, seen)
    line = phone.answers.nth(2)
    await expect(line).to_have_text(WITHDRAWN[language])
    await expect(line.get_by_role("button")).to_have_count(0)
    await phone.shot(f"{language}-withdrawn")
    after = await shown(phone)
    await phone.page.reload()
    await expect(phone.state).to_have_attribute("data-state", "online")
    assert await shown(phone) == after
    await phone.says("/help")
    await expect(phone.answers).to_have_count(5)
    other = "中文" if language == "fr" else "Français"
    await phone.page.locator(".languages").get_by_text(other).tap()
    await expect(line).to_have_text(WITHDRAWN["zh" if language == "fr" else "fr"])
    await forget(phone)
    await expect(phone.state).to_have_attribute("data-state", "online")
    await expect(phone.answers.first).to_be_attached()
    assert not any(WITHDRAWN[each] in text for text in await shown(phone) for each in WITHDRAWN), "of what it never had"


async def test_what_was_missed_without_a_network_is_shown_once(bot: Bot, phones: Phones, line: Line) -> None:
    marie = await phones("fr-FR")
    seen = await announced(bot, marie, "fr")
    kept = await phones("zh-CN")
    await kept.opens()  # comes after: it never had the announcement
    await until(bot, seen)
    await marie.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await line.cut()
    for texts in (NEWER, NEWEST):  # the first of them is never seen
        assert correct(bot, seen, texts)
        await until(bot, seen)
    await marie.page.context.set_offline(True)
    await marie.page.reload()
    await expect(marie.answers.nth(2).locator(".bubble")).to_contain_text(OLD["fr"])
    await line.mend()
    await marie.page.context.set_offline(False)
    await expect(marie.answers.nth(2).locator(".bubble")).to_contain_text(LAST["fr"], timeout=25_000)
    await expect(marie.log.locator(".message", has_text="atelier 3 passe")).to_have_count(1)
    await expect(marie.state).to_have_attribute("data-state", "online")
    await line.cut()
    await marie.page.context.set_offline(True)
    await marie.page.reload()
    await expect(marie.answers.nth(2).locator(".mark"), "kept as corrected").to_have_text("Corrigé")
    await expect(marie.answers.nth(2).locator(".bubble")).to_contain_text(LAST["fr"])
    await line.mend()
    await expect(kept.answers).to_have_count(2)


async def test_a_second_tab_shows_the_correction_too_and_far_up_it_is_pointed_to(bot: Bot, phones: Phones) -> None:
    marie = await phones("fr-FR")
    seen = await announced(bot, marie, "fr")
    tab = Phone(await marie.page.context.new_page(), marie.line)
    await tab.opens()
    await expect(tab.answers).to_have_count(4)
    for _ in range(2):
        count = await marie.answers.count()
        await marie.says("/help")
        await expect(marie.answers).to_have_count(count + 1)
    await marie.page.evaluate("document.getElementById('log').scrollTop = 1e6")
    assert correct(bot, seen, NEWER)
    await expect(tab.answers.nth(2).locator(".bubble")).to_contain_text(NEW["fr"])
    pill = marie.page.locator("#newest")
    await expect(pill).to_be_visible()
    await marie.shot("fr-corrected-above")
    await pill.tap()
    await expect(marie.answers.nth(2).locator(".bubble")).to_be_in_viewport()
    await expect(pill).to_be_hidden()
    assert tab.faults == []


@pytest.mark.parametrize("replaces", ['"1"', "-3", "1e99", "null", "true", "{}", "7"])
async def test_a_correction_of_what_is_no_message_is_shown_as_one(phones: Phones, replaces: str) -> None:
    """What the page is handed in the place of a number does it no harm, and HTML stays text."""
    marie = await phones("fr-FR")
    text = '{"sequence": 90, "body": {"paragraphs": [{"spans": [{"t": "<b>Salle</b> 14"}]}], "replaces": %s}}'
    script = f"""async () => {{
      const name = document.querySelector('script[type=module]').src.replace('main.js', 'store.js');
      const {{ addMessage }} = await import(name);
      const log = await import(name.replace('store.js', 'log.js'));
      log.add([addMessage({text % replaces})]);
    }}"""
    await marie.opens()
    await expect(marie.answers).to_have_count(2)
    await marie.page.evaluate(script)
    await expect(marie.answer.locator(".bubble")).to_have_text("<b>Salle</b> 14")
    await expect(marie.answers).to_have_count(3)
