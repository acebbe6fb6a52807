"""All texts that the matcher knows of an event, read and indexed; kept in the cache, since that takes seconds."""

import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bot.answers import kept
from bot.answers.examples import Example, Label, collect, prepare
from bot.answers.guard import Guard, Home, Homes, own_names
from bot.answers.held import once
from bot.answers.lexical import Features, Index
from bot.answers.names import Names
from bot.event.model import Event


class Corpus(NamedTuple):
    """labels and examples: as `examples.collect` gives them, in the order of their labels. languages, tidy: of the
    examples, as the models read them. homes: as `Guard` takes them. stamp: a hash of all that this depends on."""

    labels: Sequence[Label]
    examples: Sequence[Example]
    languages: Sequence[str]
    tidy: Sequence[str]
    lexical: Index
    names: Names
    stamp: str
    homes: Homes

    def features(self, row: int) -> Features:
        """What an example holds, counted again."""
        example = self.examples[row]
        return prepare(example.text, example.language, self.names, slips=False).features


def of(labels: Sequence[Label], examples: Sequence[Example], names: Names, stamp: str) -> Corpus:
    """These examples, read and indexed."""
    prepared = [prepare(example.text, example.language, names, slips=False) for example in examples]
    index = Index(text.features for text in prepared)
    languages, tidy = [text.language for text in prepared], [text.tidy for text in prepared]
    return Corpus(labels, examples, languages, tidy, index, names, stamp, {})


def gather(event: Event, names: Names, cache: Path | None) -> Corpus:
    """All that is known of `event`, from the cache where it was read before."""
    labels, examples = collect(event)
    stamp = _stamp(event, labels, examples, names)
    stored = kept.load(cache, "corpus", stamp)
    if stored:
        texts = json.loads(stored["texts"].tobytes())
        homes = {topic: Home(frozenset(places), share) for topic, (places, share) in texts["homes"].items()}
        languages, tidy = [sys.intern(language) for language in texts["languages"]], texts["tidy"]
        return Corpus(labels, examples, languages, tidy, Index.restored(stored), names, stamp, homes)
    made = of(labels, examples, names, stamp)._replace(homes=Guard(event).homes())
    places = {topic: [sorted(home.places), home.share] for topic, home in made.homes.items()}
    texts = {"languages": made.languages, "tidy": made.tidy, "homes": places}
    written = json.dumps(texts, ensure_ascii=False).encode()
    kept.save(cache, "corpus", stamp, {"texts": np.frombuffer(written, np.uint8), **made.lexical.arrays()})
    return made


@once
def stamp(event: Event) -> str:
    """The same for events of which the same is known, such as before and after an hour or a room has changed. Takes a
    fifth of a second, once."""
    return _stamp(event, *collect(event), Names(event))


def _stamp(event: Event, labels: Iterable[Label], examples: Iterable[Example], names: Names) -> str:
    """A hash of the texts, of the names that are looked for in them, and of the code that reads them."""
    total = hashlib.sha256(_code())
    total.update("\n".join([names.stamp(), *own_names(event), *event.details.languages]).encode())
    for label in labels:
        total.update(f"{label.kind}\0{label.id}\0{label.topic}\n".encode())
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
