"""A delegate who says, presses and sees: the same walk in every channel, from outside.

`Bot` is the whole product in this process, with its web server and real HTTP to a double of Telegram.
"""

import asyncio
import io
import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import aiohttp

from bot import app as app_
from bot import opening
from bot.answers import warming
from bot.answers.engine import Engine
from bot.app import App
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.terminal.channel import TerminalChannel
from bot.chat.channel import Channel
from bot.chat.update import Media, Position, Start, Text, Update
from bot.conversation.receive import words_for
from bot.event import load
from bot.settings import Settings
from tests.doubles.llm import LlmDouble
from tests.doubles.telegram import TelegramDouble

EVERY_CHANNEL = ("web", "telegram", "terminal")
CACHE = Path(tempfile.gettempdir()) / f"passerelle-tests-{os.getuid()}"


@lru_cache(maxsize=4)
def engine(event: str, embedder: str = "none") -> Engine:
    """The answering engine of an event, fitted once a test run; kept beside pytest's own folders."""
    return warming.full(load.load(load.find(event)), embedder, CACHE)


@dataclass(frozen=True)
class Shown:
    """A message as a person sees it. buttons: label -> what a press sends."""

    text: str
    buttons: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


class Delegate(Protocol):
    async def says(self, text: str) -> list[Shown]: ...
    async def presses(self, label: str) -> list[Shown]: ...
    async def starts(self, payload: str = "") -> list[Shown]: ...
    async def sends(self, kind: str) -> list[Shown]: ...


def text_of(shown: list[Shown]) -> str:
    return "\n".join(message.text for message in shown)


def labels_of(shown: list[Shown]) -> list[str]:
    return [label for message in shown for label in message.buttons]


class Walker:
    """What the channels' delegates share: the messages seen, and how a label is found."""

    def __init__(self) -> None:
        self.seen: list[Shown] = []

    def _button(self, label: str) -> str:
        for message in reversed(self.seen):
            if label in message.buttons:
                return message.buttons[label]
            for shown, sends in message.buttons.items():
                if shown.startswith(label):
                    return sends
        raise AssertionError(f"no button {label!r} among {[list(m.buttons) for m in self.seen[-3:]]}")


class WebDelegate(Walker):
    def __init__(self, http: aiohttp.ClientSession, url: str, language: str) -> None:
        super().__init__()
        self._http, self._url, self._language = http, url, language
        self.after = 0
        self._is_known = False

    async def says(self, text: str) -> list[Shown]:
        return await self.update({"kind": "text", "text": text})

    async def presses(self, label: str) -> list[Shown]:
        return await self.update({"kind": "press", "action": self._button(label)})

    async def starts(self, payload: str = "") -> list[Shown]:
        return await self.update({"kind": "start", "payload": payload})

    async def sends(self, kind: str) -> list[Shown]:
        return []

    async def update(self, content: dict[str, Any], key: str = "") -> list[Shown]:
        body = {"key": key or secrets.token_hex(12), "after": self.after, **content}
        headers = {"Accept-Language": self._language}
        if not self._is_known:
            await (await self._http.get(self._url + "/", headers=headers)).read()
            self._is_known = True
        async with self._http.post(self._url + "/chat/updates", json=body, headers=headers) as answer:
            assert answer.status == 200, (answer.status, await answer.text())
            given = await answer.json()
        messages = given["messages"]
        new = [_web_shown(m["body"]) for m in messages if m["sequence"] > self.after]
        self.after = 0 if given["erased"] else max([self.after, *(m["sequence"] for m in messages)])
        self.seen += new
        return new


def _web_shown(body: dict[str, Any]) -> Shown:
    paragraphs = ["".join(span["t"] for span in p["spans"]) for p in body.get("paragraphs", ())]  # taken back: none
    buttons = {b["label"]: b.get("action") or b.get("url", "") for b in body.get("buttons", ())}
    return Shown("\n".join(paragraphs), buttons, body)


class TelegramDelegate(Walker):
    def __init__(self, bot: "Bot", double: TelegramDouble, chat: int, language: str) -> None:
        super().__init__()
        self._bot, self._double, self._chat, self._language = bot, double, chat, language

    async def says(self, text: str) -> list[Shown]:
        mark = self._double.mark()
        self._double.message(self._chat, text, language=self._language)
        return await self._wait(mark)

    async def presses(self, label: str) -> list[Shown]:
        data = self._button(label)
        holder = next(m for m in reversed(self._double.sent(self._chat)) if data in [b.data for b in m.buttons])
        mark = self._double.mark()
        self._double.press(self._chat, holder.message_id, data)
        return await self._wait(mark)

    async def starts(self, payload: str = "") -> list[Shown]:
        mark = self._double.mark()
        self._double.start(self._chat, payload, language=self._language)
        return await self._wait(mark)

    async def sends(self, kind: str) -> list[Shown]:
        mark = self._double.mark()
        self._double.media(self._chat, kind, language=self._language)
        return await self._wait(mark)

    async def _wait(self, mark: int) -> list[Shown]:
        await self._double.wait_for(self._chat, since=mark)
        await self._bot.app.sender.idle()  # the turn's further messages
        new = sorted((m for m in self._double.sent(self._chat) if m.change > mark), key=lambda m: m.change)
        shown = [Shown(m.text, {b.label: b.data or b.url for b in m.buttons}, m) for m in new]
        self.seen += shown
        return shown


class TerminalDelegate(Walker):
    def __init__(self, bot: "Bot", address: str, language: str) -> None:
        super().__init__()
        self._bot, self._address, self._language = bot, address, language

    async def says(self, text: str) -> list[Shown]:
        return await self._content(Text(text))

    async def presses(self, label: str) -> list[Shown]:
        return await self._content(Text(self._button(label)))

    async def starts(self, payload: str = "") -> list[Shown]:
        return await self._content(Start(payload))

    async def sends(self, kind: str) -> list[Shown]:
        return await self._content(Media(kind))

    async def at(self, lat: float, lon: float) -> list[Shown]:
        return await self._content(Position(lat, lon))

    async def _content(self, content: Text | Start | Media | Position) -> list[Shown]:
        out = self._bot.printed
        out.seek(0)
        out.truncate()
        update = Update(
            channel="terminal", key=secrets.token_hex(8), address=self._address, author=self._address,
            at=self._bot.app.opened.clock.now(), content=content, language=self._language,
        )  # fmt: skip
        await self._bot.app.conversation.receive(update)
        await self._bot.app.sender.idle()
        new = [_terminal_shown(block) for block in out.getvalue().split("\n\n\n")[:1] if block.strip()]
        self.seen += new
        return new


def _terminal_shown(block: str) -> Shown:
    buttons, lines = {}, []
    for line in block.splitlines():
        stripped = line.strip()
        if stripped.startswith("[") and "] " in stripped:
            number, label = stripped[1:].split("] ", 1)
            buttons[label] = number
        else:
            lines.append(line)
    return Shown("\n".join(lines), buttons)


@dataclass
class Bot:
    app: App
    url: str
    telegram: TelegramDouble
    http: Callable[[], aiohttp.ClientSession]
    printed: io.StringIO
    chats: int = 1000

    def delegate(self, channel: str, *, language: str = "fr") -> Delegate:
        """A new person on that channel."""
        self.chats += 1
        match channel:
            case "web":
                return WebDelegate(self.http(), self.url, language)
            case "telegram":
                return TelegramDelegate(self, self.telegram, self.chats, language)
            case _:
                return TerminalDelegate(self, f"t{self.chats}", language)


@asynccontextmanager
async def running(
    database_url: str,
    *,
    event: str = "strasbourg-2014",
    clock: str = "2014-11-06T09:00",
    embedder: str = "none",
    llm: LlmDouble | None = None,
    organizers: str = "",
    telegram_rate: float = 0,
) -> AsyncIterator[Bot]:
    """The whole bot, with all its channels, on that database. telegram_rate: messages a second, 0 for no limit."""
    model = {"llm_url": llm.url, "llm_key": llm.key, "llm_model": llm.model} if llm else {}
    given = {"event": event, "clock": clock, "database_url": database_url, "embedder": embedder, **model}
    settings = Settings(_env_file=None, organizers=organizers, **given)  # type: ignore[call-arg,arg-type]
    opened = await asyncio.to_thread(opening.open_store, settings)
    printed = io.StringIO()
    sessions: list[aiohttp.ClientSession] = []

    def http() -> aiohttp.ClientSession:
        sessions.append(aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)))
        return sessions[-1]

    async with AsyncExitStack() as stack:
        stack.callback(opened.store.close)
        double = await stack.enter_async_context(TelegramDouble(limits=False))
        channels: dict[str, Channel] = {
            "web": app_.web_channel(settings, opened),
            "terminal": TerminalChannel(
                address="t",
                language="",
                clock=opened.clock,
                base_url="http://localhost",
                files=Path("files"),
                out=printed,
            ),
            "telegram": TelegramChannel(
                token=double.token,
                api_url=double.url,
                words=lambda language: words_for(opened.published, language),
                commands=lambda language: app_.commands(words_for(opened.published, language)),
                rate=telegram_rate,
            ),
        }
        app = App(settings, opened, channels, engine(event, embedder))
        port = await stack.enter_async_context(app_.serving(app, host="127.0.0.1", port=0))
        await stack.enter_async_context(app.running())
        try:
            yield Bot(app, f"http://127.0.0.1:{port}", double, http, printed)
        finally:
            for session in sessions:
                await session.close()


def folder(name: str) -> Path:
    return Path(__file__).parent / name
