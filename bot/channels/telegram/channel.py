"""The Telegram channel, by polling or by webhook: updates in, messages out, on python-telegram-bot over aiohttp.

What a verdict leads to is decided by the sender; here only this bot's pace is kept, and what
Telegram refuses for a reason that can be mended at once (an old message, our HTML) is sent anew.
"""

import asyncio
import re
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from html import unescape
from typing import Any

import structlog
import telegram
from aiohttp import web
from telegram.constants import ChatAction
from telegram.error import BadRequest, ChatMigrated, InvalidToken, RetryAfter, TelegramError
from telegram.ext import Application

from bot.channels.telegram import profile, verdicts
from bot.channels.telegram.arrivals import Arrivals
from bot.channels.telegram.desk import TelegramDesk
from bot.channels.telegram.http import AiohttpRequest
from bot.channels.telegram.inline import Inline
from bot.channels.telegram.mini_app import MiniApp
from bot.channels.telegram.pace import RATE, limits
from bot.channels.telegram.polling import Poller, PollingBot, patiently, retry_seconds
from bot.channels.telegram.render import TEXT_LIMIT, render
from bot.channels.telegram.webhook import PATH, Webhook
from bot.chat.channel import Abilities, Failed, InDoubt, Later, Parcel, Receive, Sent, Verdict
from bot.chat.reply import Reply
from bot.chat.search import Search
from bot.chat.update import Moved, Update
from bot.clock import Clock
from bot.delivery.pace import LocalPace, Pace
from bot.text.words import Words

log = structlog.get_logger()

TELEGRAM_SERVER = "https://api.telegram.org"
CONNECT_FAILED = "telegram.connect_failed"
AGAIN_SECONDS = 3.0
TYPING_SECONDS = 1.0
CLOSING_SECONDS = 3.0  # for presses still being answered at the end
TEXT = ("text", "parse_mode", "reply_markup", "link_preview_options")
# Of a parcel's body, what its method takes beside the chat.
ARGUMENTS = {
    "editMessageText": TEXT,  # an edit never rings
    "sendMessage": (*TEXT, "disable_notification"),
    "sendVenue": ("latitude", "longitude", "title", "address", "reply_markup"),
    "sendLocation": ("latitude", "longitude", "reply_markup"),
    "sendDocument": ("reply_markup",),
}
TAG = re.compile(r"</?[a-z][^<>]*>")


class TelegramChannel:
    """One bot. `run` takes updates, `send` may be called with or without it; `close` at the very end."""

    name = "telegram"
    abilities = Abilities(edits=True, lone=True, footer=True, text_limit=TEXT_LIMIT, text_unit="utf16")

    def __init__(
        self,
        *,
        token: str,
        words: Callable[[str], Words],
        commands: profile.Commands,
        api_url: str = "",
        names: Mapping[str, str] | None = None,
        base_url: str = "",
        rate: float = RATE,
        pace: Pace | None = None,
        clock: Clock | None = None,
        webhook_secret: str = "",
        organizers: Collection[int] = (),
        mini_app: MiniApp | None = None,
    ) -> None:
        """api_url: another Bot API server, "http://host:port". words: language -> its Words.

        commands: for the menus, see profile. organizers: whose menu has theirs too. names: language -> the event's
        name. base_url: our public address, for links that begin with "/". rate: messages a second, 0 for no limit.
        pace: of all processes that write as this bot; None where this is the only one. webhook_secret: updates come
        by webhook at base_url, with this secret; "" for polling. mini_app: the web chat, where it has a public
        address.
        """
        server = (api_url or TELEGRAM_SERVER).rstrip("/")
        self._request = AiohttpRequest()
        self._bot = PollingBot(
            token,
            base_url=f"{server}/bot",
            base_file_url=f"{server}/file/bot",
            request=self._request,
            get_updates_request=self._request,
        )
        # No updater and no limiter of the library's: polling and pace are our own.
        builder = Application.builder().bot(self._bot).updater(None).concurrent_updates(True)
        self._application: Application[Any, Any, Any, Any, Any, Any] = builder.build()
        self._words = words
        self._commands = commands
        self._names = names or {}
        self._organizers = organizers
        self._mini_app = mini_app
        self._base_url = base_url
        self._pace = pace or LocalPace(limits(rate))
        # Half a second of the rate: enough never to wait for the ledger, little enough for a pause to hold at once.
        # Where others hold some too, less: an urgent notice waits for what all of them hold.
        window = max(4, min(250, int(rate / 4))) if pace else max(8, min(500, int(rate / 2)))
        self.abilities = replace(self.abilities, window=window if rate else 200)
        self._clock = clock or Clock()
        self.desk = TelegramDesk(self._bot, self._pace)
        self.search: Search | None = None  # what answers inline queries, once there is something
        self._inline = Inline(self._bot, words, self.render)
        self._arrivals = Arrivals(self._bot, self._clock, self.desk.rooms, on_search=self._look_up)
        self.chat_url = ""  # what opens a chat with us, before the payload; once our name is known
        self._webhook: Webhook | None = None
        if webhook_secret:
            self._webhook = Webhook(self._bot, self._arrivals, url=base_url, secret=webhook_secret)
            self.abilities = replace(self.abilities, lone=False)  # Telegram posts to whichever process the proxy picks
        self._background: set[asyncio.Task[None]] = set()
        self._receive: Receive | None = None  # once updates are taken

    def render(self, replies: Sequence[Reply], say: Words, *, replacing: str = "") -> list[Parcel]:
        return render(replies, say, replacing=replacing, base_url=self._base_url, chat_url=self.chat_url)

    # --- updates

    def add_routes(self, app: web.Application, receive: Receive) -> None:
        """The Mini App's addresses, and the webhook's where updates come that way."""
        if self._mini_app is not None:
            self._mini_app.add_routes(app)
        if (webhook := self._webhook) is None:
            return

        receives = self._showing_that_we_type(receive)

        async def take(request: web.Request) -> web.Response:
            if not self.chat_url:  # our own name is not known yet
                return web.Response(status=503, headers={"Retry-After": "1"})
            return await webhook.take(request, receives)

        app.router.add_post(PATH, take)

    async def run(self, receive: Receive) -> None:
        """Until cancelled; returns early, with an error in the log, where Telegram refuses the token. By webhook, the
        server listens already."""
        self._receive = receive
        try:
            await self._connect()
            self._in_background(self._publish_profile())
            if self._webhook is not None:
                await self._webhook.hold()
            else:
                log.info("telegram.polling", bot=self._bot.id)
                await Poller(
                    self._bot, self._showing_that_we_type(receive), arrivals=self._arrivals, on_press=self._let_rest
                ).run()
        except InvalidToken:
            log.error(
                "telegram.token_refused",
                do="put the token that @BotFather shows into PASSERELLE_TELEGRAM_TOKEN and start again",
            )
        finally:
            await self._finish_background()

    async def _publish_profile(self) -> None:
        app_url = self._mini_app.url if self._mini_app else ""
        await profile.publish(self._bot, self._words, self._commands, self._names, self._organizers, app_url)

    async def close(self) -> None:
        """Close all connections; after the last `send`."""
        await self._application.shutdown()
        await self._request.shutdown()

    async def _connect(self) -> None:
        """Sign in, and leave webhook mode where we poll; waiting updates are kept. Tries until it succeeds."""
        await self._sign_in()
        if self._webhook is None:
            await patiently(lambda: self._bot.delete_webhook(drop_pending_updates=False), CONNECT_FAILED)

    async def _sign_in(self) -> None:
        await patiently(self._application.initialize, CONNECT_FAILED)
        self.chat_url = f"https://t.me/{self._bot.username}?start="

    def _showing_that_we_type(self, receive: Receive) -> Receive:
        """`receive`, and "typing…" in the chat of whoever waits for more than a second."""

        async def receives(update: Update) -> None:
            loop = asyncio.get_running_loop()
            timer = loop.call_later(TYPING_SECONDS, lambda: self._in_background(self._type(update.address)))
            try:
                await receive(update)
            finally:
                timer.cancel()

        return receives

    async def _type(self, address: str) -> None:
        """Shown for five seconds at most, or until our message comes."""
        with suppress(TelegramError):
            await self._bot.send_chat_action(int(address), ChatAction.TYPING)

    def _look_up(self, query: telegram.InlineQuery) -> None:
        if self.search is not None:
            self._in_background(self._inline.answer(query, self.search))

    def _let_rest(self, query_id: str) -> None:
        """Answer a press, so that its button stops spinning; outside of the pace, and never waited for."""
        self._in_background(self._answer(query_id))

    async def _answer(self, query_id: str) -> None:
        try:
            await self._bot.answer_callback_query(query_id)
        except TelegramError as error:  # too old, or the network: the button rests by itself in the end
            log.debug("telegram.press_unanswered", error=type(error).__name__)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("telegram.background_failed", error=type(error).__name__, exc_info=error)

    async def _finish_background(self) -> None:
        if self._background:
            _, late = await asyncio.wait(set(self._background), timeout=CLOSING_SECONDS)
            for task in late:
                task.cancel()

    # --- messages

    async def admit(self, address: str) -> Later | None:
        return await self._pace.admit(address)

    async def reserve(self, address: str) -> Later | float:
        return await self._pace.reserve(address)

    async def send(self, address: str, parcel: Parcel, *, because: str, sequence: int) -> Verdict:
        return await self._deliver(int(address), parcel.body, parcel.edits)

    async def correct(self, address: str, message_id: str, parcel: Parcel) -> Verdict:
        """Where the message cannot be edited any more, the new text comes as a message of its own."""
        if not message_id.isdecimal():
            return await self._deliver(int(address), parcel.body, "")
        body = {**parcel.body, "method": "editMessageText"}
        return await self._deliver(int(address), body, message_id, again=True)

    async def withdraw(self, address: str, message_id: str) -> Verdict:
        """Failed where it is older than 48 hours."""
        if (held := self._pace.hold(address)) is not None:
            return held
        if not message_id.isdecimal():
            return Failed("which message it is was never learnt")
        try:
            await self._bot.delete_message(int(address), int(message_id))
        except RetryAfter as error:
            return await self._pace.refused(address, retry_seconds(error))
        except TelegramError as error:
            return Sent(message_id) if verdicts.is_gone(error) else _again(verdicts.verdict(error))
        return Sent(message_id)

    async def _deliver(self, chat: int, body: Mapping[str, Any], edits: str, *, again: bool = False) -> Verdict:
        """One call; a second one, admitted anew, where the first was refused for what can be mended at once.

        again: an edit in doubt is to be done again, which changes nothing where it was done.
        """
        if (held := self._pace.hold(str(chat))) is not None:  # since it was admitted
            return held
        try:
            return await self._call(chat, body, edits)
        except RetryAfter as error:
            return await self._pace.refused(str(chat), retry_seconds(error))
        except ChatMigrated as error:
            log.warning("telegram.chat_migrated", chat=chat, to=error.new_chat_id)
            self._in_background(self._tell_moved(str(chat), str(error.new_chat_id)))
            return await self._once_more(error.new_chat_id, body, "")
        except BadRequest as error:
            if edits and verdicts.is_not_modified(error):
                return Sent(edits)
            if edits and verdicts.is_not_editable(error):
                return await self._once_more(chat, body, "")
            if "parse_mode" in body and verdicts.is_not_parsed(error):
                log.error("telegram.markup_refused", chat=chat, error=error.message)
                return await self._once_more(chat, _as_plain(body), edits, again=again)
            return verdicts.verdict(error)
        except TelegramError as error:
            return _again(verdicts.verdict(error)) if edits and again else verdicts.verdict(error)

    async def _tell_moved(self, chat: str, to: str) -> None:
        """As Telegram itself tells it in an update, which may come later or be lost; done once either way."""
        if self._receive is not None:
            content, at = Moved(to), self._clock.now()
            await self._receive(
                Update(channel=self.name, key=f"moved:{chat}:{to}", address=chat, author=chat, at=at, content=content)
            )

    async def _once_more(self, chat: int, body: Mapping[str, Any], edits: str, *, again: bool = False) -> Verdict:
        return await self._pace.admit(str(chat)) or await self._deliver(chat, body, edits, again=again)

    async def _call(self, chat: int, body: Mapping[str, Any], edits: str) -> Verdict:
        method = body.get("method", "")
        if method == "editMessageText" and not edits:
            method = "sendMessage"
        if method not in ARGUMENTS:
            return Failed(f"no such method: {method}")
        arguments = {name: body[name] for name in ARGUMENTS[method] if name in body}
        if method == "editMessageText":
            arguments["message_id"] = int(edits)
        if method == "sendDocument":
            arguments["document"] = telegram.InputFile(body["content"].encode(), filename=body["file_name"])
            arguments["document"].mimetype = body["media_type"]
        return Sent(await self._bot.put(method, chat_id=chat, **arguments) or edits)


def _again(verdict: Verdict) -> Verdict:
    """Of an edit or a deletion, which may be repeated: what is in doubt is done again."""
    return Later(AGAIN_SECONDS, "chat", verdict.why) if isinstance(verdict, InDoubt) else verdict


def _as_plain(body: Mapping[str, Any]) -> dict[str, Any]:
    """The same message without markup, for HTML that Telegram would not read."""
    plain = {name: value for name, value in body.items() if name != "parse_mode"}
    plain["text"] = unescape(TAG.sub("", plain["text"]))
    return plain
