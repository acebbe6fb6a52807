"""What is dear to make, kept in the cache folder under a hash of all it depends on, so that a start makes nothing."""

import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

KEPT = 4  # the newest of a kind stay: an organizer's last edits, and another event's
Arrays = Mapping[str, npt.NDArray[Any]]


def load(cache: Path | None, kind: str, stamp: str) -> Arrays:
    """The arrays kept under `stamp`; {} where there are none that can be read."""
    if cache is None:
        return {}
    try:
        with np.load(_path(cache, kind, stamp), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError):
        return {}


def save(cache: Path | None, kind: str, stamp: str, arrays: Arrays) -> None:
    """Keeps `arrays` under `stamp`, by a rename; a folder that cannot be written is done without."""
    if cache is None:
        return
    write(_path(cache, kind, stamp), arrays)
    try:
        files = sorted(cache.glob(f"{kind}-*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in files[KEPT:]:
            path.unlink(missing_ok=True)
    except OSError:
        return


def write(path: Path, arrays: Arrays) -> None:
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


def _path(cache: Path, kind: str, stamp: str) -> Path:
    return cache / f"{kind}-{stamp[:32]}.npz"
