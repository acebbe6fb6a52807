"""Real updates, bent in every way: none stops the bot, none is answered in another language, nothing that it sends is
refused."""

import copy
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
import structlog
import telegram

from bot.channels.telegram import updates
from bot.channels.telegram.webhook import HEADER, PATH
from bot.conversation.router import on
from tests.delegate import Bot, TelegramDelegate, running
from tests.doubles.telegram import TelegramDouble

NOW = datetime(2027, 5, 20, 9, tzinfo=UTC)
AT_ONCE = 16
CHATS = 40
HAN = re.compile(r"[\u4e00-\u9fff]")
BOTH = ("Langue · 语言 · Language", "中文", "繁體中文")  # on buttons and in names, whatever the language
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**52, 2**63, 10**30, 1.5, float("1e308"), "", " ", "\x00", "\ud800", "\udfff",
    "a" * 5000, "😀" * 300,
    "‮abc", "<b>&lt;", "s_", "/", "/start", "/start " + "x" * 100, "|", "join|", "~", "@", "\n\n",
    [], {}, [[]], {"id": 1}, [None], "zh-hant", "xx-" + "y" * 50,
)  # fmt: skip
# Words of no language, so that an answer is in its reader's.
TEXTS = (
    "WiFi",
    "/now",
    "/programme",
    "/places",
    "/agenda@passerelle_bot",
    "2",
    "?",
    "…",
    "112",
    "/help x y",
    "/nothing",
)


async def real(bot: Bot) -> list[dict[str, Any]]:
    """Updates as they come, with buttons as they were sent."""
    double = bot.telegram
    li = TelegramDelegate(bot, double, 1, "fr")
    shown = await li.starts("s_atelier-3")
    for text in ("/programme", "/places", "/notify", "/privacy"):
        shown += await li.says(text)
    kept: list[dict[str, Any]] = []
    push = double._push

    def keep(kind: str, content: dict[str, Any]) -> dict[str, Any]:
        kept.append({"update_id": 0, kind: content})
        return kept[-1]

    double._push = keep  # type: ignore[method-assign]
    newest = double.sent(1)[-1].message_id
    for text in TEXTS:
        double.message(1, text)
    for data in sorted(
        {data for message in shown for data in message.buttons.values() if "|" in data or len(data) < 20}
    ):
        double.press_old(1, data, message_id=newest)
    for kind in ("sticker", "voice", "photo", "video", "video_note", "audio", "document", "contact", "dice", "story"):
        double.media(1, kind)
    double.media(1, "photo", caption="WiFi")
    double.position(1, 48.58, 7.75)
    double.message(1, "", pinned_message=double._as_message(double.chats[1], double.sent(1)[-1]))
    double.message(-100, "/now@passerelle_bot", user_id=1)
    double.message(-100, "@passerelle_bot WiFi", user_id=1, entities=[{"type": "mention", "offset": 0, "length": 15}])
    double.inline_query(1, "innovation")
    double.block(1)
    double.unblock(1)
    double._push = push  # type: ignore[method-assign]
    return kept


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a structure."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*at, key)
        yield from paths(inner, (*at, key))


def bent(update: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """A copy with one to four places taken out, replaced or doubled."""
    made = copy.deepcopy(update)
    for _ in range(chance.choice((1, 1, 2, 4))):
        every = [path for path in paths(made) if path[0] != "update_id"]
        if not every:
            break
        *way, last = chance.choice(every)
        holder = made
        for step in way:
            holder = holder[step]
        match chance.randrange(4):
            case 0:
                del holder[last]
            case 1 | 2:
                holder[last] = copy.deepcopy(chance.choice(ODD))
            case _:
                holder[last] = [holder[last], copy.deepcopy(holder[last])]
    return made


def addressed(update: Any, chat: int, language: str) -> Any:
    """The same, from another person."""
    if isinstance(update, dict):
        return {
            key: chat
            if key == "id" and value == 1
            else language
            if key == "language_code"
            else addressed(value, chat, language)
            for key, value in update.items()
        }
    return [addressed(each, chat, language) for each in update] if isinstance(update, list) else update


def known(double: TelegramDouble, value: Any) -> None:
    """Whoever a bent update says it is from, there is such a chat."""
    if isinstance(value, dict):
        if type(number := value.get("id")) is int and number and abs(number) < 2**53:
            double.person(number)
        for inner in value.values():
            known(double, inner)
    elif isinstance(value, list):
        for inner in value:
            known(double, inner)


def read_alike(update: dict[str, Any]) -> bool:
    """Whether an update is read without the library, and by it, too: then it is the same."""
    ours = updates.plain(update, at=NOW)
    try:
        theirs = updates.read(telegram.Update.de_json(update, None), at=NOW, bot_name="passerelle_bot")
    except Exception:  # noqa: BLE001  what the library cannot read need not be alike
        return False
    assert ours is None or ours == theirs, update
    return ours is not None


async def flood(bot: Bot, count: int, seed: int) -> int:
    """How many messages came of so many bent updates."""
    double, chance = bot.telegram, random.Random(seed)
    people = {1000 + n: ("fr", "zh")[n % 2] for n in range(CHATS)}
    for chat, language in people.items():
        li = TelegramDelegate(bot, double, chat, language)
        await li.starts()
        await li.says(f"/language {language}")
        double.chats[chat].messages.clear()
    every, answers, alike = await real(bot), 0, 0
    async with aiohttp.ClientSession() as http:
        for first in range(0, count, AT_ONCE):
            for n in range(first, min(first + AT_ONCE, count)):
                chat = chance.choice(list(people))
                update = addressed(chance.choice(every), chat, people[chat])
                update = bent(update, chance) if chance.random() < 0.95 else update
                update["update_id"] = 10_000_000 + n
                known(double, update)
                alike += read_alike(update)
                async with http.post(
                    double.reach + PATH, json=update, headers={HEADER: double.webhook_secret}
                ) as answer:
                    assert answer.status == 200, (answer.status, update)
            await bot.app.sender.idle()
            answers += look(double, people)
    assert alike > count / 8
    return answers


def look(double: TelegramDouble, people: dict[int, str]) -> int:
    """What the people were told, in their language; then forgotten. How many messages."""
    count = 0
    for chat, language in people.items():
        for message in double.sent(chat):
            count += 1
            if not message.text:
                continue
            text = message.text
            for each in BOTH:
                text = text.replace(each, "")
            if language == "zh":
                assert HAN.search(text), (language, message.text)
            else:
                assert not HAN.search(text), (language, message.text)
        double.chats[chat].messages.clear()
    return count


@pytest.mark.parametrize("count", [1_000, pytest.param(100_000, marks=pytest.mark.soak)])
async def test_no_bent_update_stops_the_bot(sqlite_url: str, count: int, capsys: pytest.CaptureFixture[str]) -> None:
    async with running(sqlite_url, by_webhook=True, event="demo", clock="2027-05-20T09:00") as bot:
        double = bot.telegram
        await double.wait_until(lambda: bool(double.webhook_url))
        assert await flood(bot, count, seed=11) > count / 3
        ordinary = ("message is not modified", "query is too old")
        refused = [each for each in double.refusals if not any(words in each[2] for words in ordinary)]
    # An inline query whose id was bent is answered in vain.
    assert [each for each in double.faults if "query is too old" not in each] == []
    assert [each for each in refused if each[1] not in (400, 403) or "edit" not in each[2]] == []
    logged = capsys.readouterr()
    for event in (
        "turn.failed",
        "delivery.defect",
        "receive_failed",
        "background_failed",
        "Traceback",
        "markup_refused",
    ):
        assert event not in logged.out + logged.err, event


async def test_a_forged_button_of_any_name_fails_no_update_for_ever(database_url: str) -> None:
    """Neither too long a name nor too high a number, which no column takes."""
    with structlog.testing.capture_logs() as logs:
        async with running(database_url) as bot:
            double = bot.telegram
            for kind, name in sorted(on._handlers):
                for args in ((), ("x" * 40,), ("a", "b" * 40), ("9" * 30,), ("atelier-3", "9" * 30), ("-1", "é")):
                    if kind == "press" and len(data := "|".join((name, *args))) <= 64:
                        double.press_old(7, data)
            await double.wait_until(lambda: double.pending() == 0, seconds=120)
            assert double.faults == []
    assert [entry for entry in logs if entry["event"].endswith((".receive_failed", ".update_skipped"))] == []
