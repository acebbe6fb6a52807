"""Telegram's updates as ours. What is not known becomes Media("unknown"), never an exception."""

from datetime import datetime

import telegram
from telegram.ext import filters

from bot.chat.action import Action
from bot.chat.update import Content, Joined, Left, Media, Position, Press, Start, Text, Update

CHANNEL = "telegram"
ALLOWED = ("message", "callback_query", "my_chat_member")

# Attribute of a message -> kind. An animation is also a document: the first that is set counts.
KINDS = {
    "sticker": "sticker",
    "voice": "voice",
    "video_note": "video",
    "photo": "photo",
    "animation": "video",
    "video": "video",
    "audio": "audio",
    "document": "file",
    "contact": "contact",
}
PRESENT = ("member", "administrator", "creator", "restricted")


def read(update: telegram.Update, *, at: datetime, bot_name: str) -> Update | None:
    """Ours, or None for what asks no answer: edits, service messages, small talk in groups.

    at: when it reached us. bot_name: without "@"; commands to another bot are left to it.
    """
    if update.callback_query is not None:
        return _press(update.update_id, update.callback_query, at)
    if update.my_chat_member is not None:
        return _membership(update.update_id, update.my_chat_member, at)
    if update.message is not None:
        return _message(update.update_id, update.message, at, bot_name)
    return None


def unreadable(raw: dict[str, object], *, at: datetime) -> Update | None:
    """For an update that the library cannot read: Media("unknown") from whoever sent it, if that is there."""
    for content in (raw.get(name) for name in ALLOWED[:2]):
        if not isinstance(content, dict):
            continue
        message = content.get("message", content)
        chat = message.get("chat") if isinstance(message, dict) else None
        user = content.get("from")
        if isinstance(chat, dict) and chat.get("type") == "private" and isinstance(user, dict):
            return Update(
                channel=CHANNEL,
                key=str(raw.get("update_id", "")),
                address=str(chat.get("id", "")),
                author=str(user.get("id", "")),
                at=at,
                content=Media("unknown"),
                language=str(user.get("language_code") or ""),
            )
    return None


def _message(key: int, message: telegram.Message, at: datetime, bot_name: str) -> Update | None:
    is_private = message.chat.type == telegram.Chat.PRIVATE
    text = message.text or message.caption or ""
    content: Content
    if text.startswith("/"):
        command = _command(text, bot_name)
        if command is None:
            return None
        content = command
    elif not is_private:
        return None
    elif text:  # a caption is a question like another
        content = Text(text)
    elif message.location is not None:
        content = Position(message.location.latitude, message.location.longitude)
    elif kind := next((kind for name, kind in KINDS.items() if getattr(message, name)), ""):
        content = Media(kind)
    elif filters.StatusUpdate.ALL.check_update(telegram.Update(key, message=message)):
        return None  # something was pinned, a timer set: nobody speaks to us
    else:
        content = Media("unknown")
    return _update(key, message.chat.id, message.from_user, at, content)


def _command(text: str, bot_name: str) -> Content | None:
    """The text without "@our_bot"; None for another bot's command. "/start PAYLOAD" is a Start."""
    first, *rest = text.split(maxsplit=1)
    command, _, addressee = first.partition("@")
    if addressee and bot_name and addressee.lower() != bot_name.lower():
        return None
    arguments = rest[0].strip() if rest else ""
    if command.lower() == "/start":
        return Start(arguments)
    return Text(f"{command} {arguments}".rstrip())


def _press(key: int, press: telegram.CallbackQuery, at: datetime) -> Update:
    message = press.message
    content: Content = Media("unknown")
    if press.data:
        # An old message may be out of reach: the answer then comes as a new one.
        is_reachable = message is not None and message.is_accessible
        content = Press(Action.unpack(press.data), str(message.message_id) if message and is_reachable else "")
    chat = message.chat.id if message is not None else press.from_user.id
    return _update(key, chat, press.from_user, at, content)


def _membership(key: int, change: telegram.ChatMemberUpdated, at: datetime) -> Update | None:
    if change.chat.type != telegram.Chat.PRIVATE:
        return None
    is_present = change.new_chat_member.status in PRESENT
    return _update(key, change.chat.id, change.from_user, at, Joined() if is_present else Left())


def _update(key: int, chat: int, user: telegram.User | None, at: datetime, content: Content) -> Update:
    return Update(
        channel=CHANNEL,
        key=str(key),
        address=str(chat),
        author=str(user.id if user else chat),
        at=at,
        content=content,
        language=(user.language_code or "") if user else "",
    )
