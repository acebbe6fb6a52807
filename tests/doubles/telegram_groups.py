"""Groups of the double: members who write and press, topics, a group that is upgraded, a bot that is put out."""

from typing import Any

from tests.doubles.telegram_methods import PARAMETERS
from tests.doubles.telegram_people import People
from tests.doubles.telegram_values import Refused, bad, integer, parsed

PARAMETERS |= {
    "getchat": {"chat_id"},
    "createforumtopic": {"chat_id", "name", "icon_color", "icon_custom_emoji_id"},
}
SENDS = ("sendmessage",)


class Groups(People):
    """`group` makes one, `says` and `presses` are what its members do."""

    def __init__(self, token: str) -> None:
        People.__init__(self, token)
        self.forums: set[int] = set()
        self.topics: dict[tuple[int, int], str] = {}  # (group, thread) -> title
        self.threads: dict[tuple[int, int], int] = {}  # (group, message) -> thread
        self.under: dict[tuple[int, int], int] = {}  # (group, message) -> the one it answers
        self.may_begin_topics = True

    def group(self, chat_id: int, *, forum: bool = False) -> None:
        chat = self.person(chat_id, "fr", "The team")
        chat.messages.clear()
        if forum:
            self.forums.add(chat_id)

    def says(
        self, chat_id: int, user_id: int, name: str, text: str = "", *, to: int = 0, thread: int = 0, **content: Any
    ) -> dict[str, Any]:
        """A member of the group writes. to: the message answered."""
        user = {"id": user_id, "is_bot": False, "first_name": name, "language_code": "fr"}
        where: dict[str, Any] = {}
        if thread:
            where = {"message_thread_id": thread, "is_topic_message": True}
            to = to or thread  # as Telegram has it
        if to:
            chat = self.chats[chat_id]
            base = {"message_id": to, "date": 0, "chat": chat.as_chat()}
            seen = chat.messages.get(to)
            where["reply_to_message"] = self._as_message(chat, seen) if seen else base
        return self.message(chat_id, text, user_id=user_id, **{"from": user}, **where, **content)

    def presses(self, chat_id: int, message_id: int, label: str, user_id: int, name: str) -> dict[str, Any]:
        """A member presses a button."""
        update = self.press(chat_id, message_id, label, user_id=user_id)
        update["callback_query"]["from"]["first_name"] = name
        return dict(update)

    def thread_of(self, chat_id: int, message_id: int) -> int:
        return self.threads.get((chat_id, message_id), 0)

    # --- methods

    def _in_group(self, parameters: dict[str, Any]) -> None:
        """What a group refuses before anything else is looked at."""
        chat_id = integer(parameters, "chat_id")
        thread = integer(parameters, "message_thread_id")
        if thread and (chat_id, thread) not in self.topics:
            raise bad("message thread not found")

    def _getchat(self, parameters: dict[str, Any]) -> dict[str, Any]:
        chat = self.chats.get(integer(parameters, "chat_id"))
        if chat is None:
            raise bad("chat not found", is_fault=False)
        if chat.is_blocked:
            raise Refused(403, "bot was kicked from the supergroup chat")
        return {**chat.as_chat(), **({"is_forum": True} if chat.chat_id in self.forums else {})}

    def _createforumtopic(self, parameters: dict[str, Any]) -> dict[str, Any]:
        chat, _, _ = self._addressed(parameters)
        name = str(parameters.get("name", ""))
        if not 1 <= len(name) <= 128:
            raise bad("TOPIC_TITLE_INVALID")
        if chat.chat_id not in self.forums:
            raise bad("the chat is not a forum")
        if not self.may_begin_topics:
            raise bad("not enough rights to create a topic", is_fault=False)
        self._message_id: int = self._message_id + 1
        self.topics[chat.chat_id, self._message_id] = name
        return {"message_thread_id": self._message_id, "name": name, "icon_color": 7322096}

    def _placed(self, parameters: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
        """Remember where a message was sent to."""
        chat_id, message_id = sent["chat"]["id"], sent["message_id"]
        if thread := integer(parameters, "message_thread_id"):
            self.threads[chat_id, message_id] = thread
            sent |= {"message_thread_id": thread, "is_topic_message": True}
        if "reply_parameters" in parameters:
            self.under[chat_id, message_id] = int(parsed(parameters["reply_parameters"])["message_id"])
        return sent
