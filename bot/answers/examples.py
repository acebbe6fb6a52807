"""What the matcher learns from: an event's questions, things asked and answers, and what is none of its business."""

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from bot.answers.lexical import Features, features
from bot.answers.names import Named, Names
from bot.answers.normalise import LEXICAL_LENGTH, fold, plain, read_data, tidy
from bot.event.model import Event
from bot.text.formats import base

REFERENCE = re.compile(r"\{[^{}]*\}|\*\*|\]\([^()]*\)|[\[\]]")
ANSWER_LENGTH = 150
ANSWER_WEIGHT = 0.7  # an answer's words are somewhat less a question's
NONE_LANGUAGES = ("fr", "en", "zh")  # the order of the lines in none.yaml


class Label(NamedTuple):
    """What a text may be about. kind: `entry`, `refuse` or `smalltalk`; id: the entry's, or the group's."""

    kind: Literal["entry", "refuse", "smalltalk"]
    id: str
    topic: str


class Example(NamedTuple):
    """A text that belongs to a label. label: its place in the list of labels; weight: 0 to 1."""

    text: str
    language: str
    label: int
    weight: float
    is_question: bool


class Prepared(NamedTuple):
    """A text as the matcher reads it: its language ("zh" for both scripts), folded, the names in it, and as the
    models read it. Its features are counted when asked for: thousands of examples would hold them in vain."""

    language: str
    folded: str
    names: tuple[Named, ...]
    tidy: str

    @property
    def features(self) -> Features:
        return features(self.folded, {f"{name.kind}:{name.id}" for name in self.names})


def collect(event: Event) -> tuple[list[Label], list[Example]]:
    """The labels of an event, entries first, and their examples."""
    labels = [Label("entry", entry.id, entry.topic) for entry in event.entries]
    examples: list[Example] = []
    for n, entry in enumerate(event.entries):
        for language, questions in entry.questions.items():
            examples += (Example(text, language, n, 1.0, True) for text in questions)
        for language, things in entry.asks.items():
            examples += (Example(text, language, n, 1.0, True) for text in things)
        for language, answer in entry.answer.items():
            text = " ".join(REFERENCE.sub(" ", answer).split())[:ANSWER_LENGTH]
            examples.append(Example(text, language, n, ANSWER_WEIGHT, False))
    for label, texts in _none():
        examples += (Example(text, language, len(labels), 1.0, True) for language, text in texts)
        labels.append(label)
    return labels, examples


def prepare(text: str, language: str, names: Names, *, slips: bool = True) -> Prepared:
    """`text` in `language` as the matcher reads it. slips: whether misspelt names count."""
    folded = fold(text, language)
    # Names are known in pinyin too, which `fold` has read as Chinese as far as it could.
    typed = plain(text[:LEXICAL_LENGTH])
    found = names.find(folded, slips=slips)
    if typed != folded:
        found += names.find(typed, slips=slips)
    return Prepared(base(language), folded, tuple(dict.fromkeys(found)), tidy(text, language))


def _none() -> Iterator[tuple[Label, Sequence[tuple[str, str]]]]:
    data = read_data("none.yaml")
    for name, lines in data["refuse"].items():
        yield Label("refuse", name, ""), _texts(lines)
    for name, lines in data["smalltalk"].items():
        yield Label("smalltalk", name, ""), _texts(lines)


def _texts(lines: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    return [(language, str(text)) for language, line in zip(NONE_LANGUAGES, lines, strict=True) for text in line]
