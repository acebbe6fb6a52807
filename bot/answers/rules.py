"""Whole messages that mean one thing, whatever the event: greetings, commands in plain words, languages.

A rule never looks inside a longer text: "bonjour, où est la gare ?" is a question, of which `courtesy`
only takes the greeting off.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

from bot.answers.normalise import HAN, plain, read_data

SLASH = re.compile(r"/([a-z]+)(?:@\w+)?$")
HAS_HAN = re.compile(f"[{HAN}]")
FUZZY_FROM = 6  # letters from which one slip of the finger is forgiven
LONGEST = 80
PHRASES_OF_EACH = 3

# The topic of an entry that tells of a command, and what is live behind it.
TOPIC_OF: Mapping[str, tuple[str, str]] = {
    "human": ("contact-organiser", ""),
    "language": ("change-language", ""),
    "stop": ("notifications", ""),
    "notify": ("notifications", ""),
    "news": ("notifications", ""),
    "agenda": ("my-agenda", "live:agenda"),
    "programme": ("programme-today", "live:programme"),
    "now": ("programme-today", "live:now"),
    "next": ("programme-today", "live:next"),
    "places": ("map", ""),
    "privacy": ("privacy", ""),
    "mydata": ("privacy", ""),
    "forget": ("privacy", ""),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What a whole message means. name: as in Outcome, and "language" where none is named."""

    kind: Literal["command", "smalltalk"]
    name: str


class Rules:
    """The phrase table. `find` is a dictionary look-up, then one pass for slips of the finger."""

    def __init__(self, languages: Sequence[str]) -> None:
        data = read_data("phrases.yaml")
        self._table: dict[str, Rule] = {}
        self._commands: dict[str, list[list[str]]] = data["commands"] | {"language": data["languages"]["change"]}
        for name, lines in data["commands"].items():
            self._learn(Rule("command", name), _flat(lines))
        for name, lines in data["smalltalk"].items():
            self._learn(Rule("smalltalk", name), _flat(lines))
        self._signs: dict[str, str] = {str(sign): name for name, signs in data["signs"].items() for sign in signs}
        spoken = data["languages"]
        self._learn(Rule("command", "language"), _flat(spoken["change"]))
        for language, names in spoken["names"].items():
            if language.split("-")[0] in languages:
                rule = Rule("command", f"language:{language}")
                asks = list(_flat(spoken["asks"]))
                long_names = [name for name in names if len(name) > 2 or not name.isascii()]
                self._learn(rule, names)
                self._learn(rule, (ask.replace("LANG", name) for name in long_names for ask in asks))
        self._fuzzy: dict[tuple[str, int], list[str]] = {}  # by first letter and number of words
        for phrase in self._table:
            if len(phrase) >= FUZZY_FROM and not HAS_HAN.search(phrase):
                self._fuzzy.setdefault((phrase[0], phrase.count(" ")), []).append(phrase)
        courtesy = data["courtesy"]
        front, addressed, end = (_either(_flat(courtesy[part])) for part in ("front", "addressed", "end"))
        self._front = re.compile(rf"^{front}(?: ?{addressed})*")
        self._end = re.compile(rf"{end}$")

    def find(self, text: str) -> Rule | None:
        """The rule of a whole message, courtesy words aside; None for anything longer or unknown."""
        slash = SLASH.match(text.strip().lower())
        if slash:
            return Rule("command", slash[1])
        whole = plain(text[: 2 * LONGEST])
        if not whole:
            return self._of_signs(text[: 2 * LONGEST])
        if len(whole) > LONGEST:
            return None
        bare = self.courtesy(whole)
        return (
            self._table.get(whole)
            or self._table.get(bare)
            or self._table.get(bare.replace(" ", ""))
            or (self._near(bare) if bare else Rule("smalltalk", "greeting"))
        )

    def phrases(self, command: str) -> list[str]:
        """Some of the phrases that mean `command`, in every language the table holds."""
        lines = self._commands.get(command, [])
        return [str(phrase) for line in lines for phrase in line[:PHRASES_OF_EACH]]

    def courtesy(self, text: str) -> str:
        """`text` (as `plain` gives it) without greetings in front and thanks at the end."""
        before = ""
        while text != before:
            before = text
            text = self._end.sub("", self._front.sub("", text)).strip()
        return text

    def question(self, text: str) -> str:
        """`text` as it was typed, without the greeting in front and the thanks at the end."""
        whole = plain(text)
        bare = self.courtesy(whole)
        if bare in (whole, ""):
            return text
        start, end = 0, len(text)
        while start < end and not plain(text[start:]).startswith(bare):
            start += 1
        while end > start and plain(text[start:end]) != bare:
            end -= 1
        return text[start:end].strip(" \t\n,;:.!，。！、：；…-") or text

    def _of_signs(self, text: str) -> Rule | None:
        """What a message without words says by the first smiley or emoji in it; None where it has none we know."""
        at = {text.index(sign): name for sign, name in self._signs.items() if sign in text}
        return Rule("smalltalk", at[min(at)]) if at else None

    def _near(self, text: str) -> Rule | None:
        """The rule of a phrase of the same number of words and first letter, one slip away (two if long)."""
        if len(text) < FUZZY_FROM or HAS_HAN.search(text):
            return None
        slips = 1 if len(text) < 12 else 2
        alike = self._fuzzy.get((text[0], text.count(" ")), ())
        found = extractOne(text, alike, scorer=OSA.distance, score_cutoff=slips)
        return self._table[found[0]] if found else None

    def _learn(self, rule: Rule, phrases: Iterable[str]) -> None:
        for phrase in phrases:
            self._table.setdefault(plain(phrase), rule)


@lru_cache(maxsize=4)
def rules(languages: tuple[str, ...]) -> Rules:
    """The phrase table of an event that speaks `languages`."""
    return Rules(languages)


def _flat(lines: Iterable[Iterable[object] | object]) -> Iterator[str]:
    for line in lines:
        if isinstance(line, list):
            yield from map(str, line)
        else:
            yield str(line)


def _either(phrases: Iterable[str]) -> str:
    """A pattern of any of the phrases; Latin ones as whole words."""
    longest_first = sorted(map(plain, phrases), key=len, reverse=True)
    return "(?:" + "|".join(p if HAS_HAN.search(p) else rf"\b{re.escape(p)}\b" for p in longest_first) + ")"
