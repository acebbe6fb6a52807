"""What the page posts, read as an Update. What people type is kept to what every database can hold."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.channels.web.identity import fingerprint
from bot.chat.action import LIMIT_BYTES, Action
from bot.chat.update import Content, Press, Start, Text, Update

TEXT_LIMIT = 10_000  # characters kept of a message
PAYLOAD_LIMIT = 64
LANGUAGE_LIMIT = 20
KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
UNHELD = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")  # control signs and halves of surrogate pairs
LARGEST_SEQUENCE = 2**53


class Unreadable(Exception):
    """The page's programmer meets it: a request that no page of ours sends."""


@dataclass(frozen=True, slots=True)
class Posted:
    """after: the last message the page has. conversation: the fingerprint it believes itself to have."""

    update: Update
    after: int
    conversation: str


def read(raw: bytes, address: str, *, at: datetime, language: str) -> Posted:
    """The posted JSON. language: a hint where the page gives none. Raises Unreadable."""
    try:
        given = json.loads(raw)
    except (ValueError, RecursionError) as fault:
        raise Unreadable("The body is not JSON in UTF-8.") from fault
    if not isinstance(given, dict):
        raise Unreadable("The body must be a JSON object.")
    key = given.get("key")
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise Unreadable("“key” must be 16 to 64 letters, digits, “-” or “_”.")
    after = given.get("after", 0)
    if not isinstance(after, int) or isinstance(after, bool) or not 0 <= after <= LARGEST_SEQUENCE:
        raise Unreadable("“after” must be the number of a message, 0 for none.")
    update = Update(
        channel="web",
        key=f"{fingerprint(address)}:{key}",  # so that no browser can use up another's key
        address=address,
        author=address,
        at=at,
        content=_content(given),
        language=_string(given, "language", LANGUAGE_LIMIT) or language,
    )
    return Posted(update, after, _string(given, "conversation", PAYLOAD_LIMIT))


def key_of(update_key: str) -> str:
    """The page's own key of an update that it posted."""
    return update_key.rpartition(":")[2]


def _content(given: Mapping[str, Any]) -> Content:
    match given.get("kind"):
        case "text":
            text = given.get("text")
            if not isinstance(text, str):
                raise Unreadable("“text” must be a string.")
            return Text(UNHELD.sub("", text.replace("\r\n", "\n"))[:TEXT_LIMIT])
        case "press":
            packed = _string(given, "action", LIMIT_BYTES)
            if not packed or len(packed.encode()) > LIMIT_BYTES:
                raise Unreadable(f"“action” must be a string of 1 to {LIMIT_BYTES} bytes.")
            message = given.get("message")
            return Press(Action.unpack(packed), str(message) if type(message) is int else "")
        case "start":
            return Start(_string(given, "payload", PAYLOAD_LIMIT))
        case _:
            raise Unreadable("“kind” must be “text”, “press” or “start”.")


def _string(given: Mapping[str, Any], name: str, limit: int) -> str:
    value = given.get(name, "")
    if not isinstance(value, str) or len(value) > limit:
        raise Unreadable(f"“{name}” must be a string of at most {limit} characters.")
    return UNHELD.sub("", value)
