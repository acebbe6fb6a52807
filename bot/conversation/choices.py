""" "2", "２", "二", "第2个": the second button last shown, for platforms and people without buttons."""

import re
import unicodedata
from collections.abc import Sequence

from bot.chat.action import Action

HAN = "一二三四五六七八九十"
CHOICE = re.compile(rf"^(?:第|n[°o]\s?|no\.?\s?|#)?(\d{{1,2}}|[{HAN}])(?:个|個|项|項)?[.。)）、]?$", re.IGNORECASE)


def chosen(text: str, choices: Sequence[str]) -> Action | None:
    """The action that a bare number stands for, None where it is no number or stands for nothing."""
    match = CHOICE.match(unicodedata.normalize("NFKC", text).strip())
    if not match:
        return None
    number = HAN.index(match[1]) + 1 if match[1] in HAN else int(match[1])
    return Action.unpack(choices[number - 1]) if 1 <= number <= len(choices) else None
