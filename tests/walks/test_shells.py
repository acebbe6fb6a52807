"""Commands in other shells, on the database of a running bot: one clock for all, and nobody's data touched."""

import asyncio
import json
import os
import re
import shutil
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from bot import settings as settings_
from bot.errors import BadSettings
from tests.delegate import CACHE, engine, folder, running, text_of

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def warm(tmp_path: Path) -> None:
    """Commands find the answers prepared, as on every start but the first."""
    engine("strasbourg-2014")
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "vectors").symlink_to(CACHE)


async def started(*arguments: str, **settings: str) -> asyncio.subprocess.Process:
    mine = {name: value for name, value in os.environ.items() if not name.startswith("PASSERELLE_")}
    given = {f"PASSERELLE_{name.upper()}": value for name, value in settings.items()}
    environment = {**mine, **given, "PYTHONPATH": str(ROOT), "PASSERELLE_EMBEDDER": "none"}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment
    )


async def passerelle(*arguments: str, stdin: str = "", **settings: str) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of a command that knows of the settings what is given here."""
    process = await started(*arguments, **settings)
    out, err = await asyncio.wait_for(process.communicate(stdin.encode()), 120)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize("clock", ["", "2016-01-01T09:00"])
async def test_a_chat_beside_the_bot_lives_at_its_moment_and_erases_nobody(database_url: str, clock: str) -> None:
    elsewhere = {"clock": clock} if clock else {}
    async with running(database_url, clock="2014-11-06T09:00") as bot:
        marie = bot.delegate("web", language="fr")
        await marie.starts("s_atelier-3")
        await marie.presses("Je participe")
        code, out, err = await passerelle(
            "chat", "--lang", "fr", stdin="/now\n", database_url=database_url, **elsewhere
        )
        assert code == 0, err
        assert "Il est 9\N{NO-BREAK SPACE}h" in out
        assert "purged" not in err
        assert ("clock.kept" in err) == bool(clock), "whoever asks for another moment is told that it is not so"
        assert "Atelier 3" in text_of(await marie.says("/agenda"))
        _, out, _ = await passerelle(
            "ask", "--lang", "fr", "qu'est-ce qu'il y a en ce moment ?", database_url=database_url, **elsewhere
        )
        assert "Atelier 3" in out or "ouverture" in out


async def test_publish_asks_a_pipe_too_and_takes_no_answer_for_a_no(sqlite_url: str, tmp_path: Path) -> None:
    event = shutil.copytree(folder("tiny-event"), tmp_path / "event")
    where = {"database_url": sqlite_url, "event": str(event)}
    _, out, _ = await passerelle("publish", str(event), **where)  # a new database begins with it
    assert "Version 1 is what the folder says" in out
    programme = event / "programme.yaml"
    programme.write_text(programme.read_text(encoding="utf-8").replace("10:30", "10:45"), encoding="utf-8")
    for answer, published, more in (("n\n", False, ""), ("", False, "--yes"), ("y\n", True, "")):
        code, out, err = await passerelle("publish", str(event), stdin=answer, **where)
        assert "changed  session werkstatt “Writing workshop”\n         begins: 10:30 → 10:45\n" in out
        assert code == (0 if published else 1), err
        assert ("Version 2 is published" in out) == published
        assert more in err


async def test_a_chat_is_left_as_it_says_and_keeps_files_for_their_owner_alone(sqlite_url: str, tmp_path: Path) -> None:
    where = {"database_url": sqlite_url, "clock": "2014-11-06T09:00"}
    code, out, err = await passerelle("chat", "--lang", "fr", stdin="/mydata\n/quit\n/now\n", **where)
    assert code == 0, err
    assert out.startswith("Pour quitter\N{NO-BREAK SPACE}: /quit")
    assert "/now" not in out, "the line after /quit is not read"
    (file,) = (tmp_path / "var" / "files").rglob("*.json")
    assert f"Fichier enregistré\N{NO-BREAK SPACE}: {file}" in out
    assert file.stat().st_mode & 0o077 == 0
    assert [each.name for each in tmp_path.iterdir() if each.suffix == ".json"] == []
    _, out, _ = await passerelle("chat", stdin="/forget\n1\n", **where)
    assert "sont également effacés" in out
    assert not file.exists()


async def test_a_chat_shows_a_place_on_a_map_that_a_browser_opens(sqlite_url: str) -> None:
    async with running(sqlite_url) as bot:
        li = bot.delegate("terminal", language="zh")
        await li.starts()
        await li.says("怎么从机场去市区？")
        shown = text_of(await li.presses("Entzheim-Aéroport"))
        assert "打开地图：https://www.openstreetmap.org/?mlat=48.5" in shown
        assert "geo:" not in shown


async def test_a_batch_of_what_is_no_question_is_told_so_before_anything_is_prepared(tmp_path: Path) -> None:
    (tmp_path / "var" / "vectors").unlink()
    lines = 'wo?\n\n{"id": 1}\n{"id": 2, "text": null}\n'
    code, out, err = await passerelle("ask", "--batch", stdin=lines, event=str(folder("tiny-event")))
    assert code == 1
    assert [json.loads(line)["error"].split(":")[0] for line in out.splitlines()] == [
        "line 1 is not a question",
        "line 3 is not a question",
        "line 4 is not a question (text and lang are strings)",
    ]
    assert 'write {"id": "1", "text": ' in err
    assert "Preparing" not in err
    assert not list((tmp_path / "var").iterdir())


async def test_whoever_is_linked_from_a_terminal_is_told_in_their_own_chat(sqlite_url: str) -> None:
    async with running(sqlite_url, clock="2014-11-06T09:00") as bot:
        marie = bot.delegate("web", language="fr")
        await marie.starts()
        code = re.search(r"[2-9B-Z]{4} [2-9B-Z]{4}", text_of(await marie.says("/link")))
        assert code is not None
        typed = f"/link\n{code[0]}\n1\n"
        _, out, err = await passerelle("chat", "--as", "li", "--lang", "fr", stdin=typed, database_url=sqlite_url)
        assert "les deux conversations sont reliées" in out, out + err
        assert "Si ce n’était pas vous" not in out, "that is for the other one"
        assert "Si ce n’était pas vous" in text_of(await marie.says("/agenda"))


async def test_a_batch_says_that_it_is_at_work_and_hears_of_a_fault_behind_a_question(tmp_path: Path) -> None:
    (tmp_path / "var" / "vectors").unlink()
    lines = '{"id": 7, "text": "Gibt es WLAN?"}\n{"id": 8, "text": "Wie lautet das Passwort?", "lang": "de-AT"}\nwo?\n'
    code, out, err = await passerelle("ask", "--batch", stdin=lines, event=str(folder("tiny-event")))
    first, second, third = (json.loads(line) for line in out.splitlines())
    assert (first["id"], first["answers"][0]["topic"], second["id"]) == (7, "wifi", 8)
    assert "error" in third
    assert code == 1
    assert "Preparing the answers of this event" in err
    assert "line 3 is not a question" in err
    _, _, err = await passerelle("ask", "--batch", stdin=lines, event=str(folder("tiny-event")))
    assert "Preparing" not in err, "what is kept is not made again"


async def test_ask_says_that_what_is_published_differs_from_the_folder(sqlite_url: str, tmp_path: Path) -> None:
    event = shutil.copytree(folder("tiny-event"), tmp_path / "event")
    where = {"database_url": sqlite_url, "event": str(event)}
    _, _, err = await passerelle("ask", "WLAN", **where)
    assert "published" not in err, "there is no database yet"
    await passerelle("publish", str(event), **where)
    _, _, err = await passerelle("ask", "WLAN", **where)
    assert "published" not in err
    places = event / "places.yaml"
    places.write_text(places.read_text(encoding="utf-8").replace("Mustergasse 1", "Mustergasse 2"), encoding="utf-8")
    _, out, err = await passerelle("ask", "Wo ist das Treffen?", **where)
    assert "Mustergasse 2" in out
    assert "what is published (version 1) differs" in err
    assert f"passerelle publish {event}" in err


@pytest.mark.parametrize(("language", "first"), [("fr", "bienvenue"), ("zh", "欢迎"), ("en", "Welcome")])
async def test_a_chat_begins_once_in_the_language_asked_for(sqlite_url: str, language: str, first: str) -> None:
    where = {"database_url": sqlite_url, "event": "demo"}
    # A question in words waits for the answers to be ready: by then all that is owed has been looked through.
    _, out, _ = await passerelle("chat", "--lang", language, stdin="wifi\n/quit\n", **where)
    assert out.count(first) == 1
    _, out, _ = await passerelle("chat", "--as", "li", "--lang", "fr", stdin="/agenda\n", **where)
    assert out.count("bienvenue") == 1, "another name is another person, who is welcomed in turn"


async def test_every_setting_that_cannot_be_used_is_told_at_once_and_no_secret_shown() -> None:
    code, out, err = await passerelle(
        "chat",
        database_url="mysql://bot:sesam@db/event",
        telegram_token="sesam",
        telegram_rate="-1",
        port="99999",
        clock="soon",
        retention_days="-3",
        llm_url="llm",
    )
    assert (code, out) == (2, "")
    first, *faults = err.splitlines()
    assert first == "7 to mend:"
    told = {line.split(":")[0].strip().removeprefix("PASSERELLE_") for line in faults}
    assert told == {"DATABASE_URL", "TELEGRAM_TOKEN", "TELEGRAM_RATE", "PORT", "CLOCK", "RETENTION_DAYS", "LLM_URL"}
    assert all("→ write " in line for line in faults)
    assert "sesam" not in err


@pytest.mark.parametrize("embedder", ["gpt", "ftp://models"])
def test_an_embedder_is_one_of_three_kinds(embedder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_EMBEDDER", embedder)
    with pytest.raises(BadSettings) as caught:
        settings_.load()
    assert "write local, none, or the https:// address" in str(caught.value)


def test_organizers_are_accounts_and_every_other_item_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_ORGANIZERS", "telegram:123, wechat:oABC_d-9")
    assert settings_.load().organizer_accounts == {("telegram", "123"), ("wechat", "oABC_d-9")}
    monkeypatch.setenv("PASSERELLE_ORGANIZERS", "telegram:123,telegram:@li,bob")
    with pytest.raises(BadSettings) as caught:
        settings_.load()
    assert "'telegram:@li', 'bob' cannot be used → write telegram:NUMBER" in str(caught.value)


async def test_a_database_that_cannot_be_made_is_told_in_a_line() -> None:
    code, _, err = await passerelle("chat", database_url="sqlite:////proc/nowhere/event.db")
    assert code == 1
    assert err.startswith("the database of PASSERELLE_DATABASE_URL cannot be used: ")
    assert len(err.splitlines()) == 1


async def test_publish_shows_what_each_field_was_and_becomes(tmp_path: Path) -> None:
    event = shutil.copytree(folder("tiny-event"), tmp_path / "event")
    where = {"database_url": f"sqlite:///{tmp_path}/new.db", "event": str(event)}
    code, out, _ = await passerelle("publish", str(event), "--dry-run", **where)
    assert (code, "no version of this event yet" in out) == (0, True)
    assert not (tmp_path / "new.db").exists(), "a dry run changes nothing"
    await passerelle("publish", str(event), **where)
    programme, wifi = event / "programme.yaml", event / "faq" / "wifi.yaml"
    text = programme.read_text(encoding="utf-8")
    for old, new in (
        ("place: saal\n  theme: schreiben", "place: haus\n  theme: schreiben"),
        ("  capacity: 8\n", ""),
        ("en: Writing workshop", "en: Writing together"),
        ("Schreibkurs, ", ""),
        ('start: "10:30"\n  end: "12:00"', 'start: "11:00"'),
    ):
        assert old in text
        text = text.replace(old, new)
    programme.write_text(text, encoding="utf-8")
    answer = wifi.read_text(encoding="utf-8")
    wifi.write_text(answer.replace("and the password are to be confirmed", "comes"), encoding="utf-8")
    _, out, err = await passerelle("publish", str(event), "--dry-run", **where)
    assert not err
    assert out.splitlines() == [
        "changed  session werkstatt “Writing together”",
        "         begins: 10:30 → 11:00",
        "         ends: 12:00 → not known",
        "         where: Main Hall (saal) → Haus Lesezeichen (haus)",
        "         title (en): Writing workshop → Writing together",
        "         seats: 8 → no limit",
        "         aliases: − Schreibkurs",
        "changed  entry wlan",
        "         answer (en): The network name and the password are to be confirmed. → The network name comes.",
        "Touches werkstatt (when, where): 0 persons told.",
    ]


async def first_lines_of_a_run(**settings: str) -> list[str]:
    """What a bot prints at its start; it is stopped once it says that its answers are ready."""
    process = await started("run", "--port", "0", **settings)
    assert process.stdout is not None
    assert process.stderr is not None
    lines = []
    while not lines or not lines[-1].startswith("Stop with"):
        lines.append((await asyncio.wait_for(process.stdout.readline(), 60)).decode().rstrip())
        assert lines[-1], await process.stderr.read()
    while b"answers.ready" not in await asyncio.wait_for(process.stderr.readline(), 60):
        assert process.returncode is None
    process.terminate()
    await process.communicate()
    return lines


async def test_a_run_says_how_the_folder_stands_to_what_is_served(sqlite_url: str, tmp_path: Path) -> None:
    event = shutil.copytree(folder("tiny-event"), tmp_path / "event")
    where = {"database_url": sqlite_url, "event": str(event)}
    assert f"Serving version 1, which is what {event} says." in await first_lines_of_a_run(**where)
    programme = event / "programme.yaml"
    programme.write_text(programme.read_text(encoding="utf-8").replace("10:30", "10:45"), encoding="utf-8")
    changed = f"Serving version 1; {event} has 1 difference from it, to bring in: passerelle publish {event}"
    assert changed in await first_lines_of_a_run(**where)
    (event / "places.yaml").unlink()
    broken = f"Serving version 1; {event} has changed since, and holds faults: passerelle check {event}"
    assert broken in await first_lines_of_a_run(**where)


async def test_a_chat_is_held_in_the_languages_of_its_event(sqlite_url: str) -> None:
    where = {"database_url": sqlite_url, "event": str(folder("tiny-event"))}
    code, _, err = await passerelle("chat", "--lang", "fr", stdin="/quit\n", **where)
    assert (code, err) == (2, "This event does not speak 'fr': --lang de or en\n")
    code, out, _ = await passerelle("chat", "--lang", "de-AT", stdin="/quit\n", **where)
    assert code == 0
    assert "Verantwortlich" in out
