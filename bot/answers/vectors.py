"""Vectors of example texts, kept in a folder by content and model, so that a start costs no model time."""

import hashlib
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bot.answers import fits
from bot.answers.embedders import Embedder, Vectors

BATCH = 256


def key(model: str, text: str) -> bytes:
    """What a vector is kept under."""
    return hashlib.sha256(f"{model}\0{text}".encode()).digest()


def passages(embedder: Embedder, texts: Sequence[str], cache: Path | None) -> Vectors:
    """The vectors of `texts`, one a row, as float32; those not in `cache` are computed and added there.

    The file is replaced as a whole by a rename, so that a kill or another process writing beside it
    costs at most work, never a broken file. A file that cannot be read is made anew; a folder that
    cannot be written is done without. Raises EmbedderDown.
    """
    path = cache / (re.sub(r"[^\w.-]+", "-", embedder.name)[-80:] + ".npz") if cache else None
    held = _load(path) if path else {}
    keys = [key(embedder.name, text) for text in texts]
    missing = {k: text for k, text in zip(keys, texts, strict=True) if k not in held}
    if missing:
        todo = list(missing.items())
        for at in range(0, len(todo), BATCH):
            part = todo[at : at + BATCH]
            computed = embedder.passages([text for _, text in part])
            held.update(zip((k for k, _ in part), computed.astype(np.float16), strict=True))
        if path:
            _save(path, held)
    return np.stack([held[k] for k in keys]).astype(np.float32)


def _load(path: Path) -> dict[bytes, Vectors]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            keys, vectors = stored["keys"], stored["vectors"]
        return {bytes(k): vector for k, vector in zip(keys, vectors, strict=True)}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError):
        return {}


def _save(path: Path, held: dict[bytes, Vectors]) -> None:
    keys = np.frombuffer(b"".join(held), dtype=np.uint8).reshape(len(held), 32)
    fits.write(path, {"keys": keys, "vectors": np.stack(list(held.values()))})
