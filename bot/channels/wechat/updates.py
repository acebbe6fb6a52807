"""WeChat's messages and events as ours. What is not known becomes Media("unknown"), or nothing where no answer is
expected; never an exception."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime

from bot.chat.action import LIMIT_BYTES, Action
from bot.chat.update import Content, Left, Media, Opening, Position, Press, Start, Text, Update

CHANNEL = "wechat"
LANGUAGE = "zh"  # WeChat says no language with a message; what is written tells
OPENID = re.compile(r"[A-Za-z0-9_-]{6,64}")
QR_OF_STRANGER = "qrscene_"
UNSHOWN = "【收到不支持的消息类型"  # what stands for a sticker
TEXT_LIMIT = 10_000
KEY_TEXT = 64

# What it lets us send unasked afterwards (platform rules, Customer messages).
WROTE = Opening(messages=5, seconds=48 * 3600)
TAPPED = Opening(messages=3, seconds=60, is_brief=True)

MEDIA = {"image": "photo", "voice": "voice", "video": "video", "shortvideo": "video", "file": "file", "link": "link"}


def read(fields: Mapping[str, str], *, at: datetime) -> Update | None:
    """The update, or None for what asks no answer: a page opened from the menu, a position reported by itself, how a
    template message ended."""
    sender = fields.get("FromUserName", "")
    if not OPENID.fullmatch(sender):
        return None
    content, opens = _event(fields) if fields.get("MsgType") == "event" else _message(fields)
    if content is None:
        return None
    return Update(
        channel=CHANNEL, key=key(fields), address=sender, author=sender, at=at, content=content, language=LANGUAGE,
        opens=opens,
    )  # fmt: skip


def key(fields: Mapping[str, str]) -> str:
    """What WeChat's three deliveries of one thing have in common: a MsgId is unique with its sender alone, and an event
    has none."""
    sender, number = fields.get("FromUserName", ""), fields.get("MsgId", "")
    if fields.get("MsgType") != "event" and number.isdigit() and len(number) <= 32:
        return f"{sender}:{number}"
    parts = [fields.get(name, "") for name in ("CreateTime", "MsgType", "Event", "EventKey", "MsgId")]
    digest = hashlib.sha256("\n".join(parts).encode(errors="replace")).hexdigest()[:24]
    return f"{sender}:{digest}"


def _message(fields: Mapping[str, str]) -> tuple[Content | None, Opening | None]:
    match kind := fields.get("MsgType", ""):
        case "text":
            if pressed := fields.get("bizmsgmenuid", ""):  # an item of our menu message
                return _pressed(pressed), TAPPED
            if fields.get("Content", "").startswith(UNSHOWN):
                return Media("sticker"), WROTE
            return Text(fields.get("Content", "").replace("\r\n", "\n")[:TEXT_LIMIT]), WROTE
        case "voice" if spoken := fields.get("Recognition", "").strip():
            return Text(spoken[:TEXT_LIMIT]), WROTE
        case "location":
            try:
                at = Position(float(fields.get("Location_X", "")), float(fields.get("Location_Y", "")))
            except ValueError:
                return Media("unknown"), WROTE
            fits = abs(at.lat) <= 90 and abs(at.lon) <= 180
            return at if fits else Media("unknown"), WROTE
    return Media(MEDIA.get(kind, "unknown")), WROTE


def _event(fields: Mapping[str, str]) -> tuple[Content | None, Opening | None]:
    name = fields.get("EventKey", "")
    match fields.get("Event", "").lower():
        case "subscribe":
            return Start(name.removeprefix(QR_OF_STRANGER)[:KEY_TEXT]), TAPPED
        case "scan":
            return Start(name[:KEY_TEXT]), TAPPED
        case "unsubscribe":
            return Left(), None
        case "click":
            return (Text(name[:LIMIT_BYTES]) if name.startswith("/") else _pressed(name)), TAPPED
    return None, None


def _pressed(packed: str) -> Press:
    return Press(Action.unpack(packed))
