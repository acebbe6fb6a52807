"""An organizer brings a programme in and takes it out, from the shell, beside a live database."""

import asyncio
import io
import json
import re
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from datetime import time
from pathlib import Path

import pytest

from bot.cli import main
from bot.event import load
from bot.exchange import folder as folder_
from bot.text.words import folder
from tests.delegate import running

LOGGED = re.compile(r"\d{4}-\d\d-\d\d[ T]|\{\"")
SCHEDULES = Path(__file__).parent.parent / "schedules"


async def shell(*arguments: str, code: int = 0, stdin: str = "") -> str:
    """stdout and stderr of a command."""
    out, err, given = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO(), sys.stdin
    try:
        sys.stdin = io.StringIO(stdin)
        with redirect_stdout(out), redirect_stderr(err):
            ended = await asyncio.to_thread(main.run, list(arguments))
    finally:
        sys.stdin = given
    out.flush()
    # A bot in this process may have logged meanwhile.
    told = [line for line in err.getvalue().splitlines(keepends=True) if not LOGGED.match(line)]
    said = out.buffer.getvalue().decode("utf-8-sig") + "".join(told)  # type: ignore[attr-defined]
    assert ended == code, said
    return said


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    copy = tmp_path / "demo"
    shutil.copytree(folder("data") / "demo", copy)
    return copy


async def test_an_import_is_shown_agreed_to_and_published(
    sqlite_url: str, demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("PASSERELLE_EVENT", str(demo))
    file = tmp_path / "salles.csv"
    file.write_text("id,start,end,Budget\nouverture,09:15,10:00,12\nvisite,soon,,\n", encoding="utf-8")
    async with running(sqlite_url, event="demo", clock="2027-05-20T07:00") as bot:
        delegate = bot.delegate("web", language="fr")
        await delegate.starts()
        before = (demo / "programme.yaml").read_bytes()
        shown = await shell("import", str(file), "--yes")
        assert "row 2: has an hour (09:15) and no day" in shown
        assert "row 3: has an hour (soon) and no day" in shown
        assert (demo / "programme.yaml").read_bytes() == before
        file.write_text("id,day,start,end,Budget\nouverture,20/05/2027,09:15,10:00,12\n", encoding="utf-8")
        shown = await shell("import", str(file), code=1, stdin="n\n")
        assert "Nothing was written" in shown
        dry = await shell("import", str(file), "--dry-run")
        assert "begins: 09:00 → 09:15" in dry
        assert "column “Budget”: 1 times" in dry
        assert (demo / "programme.yaml").read_bytes() == before
        done = await shell("import", str(file), stdin="y\n")
        assert f"passerelle publish {demo}" in done
        assert load.load(demo).session["ouverture"].start == time(9, 15)
        assert "Nothing changes" in await shell("import", str(file), "--yes")
        assert "Version 2 is published" in await shell("publish", str(demo), "--yes")


@pytest.mark.parametrize("name", ["pretalx", "frab", "ics", "csv", "xlsx", "json"])
async def test_the_live_programme_goes_out_and_comes_in_again_unchanged(
    name: str, sqlite_url: str, demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("PASSERELLE_EVENT", str(demo))
    async with running(sqlite_url, event="demo", clock="2027-05-20T07:00"):
        await shell("export", "programme", "--format", name, "--output", str(tmp_path / "out"))
        assert "Nothing changes" in await shell("import", str(tmp_path / "out"), "--yes")


async def test_a_night_when_clocks_go_back_comes_in_right_or_is_named(tmp_path: Path) -> None:
    event = tmp_path / "night"
    shutil.copytree(SCHEDULES.parent / "tiny-event", event)
    for name in ("event.yaml", "programme.yaml"):
        text = (event / name).read_text(encoding="utf-8").replace("starts: 2027-09-14", "starts: 2027-10-30")
        text = text.replace("ends: 2027-09-14", "ends: 2027-10-31").replace("day: 2027-09-14", "day: 2027-10-30")
        (event / name).write_text(text, encoding="utf-8")

    def told(number: int, guid: int, date: str, lasts: str = "00:30") -> str:
        return (
            f'<event id="{number}" guid="{guid}1111111-1111-4111-8111-111111111111"><date>{date}</date>'
            f"<duration>{lasts}</duration><title>Nacht {number}</title></event>"
        )

    events = (
        told(1, 1, "2027-10-30T11:00:00+02:00"), told(2, 2, "2027-10-30T23:30:00+02:00", "01:00"),
        told(3, 3, "2027-10-31T00:30:00+02:00"), told(4, 4, "2027-10-31T02:30:00+02:00", "00:15"),
        told(5, 5, "2027-10-31T02:30:00+01:00"), told(6, 6, "2027-10-31T01:30:00+02:00", "02:30"),
        told(7, 7, "2027-10-31T10:00:00+01:00"), told(8, 7, "2027-10-31T12:00:00+01:00"),
        told(9, 9, "2027-10-31T02:40:00+02:00"),
    )  # fmt: skip
    file = tmp_path / "night.xml"
    file.write_text(
        '<schedule><version>1</version><day index="1" date="2027-10-30" start="2027-10-30T11:00:00+02:00" '
        f'end="2027-10-31T06:00:00+01:00"><room name="Keller">{"".join(events)}</room></day></schedule>',
        encoding="utf-8",
    )
    shown = await shell("import", str(file), "--event", str(event), "--yes")
    assert "event 5 “Nacht 5”: begins at the second 02:30 of 2027-10-31, when clocks go back" in shown
    assert "event 9 “Nacht 9”: ends at the second 02:10 of 2027-10-31, when clocks go back" in shown
    assert "event 3 begins at 00:30 of 2027-10-31; the file shows it under 2027-10-30" in shown
    assert "2 events of the file have the one id “71111111-1111-4111-8111-111111111111”" in shown
    made = {s.title.in_("de"): s for s in folder_.readable(event).sessions if s.title.in_("de").startswith("Nacht")}
    assert {title: (str(s.day), str(s.start)[:5], str(s.end)[:5]) for title, s in made.items()} == {
        "Nacht 1": ("2027-10-30", "11:00", "11:30"),
        "Nacht 2": ("2027-10-30", "23:30", "00:30"),
        "Nacht 3": ("2027-10-31", "00:30", "01:00"),
        "Nacht 6": ("2027-10-31", "01:30", "03:00"),
        "Nacht 4": ("2027-10-31", "02:30", "02:45"),
        "Nacht 7": ("2027-10-31", "10:00", "10:30"),
        "Nacht 8": ("2027-10-31", "12:00", "12:30"),
    }
    assert "Nothing changes" in await shell("import", str(file), "--event", str(event), "--yes")


async def test_lists_go_out(sqlite_url: str, demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("PASSERELLE_EVENT", str(demo))
    assert "holds no version" in await shell("export", "interest", code=1)
    async with running(sqlite_url, event="demo", clock="2027-05-20T07:00") as bot:
        marie = bot.delegate("web", language="fr")
        open_ = next(s for s in load.load(demo).sessions if s.registration == "open" and s.status == "confirmed")
        await marie.starts(f"s_{open_.id}")
        await marie.presses("Je participe")
        rows = json.loads(await shell("export", "interest", "--format", "json"))
        assert [(r["id"], r["going"]) for r in rows if r["going"] != "0"] == [(open_.id, "1")]
        figures = await shell("export", "statistics")
        assert "persons,fr,1" in figures
        assert "interest,going,1" in figures
        assert (await shell("export", "questions")).startswith("number,language,question")
        await shell("export", "faq", "--output", str(tmp_path / "faq.xlsx"))
        assert (tmp_path / "faq.xlsx").read_bytes().startswith(b"PK")
        assert "is no programme" in await shell("export", "faq", "--format", "ics", code=1)


async def test_what_is_no_file_is_said(demo: Path) -> None:
    assert "cannot be read" in await shell("import", "nowhere.csv", "--event", str(demo), code=1)
    assert "is no language of the event" in await shell(
        "import", str(SCHEDULES / "camp-2019.frab.json"), "--event", str(demo), "--lang", "de", code=1
    )
    shown = await shell("import", str(SCHEDULES / "camp-2019.frab.json"), "--event", str(demo), "--yes")
    assert "is no day of the event" in shown
    assert "Nothing changes" in shown
