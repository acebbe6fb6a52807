"""What persons do on the double, plain and immediate, and what they see."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.doubles.telegram_html import units
from tests.doubles.telegram_methods import Methods
from tests.doubles.telegram_trouble import PACED
from tests.doubles.telegram_values import Chat, Seen

PATIENCE = 30.0  # seconds: a busy machine is no fault


class People(Methods):
    """`_push` hands an update to the bot."""

    offset: int
    _update_id: int

    def _push(self, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    def redeliver(self, update: dict[str, Any]) -> None:
        """Hand the same update out once more, confirmed or not."""
        raise NotImplementedError

    def person(self, chat_id: int, language: str = "fr", first_name: str = "Li") -> Chat:
        chat = self.chats.get(chat_id)
        if chat is None:
            chat = self.chats[chat_id] = Chat(chat_id, language, first_name)
        return chat

    def message(
        self, chat_id: int, text: str = "", language: str = "fr", *, user_id: int = 0, **content: Any
    ) -> dict[str, Any]:
        """Somebody writes; returns the update. content: other parts of a message (sticker, location…)."""
        chat = self.person(chat_id, language)
        chat.is_blocked = False
        message = self._incoming(chat, user_id, language)
        if text:
            message["text"] = text
            if text.startswith("/"):
                length = units(text.split()[0])
                message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        return self._push("message", {**message, **content})

    def start(self, chat_id: int, payload: str = "", language: str = "fr") -> dict[str, Any]:
        """Somebody presses Start, or follows a deep link."""
        return self.message(chat_id, f"/start {payload}".rstrip(), language)

    def position(self, chat_id: int, lat: float, lon: float, language: str = "fr") -> dict[str, Any]:
        return self.message(chat_id, "", language, location={"latitude": lat, "longitude": lon})

    def media(self, chat_id: int, kind: str, language: str = "fr", **content: Any) -> dict[str, Any]:
        """kind: sticker, voice, photo, video, audio, document, contact, dice, story."""
        file = {"file_id": "f", "file_unique_id": "u"}
        size = {"width": 9, "height": 9}
        parts: dict[str, Any] = {
            "sticker": {**file, **size, "type": "regular", "is_animated": False, "is_video": False},
            "voice": {**file, "duration": 3},
            "photo": [{**file, **size}],
            "video": {**file, **size, "duration": 3},
            "video_note": {**file, "length": 9, "duration": 3},
            "audio": {**file, "duration": 3},
            "document": file,
            "contact": {"phone_number": "+33123456789", "first_name": "X"},
            "dice": {"emoji": "🎲", "value": 4},
            "story": {"chat": self.person(chat_id, language).as_chat(), "id": 1},
        }
        return self.message(chat_id, "", language, **{kind: parts[kind]}, **content)

    def press(self, chat_id: int, message_id: int, button: int | str, *, user_id: int = 0) -> dict[str, Any]:
        """Press a button of a message that is there: by its number from 0, its label or its data."""
        seen = self.chats[chat_id].messages[message_id]
        buttons = [one for one in seen.buttons if one.data]
        if isinstance(button, int):
            data = seen.buttons[button].data
        else:
            data = next((one.data for one in buttons if button in (one.label, one.data)), "")
        assert data, f"no such button: {button!r} among {seen.labels}"
        return self.press_old(chat_id, data, message_id=message_id, user_id=user_id)

    def press_old(
        self, chat_id: int, data: str, *, message_id: int = 0, user_id: int = 0, language: str = "fr"
    ) -> dict[str, Any]:
        """Press any button, forged or of a message out of reach (message_id 0 or unknown)."""
        chat = self.person(chat_id, language)
        chat.is_blocked = False
        query_id = f"q{self._update_id + 1}"
        seen = chat.messages.get(message_id)
        message: dict[str, Any] = {"message_id": message_id or 1, "date": 0, "chat": chat.as_chat()}
        if seen is not None:
            message = self._as_message(chat, seen)
        query = {
            "id": query_id,
            "from": self._user(chat, user_id, chat.language),
            "chat_instance": "1",
            "data": data,
            "message": message,
        }
        update = self._push("callback_query", query)
        self._queries[query_id] = (update["update_id"], time.monotonic())
        return update

    def inline_query(self, user_id: int, query: str, language: str = "fr") -> str:
        """Somebody writes "@bot query" in another chat; the query's id."""
        query_id = f"i{self._update_id + 1}"
        self.inline[query_id] = []
        user = {"id": user_id, "is_bot": False, "first_name": "Li", "language_code": language}
        self._push("inline_query", {"id": query_id, "from": user, "query": query, "offset": "", "chat_type": "group"})
        return query_id

    def migrate(self, chat_id: int, to: int) -> None:
        """A group becomes a supergroup: another id, and the old one is refused."""
        chat = self.chats.pop(chat_id)
        self.moved[chat_id] = to
        self.chats[to] = replace(chat, chat_id=to, messages={})
        message = self._incoming(chat, 9, chat.language)
        self._push("message", {**message, "migrate_to_chat_id": to})

    def block(self, chat_id: int) -> dict[str, Any]:
        return self._membership(chat_id, blocked=True)

    def unblock(self, chat_id: int) -> dict[str, Any]:
        return self._membership(chat_id, blocked=False)

    def delete(self, chat_id: int, message_id: int) -> None:
        """The person removes a message of the bot."""
        del self.chats[chat_id].messages[message_id]

    def pass_hours(self, hours: float) -> None:
        """Move the double's clock on: what was sent before is so much older."""
        self.later_seconds += hours * 3600

    def freeze(self, chat_id: int, message_id: int) -> None:
        """From now on the message can't be edited."""
        self.chats[chat_id].messages[message_id].is_frozen = True

    # --- what persons see

    def sent(self, chat_id: int) -> list[Seen]:
        """The bot's messages to a chat, oldest first, as they stand now."""
        chat = self.chats.get(chat_id)
        return [] if chat is None else list(chat.messages.values())

    def mark(self) -> int:
        """A moment, for `wait_for(since=…)`."""
        return self._change

    async def wait_for(
        self, chat_id: int, what: str | Callable[[Seen], bool] = "", *, since: int = 0, seconds: float = PATIENCE
    ) -> Seen:
        """The newest message that holds `what` and was sent or edited after `since`."""
        matches = what if callable(what) else lambda seen: what in seen.text
        event = asyncio.Event()
        self._watchers.add(event)
        try:
            async with asyncio.timeout(seconds):
                while True:
                    for seen in sorted(self.sent(chat_id), key=lambda one: -one.change):
                        if seen.change > since and matches(seen):
                            return seen
                    event.clear()
                    await event.wait()
        except TimeoutError:
            texts = [seen.text for seen in self.sent(chat_id)]
            raise AssertionError(f"{what!r} not seen in {seconds} s; seen: {texts}; faults: {self.faults}") from None
        finally:
            self._watchers.discard(event)

    async def wait_until(self, claim: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
        """Until `claim()` holds, looked at whenever a client has called."""
        event = asyncio.Event()
        self._watchers.add(event)
        try:
            async with asyncio.timeout(seconds):
                while not claim():
                    event.clear()
                    await event.wait()
        finally:
            self._watchers.discard(event)

    async def wait_for_offset(self, update: dict[str, Any], *, seconds: float = PATIENCE) -> None:
        """Until the client has confirmed `update`."""
        await self.wait_until(lambda: self.offset > update["update_id"], seconds=seconds)

    async def wait_until_taken(self, update: dict[str, Any], *, seconds: float = PATIENCE) -> None:
        """Until the client has confirmed `update`, or its webhook has said 2xx to it."""
        await self.wait_until(lambda: update not in self._updates, seconds=seconds)

    def unanswered(self) -> list[str]:
        """Presses whose button still spins."""
        return [query for query in self._queries if not self._query_answers[query]]

    def pending(self) -> int:
        """Updates that nobody has confirmed."""
        return len(self._updates)

    def busiest_second(self) -> int:
        """The most messages accepted in any one second."""
        most, first = 0, 0
        times = [at for at, method, _ in self.log if method in PACED]
        for last, at in enumerate(times):
            while at - times[first] >= 1:
                first += 1
            most = max(most, last - first + 1)
        return most

    def _user(self, chat: Chat, user_id: int, language: str) -> dict[str, Any]:
        user = {"id": user_id or abs(chat.chat_id), "is_bot": False, "first_name": chat.first_name}
        return {**user, "language_code": language} if language else user

    def _incoming(self, chat: Chat, user_id: int, language: str) -> dict[str, Any]:
        self._message_id += 1
        return {
            "message_id": self._message_id,
            "from": self._user(chat, user_id, language),
            "chat": chat.as_chat(),
            "date": int(self.now()),
        }

    def _membership(self, chat_id: int, *, blocked: bool) -> dict[str, Any]:
        chat = self.person(chat_id)
        chat.is_blocked = blocked
        status = [{"status": "member", "user": self._me()}, {"status": "kicked", "user": self._me(), "until_date": 0}]
        content = {
            "chat": chat.as_chat(),
            "from": self._user(chat, 0, chat.language),
            "date": int(self.now()),
            "old_chat_member": status[not blocked],
            "new_chat_member": status[blocked],
        }
        return self._push("my_chat_member", content)
