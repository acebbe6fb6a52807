"""The other-place guard: the parking of another town is not our business, however like ours it sounds.

A place elsewhere counts only where the question is about it: not as an origin ("I come from Lyon"),
not in a comparison, not beside the event's own town. Topics whose own examples speak of that place
(trains from Paris) are its home.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from babel import Locale

from bot.answers.normalise import plain, read_data
from bot.answers.phrases import HAS_HAN, Phrases
from bot.event.model import Entry, Event

# What stands right before a place that is only where somebody comes from, or what is compared with.
ORIGIN = re.compile(
    r"\b(?:viens?|venons|venir|venant|arrive|arrivons|arriver|arrivant|provenance|depart|pars|partons|partir|depuis"
    r"|from|que|qu a|qu en|than|like|comme|compare a|compare to|compared to|compared with|rapport a|avec|with|habite"
    r"|live in|based in)(?: (?:de|d|du|a|au|aux|en|from|in|l|la|le))*$"
    # Whoever comes from there: "nos partenaires de Chengdu".
    r"|\b(?:partenaires?|invitee?s?|delegation|deleguee?s?|membres?|collegues?|amie?s?|hotes?|groupe|maire|adjointe?"
    r"|elue?s?|homologues?|etudiante?s?|representants?|gens|equipe|ville|mairie|region|departement"
    r"|partners?|guests?|members?|colleagues?|friends?|mayor|group|people|city)"
    r"(?: [a-z]+)? (?:de|d|du|des|of)(?: l| la)?$"
    r"|(?:从|由|来自|自|比|跟|和|与|像|我在|我们在|住在|人在)$"
)
ORIGIN_AFTER = re.compile(
    r"^(?:来的?|出发|飞|过来|代表团|人|时间|一样|市?的?(?:同事|朋友|客人|伙伴|合作|领导|市长|嘉宾|代表|团|友人))"
    r"|^ ?(?:delegation|delegate|time|partners?|guests?|colleagues?)\b"
)
PREPOSITION = re.compile(r"\b(?:in|to|from|de|of|at|vers|pour|near)$")
# "à Nice demain", but not "a nice place".
FRENCH_AT, AFTER_TOWN = (
    re.compile(r"\b(?:a|en)$"),
    re.compile(r"^(?: (?:demain|aujourd|ce|le|la|en|et|ou|svp|pour)\b|$)"),
)
# France, China and their parts; regions of the world that are no country.
NOT_ELSEWHERE = frozenset(
    "FR RE MF BL GP MQ GF YT PM NC PF WF TF CN HK MO TW EU EZ UN QO XA XB ZZ".split()  # noqa: SIM905  a list to read
)
HOME_FROM = 0.005  # share of a topic's examples that name a place elsewhere, from which it is the topic's own
TRAVELLING_FROM = 0.11  # and that name any, from which it is about ways to somewhere


class Elsewhere(NamedTuple):
    """A place elsewhere that a question is about. place: its first name; travelling: its topic is about ways."""

    place: str
    travelling: bool


class Home(NamedTuple):
    """places: elsewhere, but what a topic is about too. share: of its examples, those that name any."""

    places: frozenset[str]
    share: float


Homes = Mapping[str, Home]  # by topic


class Guard:
    """The gazetteer, less the event's own places; and which topics speak of which places elsewhere."""

    def __init__(self, event: Event, homes: Homes | None = None) -> None:
        """homes: what `homes` gave for this event or for one much like it; others are read when first asked for,
        20 ms each."""
        places, words = _gazetteer()
        own_text = " | ".join(own_names(event))
        own = {places[found.phrase] for found in Phrases(places).find(own_text)}
        own_words = {words[found.phrase] for found in Phrases(words).find(own_text)}
        self._places = {name: place for name, place in places.items() if place not in own}
        self._words = {name: place for name, place in words.items() if place not in own_words}
        self._elsewhere = Phrases([*self._places, *self._words])
        self._own = Phrases(
            [name for name, place in places.items() if place in own]
            + [plain(text) for _, text in event.details.city.items()]
        )
        self._homes = dict(homes or {})
        self._entries: dict[str, list[Entry]] = {}
        for entry in event.entries:
            self._entries.setdefault(entry.topic, []).append(entry)

    def elsewhere(self, folded: str, topic: str) -> Elsewhere | None:
        """The place elsewhere that a folded question of `topic` is about, if that is none of the topic's own."""
        if any(self._own.find(folded)):
            return None
        about = list(self._about(folded))
        if not about:
            return None
        home = self._home(topic)
        named = {self._places.get(found.phrase, "") for found in self._elsewhere.find(folded)} - {""}
        for place in about:
            if place not in home.places:
                # From one place elsewhere to another is not a way of ours.
                between = len(named) > 1 and not named & home.places
                return Elsewhere(place, home.share >= TRAVELLING_FROM and not between)
        return None

    def homes(self) -> Homes:
        """The places elsewhere that each topic speaks of. Takes a second or two."""
        return {topic: self._home(topic) for topic in self._entries}

    def _home(self, topic: str) -> Home:
        """The places elsewhere that the examples of a topic are about; read when first asked for."""
        if topic not in self._homes:
            texts = [
                text
                for entry in self._entries.get(topic, ())
                for texts in (*entry.questions.values(), *entry.asks.values())
                for text in texts
            ]
            named = [set(self._about(plain(text))) for text in texts]
            times = Counter(place for places in named for place in places)
            own = frozenset(place for place, count in times.items() if count >= HOME_FROM * len(texts))
            self._homes[topic] = Home(own, sum(map(bool, named)) / max(1, len(texts)))
        return self._homes[topic]

    def _about(self, folded: str) -> Iterable[str]:
        """The places elsewhere that a text is about, not those it only comes from or compares with."""
        for found in self._elsewhere.find(folded):
            before, after = folded[: found.start].rstrip(), folded[found.end :]
            if ORIGIN.search(before) or ORIGIN_AFTER.search(after):
                continue
            if found.phrase in self._places:
                yield self._places[found.phrase]
            elif (
                HAS_HAN.search(found.phrase)
                or PREPOSITION.search(before)
                or (FRENCH_AT.search(before) and AFTER_TOWN.search(after))
            ):
                yield self._words[found.phrase]


def own_names(event: Event) -> Iterable[str]:
    """What is never elsewhere: the names by which the event's own places are taken out of the gazetteer."""
    details = event.details
    yield from (plain(text) for _, text in details.city.items())
    for organizer in details.organizers:
        yield from (plain(text) for _, text in organizer.name.items())
    venues = {place.id for place in event.places if place.kind == "venue"}
    for place in event.places:
        if place.id in venues or place.within in venues:
            yield plain(place.city)
    yield from (plain(text) for _, text in details.name.items())


@lru_cache(maxsize=1)
def _gazetteer() -> tuple[dict[str, str], dict[str, str]]:
    data = read_data("gazetteer.yaml")
    places, words = (
        {plain(name): plain(names[0]) for names in data[part] for name in names} for part in ("places", "words")
    )
    for names in _countries():
        for name in names:
            if name not in places:
                words.setdefault(name, names[0])
    return places, words


def _countries() -> Iterable[list[str]]:
    """The world's countries and territories in the three languages, from CLDR. France and China, from
    which its questions come, and their parts are left out."""
    tables = [
        {str(code): str(name) for code, name in Locale(language).territories.items()} for language in ("fr", "en", "zh")
    ]
    for code in tables[0]:
        if len(code) == 2 and code.isalpha() and code not in NOT_ELSEWHERE:
            yield [name for name in (plain(table.get(code, "")) for table in tables) if len(name) > 1]
