"""A delegate who says, presses and sees: the same walk in every channel, from outside.

`Bot` is the whole product in this process, with its web server and real HTTP to a double of Telegram.
"""

import asyncio
import io
import os
import re
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import aiohttp

from bot import app as app_
from bot import doors, opening
from bot.answers import warming
from bot.answers.engine import Engine
from bot.app import App
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.mini_app import MiniApp
from bot.channels.terminal.channel import TerminalChannel
from bot.channels.wechat.waiting import Timing
from bot.chat.channel import Channel
from bot.chat.update import Media, Position, Start, Text, Update
from bot.conversation.receive import words_for
from bot.event import load
from bot.event.model import WeChat
from bot.notices import timers
from bot.programme import once
from bot.settings import Settings
from tests.doubles.llm import LlmDouble
from tests.doubles.telegram import TelegramDouble
from tests.doubles.wechat import Seen, WeChatDouble

EVERY_CHANNEL = ("web", "telegram", "terminal", "wechat")
PUBLIC_URL = "https://bot.example.org"
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
        self._last: tuple[dict[str, Any], str] = ({}, "")

    async def sync(self) -> list[Shown]:
        """What has come without being asked for: the last update once more changes nothing."""
        return await self.update(*self._last)

    async def says(self, text: str) -> list[Shown]:
        return await self.update({"kind": "text", "text": text})

    async def presses(self, label: str) -> list[Shown]:
        return await self.update({"kind": "press", "action": self._button(label)})

    async def starts(self, payload: str = "") -> list[Shown]:
        return await self.update({"kind": "start", "payload": payload})

    async def sends(self, kind: str) -> list[Shown]:
        return []

    async def update(self, content: dict[str, Any], key: str = "") -> list[Shown]:
        self._last = content, key or secrets.token_hex(12)
        body = {"key": self._last[1], "after": self.after, **content}
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
    """user_id: who writes, in a group."""

    def __init__(self, bot: "Bot", double: TelegramDouble, chat: int, language: str) -> None:
        super().__init__()
        self._chat = chat
        self._bot, self._double, self._language = bot, double, language

    async def says(self, text: str, *, user_id: int = 0) -> list[Shown]:
        mark = self._double.mark()
        return await self._answers(
            self._double.message(self._chat, text, language=self._language, user_id=user_id), mark
        )

    async def presses(self, label: str, *, user_id: int = 0) -> list[Shown]:
        holder, data = self._pressed(label)
        mark = self._double.mark()
        update = self._double.press(self._chat, holder.message_id, data, user_id=user_id)
        return await self._answers(update, mark, holder)

    def _pressed(self, label: str) -> tuple[Any, str]:
        """The message that has such a button now, the last changed first, and what the button sends."""
        now = sorted(self._double.sent(self._chat), key=lambda m: -m.change)
        for fits in (str.__eq__, str.startswith):
            for message in now:
                for button in message.buttons:
                    if button.data and fits(button.label, label):
                        return message, button.data
        raise AssertionError(f"no button {label!r} among {[[b.label for b in m.buttons] for m in now[:3]]}")

    async def starts(self, payload: str = "") -> list[Shown]:
        mark = self._double.mark()
        return await self._answers(self._double.start(self._chat, payload, language=self._language), mark)

    async def sends(self, kind: str) -> list[Shown]:
        mark = self._double.mark()
        return await self._answers(self._double.media(self._chat, kind, language=self._language), mark)

    async def _answers(self, update: dict[str, Any], mark: int, *else_: Any) -> list[Shown]:
        """What was sent or edited since `mark`, once the update was handled and all that its turn owes was sent;
        else_: what is shown where nothing changed. Messages may change meanwhile that are none of its doing."""
        await self._double.wait_until_taken(update)
        await self._bot.app.sender.idle()
        new = sorted((m for m in self._double.sent(self._chat) if m.change > mark), key=lambda m: m.change) or else_
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


class WeChatDelegate(Walker):
    """Reads Chinese until they say otherwise: WeChat tells no language."""

    def __init__(self, double: WeChatDouble, openid: str, language: str) -> None:
        super().__init__()
        self.double, self.openid, self._language = double, openid, language
        self._looked = 0  # messages that were there at the last look

    async def says(self, text: str) -> list[Shown]:
        return self._shown(await self.double.says(self.openid, text))

    async def presses(self, label: str) -> list[Shown]:
        """By the number before the label, after reading as far as it stands."""
        while not any(shown.startswith(label) for shown in self._offered().buttons):
            before = self.seen[-1]
            assert ("更多" in before.text) or ("Suite" in before.text) or ("More" in before.text), (label, before)
            await self.says("更多")
        sends = self._button(label)
        return await self.says(sends)

    def _offered(self) -> Shown:
        """The newest message that numbers anything."""
        return next(each for each in reversed(self.seen) if any(n.isdigit() for n in each.buttons.values()))

    async def starts(self, payload: str = "") -> list[Shown]:
        shown = self._shown(await self.double.event(self.openid, "subscribe", f"qrscene_{payload}" if payload else ""))
        if not self._language.startswith("zh"):
            await self.says(f"/language {self._language}")
        return shown

    async def returns(self) -> list[Shown]:
        """Follows the account again."""
        return self._shown(await self.double.event(self.openid, "subscribe"))

    async def scans(self, scene: str) -> list[Shown]:
        return self._shown(await self.double.event(self.openid, "SCAN", scene))

    async def gets(self, count: int = 1) -> list[Shown]:
        """What came unasked, once that many have come since the last look."""
        seen = await self.double.wait_for(self.openid, self._looked + count)
        return self._shown(seen[self._looked :])

    async def sends(self, kind: str) -> list[Shown]:
        return self._shown(await self.double.sends(self.openid, {"photo": "image"}.get(kind, kind)))

    def _shown(self, seen: list[Seen]) -> list[Shown]:
        shown = [wechat_shown(each) for each in seen]
        self.seen += shown
        self._looked = len(self.double.follower(self.openid).seen)
        return shown


ANCHOR = re.compile(r'<a href="([^"]*)">([^<]*)</a>')
NUMBERED = re.compile(r"^(\d+)\. (.*)$")


def wechat_shown(seen: Seen) -> Shown:
    """A message as its reader sees it: numbered lines and links can be pressed."""
    buttons = {content: content for _, content in seen.items}
    lines = []
    for line in seen.text.splitlines():
        if match := NUMBERED.match(line):
            buttons[match[2]] = match[1]
        else:
            lines.append(line)
    text = "\n".join(lines)
    buttons |= {label: url for url, label in ANCHOR.findall(text)}
    return Shown(ANCHOR.sub(r"\2", text), buttons, seen)


@dataclass
class Bot:
    app: App
    url: str
    telegram: TelegramDouble
    http: Callable[[], aiohttp.ClientSession]
    printed: io.StringIO
    wechat: WeChatDouble
    chats: int = 1000

    def delegate(self, channel: str, *, language: str = "fr") -> Delegate:
        """A new person on that channel."""
        self.chats += 1
        match channel:
            case "web":
                return WebDelegate(self.http(), self.url, language)
            case "telegram":
                return TelegramDelegate(self, self.telegram, self.chats, language)
            case "wechat":
                return WeChatDelegate(self.wechat, f"oPerson{self.chats}", language)
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
    desk_chat: int = 0,
    forum: bool = False,
    by_webhook: bool = False,
    wechat: WeChatDouble | None = None,
    public_url: str = "",
    wechat_of_event: WeChat | None = None,
) -> AsyncIterator[Bot]:
    """The whole bot, with all its channels, on that database. telegram_rate: messages a second, 0 for no limit.
    desk_chat: the group where the team answers, a forum or not. by_webhook: Telegram posts updates to us."""
    model = {"llm_url": llm.url, "llm_key": llm.key, "llm_model": llm.model} if llm else {}
    model |= {"telegram_desk_chat": str(desk_chat)} if desk_chat else {}
    given = {"event": event, "clock": clock, "database_url": database_url, "embedder": embedder, **model}
    wechat = wechat or WeChatDouble()
    given |= {
        "wechat_app_id": wechat.app_id, "wechat_app_secret": wechat.secret, "wechat_token": wechat.token,
        "wechat_aes_key": wechat.aes_key if wechat.mode == "safe" else "",
    }  # fmt: skip
    given |= {"public_url": public_url} if public_url else {}
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
        if desk_chat:
            double.group(desk_chat, forum=forum)
        wechat.now = opened.clock.now
        await stack.enter_async_context(wechat)
        called = settings.model_copy(
            update={"wechat_api_url": wechat.url, "public_url": public_url or "https://bot.example"}
        )
        if wechat_of_event is not None:
            event_ = opened.published.event
            details = event_.details.model_copy(update={"wechat": wechat_of_event})
            opened = replace(
                opened, published=replace(opened.published, event=event_.model_copy(update={"details": details}))
            )
        official = doors.wechat_channel(called, opened, Timing().scaled(wechat.scale), rate=0)
        assert official is not None
        channels: dict[str, Channel] = {
            "web": doors.web_channel(settings, opened),
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
                commands=lambda language, readers: doors.commands(words_for(opened.published, language), readers),
                rate=telegram_rate,
                base_url=PUBLIC_URL if by_webhook else "",
                webhook_secret="secret" if by_webhook else "",
                mini_app=MiniApp(
                    double.token,
                    opened.store,
                    opened.clock,
                    secret_key=doors.secret_key(settings),
                    base_url=PUBLIC_URL,
                ),
            ),
            "wechat": official,
        }
        app = App(settings, opened, channels, engine(event, embedder))
        port = await stack.enter_async_context(app_.serving(app, host="127.0.0.1", port=0))
        double.reach = f"http://127.0.0.1:{port}"
        await stack.enter_async_context(app.running())
        await clock_looked_at(app)
        try:
            wechat.bots.append(f"http://127.0.0.1:{port}")
            yield Bot(app, wechat.bots[-1], double, http, printed, wechat)
        finally:
            for session in sessions:
                await session.close()


async def clock_looked_at(app: App) -> None:
    """What is due at the start has begun, and reaches nobody who comes later: else it would on a slow machine alone."""
    opened = app.opened
    keys = {key for each in timers.due(opened.published.event, opened.clock.now()) for key in each.sessions}
    async with asyncio.timeout(30):
        while await opened.store.read(once.begun_of, keys) < keys:
            await asyncio.sleep(0.005)


def folder(name: str) -> Path:
    return Path(__file__).parent / name
