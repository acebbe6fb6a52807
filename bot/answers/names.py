"""Who and what a question speaks of: sessions, people, places and themes of the event, by any of their names.

Names are compared folded, so that script, accents and case do not matter; one slip of the finger is
forgiven in longer ones.
"""

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

from bot.answers import numbered
from bot.answers.normalise import plain
from bot.answers.phrases import HAS_HAN, Phrases
from bot.event.model import Event

Kind = Literal["session", "person", "place", "theme"]
PREFIXES = re.compile(r"^(?:l|d|le|la|les|the|un|une|a) ")
SLIPS_FROM, TWO_SLIPS_FROM = 6, 11  # letters


class Named(NamedTuple):
    """A name found in a text. alias: as it is listed; sure: 1.0, less where a slip was forgiven."""

    kind: Kind
    id: str
    alias: str
    sure: float


class Names:
    """Every name of an event. `find` looks for whole names, then for slips among the rest."""

    def __init__(self, event: Event) -> None:
        self._holders: dict[str, list[tuple[Kind, str]]] = {}
        for session in event.sessions:
            titles = [title for _, title in session.title.items()]
            self._learn(
                "session", session.id, [*titles, *session.aliases, *numbered.names([*titles, *session.aliases])]
            )
        for person in event.details.people:
            self._learn("person", person.id, [*(t for _, t in person.name.items()), *person.aliases])
        for place in event.places:
            self._learn("place", place.id, [*(t for _, t in place.name.items()), *place.aliases])
        for theme in event.details.themes:
            self._learn("theme", theme.id, [t for _, t in theme.name.items()])
        self._phrases = Phrases(self._holders)
        self._alike: dict[tuple[int, str], list[str]] = {}  # by number of words and first letter
        for alias in self._holders:
            # A number is never a slip of another word: "workshop on" is not "workshop 1".
            if len(alias) >= SLIPS_FROM and not HAS_HAN.search(alias) and alias.replace(" ", "").isalpha():
                self._alike.setdefault((alias.count(" ") + 1, alias[0]), []).append(alias)

    def stamp(self) -> str:
        """What all names are and of whom: equal where the same is found in every text."""
        return repr(sorted(self._holders.items()))

    def find(self, folded: str, *, slips: bool = True) -> list[Named]:
        """The names in a text, folded or `plain`, longest first where they overlap, in the order of the text.

        slips: whether a name misspelt counts; what organizers write needs no such pass.
        """
        found: list[Named] = []
        rest: list[str] = []
        at = 0
        for match in self._phrases.find(folded):
            rest.append(folded[at : match.start])
            at = match.end
            found += (Named(kind, id_, match.phrase, 1.0) for kind, id_ in self._holders[match.phrase])
        rest.append(folded[at:])
        for part in rest if slips else ():
            found += self._near(part.split())
        return list(dict.fromkeys(found))

    def _near(self, words: list[str]) -> Iterable[Named]:
        """Names one slip away (two in long ones) from runs of words that are no name, and that begin alike."""
        for size in (3, 2, 1):
            for at in range(len(words) - size + 1):
                choices = self._alike.get((size, words[at][0]))
                run = " ".join(words[at : at + size])
                if not choices or len(run) < SLIPS_FROM or HAS_HAN.search(run):
                    continue
                slips = 1 if len(run) < TWO_SLIPS_FROM else 2
                best = extractOne(run, choices, scorer=OSA.distance, score_cutoff=slips)
                if best is not None:
                    for kind, id_ in self._holders[best[0]]:
                        yield Named(kind, id_, best[0], 1.0 - 0.1 * best[1])

    def _learn(self, kind: Kind, id_: str, names: Iterable[str]) -> None:
        for name in names:
            alias = PREFIXES.sub("", plain(name))
            long_enough = len(alias) >= 2 if HAS_HAN.search(alias) else len(alias) >= 3
            if long_enough and (kind, id_) not in self._holders.setdefault(alias, []):
                self._holders[alias].append((kind, id_))
