"""Likeness of folded texts by their words and characters: TF-IDF over an inverted index, in NumPy alone.

Three kinds of features, each of unit length in itself and then weighed: words (and pairs of them; of
Chinese, pairs of characters), pieces of words of 2 to 5 letters (of Chinese, 1 to 3 characters), and
the names of places, sessions and people that were found in the text, whatever they were called there.
"""

import math
import re
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bot.answers.normalise import HAN

PART = re.compile(rf"[0-9a-z]+|[{HAN}]+")
WEIGHTS = (0.35, 0.45, 0.20)  # words, pieces, names: of the likeness
# A feature that more than this share of the texts have says next to nothing, and half of the time went into it: fewer
# of the judging sets' questions are right at 0.03, as many at 0.06 as at 0.2.
COMMON, COMMON_FROM = 0.06, 500
Scores = npt.NDArray[np.float32]
Weighed = tuple[Mapping[str, float], ...]  # features of each kind with their weights


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

    def __init__(self, texts: Iterable[Features]) -> None:
        self._kinds = [_Kind() for _ in WEIGHTS]
        self.size = 0
        for self.size, text in enumerate(texts, 1):
            for kind, counts in zip(self._kinds, text, strict=True):
                kind.add(counts)
        for kind in self._kinds:
            kind.close()
        self._unseen = math.log(1 + self.size) + 1

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All of it, as arrays to keep."""
        out: dict[str, npt.NDArray[Any]] = {"size": np.array(self.size)}
        for n, kind in enumerate(self._kinds):
            out[f"{n}/features"] = np.frombuffer(kind.features, dtype=np.uint8)
            out[f"{n}/rarity"] = kind.rarity
            out[f"{n}/spans"] = kind.spans
            out[f"{n}/rows"], out[f"{n}/weights"] = kind.rows, kind.weights
        return out

    @classmethod
    def restored(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> "Index":
        """The index of which `arrays` gave these."""
        index = cls(())
        index.size = int(arrays["size"])
        for n, kind in enumerate(index._kinds):
            kind.know(arrays[f"{n}/features"].tobytes())
            kind.rarity, kind.spans = arrays[f"{n}/rarity"], arrays[f"{n}/spans"]
            kind.rows, kind.weights = arrays[f"{n}/rows"], arrays[f"{n}/weights"]
        index._unseen = math.log(1 + index.size) + 1
        return index

    def weighed(self, text: Features) -> Weighed:
        """`text` by the rarity that its features have here, each kind of unit length."""
        out = []
        for kind, counts in zip(self._kinds, text, strict=True):
            own = self._own(kind, counts, kind.places(counts))
            length = float(np.linalg.norm(own)) or 1.0
            out.append(dict(zip(counts, (own / length).tolist(), strict=True)))
        return tuple(out)

    def beside(self, text: Features, others: Sequence[Weighed]) -> Scores:
        """How like `text` is to each of `others`, which are not of this index, as `likeness` would say."""
        own = self.weighed(text)
        return np.array(
            [
                sum(
                    weight * sum(value * theirs.get(feature, 0.0) for feature, value in mine.items())
                    for weight, mine, theirs in zip(WEIGHTS, own, other, strict=True)
                )
                for other in others
            ],
            dtype=np.float32,
        )

    def _own(self, kind: "_Kind", counts: Counter[str], places: npt.NDArray[np.int32]) -> Scores:
        """What a text's features weigh: its counts, damped, by their rarity, those that no text here has being rarest.
        places: where the features stand."""
        rarity = np.where(places >= 0, kind.rarity[places], self._unseen) if len(kind.rarity) else self._unseen
        return np.array([_damped(count) for count in counts.values()], dtype=np.float32) * np.float32(rarity)

    def likeness(self, text: Features) -> Scores:
        """How like `text` is to each of the texts, in their order."""
        total = np.zeros(self.size, dtype=np.float32)
        for weight, kind, counts in zip(WEIGHTS, self._kinds, text, strict=True):
            places = kind.places(counts)
            own = self._own(kind, counts, places)
            rows: list[npt.NDArray[np.unsignedinteger[Any]]] = []
            values: list[Scores] = []
            for place, value in zip(places[places >= 0], own[places >= 0], strict=True):
                span = slice(kind.spans[place], kind.spans[place + 1])
                rows.append(kind.rows[span])
                values.append(kind.weights[span] * value)
            if rows:
                length = float(np.linalg.norm(own)) or 1.0  # of features that all are common: nothing
                found = np.bincount(np.concatenate(rows), np.concatenate(values), self.size)
                total += (weight / length * found).astype(np.float32)
        return total


class _Kind:
    """The features of one kind: the place of each, by a hash of it (a table of a quarter of a million strings would
    hold thirty megabytes), its rarity, and who holds it with what weight."""

    def __init__(self) -> None:
        self.features = b""  # by place, a line each
        self._hashes = np.zeros(0, dtype=np.int64)  # sorted; Python's own, of this process
        self._order = np.zeros(0, dtype=np.int32)  # the places in that order
        self._new: dict[str, int] = {}  # feature -> place, while texts are taken in
        self.rarity = np.zeros(0, dtype=np.float32)
        self.spans = np.zeros(1, dtype=np.int64)
        # Half the memory of whole numbers and floats of four bytes, and a weight is right to a thousandth.
        self.rows: npt.NDArray[np.unsignedinteger[Any]] = np.zeros(0, dtype=np.uint16)
        self.weights = np.zeros(0, dtype=np.float16)
        self._features, self._counts, self._lengths = array("i"), array("f"), array("i")

    def add(self, counts: Counter[str]) -> None:
        """Takes the next text in."""
        places = self._new
        self._features.extend([places.setdefault(feature, len(places)) for feature in counts])
        self._counts.extend(counts.values())
        self._lengths.append(len(counts))

    def close(self) -> None:
        """Turns what was taken in into what is looked up."""
        texts = len(self._lengths)
        features = np.array(self._features, dtype=np.int32)
        rows = np.repeat(np.arange(texts, dtype=np.int32), self._lengths)
        held = np.bincount(features, minlength=len(self._new))
        rarity = (np.log((1 + texts) / (1 + held)) + 1).astype(np.float32)
        rarity[held > max(COMMON * texts, COMMON_FROM)] = 0.0
        weights = (1 + np.log(np.maximum(np.array(self._counts), 1.0))) * rarity[features]
        length = np.sqrt(np.maximum(np.bincount(rows, weights**2, texts), 1e-12))
        order = np.argsort(features, kind="stable")
        order = order[rarity[features[order]] > 0]
        self.rows = rows[order].astype(np.uint16 if texts <= np.iinfo(np.uint16).max else np.uint32)
        self.weights = (weights / length[rows])[order].astype(np.float16)
        self.rarity = rarity
        self.spans = np.concatenate([[0], np.cumsum(np.where(rarity > 0, held, 0))])
        self._features, self._counts, self._lengths = array("i"), array("f"), array("i")
        self.know("\n".join(self._new).encode())
        self._new = {}

    def know(self, features: bytes) -> None:
        """These are the features, by place, a line each."""
        self.features = features
        names = features.split(b"\n") if features else []
        hashes = np.fromiter(map(hash, names), np.int64, len(names))
        self._order = np.argsort(hashes).astype(np.int32)
        self._hashes = hashes[self._order]

    def places(self, features: Collection[str]) -> npt.NDArray[np.int32]:
        """Where each of `features` stands, -1 where no text has it."""
        if not len(self._hashes):
            return np.full(len(features), -1, dtype=np.int32)
        # Of their bytes: of text Python's hash sees the memory alone, in which "ir" and "物" are the same.
        wanted = np.fromiter((hash(feature.encode()) for feature in features), np.int64, len(features))
        at = np.minimum(np.searchsorted(self._hashes, wanted), len(self._hashes) - 1)
        return np.where(self._hashes[at] == wanted, self._order[at], np.int32(-1))


def _damped(count: int) -> float:
    return 1.0 + math.log(count)
