""" "2", "２", "二", "第2个": the second button last shown, for platforms and people without buttons."""

import re
import unicodedata
from collections.abc import Sequence

from bot.chat.action import GO_ON, Action, of_choice

HAN = "一二三四五六七八九"
HAN_NUMBER = rf"[{HAN}]?十[{HAN}]?|[{HAN}两]"
CHOICE = re.compile(
    r"^(?:我?(?:要|选|選)?(?:第|序号|序號)?|n[°o]\s?|no\.?\s?|#)"
    rf"(\d{{1,2}}|{HAN_NUMBER})"
    r"(?:\s?(?:个|個|项|項|号|號|条|條))?吧?[.。)）、]?$",
    re.IGNORECASE,
)
LET_GO = frozenset({
    "annuler", "annule", "annulez", "laisse tomber", "laissez tomber", "abandonner", "retour", "cancel", "never mind",
    "nevermind", "go back", "back", "forget it", "取消", "算了", "不用了", "返回", "退出", "不要了",
})  # fmt: skip
CRIES = re.compile(
    r"au secours|à l[’']aide|aidez[- ]moi|malaise|mal à la poitrine|infarctus|crise cardiaque|respire (?:plus|pas|mal)"
    r"|au feu\b|incendie|救命|救人|心脏病|胸口?[疼痛]|晕倒|昏倒|喘不上气|着火|流血不止|help me|heart attack|chest pain"
    r"|can[’']?t breathe|cannot breathe|collapsed|on fire",
    re.IGNORECASE,
)
CRY_LENGTH = 60  # characters; what is longer tells of one
KEYCAP = "\ufe0f\u20e3"

QUOTES = '“”"'
MORE = frozenset({"更多", "继续", "繼續", "接着说", "more", "go on", "suite", "la suite", "lire la suite", "plus"})


def number(text: str) -> int | None:
    """The number that a text is, if it is one and nothing else; of at most two digits."""
    match = CHOICE.match(unicodedata.normalize("NFKC", text).strip().rstrip(KEYCAP))
    if not match:
        return None
    return int(match[1]) if match[1].isdecimal() else _han(match[1])


def _han(written: str) -> int:
    """Of 一 to 九十九."""
    tens, ten, ones = written.rpartition("十")
    digit = {"": 0, "两": 2, **{each: n for n, each in enumerate(HAN, 1)}}
    return 10 * (digit[tens] or 1) + digit[ones] if ten else digit[ones]


def chosen(text: str, choices: Sequence[str]) -> Action | None:
    """The action that a bare number stands for, a label as it is shown, or the word "more" under a message that was
    cut; None where the text is none of it, or stands for nothing."""
    said = _plain(text, QUOTES)
    if said in MORE:
        return Action(GO_ON) if choices else None
    for action, label in map(of_choice, choices):
        if said and said == _plain(label, QUOTES):
            return action
    wanted = number(text)
    return of_choice(choices[wanted - 1])[0] if wanted and wanted <= len(choices) else None


def lets_go(text: str) -> bool:
    """Whether it ends what was begun, and is no text for it."""
    return _plain(text) in LET_GO


def _plain(text: str, quotes: str = "") -> str:
    """As it is compared: without the marks around it."""
    return unicodedata.normalize("NFKC", text).strip(" 。.!！" + quotes).casefold()


def cries(text: str) -> bool:
    """Whether it calls for help: then it is that, whatever was waited for."""
    return len(text) <= CRY_LENGTH and CRIES.search(text) is not None
