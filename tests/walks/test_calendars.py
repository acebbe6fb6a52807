"""The calendar feeds, as calendars take them: read by two parsers that know nothing of each other, and followed by a
client that keeps them on a disk."""

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import icalendar
import ics
import pytest

from bot.programme.zones import vtimezone
from bot.text.words import folder
from tests.delegate import Bot, Delegate, running
from tests.walks.test_changes import CLOCK, Organizer, signed_up

NBSP = "\N{NO-BREAK SPACE}"
PUBLIC = "http://localhost:8080"  # no https: the delegates of these tests would lose their cookies


@pytest.fixture
async def boss(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Organizer]:
    monkeypatch.setenv("PASSERELLE_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("PASSERELLE_EMBEDDER", "none")
    monkeypatch.setenv("PASSERELLE_PUBLIC_URL", PUBLIC)
    shutil.copytree(folder("data") / "demo", tmp_path / "demo")
    async with running(sqlite_url, event="demo", clock=CLOCK) as bot:
        yield Organizer(bot, tmp_path / "demo")


async def get(bot: Bot, path: str, **headers: str) -> tuple[aiohttp.ClientResponse, str]:
    async with bot.http().get(bot.url + path, headers=headers) as answer:
        return answer, await answer.text()


async def feed_of(person: Delegate, language: str = "fr") -> str:
    await person.says("/agenda")
    shown = await person.presses({"fr": "Vers mon calendrier", "zh": "加入日历"}[language])
    return next(url for url in shown[-1].buttons.values() if url.startswith("/calendar/"))


def entries(text: str) -> dict[str, Any]:
    """session id -> its VEVENT, no id twice."""
    found = icalendar.Calendar.from_ical(text).walk("VEVENT")
    named = {str(each["UID"]).split("@")[0]: each for each in found}
    assert len(named) == len(found), "one UID a session"
    return named


@pytest.mark.parametrize("language", ["fr", "zh", "zh-Hant", "en"])
async def test_two_parsers_read_the_same_programme(boss: Organizer, language: str) -> None:
    answer, text = await get(boss.bot, f"/programme.ics?lang={language}")
    assert answer.content_type == "text/calendar"
    assert "\n" not in text.replace("\r\n", ""), "CRLF alone"
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    one, other = entries(text), {event.uid.split("@")[0]: event for event in ics.Calendar(text).events}
    event = boss.bot.app.opened.published.event
    assert one.keys() == other.keys() == {session.id for session in event.sessions if session.day}
    for session in event.sessions:
        ours, theirs = one[session.id], other[session.id]
        assert session.starts_at is not None
        assert ours["DTSTART"].dt == session.starts_at == theirs.begin.datetime
        assert session.ends_at is None or ours["DTEND"].dt == session.ends_at == theirs.end.datetime
        assert str(ours["SUMMARY"]) == theirs.name
        assert theirs.name.endswith(session.title.in_(language))
        assert str(ours["LOCATION"]) == theirs.location == event.place[session.place or ""].name.in_(language)
        assert str(ours.get("DESCRIPTION", "")) == (theirs.description or "")
        assert session.abstract is None or session.abstract.in_(language) in str(ours["DESCRIPTION"])
        assert str(ours["URL"]) == theirs.url == f"{PUBLIC}/s/{session.id}"
        assert ours["STATUS"] == theirs.status == session.status.upper().replace("PROVISIONAL", "TENTATIVE")
        assert ours["SEQUENCE"] == 0
        assert not theirs.alarms, "whose programme is it? nobody's"
    assert text.count("BEGIN:VTIMEZONE") == 1


async def test_a_client_that_keeps_the_feed_sees_a_change_as_an_update(boss: Organizer, tmp_path: Path) -> None:
    li = await signed_up(boss.bot, "web", "zh", "atelier-eau", "atelier-sante", "diner")
    feed, fetched, kept = await feed_of(li, "zh"), tmp_path / "feed.ics", tmp_path / "kept"
    kept.mkdir()
    config = tmp_path / "config"
    config.write_text(
        f'[general]\nstatus_path = "{tmp_path / "status"}"\n'
        '[pair p]\na = "feed"\nb = "disk"\ncollections = null\nconflict_resolution = "a wins"\n'
        f'[storage feed]\ntype = "singlefile"\npath = "{fetched}"\nread_only = true\n'
        f'[storage disk]\ntype = "filesystem"\npath = "{kept}"\nfileext = ".ics"\n'
    )

    async def synced() -> tuple[set[str], dict[str, tuple[str, Any]]]:
        """What vdirsyncer says that it did; session id -> (name of its file, VEVENT)."""
        fetched.write_bytes((await get(boss.bot, feed))[1].encode())
        for command in ("discover", "sync"):
            call = [sys.executable, "-m", "vdirsyncer", "-c", str(config), command]
            done = await asyncio.to_thread(subprocess.run, call, input=b"y\n" * 5, capture_output=True, check=False)
            assert done.returncode == 0, done.stderr.decode()
        out = {}
        for file in kept.glob("*.ics"):
            ((id_, entry),) = entries(file.read_text(encoding="utf-8")).items()
            out[id_] = (file.name, entry)
        said = done.stdout.decode() + done.stderr.decode()
        return set(re.findall(r"([a-z()]+ item [a-z-]+)@demo", said)), out

    _, first = await synced()
    assert {id_: entry["SEQUENCE"] for id_, (_, entry) in first.items()} == dict.fromkeys(
        ("atelier-eau", "atelier-sante", "diner"), 0
    )
    boss.writes("atelier-eau", start='"11:30" → "14:00"', end='"12:45" → "15:15"', place="salle-boussole → salle-dune")
    boss.writes("atelier-sante", status="confirmed → cancelled")
    await boss.publishes()
    did, second = await synced()
    assert did == {"(updating) item atelier-eau", "(updating) item atelier-sante"}
    assert {id_: name for id_, (name, _) in second.items()} == {id_: name for id_, (name, _) in first.items()}
    water, health = second["atelier-eau"][1], second["atelier-sante"][1]
    assert (water["SEQUENCE"], health["SEQUENCE"]) == (1, 1)
    assert water["DTSTART"].dt == datetime(2027, 5, 20, 14, tzinfo=ZoneInfo("Europe/Paris"))
    assert "沙丘厅" in water["LOCATION"]
    assert health["STATUS"] == "CANCELLED"
    assert health["SUMMARY"].startswith("已取消：")
    assert not health.walk("VALARM")
    assert water["LAST-MODIFIED"].dt > first["atelier-eau"][1]["LAST-MODIFIED"].dt
    assert second["diner"][1].to_ical() == first["diner"][1].to_ical(), "what did not change is the same to the byte"
    await boss.publishes("--undo")
    await li.starts("s_diner")
    await li.presses("取消参加")
    await li.presses("确认取消")
    _, third = await synced()
    assert {id_: entry["SEQUENCE"] for id_, (_, entry) in third.items()} == {"atelier-eau": 2, "atelier-sante": 2}
    assert third["atelier-sante"][1]["STATUS"] == "CONFIRMED"


async def test_it_rings_as_one_is_reminded(boss: Organizer) -> None:
    marie = await signed_up(boss.bot, "web", "fr", "atelier-eau")
    feed = await feed_of(marie)

    async def rings() -> list[timedelta]:
        (entry,) = entries((await get(boss.bot, feed))[1]).values()
        return [alarm["TRIGGER"].dt for alarm in entry.walk("VALARM")]

    assert await rings() == [timedelta(minutes=-15)]
    await marie.says("/notify")
    await marie.presses(f"Me rappeler 30{NBSP}min avant")
    assert await rings() == [timedelta(minutes=-30)]
    await marie.says("/notify")
    await marie.presses(f"Sans son{NBSP}: rappels")
    assert await rings() == [timedelta(minutes=-30)]
    await marie.presses(f"Ne plus recevoir{NBSP}: rappels")
    assert await rings() == []


async def test_who_has_a_feed_is_not_sent_it_again(boss: Organizer) -> None:
    marie = await signed_up(boss.bot, "web", "fr", "atelier-eau")
    agenda, programme = await feed_of(marie), "/programme.ics"
    tags = {}
    for path in (agenda, programme):
        answer, _ = await get(boss.bot, path)
        assert parsedate_to_datetime(answer.headers["Last-Modified"]) <= datetime.now(UTC)
        tags[path] = {"If-None-Match": answer.headers["ETag"]}
        again, text = await get(boss.bot, path, **tags[path])
        assert (again.status, text) == (304, "")
    later = {"If-Modified-Since": format_datetime(datetime.now(UTC) + timedelta(seconds=5), usegmt=True)}
    assert (await get(boss.bot, programme, **later))[0].status == 304
    assert (await get(boss.bot, agenda, **later))[0].status == 200, "a date does not know what one goes to"
    boss.writes("atelier-eau", place="salle-boussole → salle-dune")
    await boss.publishes()
    for path in (agenda, programme):
        newer, text = await get(boss.bot, path, **tags[path])
        assert newer.status == 200
        assert entries(text)["atelier-eau"]["LOCATION"] == "Salle Dune"
    assert (await get(boss.bot, f"/calendar/{'x' * 43}.ics"))[0].status == 404


async def test_a_theme_has_a_feed_of_its_own(boss: Organizer) -> None:
    bot, event = boss.bot, boss.bot.app.opened.published.event
    first, second = event.details.themes[:2]
    _, one = await get(bot, f"/programme.ics?theme={first.id}&lang=zh")
    assert entries(one).keys() == {session.id for session in event.sessions if session.theme == first.id}
    assert first.name.in_("zh") in str(icalendar.Calendar.from_ical(one)["X-WR-CALNAME"])
    _, two = await get(bot, f"/programme.ics?theme={first.id}&theme={second.id}")
    assert entries(two).keys() == {s.id for s in event.sessions if s.theme in (first.id, second.id)}
    answer, text = await get(bot, "/programme.ics?theme=nowhere", **{"Accept-Language": "fr-FR"})
    assert answer.status == 404
    assert "n’a pas ce thème" in text
    assert f"{first.id} – {first.name.in_('fr')}" in text
    wang = bot.delegate("web", language="zh")
    await wang.says("/programme")
    await wang.presses("议题")
    shown = await wang.presses(first.name.in_("zh"))
    assert f"/programme.ics?theme={first.id}&lang=zh" in shown[-1].buttons.values()


async def test_beside_the_address_stands_that_calendars_lag(boss: Organizer) -> None:
    for language, words in (("fr", "peut avoir des heures de retard"), ("zh", "要过几小时才更新")):
        person = await signed_up(boss.bot, "web", language, "diner")
        await person.says("/agenda")
        shown = await person.presses({"fr": "Vers mon calendrier", "zh": "加入日历"}[language])
        assert words in shown[-1].text


@pytest.mark.parametrize(
    "zone", ["Europe/Paris", "Asia/Shanghai", "America/New_York", "Africa/Casablanca", "Australia/Lord_Howe"]
)
def test_a_zone_is_told_as_it_is(zone: str) -> None:
    """Every second hour of two years, read by another library out of our rules, is the zone's own."""
    real, text = ZoneInfo(zone), vtimezone(ZoneInfo(zone), date(2027, 5, 20), date(2027, 5, 21)).to_ical().decode()
    calendar = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{text}END:VCALENDAR\r\n"
    (told,) = (component.to_tz() for component in icalendar.Calendar.from_ical(calendar).walk("VTIMEZONE"))
    at = datetime(2026, 12, 1, tzinfo=UTC)
    while at < datetime(2028, 11, 30, tzinfo=UTC):
        assert at.astimezone(told).utcoffset() == at.astimezone(real).utcoffset(), at
        at += timedelta(hours=2)
