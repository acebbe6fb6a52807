"""What changed and why: over HTTP as a page and a feed, on a phone, and on the hall's screen."""

import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, time, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from bot.event.model import Event, Session, Status
from bot.event.texts import Texts
from bot.programme import history, versions
from bot.text import formats
from tests.delegate import Bot, running
from tests.pages.conftest import Phones
from tests.pages.line import Line
from tests.pages.phone import SHOTS

pytestmark = pytest.mark.asyncio(loop_scope="session")

ATOM = {"a": "http://www.w3.org/2005/Atom"}
WHY = {"fr": "La salle Boussole est inondée.", "zh": "罗盘厅漏水。", "en": "The Compass room is flooded."}
HOSTILE = "<img src=x onerror=alert(1)> & \"]]>' **{x}**"
NBSP = "\N{NO-BREAK SPACE}"
JOINED = "\N{WORD JOINER}"
ROOT = Path(__file__).parents[2]
HALL = {"width": 1920, "height": 1080}


@pytest_asyncio.fixture(loop_scope="session")
async def bot(sqlite_url: str) -> AsyncIterator[Bot]:
    """The whole bot on the demo event, while three workshops are on."""
    async with running(sqlite_url, event="demo", clock="2027-05-20T12:10") as made:
        yield made


def with_sessions(event: Event, *, without: Sequence[str] = (), **changes: dict[str, Any]) -> Event:
    """The event with fields of sessions changed (id with _ for -), and sessions that it no longer or newly has."""
    named = {id_.replace("_", "-"): fields for id_, fields in changes.items()}
    kept = [
        session.model_copy(update=named.pop(session.id, {})) for session in event.sessions if session.id not in without
    ]
    kept += [Session(id=id_, zone=event.details.time_zone, **fields) for id_, fields in named.items()]
    return Event(details=event.details, places=event.places, sessions=tuple(kept), entries=event.entries)


def publish(bot: Bot, reason: dict[str, str] | None = None, **changes: Any) -> int:
    """A new version, the current one changed."""
    opened = bot.app.opened
    current = opened.store.read_now(opened.versions.current)
    assert current is not None
    event = with_sessions(current.event, **changes)
    new = versions.Published(0, opened.clock.now(), "", event, reason or {})
    return opened.store.write_now(versions.publish, new)


def publish_all(bot: Bot) -> None:
    """Versions 2 to 4: moved, cancelled and gone with a reason; only put otherwise; new."""
    publish(
        bot, WHY,
        atelier_energie={"start": time(15), "end": time(16)},
        table_ronde_universites={"place": "salle-ardoise"},
        atelier_sante={"status": Status.CANCELLED},
        without=["visite-port"],
    )  # fmt: skip
    publish(bot, cloture={"title": Texts({"fr": "Séance de clôture", "zh": "闭幕会", "en": "Closing session"})})
    day = bot.app.opened.published.event.details.starts
    title = Texts({"fr": "Visite du phare", "zh": "参观灯塔", "en": "A visit to the lighthouse"})
    publish(bot, visite_du_phare={"day": day, "start": time(17), "title": title})


async def get(bot: Bot, path: str, **headers: str) -> tuple[aiohttp.ClientResponse, str]:
    async with bot.http().get(bot.url + path, headers=headers) as answer:
        return answer, await answer.text()


async def feed(bot: Bot, path: str, **headers: str) -> tuple[ElementTree.Element, str]:
    answer, text = await get(bot, path, **headers)
    assert (answer.status, answer.content_type) == (200, "application/atom+xml")
    return ElementTree.fromstring(text), text


def ids(root: ElementTree.Element) -> list[str | None]:
    return [element.text for element in root.findall("a:entry/a:id", ATOM)]


async def test_the_page_tells_what_changed_and_why_newest_first_in_each_language(bot: Bot) -> None:
    _, empty = await get(bot, "/changes?lang=fr")
    assert "Rien n’a changé depuis la première publication du programme." in empty
    publish_all(bot)
    answer, french = await get(bot, "/changes", **{"Accept-Language": "de, fr;q=0.8"})
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "public, max-age=60")
    assert french.index('id="v4"') < french.index('id="v2"')
    assert 'id="v3"' not in french, "nothing in it that a reader would need to know"
    assert f"Publié le jeudi 20{NBSP}mai 2027 à 12{NBSP}h{NBSP}10" in french
    assert f"Motif{NBSP}: {WHY['fr']}" in french
    dash = f"{NBSP}–{JOINED}{NBSP}"
    assert f"Quand{NBSP}: 14{NBSP}h{NBSP}30{dash}15{NBSP}h{NBSP}30 → 15{NBSP}h{dash}16{NBSP}h" in french
    assert f"Où{NBSP}: Salle Dune → Salle Ardoise" in french
    assert "Cette séance est annulée." in french
    assert "Elle n’est plus au programme." in french
    assert "Nouvelle séance au programme." in french
    assert '<a href="/s/atelier-sante?lang=fr">' in french
    assert "/s/visite-port" not in french, "what is gone has no page"
    assert 'hreflang="zh-Hans"' in french
    assert "/changes.atom?lang=fr" in french
    _, chinese = await get(bot, "/changes?lang=zh", **{"Accept-Language": "fr"})
    chinese = chinese.replace(JOINED, "")
    assert '<html lang="zh-Hans">' in chinese
    for text in (f"原因：{WHY['zh']}", "2027年5月20日（周四）12:10发布", "时间：14:30—15:30 → 15:00—16:00", "参观灯塔"):
        assert text in chinese
    assert not [word for word in ("Quand", "Motif", "annulée", "When", "Why") if word in chinese]
    _, traditional = await get(bot, "/changes?lang=zh-Hant")
    assert "羅盤廳漏水。" in traditional


async def test_a_title_or_a_reason_stays_text(bot: Bot) -> None:
    publish(
        bot, dict.fromkeys(("fr", "zh"), HOSTILE + "\x0b"),
        diner={"title": Texts(dict.fromkeys(("fr", "zh"), HOSTILE)), "start": time(20)},
    )  # fmt: skip
    _, page = await get(bot, "/changes?lang=fr")
    assert "<img" not in page
    assert unescape(page).count(HOSTILE) == 2
    root, raw = await feed(bot, "/changes.atom?lang=fr")
    assert "<img" not in raw
    content = root.find("a:entry/a:content", ATOM)
    assert content is not None
    assert content.text
    assert content.get("type") == "html"
    assert "<img" not in content.text, "a reader of news shows this as HTML"
    assert unescape(content.text).count(HOSTILE) == 2
    assert root.findtext("a:entry/a:title", "", ATOM) == HOSTILE
    _, screen = await get(bot, "/screen")
    assert "<img" not in screen


async def test_the_feed_keeps_its_ids_and_is_not_fetched_twice(bot: Bot) -> None:
    publish_all(bot)
    root, _ = await feed(bot, "/changes.atom?lang=fr")
    french = ids(root)
    assert french == ["tag:127.0.0.1,2027:demo/changes/4", "tag:127.0.0.1,2027:demo/changes/2"]
    assert root.findtext("a:author/a:name", "", ATOM) == "Forum de démonstration"
    updated = root.findtext("a:updated", "", ATOM)
    assert updated == root.findtext("a:entry/a:updated", "", ATOM)
    assert updated.startswith("2027-05-20T10:10:")
    for link in root.iterfind(".//a:link", ATOM):
        assert link.get("href", "").startswith(bot.url + "/changes")
    same, _ = await feed(bot, "/changes", Accept="application/atom+xml", **{"Accept-Language": "zh-CN"})
    assert ids(same) == french
    assert same.get("{http://www.w3.org/XML/1998/namespace}lang") == "zh-Hans"
    assert same.findtext("a:id", "", ATOM) != root.findtext("a:id", "", ATOM)
    answer, _ = await get(bot, "/changes.atom?lang=fr")
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    again, body = await get(bot, "/changes.atom?lang=fr", **{"If-None-Match": answer.headers["ETag"]})
    assert (again.status, body) == (304, "")
    publish(bot, diner={"start": time(20)})
    newer, _ = await feed(bot, "/changes.atom?lang=fr")
    assert ids(newer) == ["tag:127.0.0.1,2027:demo/changes/5", *french]
    page, _ = await get(bot, "/changes", Accept="text/html, application/atom+xml;q=0.9")
    assert page.content_type == "text/html"


async def test_old_publications_are_read_once_and_only_so_many(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "KEPT", 3)
    for minute in (30, 35, 40, 45, 50):
        publish(bot, diner={"start": time(19, minute)})
    read: list[int] = []
    real = history._read
    monkeypatch.setattr(history, "_read", lambda tx, number: read.append(number) or real(tx, number))
    for _ in range(3):
        root, _ = await feed(bot, "/changes.atom")
        assert [each and each.rpartition("/")[2] for each in ids(root)] == ["6", "5", "4"]
    assert sorted(read) == [3, 4, 5, 6]
    read.clear()
    publish(bot, diner={"start": time(20)})
    root, _ = await feed(bot, "/changes.atom")
    assert [each and each.rpartition("/")[2] for each in ids(root)] == ["7", "6", "5"]
    assert sorted(read) == [6, 7]


@pytest.mark.parametrize(("locale", "other", "heading"), [("fr-FR", "简体中文", "日程变更"), ("zh-CN", "Français", "")])
async def test_the_changes_on_a_phone(bot: Bot, phones: Phones, locale: str, other: str, heading: str) -> None:
    publish_all(bot)
    phone = await phones(locale, dark=locale == "zh-CN")
    page = phone.page
    await page.goto(phone.line.url + "/changes")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await phone.shot(f"{locale[:2]}-changes")
    await page.screenshot(path=SHOTS / f"{locale[:2]}-changes-whole.png", full_page=True)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for link in await page.get_by_role("link").all():
        box = await link.bounding_box()
        assert box
        assert box["height"] >= 40, await link.inner_text()
    await page.get_by_role("link", name=other).tap()
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading or "Changements du programme")


async def on_screen(phones: Phones, path: str = "/screen", **more: Any) -> Page:
    phone = await phones("en-GB", viewport=HALL, device_scale_factor=1, is_mobile=False, has_touch=False, **more)
    await phone.page.goto(phone.line.url + path)
    await expect(phone.page.locator("h1").first).to_be_visible()
    return phone.page


async def shot(page: Page, name: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    await page.screenshot(path=SHOTS / f"screen-{name}.png")


async def all_fits(page: Page) -> bool:
    """Nothing below or beside the picture, and nothing too small for ten metres."""
    return bool(
        await page.evaluate(
            """() => {
              const texts = [...document.querySelectorAll('h1, h2, h3, p')].filter(each => each.offsetParent);
              return texts.every(each => {
                const box = each.getBoundingClientRect();
                return box.top >= 0 && box.bottom <= innerHeight && box.left >= 0 && box.right <= innerWidth
                  && each.scrollWidth <= each.clientWidth + 1 && parseFloat(getComputedStyle(each).fontSize) >= 22;
              });
            }"""
        )
    )


async def test_the_screen_shows_now_next_and_changed_in_two_languages(bot: Bot, phones: Phones) -> None:
    publish_all(bot)
    page = await on_screen(phones)
    for text in ("En ce moment", "正在进行", "À suivre", "下一场", "Changements du jour", "今日变更", "罗盘厅", "12:1"):
        await expect(page.locator("body")).to_contain_text(text)
    await expect(page.locator("body")).not_to_contain_text("On now")
    left, right = [await page.locator(".on article").nth(n).bounding_box() for n in (0, 1)]
    assert left
    assert right
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] < right["x"]
    await shot(page, "fr-zh")
    assert await all_fits(page)


@pytest.mark.parametrize("clock", ["2027-05-19T18:00", "2027-05-20T23:30", "2027-05-22T09:00"])
async def test_out_of_hours_the_screen_shows_the_next_opening(bot: Bot, phones: Phones, clock: str) -> None:
    event = bot.app.opened.published.event
    bot.app.opened.clock.stand_at(datetime.fromisoformat(clock).replace(tzinfo=event.zone))
    page = await on_screen(phones)
    expected = {
        "2027-05-19T18:00": [f"À suivre{NBSP}: jeudi 20{NBSP}mai", "Accueil et café"],
        "2027-05-20T23:30": ["下一场：5月21日（周五）", f"7{NBSP}h{NBSP}30"],
        "2027-05-22T09:00": ["Aucune autre séance n’a de date annoncée."],
    }[clock]
    for text in expected:
        await expect(page.locator("main")).to_contain_text(text)
    await shot(page, clock[:10])
    assert await all_fits(page)


async def test_a_full_day_still_fits_and_says_how_many_more(bot: Bot, phones: Phones) -> None:
    long = {
        "fr": "Recherche, enseignement supérieur et innovation au service du développement local",
        "zh": "科研、高等教育与创新服务地方发展分论坛",
    }
    day = bot.app.opened.published.event.details.starts
    extra: dict[str, Any] = {
        f"s{n}": {
            "day": day, "start": time(12 if n < 3 else 13), "end": time(12, 50) if n < 3 else time(14),
            "place": "salle-cedre", "title": Texts({key: f"{text} {n}" for key, text in long.items()}),
        }
        for n in range(7)
    }  # fmt: skip
    publish(bot, **extra)
    page = await on_screen(phones)
    await expect(page.locator(".on h2").first).to_have_text(re.compile(r"^En ce moment \+\d+$"))
    await expect(page.locator(".next h2").last).to_have_text(re.compile(r"^下一场 \+\d+$"))
    await expect(page.locator(".changes h2").first).to_have_text(re.compile(r"^Changements du jour \+\d+$"))
    await shot(page, "full")
    assert await all_fits(page)


async def test_a_room_has_a_screen_of_its_own_in_the_chosen_languages(bot: Bot, phones: Phones) -> None:
    publish_all(bot)
    page = await on_screen(phones, "/screen?place=salle-ardoise&lang=zh-Hant,en")
    for text in ("Workshop 1", "Round table", "分論壇一"):
        await expect(page.locator("main")).to_contain_text(text)
    for other in ("Heritage", "lighthouse", "Atelier"):
        await expect(page.locator("main")).not_to_contain_text(other)
    await shot(page, "room")
    assert await all_fits(page)
    page = await on_screen(phones, "/screen?lang=fr")
    await expect(page.locator("h1")).to_have_count(1)
    await shot(page, "one")
    assert await all_fits(page)
    answer, _ = await get(bot, "/screen?place=nowhere")
    assert answer.status == 404


async def test_the_screen_renews_itself_and_keeps_its_picture_without_a_network(
    bot: Bot, phones: Phones, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.pages.screen.REFRESH_SECONDS", 1)
    page = await on_screen(phones)
    await expect(page.locator("body")).not_to_contain_text("Changements du jour")
    publish_all(bot)
    await expect(page.locator("body")).to_contain_text("Changements du jour")
    await line.cut()
    await expect(page.locator("html")).to_have_class("stale")
    await expect(page.locator("body")).to_contain_text("Changements du jour")
    await expect(page.get_by_text("Hors connexion")).to_be_visible()
    await shot(page, "stale")
    bot.app.opened.clock.shift += timedelta(hours=2, minutes=30)
    await line.mend()
    await expect(page.get_by_text("Hors connexion")).to_be_hidden()
    await expect(page.locator("time").first).to_have_text(f"14{NBSP}h{NBSP}40")


async def test_without_scripts_the_screen_is_reloaded(phones: Phones, bot: Bot) -> None:
    publish_all(bot)
    _, text = await get(bot, "/screen")
    assert '<noscript><meta http-equiv="refresh" content="20"></noscript>' in text
    page = await on_screen(phones, java_script_enabled=False)
    await expect(page.locator("main")).to_contain_text("En ce moment")
    await shot(page, "no-script")
    assert await all_fits(page)


@pytest.mark.parametrize(
    ("event", "clock", "expected"),
    [
        ("strasbourg-2014", "2014-11-06T15:00", ("Aujourd’hui, heure à confirmer", "今天，时间待确认", "分论坛三")),
        ("tests/tiny-event", "2027-09-14T08:00", ('lang="de"', 'lang="en"', "Up next")),
    ],
)
async def test_an_event_without_hours_or_in_other_languages_has_its_pages(
    sqlite_url: str, event: str, clock: str, expected: tuple[str, ...]
) -> None:
    path = str(ROOT / event) if "/" in event else event
    async with running(sqlite_url, event=path, clock=clock) as bot:
        _, screen = await get(bot, "/screen")
        for text in expected:
            assert text in screen
        answer, page = await get(bot, "/changes")
        assert answer.status == 200
        assert "<h1>" in page
        root, _ = await feed(bot, "/changes.atom")
        assert ids(root) == []
        assert root.findtext("a:updated", "", ATOM)


@pytest.mark.parametrize("language", ["fr", "zh", "en"])
async def test_hours_are_never_broken_over_two_lines(phones: Phones, language: str) -> None:
    phone = await phones("zh-CN")
    span = formats.time_span(time(14, 30), time(16), language)
    lines = await phone.page.evaluate(
        """span => {
          const box = document.body.appendChild(document.createElement('p'));
          const hours = document.createElement('span');
          hours.textContent = span;
          box.append('时间：', hours, '，地点');
          return [...Array(30).keys()].map(n => {
            box.style.width = `${160 - 5 * n}px`;
            return hours.getClientRects().length;
          });
        }""",
        span,
    )
    assert set(lines) == {1}, lines
