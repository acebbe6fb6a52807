"""What was not answered well: kept without who asked, brought together across languages, put right by a person."""

import asyncio
import io
import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.cli import main
from bot.desk.tables import unanswered
from bot.store.threads import Store
from bot.store.transaction import Transaction
from tests.delegate import Bot, engine, folder, labels_of, running, text_of

DOGS = "can my dog come along to lunch, i'm Li (li@example.org)"


@pytest.fixture
def event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Path:
    copy = tmp_path / "event"
    shutil.copytree(folder("tiny-event"), copy)
    for name, value in {"EVENT": str(copy), "DATABASE_URL": sqlite_url, "EMBEDDER": "none"}.items():
        monkeypatch.setenv(f"PASSERELLE_{name}", value)
    return copy


def rows(bot: Bot) -> list[tuple[str, str, str, int]]:
    def read(tx: Transaction) -> list[tuple[str, str, str, int]]:
        found = tx.all(select(unanswered).order_by(unanswered.c.id))
        return [(row["language"], row["text"], row["fate"], row["times"]) for row in found]

    return bot.app.opened.store.read_now(read)


async def test_a_question_not_answered_well_is_kept_without_who_asked(database_url: str) -> None:
    async with running(database_url) as bot:
        marie, li = bot.delegate("web", language="fr"), bot.delegate("telegram", language="zh")
        await marie.says("mot de passe du wifi")
        await marie.says("merci")
        await marie.says("tu es nul")
        await marie.says("42")
        assert rows(bot) == [], "what was answered, small talk and insults are nobody's business"
        await marie.says("Un pingouin jean@example.org 06 12 34 56 78 sait-il le grec ?")
        await marie.says("un pingouin  JEAN@example.org 06 12 34 56 78 sait il le grec")
        assert [(row[1], row[3]) for row in rows(bot)] == [("Un pingouin […] […] sait-il le grec ?", 2)]
        await li.says("密碼是多少 wifi")
        await li.presses("没帮上忙" if "没帮上忙" in labels_of(li.seen) else "沒幫上忙")
        assert rows(bot)[-1][0] == "zh"
        assert rows(bot)[-1][2:] == ("unhelped", 1)
        columns = {column.name for column in unanswered.columns}
        assert not columns & {"person_id", "account_id", "channel", "address"}
        await marie.says("/forget")
        shown = text_of(await marie.says("/privacy"))
        assert "/forget" in shown
        assert "une question à laquelle je n’ai pas su bien répondre" in shown


async def test_the_same_question_from_many_at_once_is_one_row(database_url: str) -> None:
    async with running(database_url) as bot:
        people = [bot.delegate("web", language="en") for _ in range(12)]
        await asyncio.gather(*(each.says("do penguins vote in Antarctica") for each in people))
        assert rows(bot) == [("en", "do penguins vote in Antarctica", rows(bot)[0][2], 12)]


def cli(arguments: list[str]) -> int:
    """A command in this process."""
    return main.run(arguments)


async def ask(sqlite_url: str, event: Path, *questions: str) -> list[str]:
    async with running(sqlite_url, event=str(event), clock="2027-09-14T09:00") as bot:
        li = bot.delegate("web", language="en")
        return [text_of(await li.says(question)) for question in questions]


def test_a_person_makes_an_example_of_it_and_the_bot_learns(
    event: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(ask(sqlite_url, event, "is there a hot beverage machine", "there is a hot beverage machine?", DOGS))
    capsys.readouterr()
    assert cli(["questions", "list", "--json"]) == 0
    groups = json.loads(capsys.readouterr().out)
    assert [(group["times"], len(group["questions"])) for group in groups] == [(2, 2), (1, 1)]
    number = str(groups[0]["number"])
    before = (event / "faq" / "coffee.yaml").read_text()
    assert cli(["questions", "accept", number, "kaffe", "--yes"]) == 1
    assert "is no entry" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert cli(["questions", "accept", number, "kaffee"]) == 1, "nobody said yes"
    assert (event / "faq" / "coffee.yaml").read_text() == before
    assert "known questions" in capsys.readouterr().out
    assert cli(["questions", "accept", number, "kaffee", "--yes"]) == 0
    added = [line for line in (event / "faq" / "coffee.yaml").read_text().splitlines() if line not in before]
    assert len(added) == 1, "one line more, in the list that stood there"
    assert "hot beverage machine" in added[0]
    assert cli(["publish", str(event), "--yes"]) == 0
    engine.cache_clear()  # of the tests: the folder of that name has changed
    [answer] = asyncio.run(ask(sqlite_url, event, "hot beverage machine"))
    assert "Coffee and tea" in answer


def test_an_entry_of_its_own_must_hold_before_it_is_saved(
    event: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(ask(sqlite_url, event, DOGS, "penguins and parliament"))
    capsys.readouterr()
    assert cli(["questions", "list", "--json"]) == 0
    dogs, other = (str(group["number"]) for group in json.loads(capsys.readouterr().out))
    assert cli(["questions", "show", dogs]) == 0
    assert "li@example.org" not in capsys.readouterr().out
    new = ["questions", "accept", dogs, "--new", "dogs", "--topic", "lunch", "--yes"]
    assert cli([*new, "--answer", "en=No dogs."]) == 1, "no German answer"
    assert not (event / "faq" / "lunch.yaml").exists()
    answers = ["--answer", "en=No dogs.", "--answer", "de=Keine Hunde."]
    assert cli([*new, *answers]) == 1, "a single example"
    assert "write 3 or more" in capsys.readouterr().err
    more = [("en", "dogs?"), ("en", "is my dog welcome"), ("de", "Hunde?"), ("de", "Hund dabei"), ("de", "mit Hund")]
    examples = [each for language, text in more for each in ("--question", f"{language}={text}")]
    assert cli([*new, *answers, *examples]) == 0
    assert cli(["check", str(event)]) == 0
    assert cli(["questions", "dismiss", other]) == 0
    capsys.readouterr()
    assert cli(["questions", "list"]) == 0
    assert "No question waits" in capsys.readouterr().out


def test_the_oldest_go_when_there_are_too_many(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime, timedelta

    from bot.desk import unanswered as desk
    from bot.desk.tables import Fate

    store = Store(sqlite_url)
    monkeypatch.setattr(desk, "MOST", 3)
    ends = datetime(2014, 11, 7, tzinfo=UTC)
    for day in range(5):
        store.write_now(desk.keep, f"question {'abcde'[day]}", "en", Fate.REFUSED, ends + timedelta(days=day))
    store.write_now(desk.purge, ends + timedelta(days=6), event_ends=ends, retention=timedelta(days=90))
    assert [q.text for q in store.read_now(desk.kept)] == ["question c", "question d", "question e"]
    store.write_now(desk.purge, ends + timedelta(days=93), event_ends=ends, retention=timedelta(days=90))
    assert [q.text for q in store.read_now(desk.kept)] == ["question d", "question e"]
    store.close()


async def test_a_running_bot_answers_from_an_edit_while_it_learns_the_rest(event: Path, sqlite_url: str) -> None:
    async with running(sqlite_url, event=str(event), clock="2027-09-14T09:00") as bot:
        li = bot.delegate("web", language="en")
        assert "Coffee and tea" not in text_of(await li.says("hot beverage machine"))
        coffee = event / "faq" / "coffee.yaml"
        coffee.write_text(coffee.read_text().replace("[where can I get coffee,", "[hot beverage machine,"))
        assert await asyncio.to_thread(cli, ["publish", str(event), "--yes"]) == 0
        for _ in range(200):
            if "Coffee and tea" in text_of(await li.says("hot beverage machine")):
                return
            await asyncio.sleep(0.1)
        raise AssertionError("not answered")
