"""What the team says and presses in its group, as our updates."""

from collections.abc import Container
from datetime import datetime

import telegram
from telegram.ext import filters

from bot.channels.telegram.updates import CHANNEL, PRESENT
from bot.chat.action import Action
from bot.chat.update import Content, Joined, Left, Media, Moved, Press, Room, Text, Update


def read(update: telegram.Update, rooms: Container[str], at: datetime) -> Update | None:
    """What the team said or pressed in its room, where the update is of one of `rooms`; None for all else, and for
    what asks for nothing."""
    if update.callback_query is not None:
        press = update.callback_query
        message = press.message
        if message is None or str(message.chat.id) not in rooms or not press.data:
            return None
        seen = message if isinstance(message, telegram.Message) else None
        content: Content = Press(Action.unpack(press.data), str(message.message_id))
        return _update(update, message.chat.id, press.from_user, at, content, _room(seen, _name(press.from_user)))
    if update.my_chat_member is not None:
        change = update.my_chat_member
        if str(change.chat.id) not in rooms:
            return None
        is_in = change.new_chat_member.status in PRESENT
        return _update(update, change.chat.id, change.from_user, at, Joined() if is_in else Left(), Room())
    message = update.message
    if message is None or str(message.chat.id) not in rooms:
        return None
    if message.migrate_to_chat_id:
        return _update(update, message.chat.id, None, at, Moved(str(message.migrate_to_chat_id)), Room())
    text = message.text or message.caption or ""
    if not text and filters.StatusUpdate.ALL.check_update(telegram.Update(update.update_id, message=message)):
        return None
    name = message.author_signature or (message.sender_chat.title if message.sender_chat else "")
    room = _room(message, name or _name(message.from_user))
    return _update(update, message.chat.id, message.from_user, at, Text(text) if text else Media("file"), room)


def _room(message: telegram.Message | None, name: str) -> Room:
    """Where in the group it was said. In a topic every message answers the one that began it, which means nothing."""
    if message is None:
        return Room(name=name)
    thread = message.message_thread_id if message.is_topic_message else None
    to = message.reply_to_message.message_id if message.reply_to_message else None
    answers = str(to) if to and to != thread else ""
    return Room(str(thread or ""), answers, name, str(message.message_id), _carried(message.reply_to_message))


def _carried(answered: telegram.Message | None) -> Action | None:
    markup = answered.reply_markup if answered else None
    data = (
        [str(key.callback_data) for row in markup.inline_keyboard for key in row if key.callback_data] if markup else []
    )
    return Action.unpack(data[0]) if data else None


def _name(user: telegram.User | None) -> str:
    return user.full_name if user else ""


def _update(
    update: telegram.Update, chat: int, user: telegram.User | None, at: datetime, content: Content, room: Room
) -> Update:
    return Update(
        channel=CHANNEL, key=str(update.update_id), address=str(chat), author=str(user.id if user else chat), at=at,
        content=content, room=room,
    )  # fmt: skip
