"""The team's room on Telegram: a group, whose questions have topics of their own where it is a forum."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

import telegram
from telegram.error import BadRequest, ChatMigrated, RetryAfter, TelegramError

from bot.channels.telegram import verdicts
from bot.channels.telegram.polling import PollingBot, retry_seconds
from bot.chat.channel import Failed, Parcel, Sent, Unreachable
from bot.chat.desk import Answer, Elsewhere, Found
from bot.delivery.pace import Pace

EXTRA = ("reply_markup", "link_preview_options", "disable_notification")
TOPIC_TITLE = 128  # characters
NO_THREAD = "message thread not found"
NO_RIGHTS = ("not enough rights to send", "have no rights to send", "chat_write_forbidden")

T = TypeVar("T")


class TelegramDesk:
    """Writes into the group, at the pace that Telegram allows there: 20 messages a minute, edits among them."""

    def __init__(self, bot: PollingBot, pace: Pace) -> None:
        self.rooms: set[str] = set()
        self._bot = bot
        self._pace = pace

    async def look(self, address: str) -> Found | Answer:
        async def call() -> Found:
            chat = await self._bot.chat(int(address))
            await self._bot.send_chat_action(int(address), "typing")  # whether we may write there
            return Found(bool(chat.get("is_forum")))

        return await self._asked(address, call)

    async def topic(self, address: str, title: str) -> Answer:
        async def call() -> Sent:
            made = await self._bot.create_forum_topic(int(address), title[:TOPIC_TITLE])
            return Sent(str(made.message_thread_id))

        return await self._admitted(address, call)

    async def post(self, address: str, parcel: Parcel, *, thread: str = "", answers: str = "") -> Answer:
        """A message that cannot be edited any more comes anew."""
        body, extra = parcel.body, {name: parcel.body[name] for name in EXTRA if name in parcel.body}

        async def send() -> Sent:
            where: dict[str, Any] = {}
            if thread:
                where["message_thread_id"] = int(thread)
            if answers.isdecimal():
                where["reply_parameters"] = telegram.ReplyParameters(int(answers), allow_sending_without_reply=True)
            call = partial(
                self._bot.send_message, int(address), body["text"], parse_mode=body.get("parse_mode"), api_kwargs=extra
            )
            try:
                sent = await call(**where)
            except BadRequest as error:
                if not thread or NO_THREAD not in error.message.lower():
                    raise
                del where["message_thread_id"]  # somebody deleted the topic: in the group's own then
                sent = await call(**where)
            return Sent(str(sent.message_id))

        async def edit() -> Sent:
            rest = {name: value for name, value in extra.items() if name != "disable_notification"}
            try:
                await self._bot.edit_message_text(
                    body["text"], chat_id=int(address), message_id=int(parcel.edits), parse_mode=body.get("parse_mode"),
                    api_kwargs=rest,
                )  # fmt: skip
            except BadRequest as error:
                if verdicts.is_not_modified(error):
                    return Sent(parcel.edits)
                if verdicts.is_not_editable(error):
                    return await send()
                raise
            return Sent(parcel.edits)

        return await self._admitted(address, edit if parcel.edits else send)

    async def remove(self, address: str, message_id: str) -> Answer:
        async def call() -> Sent:
            try:
                await self._bot.delete_message(int(address), int(message_id))
            except TelegramError as error:
                if not verdicts.is_gone(error):
                    raise
            return Sent(message_id)

        return await self._asked(address, call)

    async def _admitted(self, address: str, call: Callable[[], Awaitable[Sent]]) -> Answer:
        held = await self._pace.admit(address)
        return held if held is not None else await self._asked(address, call)

    async def _asked(self, address: str, call: Callable[[], Awaitable[T]]) -> T | Answer:
        try:
            return await call()
        except RetryAfter as error:
            return await self._pace.refused(address, retry_seconds(error))
        except ChatMigrated as error:
            return Elsewhere(str(error.new_chat_id))
        except BadRequest as error:
            may_not = any(words in error.message.lower() for words in NO_RIGHTS)
            return Unreachable(error.message) if may_not else verdicts.verdict(error)
        except TelegramError as error:
            return verdicts.verdict(error)
        except ValueError:  # an address or an id that is no number
            return Failed("no address of a group")
