"""Announcements from the shell, beside a running bot that sends them."""

import asyncio
import csv
import io
import json
import os
import re
import signal
import sys
import zipfile
from collections.abc import AsyncIterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from sqlalchemy import delete, func, select, update

from bot.cli import main
from bot.notices import report_files
from bot.notices.reporting import Row
from bot.notices.tables import delivery
from bot.people.tables import account, person
from bot.store.transaction import Transaction
from tests.delegate import Bot, Delegate, TelegramDelegate, running, text_of

ROOT = Path(__file__).parent.parent.parent
TEXTS = {"fr": "L’atelier 3 passe en salle **12**.", "zh": "分论坛三改到**12**号会议室。"}
SAID = ["--text", f"fr={TEXTS['fr']}", "--text", f"zh={TEXTS['zh']}"]


class Shell:
    """Another shell on the bot's database."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.err = ""

    async def __call__(self, *arguments: str, code: int = 0) -> str:
        """stdout of `passerelle broadcast …`, which must end with `code`."""
        # Ours rather than pytest's, which closes them: the bot in this process may log to them later.
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            ended = await asyncio.to_thread(cli, ["broadcast", *arguments])
        self.err = err.getvalue()
        assert ended == code, (ended, out.getvalue(), self.err)
        return out.getvalue()

    async def json(self, *arguments: str) -> Any:
        return json.loads(await self(*arguments, "--json"))

    def deliveries(self) -> int:
        return int(self.bot.app.opened.store.read_now(lambda tx: tx.scalar(select(func.count()).select_from(delivery))))


def cli(arguments: list[str]) -> int:
    try:
        return main.run(arguments)
    except SystemExit as wrong:
        return int(wrong.code or 0)


@pytest.fixture
async def shell(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shell]:
    monkeypatch.setenv("PASSERELLE_DATABASE_URL", database_url)
    monkeypatch.setenv("PASSERELLE_EMBEDDER", "none")
    monkeypatch.setattr("sys.stdin", io.StringIO())  # nobody answers
    async with running(database_url) as bot:
        yield Shell(bot)
        assert bot.telegram.faults == []


async def people(bot: Bot, **languages: str) -> list[Delegate]:
    """channel=“fr zh”: a person for each language, who has started."""
    made = [
        bot.delegate(channel, language=language) for channel, spoken in languages.items() for language in spoken.split()
    ]
    for each in made:
        await each.starts()
    return made


def got(delegate: Delegate) -> str:
    assert isinstance(delegate, TelegramDelegate)
    return "\n".join(message.text for message in delegate._double.sent(delegate._chat))


async def test_sent_watched_and_reported_as_it_arrived(shell: Shell, tmp_path: Path) -> None:
    marie, li, paul, wang = await people(shell.bot, telegram="fr zh fr", web="zh")
    shell.bot.telegram.person(1003).is_blocked = True  # which nobody knows yet
    out = await shell("send", *SAID, "--receipt", "--yes")
    assert "  | L’atelier 3 passe en salle 12." in out, "as its readers get it"
    assert re.search(r"^telegram +3 +fr 2  zh 1$", out, re.MULTILINE)
    assert re.search(r"^web +1 +zh 1$", out, re.MULTILINE)
    assert "Announcement 1 is sent: 3 sent, 1 unreachable." in out
    assert "Sending announcement 1" in shell.err
    assert got(marie).count("L’atelier 3 passe en salle 12.") == 1
    assert got(li).count("分论坛三改到12号会议室。") == 1
    assert "atelier 3 passe" not in got(paul)
    assert text_of(await wang.says("/help")).count("分论坛三改到12号会议室。") == 1
    message = shell.bot.telegram.sent(1001)[-1]
    mark = shell.bot.telegram.mark()
    shell.bot.telegram.press(1001, message.message_id, 0)
    await shell.bot.telegram.wait_for(1001, since=mark)
    assert [each["counts"] for each in await shell.json("list")] == [{"sent": 3, "unreachable": 1}]
    files = {name: tmp_path / f"out.{name}" for name in ("csv", "xlsx", "calls")}
    given = ("--csv", files["csv"], "--xlsx", files["xlsx"], "--call-list", files["calls"])
    report = await shell.json("report", "1", *map(str, given))
    assert report["counts"] == {"sent": 3, "unreachable": 1}
    assert (report["persons"], report["confirmed"], report["state"]) == (4, 1, "sent")
    by = {(row["channel"], row["language"]): (row["counts"], row["confirmed"]) for row in report["by"]}
    assert by == {
        ("telegram", "fr"): ({"sent": 1, "unreachable": 1}, 1),
        ("telegram", "zh"): ({"sent": 1}, 0),
        ("web", "zh"): ({"sent": 1}, 0),
    }
    rows = list(csv.reader(files["csv"].read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0] == list(report_files.HEADINGS)
    assert [row[1:4] for row in rows[1:]] == [
        ["telegram", "fr", "sent"],
        ["telegram", "zh", "sent"],
        ["telegram", "fr", "unreachable"],
        ["web", "zh", "sent"],
    ]
    assert "blocked" in rows[3][4]
    assert [bool(row[5]) for row in rows[1:]] == [True, True, False, True]
    assert all(re.fullmatch(r"2014-11-06T09:\d\d:\d\d\+01:00", row[5]) for row in rows[1:] if row[5])
    assert [bool(row[6]) for row in rows[1:]] == [True, False, False, False]
    assert sheet(files["xlsx"]) == rows
    called = list(csv.reader(files["calls"].read_text(encoding="utf-8-sig").splitlines()))
    assert [row[4] for row in called[1:]] == ["telegram", "telegram", "web"], "everybody but who confirmed"
    assert files["csv"].stat().st_mode & 0o077 == 0
    shown = await shell("show", "1")
    assert "1 confirmed, 3 did not." in shown
    assert "分论坛三改到**12**号会议室。" in shown


def sheet(path: Path) -> list[list[str]]:
    """The cells of a workbook's only sheet."""
    names = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(path) as book:
        tree = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    out = []
    for row in tree.iterfind(".//m:row", names):
        cells = [""] * len(report_files.HEADINGS)
        for cell in row.iterfind("m:c", names):
            assert cell.find("m:f", names) is None
            text = cell.find(".//m:t", names)
            found = text if text is not None else cell.find("m:v", names)
            cells[ord(cell.attrib["r"][0]) - ord("A")] = (found.text or "") if found is not None else ""
        out.append(cells)
    return out


async def test_paused_resumed_corrected_and_recalled(shell: Shell) -> None:
    marie, _ = await people(shell.bot, telegram="fr", web="zh")
    shell.bot.telegram.stall_next("sendMessage", 1.5, after=False)
    await shell("send", *SAID, "--yes", "--no-wait")
    assert "paused" in await shell("pause", "1")
    assert (await shell.json("show", "1"))["state"] == "paused"
    await shell("pause", "1", code=1)
    assert "pause does nothing" in shell.err
    await shell("resume", "1")
    await until_sent(shell)
    out = await shell("correct", "1", "--text", "fr=L’atelier 3 passe en salle **14**.", "--yes")
    assert "is sent: 2 sent." in out
    assert "en salle 14." in got(marie)
    assert "en salle 12." not in got(marie), "in its place"
    sent_at = [row["sent at"] for row in await table(shell)]
    out = await shell("recall", "1", "--yes")
    assert "is recalled: 2 recalled." in out
    assert "atelier 3" not in got(marie)
    assert [row["sent at"] for row in await table(shell)] == sent_at, "when it was sent, not when it was taken back"
    await shell("correct", "1", "--text", "fr=Non", "--yes", code=1)
    await shell("resume", "1", code=1)
    await shell("cancel", "1", code=1)


async def until_sent(shell: Shell) -> None:
    for _ in range(200):
        if (await shell.json("show", "1"))["state"] == "sent":
            return
        await asyncio.sleep(0.05)
    raise AssertionError("not sent")


async def table(shell: Shell) -> list[dict[str, str]]:
    await shell("report", "1", "--csv", "table.csv")
    return list(csv.DictReader(Path("table.csv").read_text(encoding="utf-8-sig").splitlines()))


async def test_what_is_queued_of_a_recalled_one_is_cancelled_in_every_count(shell: Shell) -> None:
    await people(shell.bot, telegram="fr fr")

    def hold(tx: Transaction) -> None:
        tx.execute(update(account).values(channel="elsewhere"))  # a platform that this bot does not serve

    shell.bot.app.opened.store.write_now(hold)
    await shell("send", *SAID, "--yes", "--no-wait")
    for _ in range(100):
        if shell.deliveries() == 2:
            break
        await asyncio.sleep(0.05)
    assert "2 queued" in await shell("show", "1")
    await shell("recall", "1", "--yes")
    assert (await shell.json("report", "1"))["counts"] == {"cancelled": 2}
    assert (await shell.json("list"))[0]["counts"] == {"cancelled": 2}
    assert [row["state"] for row in await table(shell)] == ["cancelled", "cancelled"]
    await shell("send", *SAID, "--yes", "--no-wait")
    assert "cancelled" in await shell("cancel", "2")
    assert set((await shell.json("show", "2"))["counts"]) <= {"cancelled"}


BAD = [
    ((), "text: is empty"),
    (("--text", "fr= ", "--text", "zh="), "text: is empty"),
    (("--text", "fr=" + "x" * 3001, "--text", "zh=好"), "text.fr: has 3001 characters"),
    (("--text", "fr=Salle **12.\nIci", "--text", "zh=好"), "text.fr:1: holds a ** without its other"),
    (("--text", "fr=Ici\n[plan](plan.pdf)", "--text", "zh=好"), "text.fr:2: holds a link that leads nowhere"),
    (("--text", "fr=Bonjour"), "text: is missing in zh"),
    (("--text", "de=Hallo", *SAID), "--text de: the event does not speak 'de' → one of fr, zh, en"),
    (("--text", "fr=\ud800", "--text", "zh=好"), "--text fr: holds what is no text"),
    ((*SAID, "--at", "2014-11-06T08:59"), "at: is past: it is 2014-11-06 09:"),
    ((*SAID, "--at", "2015-03-29T02:30"), "at: 02:30 does not exist that night: the clocks skip it"),
    ((*SAID, "--at", "demain"), "--at: 'demain' is no moment"),
    ((*SAID, "--at", "2014-11-06T15:00Z"), "names a zone"),
    ((*SAID, "--at", "0001-01-01T00:00"), "is no moment of an event"),
    ((*SAID, "--to", "session:atelier-2"), "audience: is nobody"),
    ((*SAID, "--to", "session:atelier-33"), "did you mean atelier-3?"),
    ((*SAID, "--to", " "), "--to: names nobody → write everyone, or language:zh"),
    ((*SAID, "--to", "everybody"), "everybody: names no audience"),
    ((*SAID, "--to", "notice:99999999999999999999"), "is no announcement’s number"),
    ((*SAID, "--to", "role:" + "x" * 400), "has 405 characters"),
    ((*SAID, "--to", "language:zh " * 60), "has 719 characters"),
    (
        ["--text", "fr=Rendez-vous {session:atelier-3.place}", "--text", "zh=x"],
        "text.fr:1: holds a reference, which is filled in answers alone",
    ),
    ([*SAID, "--text", "fr=y"], "--text fr: is given twice → one text a language"),
    ([*SAID, "--to", "language:fr language:zh"], "audience: is nobody"),
]


async def test_what_cannot_be_sent_is_refused_with_its_remedy_and_the_draft_kept(shell: Shell) -> None:
    marie, _ = await people(shell.bot, telegram="fr zh")
    for number, (arguments, fault) in enumerate(BAD, 1):
        out = await shell("send", *arguments, "--yes", code=1)
        assert fault in shell.err, (arguments, shell.err)
        assert f"passerelle broadcast send --draft {number}" in out
        assert (await shell.json("show", str(number)))["state"] == "draft"
    assert shell.deliveries() == 0
    everything = ("--text", "fr=**", "--text", "de=x", "--to", "language:xx", "--at", "demain")
    await shell("send", *everything, "--yes", code=1)
    assert shell.err.startswith("4 to mend:"), "all at once"
    for command in ("show", "report", "pause", "resume", "cancel", "recall", "again"):
        await shell(command, "4711", *(["--yes"] if command in ("recall", "again") else []), code=1)
        assert "4711: is no announcement → see passerelle broadcast list" in shell.err
    await shell("correct", "4711", "--text", "fr=x", code=1)
    await shell("send", "--draft", "4711", code=1)
    await shell("show", "99999999999999999999", code=2)
    await shell("send", "--text", "Bonjour", code=2)
    assert shell.deliveries() == 0
    assert "atelier 3 passe" not in got(marie)


async def test_a_draft_is_gone_on_with_until_it_is_right(shell: Shell, tmp_path: Path) -> None:
    marie, li = await people(shell.bot, telegram="fr zh")
    draft = tmp_path / "draft.yaml"
    draft.write_text(
        "texts:\n  fr: Salle **12\n  zh: 十二号\naudiance: language:fr\nurgent: perhaps\n", encoding="utf-8"
    )
    out = await shell("send", "--file", str(draft), "--yes", code=1)
    assert f"{draft}:4: 'audiance' is nothing that a draft has → did you mean audience?" in shell.err
    assert f"{draft}:5: urgent: 'perhaps' says neither yes nor no" in shell.err
    assert "text.fr:1" in shell.err
    assert f"--draft 1 --file {draft}" in out
    out = await shell("send", "--draft", "1", "--text", "fr=Salle **12**", "--to", "language:fr", "--receipt", code=1)
    assert "Nobody answered" in shell.err
    assert "Nothing is sent." in out
    kept = await shell.json("show", "1")
    assert (kept["texts"], kept["audience"], kept["receipt"]) == (
        {"fr": "Salle **12**", "zh": "十二号"}, "language:fr", True,
    )  # fmt: skip
    assert kept["author"] == "shell"
    out = await shell("send", "--draft", "1", "--at", "2014-11-06T23:30", "--yes")
    assert "It is night there: what is not urgent waits until 2014-11-07 08:00." in out
    assert "is scheduled for 2014-11-06 23:30" in out
    assert (await shell.json("show", "1"))["at"] == "2014-11-06T23:30:00+01:00"
    out = await shell("send", "--draft", "1", "--urgent", "--at", "2014-11-06T22:30", code=1)
    assert "no longer scheduled" in out
    assert "Send it at 2014-11-06 22:30 to 1 person?" in out, "nobody says yes, and the moment is kept"
    out = await shell("send", "--draft", "1", "--at", "now", "--yes")
    assert "is sent: 1 sent." in out
    assert "Urgent, de la part des organisateurs\n\nSalle 12" in got(marie)
    assert "十二号" not in got(li)
    await shell("send", "--draft", "1", "--yes", code=1)
    assert "1: is sent, and no draft" in shell.err


async def test_again_on_the_other_account_of_whoever_has_not_confirmed(shell: Shell) -> None:
    await people(shell.bot, telegram="fr fr", web="fr")

    def join(tx: Transaction) -> None:  # the first telegram account and the web one are one person's
        ids = tx.execute(select(account.c.channel, account.c.person_id).order_by(account.c.id)).all()
        first = next(each for channel, each in ids if channel == "telegram")
        left = next(each for channel, each in ids if channel == "web")
        tx.execute(update(account).where(account.c.channel == "web").values(person_id=first))
        tx.execute(delete(person).where(person.c.id == left))

    shell.bot.app.opened.store.write_now(join)
    await shell("send", "--text", "fr=Bonjour", "--yes")
    await shell("again", "1", "--yes", code=1)
    assert "asks nobody to confirm" in shell.err
    out = await shell("send", "--text", "fr=Rendez-vous au quai", "--receipt", "--yes")
    assert "is sent: 2 sent." in out
    out = await shell("again", "2", "--yes")
    assert "goes to 1 on another account" in out
    assert "second try: 1 sent" in out
    assert "goes to 0" in await shell("again", "2", "--yes")
    report = await shell.json("report", "2")
    assert (report["counts"], report["second_try"]) == ({"sent": 2}, {"sent": 1})
    await shell("report", "2", "--csv", "two.csv", "--call-list", "calls.csv")
    rows = list(csv.DictReader(Path("two.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert {row["second state"] for row in rows} == {"", "sent"}, "a row a person"
    assert len(rows) == 2
    calls = list(csv.DictReader(Path("calls.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert len(calls) == 2, "neither has confirmed, nor an account left"


async def test_two_shells_send_a_draft_once(shell: Shell) -> None:
    (marie,) = await people(shell.bot, telegram="fr")
    await shell("send", "--text", "fr=Bonjour à tous", "--to", "everyone", code=1)
    with redirect_stderr(io.StringIO()):
        many = (asyncio.to_thread(cli, ["broadcast", "send", "--draft", "1", "--yes", "--no-wait"]) for _ in range(4))
        codes = await asyncio.gather(*many)
    assert sorted(codes) == [0, 1, 1, 1]
    await until_sent(shell)
    assert got(marie).count("Bonjour à tous") == 1


async def test_at_night_it_waits_and_says_so(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_DATABASE_URL", sqlite_url)
    async with running(sqlite_url, clock="2014-11-05T23:00") as bot:
        shell = Shell(bot)
        await people(bot, telegram="fr")
        out = await shell("send", "--text", "fr=Bonjour", "--yes")
        assert "It is night there" in out
        assert "1 wait until 2014-11-06 08:00" in out
        assert "is sent: 1 sent." in await shell("send", "--text", "fr=Au feu", "--urgent", "--yes")


async def test_without_a_running_bot_the_watch_says_so_and_ctrl_c_only_ends_the_watch(sqlite_url: str) -> None:
    async with running(sqlite_url) as bot:
        await people(bot, telegram="fr")
    mine = {name: value for name, value in os.environ.items() if not name.startswith("PASSERELLE_")}
    environment = {**mine, "PYTHONPATH": str(ROOT), "PASSERELLE_DATABASE_URL": sqlite_url}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "broadcast", "send", "--text", "fr=Bonjour", "--yes",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment,
    )  # fmt: skip
    assert process.stderr is not None
    err = ""
    while "no running bot seems to serve this database" not in err:
        line = await asyncio.wait_for(process.stderr.readline(), 40)
        assert line, err
        err += line.decode()
    process.send_signal(signal.SIGINT)
    out, rest = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0, rest
    assert "No longer watched; it goes on." in out.decode()
    assert "Sending announcement 1: 0 of 1" in err


def test_a_cell_that_a_spreadsheet_would_compute_is_harmless(tmp_path: Path) -> None:
    from zoneinfo import ZoneInfo

    evil = ["=1+1", "+33 6", "-2", "@SUM(A1)", "\t=1", '=HYPERLINK("https://x")']
    rows = [
        Row(n, "fr", "", each, "web", "failed", each, None, None, "", "", "", None, has_other=False)
        for n, each in enumerate(evil, 1)
    ]
    report_files.write_csv(tmp_path / "a.csv", rows, ZoneInfo("Europe/Paris"))
    report_files.write_xlsx(tmp_path / "a.xlsx", rows, ZoneInfo("Europe/Paris"))
    report_files.write_call_list(tmp_path / "b.csv", rows, receipt=True)
    for name in ("a.csv", "b.csv"):
        with (tmp_path / name).open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert sum(cell.startswith("'") for cell in cells) == len(evil) * (2 if name == "b.csv" else 1)
        assert not [cell for cell in cells if cell.startswith(report_files.FORMULA)]
    assert [row[4] for row in sheet(tmp_path / "a.xlsx")[1:]] == evil
