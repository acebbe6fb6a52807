"""For every pair of eyes, ears and thumbs."""

import pytest
from playwright.async_api import expect

from tests.pages.conftest import Phones

pytestmark = pytest.mark.asyncio(loop_scope="session")

THUMB = 44  # px


@pytest.mark.parametrize(
    ("locale", "tag", "dark"), [("zh-CN", "zh-Hans", False), ("fr-FR", "fr", True), ("zh-TW", "zh-Hant", True)]
)
async def test_everything_has_a_name_a_language_and_room_for_a_thumb(
    phones: Phones, locale: str, tag: str, dark: bool
) -> None:
    phone = await phones(locale, dark=dark)
    await phone.opens()
    await expect(phone.page.locator("html")).to_have_attribute("lang", tag)
    await expect(phone.log).to_have_attribute("aria-live", "polite")
    for answer in await phone.answers.all():
        assert await answer.get_attribute("lang") == tag
    await phone.says("3")  # the third button: the agenda
    await expect(phone.answers).to_have_count(3)
    await phone.shot(f"access-{locale}-1")
    for control in await phone.page.locator("button:visible, a:visible:not(.skip), textarea:visible").all():
        box, snapshot = await control.bounding_box(), await control.aria_snapshot()
        assert '"' in snapshot, f"no name: {snapshot}"
        assert box is None or min(box["width"], box["height"]) >= THUMB, (snapshot, box)
    await phone.page.locator("#menu-button").tap()
    await phone.shot(f"access-{locale}-2")
    for control in await phone.page.locator("#menu").locator("button, a").all():
        box = await control.bounding_box()
        assert box
        assert box["height"] >= THUMB


@pytest.mark.parametrize("locale", ["fr-FR", "zh-CN", "en-GB"])
@pytest.mark.parametrize("width", [320, 360, 390])
async def test_nothing_is_cut_or_broken_on_a_small_phone(phones: Phones, width: int, locale: str) -> None:
    phone = await phones(locale, viewport={"width": width, "height": 640}, dark=width == 360)
    await phone.opens()
    assert await phone.page.locator("h1").evaluate(
        "node => node.scrollWidth <= node.clientWidth && node.scrollHeight <= node.clientHeight"
    )
    assert await phone.field.evaluate(
        """node => {
          const style = getComputedStyle(node), pen = document.createElement('canvas').getContext('2d');
          pen.font = style.font;
          const room = node.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
          return pen.measureText(node.placeholder).width <= room;
        }"""
    )
    await phone.opens_menu({"fr-FR": "Programme", "zh-CN": "日程", "en-GB": "Programme"}[locale])
    badge = phone.programme.locator(".status").first
    await badge.wait_for()
    assert await badge.evaluate("node => node.getClientRects().length") == 1
    box = await badge.bounding_box()
    assert box
    assert box["height"] < 32, "one line"
    await phone.shot(f"small-{locale}-{width}")


async def test_everything_is_in_a_landmark(phones: Phones) -> None:
    phone = await phones("fr-FR")
    await phone.opens()
    for name, role in (("Écrivez votre question", "form"), ("Conversation", "log")):
        await expect(phone.page.get_by_role(role, name=name)).to_be_visible()  # type: ignore[arg-type]
    await expect(phone.page.get_by_role("banner")).to_contain_text("Mode d’essai")


@pytest.mark.parametrize("width", [320, 1100])
async def test_nothing_is_wider_than_the_screen(phones: Phones, width: int) -> None:
    phone = await phones("fr-FR", viewport={"width": width, "height": 640})
    await phone.opens()
    await phone.says("/programme")
    await expect(phone.answer).to_contain_text("Atelier 3")
    await phone.shot(f"width-{width}")
    for part in ("html", "#log"):
        wider = await phone.page.locator(part).evaluate("node => node.scrollWidth - node.clientWidth")
        assert wider <= 0, (part, wider)
