"""Telegram's updates as ours. What is not known becomes Media("unknown"), never an exception."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import telegram
from telegram.ext import filters

from bot.chat.action import Action
from bot.chat.update import Content, Joined, Left, Media, Moved, Position, Press, Start, Text, Update

CHANNEL = "telegram"
ALLOWED = ("message", "callback_query", "my_chat_member", "inline_query")

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
UNHELD = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")  # control signs and halves of surrogate pairs
TEXT_LIMIT = 10_000  # characters; Telegram's own is 4,096
LANGUAGE_LIMIT = 20
LARGEST_ID = 2**53
GROUPS = (telegram.Chat.GROUP, telegram.Chat.SUPERGROUP)


def read(update: telegram.Update, *, at: datetime, bot_name: str, bot_id: int = 0) -> Update | None:
    """Ours, or None for what asks no answer: edits, service messages, what people in a group tell each other.

    at: when it reached us. bot_name: without "@"; commands to another bot are left to it. In a group a text is ours
    where it names us or answers us.
    """
    if update.callback_query is not None:
        return _press(update.update_id, update.callback_query, at)
    if update.my_chat_member is not None:
        return _membership(update.update_id, update.my_chat_member, at)
    if update.message is not None:
        return _message(update.update_id, update.message, at, bot_name, bot_id)
    return None


def plain(raw: dict[str, Any], *, at: datetime) -> Update | None:
    """What most updates are, a text or a press in a chat of one's own, as `read` would read it: without the library's
    objects, of which making them costs a twentieth of a turn. None for all else."""
    if ("callback_query" in raw) == ("message" in raw):
        return None
    press = _fields(raw.get("callback_query"))
    message = _fields((press or raw).get("message"))
    chat, user = _fields(message.get("chat")), _fields((press or message).get("from"))
    if chat.get("type") != telegram.Chat.PRIVATE or "migrate_to_chat_id" in message:
        return None
    said = press.get("data") if press else message.get("text")
    if not (isinstance(said, str) and (said := _clean(said))):
        return None
    if press:
        # Of a message out of reach the date is 0.
        is_reachable = message.get("date", 0) != 0 and _is_id(message.get("message_id"))
        content: Content = Press(Action.unpack(said), str(message["message_id"]) if is_reachable else "")
    elif said.startswith("/"):
        if "@" in said:  # perhaps another bot's
            return None
        content = _command(said, "") or Text(said)
    else:
        content = Text(said)
    return _made(raw.get("update_id"), chat.get("id"), user.get("id"), user.get("language_code"), at, content)


def _fields(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def unreadable(raw: dict[str, object], *, at: datetime) -> Update | None:
    """For an update that the library cannot read: Media("unknown") from whoever sent it, if that is there."""
    for content in (raw.get(name) for name in ALLOWED[:2]):
        if not isinstance(content, dict):
            continue
        message = content.get("message", content)
        chat = message.get("chat") if isinstance(message, dict) else None
        user = content.get("from")
        if isinstance(chat, dict) and chat.get("type") == "private" and isinstance(user, dict):
            language = user.get("language_code")
            return _made(raw.get("update_id"), chat.get("id"), user.get("id"), language, at, Media("unknown"))
    return None


def _message(key: int, message: telegram.Message, at: datetime, bot_name: str, bot_id: int) -> Update | None:
    is_private = message.chat.type == telegram.Chat.PRIVATE
    if _is_id(message.migrate_to_chat_id):
        return _update(key, message.chat.id, message.from_user, at, Moved(str(message.migrate_to_chat_id)))
    text = _clean(message.text or message.caption or "")
    content: Content
    if text.startswith("/"):
        command = _command(text, bot_name)
        if command is None:
            return None
        content = command
    elif not is_private:
        said = _said_to_us(message, text, bot_name, bot_id)
        if said is None:
            return None
        content = Text(said) if said else Text("/help")
    elif text:  # a caption is a question like another
        content = Text(text)
    elif message.location is not None:
        content = _position(message.location)
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


def _said_to_us(message: telegram.Message, text: str, bot_name: str, bot_id: int) -> str | None:
    """What a message in a group says to us, without our name; None where it is for others."""
    entities = message.parse_entities() if message.text else message.parse_caption_entities()
    name = f"@{bot_name}".lower()
    mentions = [
        part
        for entity, part in entities.items()
        if (entity.type == "mention" and part.lower() == name)
        or (entity.type == "text_mention" and entity.user is not None and entity.user.id == bot_id)
    ]
    answered = message.reply_to_message
    is_answer = answered is not None and answered.from_user is not None and answered.from_user.id == bot_id
    if not mentions and not (is_answer and text):
        return None
    for part in mentions:
        text = text.replace(part, " ", 1)
    return " ".join(text.split()).lstrip(",:，：、 ")


def _position(location: telegram.Location) -> Content:
    lat, lon = float(location.latitude), float(location.longitude)
    return Position(lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else Media("unknown")


def _press(key: int, press: telegram.CallbackQuery, at: datetime) -> Update | None:
    message = press.message
    content: Content = Media("unknown")
    if press.data:
        # An old message may be out of reach: the answer then comes as a new one.
        is_reachable = message is not None and message.is_accessible and _is_id(message.message_id)
        content = Press(Action.unpack(_clean(press.data)), str(message.message_id) if message and is_reachable else "")
    chat = message.chat.id if message is not None else press.from_user.id
    return _update(key, chat, press.from_user, at, content)


def _membership(key: int, change: telegram.ChatMemberUpdated, at: datetime) -> Update | None:
    if change.chat.type != telegram.Chat.PRIVATE and change.chat.type not in GROUPS:
        return None
    is_present = change.new_chat_member.status in PRESENT
    return _update(key, change.chat.id, change.from_user, at, Joined() if is_present else Left())


def _update(key: int, chat: int, user: telegram.User | None, at: datetime, content: Content) -> Update | None:
    return _made(key, chat, user.id if user else chat, user.language_code if user else "", at, content)


def _made(key: object, chat: object, user: object, language: object, at: datetime, content: Content) -> Update | None:
    """None where somebody's number is none: nothing could be answered."""
    if not (_is_id(chat) and _is_id(user)):
        return None
    return Update(
        channel=CHANNEL,
        key=str(key),
        address=str(chat),
        author=str(user),
        at=at,
        content=content,
        language=_tag(language),
    )


def searched(query: telegram.InlineQuery) -> tuple[str, str, str, str] | None:
    """An inline query as (its id, who searches, what for, their language tag); None for one that is none."""
    who = query.from_user
    if not (isinstance(query.id, str) and isinstance(query.query, str) and who is not None and _is_id(who.id)):
        return None
    return query.id, str(who.id), _clean(query.query), _tag(who.language_code)


def _tag(language: object) -> str:
    return _clean(language)[:LANGUAGE_LIMIT] if isinstance(language, str) else ""


def _is_id(value: object) -> bool:
    return type(value) is int and value != 0 and abs(value) < LARGEST_ID


def _clean(text: str) -> str:
    """`text` with what every database can hold, within bounds."""
    return UNHELD.sub("", text[:TEXT_LIMIT])
