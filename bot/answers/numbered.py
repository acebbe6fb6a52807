"""What people call a numbered session: "Atelier 2" is also the 2nd workshop, 第二个工作坊 and 分会场2."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bot.answers.normalise import plain


class Kind(NamedTuple):
    """The words for one kind of session."""

    french: tuple[str, ...]
    english: tuple[str, ...]
    chinese: tuple[str, ...]


KINDS = (
    Kind(("atelier",), ("workshop", "breakout"), ("分论坛", "工作坊", "分会场", "研讨会", "分会")),
    Kind(("table ronde",), ("round table", "panel"), ("圆桌会议", "圆桌论坛", "圆桌")),
    Kind(("pleniere", "seance pleniere"), ("plenary", "plenary session"), ("全体会议", "全会", "大会")),
    Kind(("session", "seance"), ("session",), ("场", "会议")),
)
HAN = "一二三四五六七八九十"
FRENCH = ("premier", "deuxieme", "troisieme", "quatrieme", "cinquieme", "sixieme", "septieme", "huitieme", "neuvieme")
FRENCH_SHE = ("premiere", *FRENCH[1:])
ENGLISH = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
SUFFIX = {1: "st", 2: "nd", 3: "rd"}


def names(titles: Iterable[str]) -> Iterator[str]:
    """Other names of a session whose title begins with a kind and a number, in three languages; none for others."""
    for title in map(plain, titles):
        for kind in KINDS:
            words = (*kind.french, *kind.english, *kind.chinese)
            found = re.match(rf"(?:{'|'.join(words)}) ?(\d{{1,2}}|[{HAN}])(?!\w*\d)", title)
            if found:
                number = HAN.index(found[1]) + 1 if found[1] in HAN else int(found[1])
                yield from _names(kind, number)
                return


def _names(kind: Kind, number: int) -> Iterator[str]:
    for word in kind.french:
        yield from (f"{word} {number}", f"{word} numero {number}", f"{word} n {number}", f"{word} no {number}")
        yield from (f"{number}e {word}", f"{number}eme {word}")
        if number <= len(FRENCH):
            yield from (f"{FRENCH[number - 1]} {word}", f"{FRENCH_SHE[number - 1]} {word}")
    for word in kind.english:
        yield from (f"{word} {number}", f"{word} number {number}", f"{word} no {number}")
        yield f"{number}{SUFFIX.get(number, 'th')} {word}"
        if number <= len(ENGLISH):
            yield f"{ENGLISH[number - 1]} {word}"
    numbers = [str(number)] + ([HAN[number - 1]] if number <= len(HAN) else [])
    for word in kind.chinese:
        for written in numbers:
            yield from (f"第{written}{word}", f"第{written}个{word}", f"{written}号{word}")
            if len(word) > 1:
                yield f"{word}{written}"
