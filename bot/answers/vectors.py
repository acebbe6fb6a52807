"""Vectors of example texts: those of what is shipped come with the product, the rest is kept in a folder.

Both are files by model, of vectors by content, rounded to a byte a number (a cosine moves by less than
0.01), so that a start costs no model time.
"""

import hashlib
import re
import zipfile
from collections.abc import Mapping, Sequence
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
Rounded = npt.NDArray[np.int8]


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


def key(model: str, text: str) -> bytes:
    """What a vector is kept under."""
    return hashlib.sha256(f"{model}\0{text}".encode()).digest()[:KEY]


def passages(embedder: Embedder, texts: Sequence[str], cache: Path | None) -> Vectors:
    """The unit vectors of `texts`, one a row, as float32; those neither shipped nor in `cache` are computed and
    added there.

    The file is replaced as a whole by a rename, so that a kill or another process writing beside it
    costs at most work, never a broken file. A file that cannot be read is made anew; a folder that
    cannot be written is done without. Raises EmbedderDown.
    """
    path = cache / file_name(embedder) if cache else None
    own = load(path) if path else {}
    held = {**load(shipped(embedder)), **own}
    keys = [key(embedder.name, text) for text in texts]
    missing = {k: text for k, text in zip(keys, texts, strict=True) if k not in held}
    if missing:
        own |= computed(embedder, missing)
        held |= own
        if path:
            save(path, own)
    return unit(np.stack([held[k] for k in keys]))


def computed(embedder: Embedder, texts: Mapping[bytes, str]) -> dict[bytes, Rounded]:
    """The rounded vectors of texts by their keys. Raises EmbedderDown."""
    todo = list(texts.items())
    out: dict[bytes, Rounded] = {}
    for at in range(0, len(todo), BATCH):
        part = todo[at : at + BATCH]
        vectors = embedder.passages([text for _, text in part])
        # The length is 1 again once it is read.
        out.update(zip((k for k, _ in part), Held.of(vectors).numbers, strict=True))
    return out


def file_name(embedder: Embedder) -> str:
    return re.sub(r"[^\w.-]+", "-", embedder.name)[-80:] + ".npz"


def shipped(embedder: Embedder) -> Path:
    """The file of the vectors that come with the product; `make vectors` writes it."""
    return folder("data") / "vectors" / file_name(embedder)


def load(path: Path) -> dict[bytes, Rounded]:
    """The vectors in a file by their keys; {} where there is none that can be read."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            keys, vectors = stored["keys"], stored["vectors"]
        if keys.shape[1] != KEY or vectors.dtype != np.int8:
            return {}
        return {bytes(k): vector for k, vector in zip(keys, vectors, strict=True)}
    except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile, EOFError):
        return {}


def save(path: Path, held: Mapping[bytes, Rounded]) -> None:
    """Writes vectors as a file that is either whole or not there; silently not at all where it cannot."""
    keys = np.frombuffer(b"".join(held), dtype=np.uint8).reshape(len(held), KEY)
    kept.write(path, {"keys": keys, "vectors": np.stack(list(held.values()))})
