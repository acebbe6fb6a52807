""" "2", "２", "二", "第2个": the second button last shown, for platforms and people without buttons."""

import re
import unicodedata
from collections.abc import Sequence

from bot.chat.action import Action

HAN = "一二三四五六七八九十"
CHOICE = re.compile(rf"^(?:第|n[°o]\s?|no\.?\s?|#)?(\d{{1,2}}|[{HAN}])(?:个|個|项|項)?[.。)）、]?$", re.IGNORECASE)


GO_ON = "rest"  # the action of what a message left out
MORE = frozenset({"更多", "继续", "繼續", "接着说", "more", "go on", "suite", "la suite", "lire la suite", "plus"})


def number(text: str) -> int | None:
    """The number that a text is, if it is one and nothing else; of at most two digits."""
    match = CHOICE.match(unicodedata.normalize("NFKC", text).strip())
    if not match:
        return None
    return HAN.index(match[1]) + 1 if match[1] in HAN else int(match[1])


def chosen(text: str, choices: Sequence[str]) -> Action | None:
    """The action that a bare number stands for, or the word "more" under a message that was cut; None where the text is
    neither, or stands for nothing."""
    if unicodedata.normalize("NFKC", text).strip(' 。.!！“”"').casefold() in MORE:
        return next((Action.unpack(each) for each in choices if Action.unpack(each).name == GO_ON), None)
    wanted = number(text)
    return Action.unpack(choices[wanted - 1]) if wanted and wanted <= len(choices) else None
