"""Likeness of folded texts by their words and characters: TF-IDF over an inverted index, in NumPy alone.

Three kinds of features, each of unit length in itself and then weighed: words (and pairs of them; of
Chinese, pairs of characters), pieces of words of 3 and 4 letters (of Chinese, single characters), and
the names of places, sessions and people that were found in the text, whatever they were called there.

Of more sizes of pieces (2 to 5 letters, 1 to 3 characters) fewer of the judging sets' questions are right by words
alone, most of all Chinese ones; of four letters alone fewer French ones.
"""

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from math import log, sqrt
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bot.answers.normalise import HAN

PART = re.compile(rf"[0-9a-z]+|[{HAN}]+")
PIECES = (3, 4)  # letters
WEIGHTS = (0.35, 0.45, 0.20)  # words, pieces, names: of the likeness
# A feature that more than this share of the texts have says next to nothing, and half of the time went into it: fewer
# of the judging sets' questions are right at 0.03, as many at 0.06 as at 0.2.
COMMON, COMMON_FROM = 0.06, 500
# Features of different kinds may be written alike, as "物" is a word and a piece: what tells their hashes apart.
SALTS = (0, 0x5A17_0001_0000_0000, 0x2B3C_0002_0000_0000)
ROOTS = [sqrt(weight) for weight in WEIGHTS]
STEPS = 65535  # of a weight, 0 to 1, in two bytes
Scores = npt.NDArray[np.float32]
Weighed = Mapping[tuple[int, str], float]  # by kind and feature
Whole = npt.NDArray[np.integer[Any]]


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
            pieces.update([framed[at : at + size] for size in PIECES for at in range(len(framed) - size + 1)])
        else:
            previous = ""
            words.update([part[at : at + 2] for at in range(len(part) - 1)] or [part])
            pieces.update(part)
    return Features(words, pieces, Counter(names))


class Index:
    """Texts by their features. `likeness` of another text to each of them, 0 to 1.

    Features of all kinds stand in one list, so that comparing a text takes a handful of NumPy's calls and not some
    for each feature. Each kind is of unit length times the root of its weight: the sum of products is the likeness.
    """

    def __init__(self, texts: Iterable[Features]) -> None:
        kinds = [_Kind() for _ in WEIGHTS]
        self.size = 0
        for self.size, text in enumerate(texts, 1):
            for kind, counts in zip(kinds, text, strict=True):
                kind.add(counts)
        self._of_each = np.array([len(kind.features) for kind in kinds])  # how many features of each kind
        rarity, held, self.rows, self.weights = map(
            np.concatenate, zip(*[kind.weighed(root) for kind, root in zip(kinds, ROOTS, strict=True)], strict=True)
        )
        # By place; last, where -1 leads, of what no text has.
        self.rarity = np.append(rarity, np.float32(np.log(1 + self.size) + 1))
        self.spans = np.concatenate([[0], np.cumsum(held)])
        self.features = "\n".join(chain(*[kind.features for kind in kinds])).encode()  # by place, a line each
        self._look_up()

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All of it, as arrays to keep."""
        return {
            "size": np.array(self.size), "of_each": self._of_each, "rarity": self.rarity, "spans": self.spans,
            "rows": self.rows, "weights": self.weights, "features": np.frombuffer(self.features, dtype=np.uint8),
        }  # fmt: skip

    @classmethod
    def restored(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> "Index":
        """The index of which `arrays` gave these."""
        index = cls(())
        index.size, index._of_each = int(arrays["size"]), arrays["of_each"]
        index.rarity, index.spans = arrays["rarity"], arrays["spans"]
        index.rows, index.weights = arrays["rows"], arrays["weights"]
        index.features = arrays["features"].tobytes()
        index._look_up()
        return index

    def weighed(self, text: Features) -> Weighed:
        """`text` by the rarity that its features have here."""
        _, own = self._own(text)
        keys = [(n, feature) for n, counts in enumerate(text) for feature in counts]
        return dict(zip(keys, own.tolist(), strict=True))

    def beside(self, text: Features, others: Sequence[Weighed]) -> Scores:
        """How like `text` is to each of `others`, which are not of this index, as `likeness` would say."""
        own = self.weighed(text)
        return np.array(
            [sum(value * other.get(feature, 0.0) for feature, value in own.items()) for other in others],
            dtype=np.float32,
        )

    def likeness(self, text: Features) -> Scores:
        """How like `text` is to each of the texts, in their order."""
        places, own = self._own(text)
        known = places >= 0
        starts, ends = self.spans[places[known]], self.spans[places[known] + 1]
        spans = list(map(slice, starts.tolist(), ends.tolist()))
        if not spans:
            return np.zeros(self.size, dtype=np.float32)
        rows, weights = (np.concatenate([held[span] for span in spans]) for held in (self.rows, self.weights))
        values = weights * np.repeat(own[known] / np.float32(STEPS), ends - starts)
        return np.bincount(rows, values, self.size).astype(np.float32)

    def _own(self, text: Features) -> tuple[npt.NDArray[np.int32], Scores]:
        """Where a text's features stand, -1 where no text here has one; and what they weigh: their counts, damped, by
        their rarity, those that no text here has being rarest."""
        places = self._places(text)
        rarity = iter(self.rarity[places].tolist())
        own: list[float] = []
        for counts, root in zip(text, ROOTS, strict=True):  # too few for arrays to be quicker
            weights = [(log(count) + 1) * next(rarity) for count in counts.values()]
            length = sqrt(sum(weight * weight for weight in weights)) or 1.0  # of features that all are common: nothing
            own += [weight * root / length for weight in weights]
        return places, np.array(own, dtype=np.float32)

    def _places(self, text: Features) -> npt.NDArray[np.int32]:
        """Where each of a text's features stands; -1 where no text has it."""
        # Of their bytes: of text Python's hash sees the memory alone, in which "ir" and "物" are the same.
        hashes = [hash(feature.encode()) ^ salt for salt, counts in zip(SALTS, text, strict=True) for feature in counts]
        if not len(self._hashes):
            return np.full(len(hashes), -1, dtype=np.int32)
        wanted = np.array(hashes, dtype=np.int64)
        at = np.minimum(np.searchsorted(self._hashes, wanted), len(self._hashes) - 1)
        return np.where(self._hashes[at] == wanted, self._order[at], np.int32(-1))

    def _look_up(self) -> None:
        """Makes the place of each feature known by a hash of it, Python's own, of this process: a table of a quarter of
        a million strings would hold thirty megabytes."""
        names = self.features.split(b"\n") if self.features else []
        hashes = np.fromiter(map(hash, names), np.int64, len(names)) ^ np.repeat(np.array(SALTS), self._of_each)
        self._order = np.argsort(hashes).astype(np.int32)  # the places by rising hash
        self._hashes = hashes[self._order]


class _Kind:
    """The features of one kind, while texts are taken in."""

    def __init__(self) -> None:
        self.features: dict[str, int] = {}  # -> place
        self._places, self._counts, self._lengths = array("i"), array("f"), array("i")

    def add(self, counts: Counter[str]) -> None:
        """Takes the next text in."""
        places = self.features
        self._places.extend([places.setdefault(feature, len(places)) for feature in counts])
        self._counts.extend(counts.values())
        self._lengths.append(len(counts))

    def weighed(self, root: float) -> tuple[Scores, Whole, Whole, npt.NDArray[np.uint16]]:
        """By place: how rare a feature is, how many texts are listed for it; and then, one after the other, these
        texts' rows and what the feature weighs in each (in STEPS), a text's length being `root`."""
        texts = len(self._lengths)
        places = np.array(self._places, dtype=np.int32)
        rows = np.repeat(np.arange(texts, dtype=np.int32), self._lengths)
        held = np.bincount(places, minlength=len(self.features))
        rarity = (np.log((1 + texts) / (1 + held)) + 1).astype(np.float32)
        rarity[held > max(COMMON * texts, COMMON_FROM)] = 0.0
        weights = _damped(np.array(self._counts, dtype=np.float32)) * rarity[places]
        length = np.sqrt(np.maximum(np.bincount(rows, weights**2, texts), 1e-12))
        order = np.argsort(places, kind="stable")
        order = order[rarity[places[order]] > 0]
        # Half the memory of whole numbers and floats of four bytes.
        small = np.uint16 if texts <= np.iinfo(np.uint16).max else np.uint32
        steps = np.rint((weights / length[rows])[order] * root * STEPS)
        return rarity, np.where(rarity > 0, held, 0), rows[order].astype(small), steps.astype(np.uint16)


def likest(values: npt.NDArray[Any], many: int) -> npt.NDArray[np.int64]:
    """Where the `many` greatest of `values` stand, greatest first; of those alike, the first in the list."""
    if many < len(values):
        least = np.partition(values, -many)[-many]
        found = np.flatnonzero(values >= least)
    else:
        found = np.arange(len(values))
    return found[np.argsort(-values[found], kind="stable")][:many]


def _damped(counts: Scores) -> Scores:
    return np.log(np.maximum(counts, 1.0)) + np.float32(1)
