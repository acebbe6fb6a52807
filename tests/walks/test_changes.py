"""A publication tells those whom it touches, once, what has changed for them: from the shell to their phones."""

import asyncio
import io
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from bot.cli import main
from bot.notices import broadcast
from bot.notices.tables import NoticeState
from bot.text.words import folder
from tests.delegate import Bot, Delegate, running, text_of

CLOCK = "2027-05-20T09:00"
HEADED = re.compile(r"changé\n|annulées?\n\n|有变动|个场次已取消")


class Organizer:
    """A folder of the demo event beside a running bot, and a shell to publish it from."""

    def __init__(self, bot: Bot, folder: Path) -> None:
        self.bot, self.folder = bot, folder

    def writes(self, id_: str, **changes: str) -> None:
        """field="was → becomes" in the session's lines of the programme."""
        file = self.folder / "programme.yaml"
        before, marker, rest = file.read_text(encoding="utf-8").partition(f"- id: {id_}\n")
        own, following, after = rest.partition("\n- id: ")
        for field, change in changes.items():
            was, becomes = change.split(" → ")
            assert own.count(f"  {field}: {was}\n") == 1, own
            own = own.replace(f"  {field}: {was}\n", f"  {field}: {becomes}\n")
        file.write_text(before + marker + own + following + after, encoding="utf-8")

    async def publishes(self, *options: str, agreed: str = "--yes", code: int = 0) -> str:
        """stdout. agreed: "" to be asked."""
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(io.StringIO()):
            ended = await asyncio.to_thread(main.run, ["publish", str(self.folder), *filter(None, [agreed]), *options])
        assert ended == code, out.getvalue()
        return out.getvalue()

    async def all_are_told(self) -> None:
        for _ in range(400):
            notices = await self.bot.app.opened.store.read(broadcast.every)
            if all(each.state == NoticeState.SENT for each in notices):
                return
            await asyncio.sleep(0.05)
        raise AssertionError([each.state for each in notices])


@pytest.fixture
async def organizer(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Organizer]:
    copy = tmp_path / "demo"
    shutil.copytree(folder("data") / "demo", copy)
    monkeypatch.setenv("PASSERELLE_DATABASE_URL", database_url)
    monkeypatch.setenv("PASSERELLE_EMBEDDER", "none")
    async with running(database_url, event="demo", clock=CLOCK) as bot:
        yield Organizer(bot, copy)
        assert bot.telegram.faults == []


async def signed_up(bot: Bot, channel: str, language: str, *sessions: str) -> Delegate:
    person = bot.delegate(channel, language=language)
    await person.starts()
    for session in sessions:
        await person.starts(f"s_{session}")
        await person.presses({"fr": "Je participe", "zh": "我要参加"}[language])
    return person


def told(bot: Bot, chat: int) -> list[str]:
    """What came there about changes."""
    return [m.text for m in bot.telegram.sent(chat) if HEADED.search(m.text)]


async def test_each_is_told_once_what_touches_them_in_their_language(organizer: Organizer) -> None:
    bot = organizer.bot
    await signed_up(bot, "telegram", "fr", "atelier-eau", "table-ronde-universites")
    await signed_up(bot, "telegram", "zh", "atelier-eau")
    await signed_up(bot, "telegram", "fr", "diner")
    li = await signed_up(bot, "web", "zh", "atelier-sante")
    # Later, and into the hours of another session that the first of them goes to; in another room.
    organizer.writes(
        "atelier-eau", start='"11:30" → "14:00"', end='"12:45" → "15:15"', place="salle-boussole → salle-dune"
    )
    organizer.writes("atelier-sante", status="confirmed → cancelled")
    shown = await organizer.publishes("--dry-run")
    assert (
        "Is this meant? 2027-05-20: atelier-eau (14:00) and table-ronde-universites (14:30) are both in salle-dune"
        in shown
    )
    assert "; 1 person signed up for both" in shown
    assert "atelier-eau (14:00) overlap: dejeuner-jour-1 is a meal" in shown
    assert "Touches atelier-eau (when, where), atelier-sante (cancelled): 3 persons told." in shown
    assert told(bot, 1001) == [], "a dry run tells nobody"
    assert "3 persons being told" in await organizer.publishes()
    await organizer.all_are_told()
    (marie,), (wang,), jean = told(bot, 1001), told(bot, 1002), told(bot, 1003)
    assert marie.replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", "") == (
        "Une de vos séances a changé\n\n"
        "Atelier 2 : L’eau, du toit à la mer\n"
        "jeudi 20 mai\n"
        "Quand : 11 h 30 – 12 h 45 → 14 h – 15 h 15\n"
        "Où : Salle Boussole → Salle Dune\n"
        "Elle a lieu désormais en même temps que « Table ronde : L’université dans sa ville », 14 h 30 – 15 h 45."
    )
    assert "11:30—12:45 → 14:00—15:15" in wang.replace("\N{WORD JOINER}", "")
    assert "时间冲突" not in wang, "a clash is told to those alone who go to both"
    assert jean == []
    said = text_of(await li.says("/help"))
    assert "您参加的1个场次已取消\n分论坛六：城市养老\n5月21日（周五）10:30" in said
    assert "\n该场次已取消。" in said


async def test_what_nobody_would_notice_tells_nobody_and_nothing_is_told_twice(organizer: Organizer) -> None:
    bot = organizer.bot
    await signed_up(bot, "telegram", "zh", "atelier-numerique", "visite-port")
    organizer.writes("atelier-numerique", status="provisional → confirmed", capacity="60 → 55")
    assert "Nobody needs to be told." in await organizer.publishes()
    organizer.writes("visite-port", place="quai-nord → auditorium")
    assert "were it not for --quiet" in await organizer.publishes("--quiet")
    organizer.writes("visite-port", place="auditorium → salle-dune")
    await organizer.publishes()
    assert "is what the folder says" in await organizer.publishes()
    await organizer.all_are_told()
    assert len(told(bot, 1001)) == 1


async def test_changes_are_turned_off_and_left_sessions_are_silent(organizer: Organizer) -> None:
    bot = organizer.bot
    first = await signed_up(bot, "telegram", "fr", "visite-port")
    second = await signed_up(bot, "telegram", "fr", "visite-port")
    await first.says("/notify")
    await first.presses("Sans son : changements")
    await first.presses("Ne plus recevoir : changements")
    await second.starts("s_visite-port")
    await second.presses("Me retirer")
    await second.presses("Oui, me retirer")
    organizer.writes("visite-port", place="quai-nord → auditorium")
    shown = await organizer.publishes()
    assert "0 persons told." in shown
    assert "want no messages about changes: 1" in shown
    assert told(bot, 1001) == told(bot, 1002) == []


async def test_a_removed_session_is_told_of_and_two_publishers_do_not_undo_each_other(
    organizer: Organizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = organizer.bot
    await signed_up(bot, "telegram", "zh", "mentorat")
    file = organizer.folder / "programme.yaml"
    before, _, rest = file.read_text(encoding="utf-8").partition("- id: mentorat\n")
    gone = before + "- id: " + rest.partition("\n- id: ")[2]
    organizer.writes("diner", place="restaurant-phare → cantine")

    loop = asyncio.get_running_loop()

    def asked(*_: object) -> bool:
        """While one is asked, the other publishes."""
        file.write_text(gone, encoding="utf-8")
        asyncio.run_coroutine_threadsafe(organizer.publishes(), loop).result(30)
        return True

    monkeypatch.setattr("bot.cli.publish.agreed", asked)
    shown = await organizer.publishes(agreed="", code=1)
    assert "Somebody has published another version in between" in shown
    await organizer.all_are_told()
    (message,) = told(bot, 1001)
    assert "与企业家面对面半小时\n5月20日（周四）15:35" in message
    assert message.endswith("\n该场次已从日程中撤下。")
