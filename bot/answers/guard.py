"""The other-place guard: the parking of another town is not our business, however like ours it sounds.

A place elsewhere counts only where the question is about it: not as an origin ("I come from Lyon"),
not in a comparison, not beside the event's own town. Topics whose own examples speak of that place
(trains from Paris) are its home.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from bot.answers.normalise import HAN, plain, read_data
from bot.event.model import Event

HAS_HAN = re.compile(f"[{HAN}]")
# What stands right before a place that is only where somebody comes from, or what is compared with.
ORIGIN = re.compile(
    r"\b(?:viens?|venons|venir|venant|arrive|arrivons|arriver|arrivant|provenance|depart|pars|partons|partir|from|depuis|coming from"
    r"|que|qu a|qu en|than|like|comme|compare a|compare to|compared to|compared with|rapport a|avec|with|habite|live in|based in)"
    r"(?: (?:de|d|du|a|au|aux|en|from|in|l|la|le))*$|(?:从|由|来自|自|比|跟|和|与|像|我在|我们在|住在|人在)$"
)
ORIGIN_AFTER = re.compile(r"^(?:来的?|出发|飞|过来|代表团|人|时间|一样)|^ ?(?:delegation|delegate|time)\b")
PREPOSITION = re.compile(r"\b(?:a|in|to|from|de|of|en|at|vers|pour|for|near)$")
HOME_TOPICS_FROM = 2  # places elsewhere that a topic's examples name, from which it is about travelling


class Elsewhere(NamedTuple):
    """A place elsewhere that a question is about. place: its first name; travelling: its topic is about ways."""

    place: str
    travelling: bool


class Guard:
    """The gazetteer, less the event's own places; and which topics speak of which places elsewhere."""

    def __init__(self, event: Event) -> None:
        places, words = _gazetteer()
        own_text = " ".join(_own_names(event))
        own = {places[name] for name in _find(_pattern(places), own_text)}
        self._places = {name: place for name, place in places.items() if place not in own}
        self._words = {name: place for name, place in words.items() if not re.search(rf"\b{name}\b", own_text)}
        self._pattern = _pattern(self._places)
        self._word_pattern = _pattern(self._words)
        self._own = _pattern({name: place for name, place in places.items() if place in own} | _aliases(event))
        self._homes: dict[str, set[str]] = {}
        for entry in event.entries:
            texts = [q for questions in (entry.questions, entry.asks) for qs in questions.values() for q in qs]
            for text in map(plain, texts):
                self._homes.setdefault(entry.topic, set()).update(self._about(text))

    def elsewhere(self, folded: str, topic: str) -> Elsewhere | None:
        """The place elsewhere that a folded question of `topic` is about, if that is none of the topic's own."""
        if self._own.search(folded):
            return None
        home = self._homes.get(topic, set())
        for place in self._about(folded):
            if place not in home:
                return Elsewhere(place, len(home) >= HOME_TOPICS_FROM)
        return None

    def _about(self, folded: str) -> Iterable[str]:
        for match in self._pattern.finditer(folded):
            before, after = folded[: match.start()].rstrip(), folded[match.end() :]
            if not ORIGIN.search(before) and not ORIGIN_AFTER.search(after):
                yield self._places[match[0]]
        for match in self._word_pattern.finditer(folded):
            if HAS_HAN.search(match[0]) or PREPOSITION.search(folded[: match.start()].rstrip()):
                if not ORIGIN.search(folded[: match.start()].rstrip()):
                    yield self._words[match[0]]


def _own_names(event: Event) -> Iterable[str]:
    details = event.details
    yield from (plain(text) for _, text in details.city.items())
    for organizer in details.organizers:
        yield from (plain(text) for _, text in organizer.name.items())
    venues = {place.id for place in event.places if place.kind == "venue"}
    for place in event.places:
        if place.id in venues or place.within in venues:
            yield plain(place.city)
    yield from (plain(text) for _, text in details.name.items())


def _aliases(event: Event) -> dict[str, str]:
    """The event's own town under the names that its places carry it by."""
    return {plain(text): "own" for _, text in event.details.city.items()}


def _find(pattern: re.Pattern[str], text: str) -> set[str]:
    return {match[0] for match in pattern.finditer(text)}


def _pattern(names: Mapping[str, str]) -> re.Pattern[str]:
    longest_first = sorted(names, key=len, reverse=True)
    options = (re.escape(n) if HAS_HAN.search(n) else rf"\b{re.escape(n)}\b" for n in longest_first)
    return re.compile("|".join(options) or r"(?!)")


@lru_cache(maxsize=1)
def _gazetteer() -> tuple[dict[str, str], dict[str, str]]:
    data = read_data("gazetteer.yaml")
    places, words = (
        {plain(name): plain(names[0]) for names in data[part] for name in names} for part in ("places", "words")
    )
    return places, words
