"""Likeness of folded texts by their words and characters: TF-IDF over an inverted index, in NumPy alone.

Three kinds of features, each of unit length in itself and then weighed: words (and pairs of them; of
Chinese, pairs of characters), pieces of words of 2 to 5 letters (of Chinese, 1 to 3 characters), and
the names of places, sessions and people that were found in the text, whatever they were called there.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bot.answers.normalise import HAN

PART = re.compile(rf"[0-9a-z]+|[{HAN}]+")
WEIGHTS = (0.40, 0.45, 0.15)  # words, pieces, names: of the likeness
Scores = npt.NDArray[np.float32]


class Features(NamedTuple):
    """Counts of what a text holds, by kind."""

    words: Counter[str]
    pieces: Counter[str]
    names: Counter[str]


def features(folded: str, names: Iterable[str] = ()) -> Features:
    """What `folded` (from `normalise.fold`) holds. names: ids of what it speaks of."""
    words: Counter[str] = Counter()
    pieces: Counter[str] = Counter()
    previous = ""
    for part in PART.findall(folded):
        if part.isascii():
            stem = part[:-1] if len(part) > 3 and part[-1] in "sx" else part
            words[stem] += 1
            if previous:
                words[f"{previous} {stem}"] += 1
            previous = stem
            framed = f"_{part}_"
            for size in (2, 3, 4, 5):
                for at in range(len(framed) - size + 1):
                    pieces[framed[at : at + size]] += 1
        else:
            previous = ""
            for at in range(len(part) - 1):
                words[part[at : at + 2]] += 1
            if len(part) == 1:
                words[part] += 1
            for size in (1, 2, 3):
                for at in range(len(part) - size + 1):
                    pieces[part[at : at + size]] += 1
    return Features(words, pieces, Counter(names))


class Index:
    """Texts by their features. `likeness` of another text to each of them, 0 to 1."""

    def __init__(self, texts: Sequence[Features]) -> None:
        self.size = len(texts)
        self._postings: list[dict[str, tuple[float, npt.NDArray[np.int32], Scores]]] = []
        for kind in range(len(WEIGHTS)):
            holders: dict[str, list[tuple[int, int]]] = {}
            for row, text in enumerate(texts):
                for feature, count in text[kind].items():
                    holders.setdefault(feature, []).append((row, count))
            rarity = {f: math.log((1 + self.size) / (1 + len(rows))) + 1 for f, rows in holders.items()}
            length = np.zeros(self.size, dtype=np.float64)
            for feature, rows in holders.items():
                for row, count in rows:
                    length[row] += (_damped(count) * rarity[feature]) ** 2
            length = np.sqrt(np.maximum(length, 1e-12))
            self._postings.append(
                {
                    feature: (
                        rarity[feature],
                        np.array([row for row, _ in rows], dtype=np.int32),
                        np.array(
                            [_damped(count) * rarity[feature] / length[row] for row, count in rows], dtype=np.float32
                        ),
                    )
                    for feature, rows in holders.items()
                }
            )
        self._unseen = math.log(1 + self.size) + 1

    def likeness(self, text: Features) -> Scores:
        """How like `text` is to each of the texts, in their order."""
        total = np.zeros(self.size, dtype=np.float32)
        for weight, postings, counts in zip(WEIGHTS, self._postings, text, strict=True):
            length = 0.0
            rows: list[npt.NDArray[np.int32]] = []
            values: list[Scores] = []
            for feature, count in counts.items():
                rarity, holders, weights = postings.get(feature, (self._unseen, None, None))
                own = _damped(count) * rarity
                length += own * own
                if holders is not None and weights is not None:
                    rows.append(holders)
                    values.append(weights * np.float32(own))
            if rows:
                found = np.bincount(np.concatenate(rows), np.concatenate(values), self.size)
                total += (weight / math.sqrt(length) * found).astype(np.float32)
        return total

    def known(self, text: Features) -> float:
        """The share of a text's words, by rarity, that any of the texts holds."""
        known = seen = 0.0
        for feature in text.words:
            rarity = self._postings[0].get(feature, (self._unseen,))[0]
            seen += rarity
            known += rarity if feature in self._postings[0] else 0.0
        return known / seen if seen else 0.0


def _damped(count: int) -> float:
    return 1.0 + math.log(count)
