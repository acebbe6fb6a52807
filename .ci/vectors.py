"""`make vectors`: the sentence vectors of all shipped texts, beside the data. Those that are there are kept.

`--check` counts those that are missing. `--axes` learns the principal axes anew, for a new version of a
model: ten minutes, and every vector is made again.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bot.answers import vectors
from bot.answers.embedders import Embedder, Vectors, open_embedders, raw_embedders, unit
from bot.answers.examples import collect, prepare
from bot.answers.names import Names
from bot.event import load

SHIPPED = ("strasbourg-2014", "demo")
MISSING_ALLOWED = 300  # a start makes these in a few seconds
AXES = Path("bot/answers/axes.npz")
DIMENSIONS = 192


def texts() -> dict[str, str]:
    """Every text of the shipped events and of what is none of their business, as the models read it, with its
    language."""
    found: dict[str, str] = {}
    for name in SHIPPED:
        event = load.load(load.find(name))
        names = Names(event)
        for example in collect(event)[1]:
            prepared = prepare(example.text, example.language, names, slips=False)
            found.setdefault(prepared.tidy, prepared.language)
    return found


def axes(full: Vectors, languages: Sequence[str]) -> tuple[Vectors, Vectors]:
    """The mean of whole vectors, and the axes along which they differ most, each language about its own mean."""
    spoken = np.array(languages)
    centred = np.empty_like(full)
    for language in set(languages):
        own = spoken == language
        centred[own] = unit(full[own] - full[own].mean(axis=0))
    _, vectors_ = np.linalg.eigh(centred.T @ centred)  # by rising eigenvalue
    return full.mean(axis=0), np.asarray(vectors_[:, : -DIMENSIONS - 1 : -1], dtype=np.float32)


def learn(embedders: Sequence[Embedder], wanted: dict[str, str]) -> None:
    found = {}
    for embedder in embedders:
        mean, directions = axes(embedder.passages(list(wanted)), list(wanted.values()))
        found |= {
            f"{embedder.name}/mean": mean.astype(np.float16),
            f"{embedder.name}/axes": directions.astype(np.float16),
        }
    np.savez(AXES, **found)


def main() -> int:
    wanted = texts()
    failed = False
    if "--axes" in sys.argv:
        learn(raw_embedders(), wanted)
    for embedder in open_embedders("local"):
        path = vectors.shipped(embedder)
        held = vectors.load(path)
        keys = vectors.keys_of(embedder.name, list(wanted))
        missing = [text for text, place in zip(wanted, held.places(keys), strict=True) if place < 0]
        print(f"{path.name}: {len(keys)} texts, {len(missing)} without a vector")
        if "--check" in sys.argv:
            failed |= len(missing) > MISSING_ALLOWED
            continue
        held |= vectors.computed(embedder, missing)
        vectors.save(path, vectors.Known.of(keys, held.numbers[held.places(keys)]))
        path.chmod(0o644)
    if failed:
        print("the shipped vectors are behind the texts: make vectors")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
