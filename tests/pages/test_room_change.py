"""How fast a change of room is with those who go there: on phones with the page open and on Telegram, in Chinese and in
French, from a shell beside the bot and from chat. The figures are printed; what is asserted hangs on no machine.
"""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator

from bot.people import accounts
from bot.programme import seats
from bot.store.transaction import Transaction
from bot.text.words import folder
from tests.delegate import Bot, running
from tests.pages.conftest import Phones
from tests.walks.test_changes import CLOCK, Organizer, told
from tests.walks.test_sessions_edited import opens

pytestmark = pytest.mark.asyncio(loop_scope="session")

SESSION, MANY, RATE = "atelier-eau", 60, 30
ROOMS = {"fr": "Salle Boussole → Salle Dune", "zh": "罗盘厅） → Salle Dune（沙丘厅）"}


@pytest_asyncio.fixture(loop_scope="session")
async def bot(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    monkeypatch.setenv("PASSERELLE_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("PASSERELLE_EMBEDDER", "none")
    organizers = "telegram:1001"
    async with running(sqlite_url, event="demo", clock=CLOCK, organizers=organizers, telegram_rate=RATE) as made:
        yield made
        assert made.telegram.faults == []


async def open_phones(phones: Phones) -> dict[str, Locator]:
    """language -> where the change will stand, on a phone whose owner goes there."""
    shown = {}
    for locale, going in (("fr-FR", "Je participe"), ("zh-CN", "我要参加")):
        phone = await phones(locale)
        await phone.opens(f"/?start=s_{SESSION}")
        await phone.taps(going)
        language = locale[:2]
        shown[language] = phone.log.get_by_text(ROOMS[language])
    return shown


async def many_chats(bot: Bot) -> list[int]:
    """Chats of people who go there, every second one in Chinese."""
    people = [bot.delegate("telegram", language=("fr", "zh")[n % 2]) for n in range(MANY)]
    await asyncio.gather(*(person.starts() for person in people))
    chats = [bot.chats - MANY + 1 + n for n in range(MANY)]
    await bot.app.opened.store.write(_all_go, bot, chats)
    return chats


def _all_go(tx: Transaction, bot: Bot, chats: list[int]) -> None:
    now = bot.app.opened.clock.now()
    current = bot.app.opened.versions.current(tx)
    assert current is not None
    for chat in chats:
        person = accounts.lock(tx, "telegram", str(chat), language="fr", now=now).person.id
        seats.register(tx, current.event, person, SESSION, now=now)


@pytest.mark.parametrize("way", ["shell", "chat"])
async def test_a_change_of_room_is_with_them_at_the_pace_allowed(
    way: str, bot: Bot, phones: Phones, tmp_path: Path
) -> None:
    boss = bot.delegate("telegram", language="fr")
    await boss.starts()
    waiting = await open_phones(phones)
    shutil.copytree(folder("data") / "demo", tmp_path / "demo")
    shell = Organizer(bot, tmp_path / "demo")
    shell.writes(SESSION, capacity="30 → 64")
    await shell.publishes()
    chats = await many_chats(bot)
    seen: dict[str, float] = {}

    async def watch(language: str, place: Locator) -> None:
        await place.first.wait_for()
        seen[f"web {language}"] = time.monotonic()

    async def watch_chats() -> None:
        while missing := [chat for chat in chats if str(chat) not in seen]:
            for chat in missing:
                if told(bot, chat):
                    seen[str(chat)] = time.monotonic()
            await asyncio.sleep(0.01)

    watching = [watch_chats(), *(watch(*each) for each in waiting.items())]
    watchers = [asyncio.create_task(each) for each in watching]
    if way == "shell":
        shell.writes(SESSION, place="salle-boussole → salle-dune")
        await shell.publishes()
        published = time.monotonic()
    else:
        await opens(boss)
        await boss.presses("Salle")
        await boss.presses("Salle Dune")
        published = time.monotonic()
        await boss.presses("Publier et prévenir")
    await asyncio.wait_for(asyncio.gather(*watchers), 60)
    by = {who: at - published for who, at in seen.items()}
    telegram = sorted(by[str(chat)] for chat in chats)
    print(
        f"\nA change of room, published from {way}: on the page after {by['web fr']:.2f} s in French and "
        f"{by['web zh']:.2f} s in Chinese; on Telegram the first after {telegram[0]:.2f} s, the {RATE}th after "
        f"{telegram[RATE - 1]:.2f} s, the last of {MANY} after {telegram[-1]:.2f} s, at {RATE} a second"
    )
    assert telegram[-1] - telegram[0] >= (MANY - RATE) / RATE * 0.8, "no faster than the platform takes them"
    for n, chat in enumerate(chats):
        (message,) = told(bot, chat)
        assert ROOMS[("fr", "zh")[n % 2]] in message.replace("\N{NO-BREAK SPACE}", " ")
