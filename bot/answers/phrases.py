"""Finding any of many phrases in a folded text: Latin ones as whole words, Chinese ones anywhere."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bot.answers.normalise import HAN

HAS_HAN = re.compile(f"[{HAN}]")
BEGINS = re.compile(f"(?<![0-9a-z])[0-9a-z]|[{HAN}]")  # where a phrase may: a Latin word, any Chinese character


class Found(NamedTuple):
    """A phrase in a text, from `start` to `end`."""

    phrase: str
    start: int
    end: int


class Phrases:
    """A set of folded phrases. Looking them all up costs a dictionary access for each place and length."""

    def __init__(self, phrases: Iterable[str]) -> None:
        # first character -> the lengths of phrases that begin with it, longest first
        self._phrases = set(phrases)
        lengths: dict[str, set[int]] = {}
        for phrase in self._phrases:
            lengths.setdefault(phrase[0], set()).add(len(phrase))
        self._lengths = {first: sorted(sizes, reverse=True) for first, sizes in lengths.items()}

    def __contains__(self, phrase: str) -> bool:
        return phrase in self._phrases

    def find(self, text: str) -> Iterator[Found]:
        """The phrases in `text`, in order, longest first where they overlap."""
        after = 0
        for begin in BEGINS.finditer(text):
            at = begin.start()
            if at >= after and (end := self._match(text, at)):
                yield Found(text[at:end], at, end)
                after = end

    def _match(self, text: str, at: int) -> int:
        """Where the longest phrase ends that begins at `at`; 0 where none does."""
        for size in self._lengths.get(text[at], ()):
            end = at + size
            if text[at:end] in self._phrases and (end >= len(text) or not _joined(text[end - 1], text[end])):
                return end
        return 0


def _joined(before: str, after: str) -> bool:
    """Whether two characters are of one Latin word."""
    return before.isascii() and after.isascii() and before.isalnum() and after.isalnum()
