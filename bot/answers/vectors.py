"""Vectors of example texts: those of what is shipped come with the product, the rest is kept in a folder.

Both are files by model, of vectors by content, rounded to a byte a number (a cosine moves by less than
0.01), so that a start costs no model time.
"""

import hashlib
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bot.answers import kept
from bot.answers.embedders import Embedder, Vectors, unit
from bot.answers.lexical import Scores
from bot.text.words import folder

BATCH = 256
KEY = 16  # bytes of a key: two of a million texts meet once in 10^26
KEYS = np.dtype(f"S{KEY}")
Rounded = npt.NDArray[np.int8]
Keys = npt.NDArray[np.bytes_]


class Held(NamedTuple):
    """Vectors in a byte a number, one a row, each as large as a byte allows. scale: what a row is multiplied by.

    A quarter of the memory of float32; and NumPy reads it faster than half-precision, which is twice as large.
    """

    numbers: Rounded
    scale: Scores

    @classmethod
    def of(cls, vectors: Vectors) -> "Held":
        scale = np.maximum(np.abs(vectors).max(axis=1), 1e-9) / 127.0
        return cls(np.rint(vectors / scale[:, None]).astype(np.int8), scale.astype(np.float32))

    def at(self, rows: npt.NDArray[np.int64] | slice) -> Vectors:
        """Some of the vectors, as float32."""
        return self.numbers[rows].astype(np.float32) * self.scale[rows, None]

    def cosines(self, spans: Sequence[slice], vector: Vectors) -> Scores:
        """The products of the rows of `spans`, one span after the other, with `vector`."""
        numbers = np.concatenate([self.numbers[span] for span in spans]).astype(np.float32)
        return np.asarray((numbers @ vector) * np.concatenate([self.scale[span] for span in spans]))


class Known(NamedTuple):
    """Rounded vectors by their keys, both one a row, by rising key. As two arrays: a dictionary of tens of thousands
    of small objects leaves forty megabytes of holes behind it."""

    keys: Keys
    numbers: Rounded

    @classmethod
    def of(cls, keys: Keys, numbers: Rounded) -> "Known":
        order = np.argsort(keys, kind="stable")
        return cls(keys[order], numbers[order])

    @classmethod
    def none(cls) -> "Known":
        return cls(np.zeros(0, KEYS), np.zeros((0, 0), np.int8))

    def __or__(self, new: "Known") -> "Known":
        """These and the `new` ones, whose keys are others."""
        both = [known for known in (self, new) if len(known.keys)]
        if len(both) < 2:
            return both[0] if both else self
        return Known.of(*(np.concatenate(parts) for parts in zip(*both, strict=True)))

    def places(self, keys: Keys) -> npt.NDArray[np.int64]:
        """The rows of `keys`, -1 where one is not known."""
        if not len(self.keys):
            return np.full(len(keys), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, at, -1)


def keys_of(model: str, texts: Sequence[str]) -> Keys:
    """What the vectors of `texts` are kept under."""
    return np.array([hashlib.sha256(f"{model}\0{text}".encode()).digest()[:KEY] for text in texts], dtype=KEYS)


def passages(embedder: Embedder, texts: Sequence[str], cache: Path | None) -> Vectors:
    """The unit vectors of `texts`, one a row, as float32; those neither shipped nor in `cache` are computed and
    added there.

    The file is replaced as a whole by a rename, so that a kill or another process writing beside it
    costs at most work, never a broken file. A file that cannot be read is made anew; a folder that
    cannot be written is done without. Raises EmbedderDown.
    """
    path = cache / file_name(embedder) if cache else None
    came, own = load(shipped(embedder)), load(path) if path else Known.none()
    keys = keys_of(embedder.name, texts)
    missing = np.flatnonzero((came.places(keys) < 0) & (own.places(keys) < 0))
    if len(missing):
        own |= computed(embedder, [texts[n] for n in missing.tolist()])
        if path:
            save(path, own)
    in_came, in_own = came.places(keys), own.places(keys)
    out = np.empty((len(keys), (came if len(came.keys) else own).numbers.shape[1]), dtype=np.float32)
    for known, places in ((own, in_own), (came, in_came)):
        has = places >= 0
        if has.any():
            out[has] = known.numbers[places[has]]
    return unit(out)


def computed(embedder: Embedder, texts: Sequence[str]) -> Known:
    """The rounded vectors of texts, each once. Raises EmbedderDown."""
    todo = list(dict.fromkeys(texts))
    # The length is 1 again once it is read.
    made = [Held.of(embedder.passages(todo[at : at + BATCH])).numbers for at in range(0, len(todo), BATCH)]
    return Known.of(keys_of(embedder.name, todo), np.concatenate(made)) if made else Known.none()


def file_name(embedder: Embedder) -> str:
    return re.sub(r"[^\w.-]+", "-", embedder.name)[-80:] + ".npz"


def shipped(embedder: Embedder) -> Path:
    """The file of the vectors that come with the product; `make vectors` writes it."""
    return folder("data") / "vectors" / file_name(embedder)


def load(path: Path) -> Known:
    """The vectors in a file; none where there is no file that can be read."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            keys, vectors = stored["keys"], stored["vectors"]
        if keys.dtype != np.uint8 or keys.shape != (len(vectors), KEY) or vectors.dtype != np.int8:
            return Known.none()
        return Known.of(np.ascontiguousarray(keys).view(KEYS)[:, 0], vectors)
    except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile, EOFError):
        return Known.none()


def save(path: Path, known: Known) -> None:
    """Writes vectors as a file that is either whole or not there; silently not at all where it cannot."""
    keys = known.keys.view(np.uint8).reshape(-1, KEY)
    kept.write(path, {"keys": keys, "vectors": known.numbers})
