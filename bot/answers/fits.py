"""Fitted weights kept in the cache folder under a hash of all they depend on, so that a start fits nothing."""

import os
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float32]
KEPT = 4  # the newest fits stay: an organizer's last edits, and another event's


def load(cache: Path | None, stamp: str, depths: Sequence[int]) -> dict[int, Weights]:
    """The weights kept under `stamp` for all of `depths`; {} where there are none that can be read."""
    if cache is None:
        return {}
    try:
        with np.load(_path(cache, stamp), allow_pickle=False) as stored:
            return {depth: stored[f"depth{depth}"] for depth in depths}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError):
        return {}


def save(cache: Path | None, stamp: str, weights: Mapping[int, Weights]) -> None:
    """Keeps `weights` under `stamp`, by a rename; a folder that cannot be written is done without."""
    if cache is None:
        return
    write(_path(cache, stamp), {f"depth{depth}": values for depth, values in weights.items()})
    try:
        fits = sorted(cache.glob("fit-*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in fits[KEPT:]:
            path.unlink(missing_ok=True)
    except OSError:
        return


def write(path: Path, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
    """Writes arrays as one file that is either whole or not there; silently not at all where it cannot."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "wb") as target:
            np.savez(target, **arrays)  # type: ignore[arg-type]
            target.flush()
            os.fsync(target.fileno())
        Path(name).replace(path)
    except OSError:
        return


def _path(cache: Path, stamp: str) -> Path:
    return cache / f"fit-{stamp[:32]}.npz"
