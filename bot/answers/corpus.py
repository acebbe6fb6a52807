"""All texts that the matcher knows of an event, read and indexed; kept in the cache, since that takes seconds."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bot.answers import kept
from bot.answers.examples import Example, Label, collect, prepare
from bot.answers.lexical import Features, Index
from bot.answers.names import Names
from bot.event.model import Event


class Corpus(NamedTuple):
    """labels and examples: as `examples.collect` gives them, in the order of their labels. languages, tidy: of the
    examples, as the models read them. stamp: a hash of all that this depends on."""

    labels: Sequence[Label]
    examples: Sequence[Example]
    languages: Sequence[str]
    tidy: Sequence[str]
    lexical: Index
    names: Names
    stamp: str

    def features(self, row: int) -> Features:
        """What an example holds, counted again."""
        example = self.examples[row]
        return prepare(example.text, example.language, self.names, slips=False).features


def of(labels: Sequence[Label], examples: Sequence[Example], names: Names, stamp: str) -> Corpus:
    """These examples, read and indexed."""
    prepared = [prepare(example.text, example.language, names, slips=False) for example in examples]
    index = Index(text.features for text in prepared)
    languages, tidy = [text.language for text in prepared], [text.tidy for text in prepared]
    return Corpus(labels, examples, languages, tidy, index, names, stamp)


def gather(event: Event, names: Names, cache: Path | None) -> Corpus:
    """All that is known of `event`, from the cache where it was read before."""
    labels, examples = collect(event)
    stamp = _stamp(event, examples)
    stored = kept.load(cache, "corpus", stamp)
    if stored:
        texts = json.loads(stored["texts"].tobytes())
        return Corpus(labels, examples, texts["languages"], texts["tidy"], Index.restored(stored), names, stamp)
    made = of(labels, examples, names, stamp)
    written = json.dumps({"languages": made.languages, "tidy": made.tidy}, ensure_ascii=False).encode()
    kept.save(cache, "corpus", stamp, {"texts": np.frombuffer(written, np.uint8), **made.lexical.arrays()})
    return made


def _stamp(event: Event, examples: Iterable[Example]) -> str:
    """A hash of the texts, of the names that are looked for in them, and of the code that reads them."""
    total = hashlib.sha256(_code())
    total.update(event.model_dump_json(include={"sessions", "places", "details"}).encode())
    for example in examples:
        total.update(f"{example.text}\0{example.language}\0{example.label}\0{example.weight}\n".encode())
    return total.hexdigest()


@lru_cache(maxsize=1)
def _code() -> bytes:
    """A hash of everything beside this module, and of how scripts and languages are told apart."""
    total = hashlib.sha256()
    for package in ("bot.answers", "bot.text"):
        for file in sorted(Path(str(resources.files(package))).glob("*.*")):
            if file.suffix in (".py", ".yaml"):
                total.update(file.read_bytes())
    return total.digest()
