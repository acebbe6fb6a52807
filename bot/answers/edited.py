"""An edit of the event, answered from within a second: what is new counts by its likeness alone until all is fitted.

The regression of `score` learns from all examples together, which takes half a minute; an organizer who has put a
question right wants to see it answered. So the fitted scorer stays, and the examples that it does not know are
compared with a question beside it.
"""

from collections.abc import Sequence

import numpy as np

from bot.answers.embedders import EmbedderDown
from bot.answers.examples import Example, Label, Prepared, prepare
from bot.answers.lexical import Scores
from bot.answers.names import Names
from bot.answers.score import Asked, Scored, Scorer, scored

SOON = 30  # new examples whose vectors are made at once, some 20 ms each; where there are more, words alone speak
SHARE = 0.6  # of its likeness: what a new example counts for where a fitted one has its regression


class Edited:
    """A `Scorer` of an event that was edited since it was fitted. Thread-safe, changes nothing.

    Examples and entries that are gone: the former still count until all is fitted, the latter answer nothing.
    """

    def __init__(self, fitted: Scorer, labels: Sequence[Label], examples: Sequence[Example], names: Names) -> None:
        """labels, examples: all that there are now, as `examples.collect` gives them."""
        self.fitted = fitted
        self.labels = labels
        at = {label: n for n, label in enumerate(labels)}
        places = [at.get(label, -1) for label in fitted.labels]
        self._old = np.array([n for n, place in enumerate(places) if place >= 0], dtype=np.int64)
        self._place = np.array([place for place in places if place >= 0], dtype=np.int64)
        of_topic = {label.topic: n for n, label in enumerate(fitted.labels) if label.kind == "entry"}
        # Where a new entry's topic has its sum in the evidence; -1 for a topic that is new, too.
        self._topic = np.array([of_topic.get(label.topic, -1) for label in labels], dtype=np.int64)
        known = {(fitted.labels[e.label], e.text, e.language) for e in fitted.examples}
        self._new = [e for e in examples if (labels[e.label], e.text, e.language) not in known]
        self.examples = [*(e._replace(label=max(places[e.label], 0)) for e in fitted.examples), *self._new]
        self._label_of = np.array([example.label for example in self._new], dtype=np.int64)
        prepared = [prepare(e.text, e.language, names, slips=False) for e in self._new]
        self._words = [fitted.index.weighed(text.features) for text in prepared]
        self._vectors = []
        for n in range(fitted.depths if len(prepared) <= SOON else 0):
            try:
                self._vectors.append(fitted.vectors_of(prepared, n))
            except EmbedderDown:
                break

    @property
    def depths(self) -> int:
        return self.fitted.depths

    @property
    def may_fail(self) -> bool:
        return self.fitted.may_fail

    def read(self, questions: Sequence[Prepared], depth: int, known: Sequence[Asked] = ()) -> list[Asked]:
        """As `Scorer.read`, with the likeness to the new examples."""
        read = self.fitted.read(questions, depth, known)
        return [
            asked
            if asked.beside is not None
            else asked._replace(beside=self.fitted.index.beside(question.features, self._words))
            for question, asked in zip(questions, read, strict=True)
        ]

    def score(self, asked: Sequence[Asked]) -> list[Scored]:
        """As `Scorer.score`."""
        found = self.fitted.evidence(asked)
        return [self._scored(one, *each) for one, each in zip(asked, found, strict=True)]

    def _scored(self, asked: Asked, features: Scores, nearest: tuple[tuple[int, float], ...]) -> Scored:
        spread = np.zeros((len(features), len(self.labels)), dtype=np.float32)
        has_topic = self._topic >= 0
        spread[1, has_topic] = features[1, self._topic[has_topic]]
        spread[:, self._place] = features[:, self._old]
        gone = np.ones(len(self.labels), dtype=bool)
        gone[self._place] = False
        gone[self._label_of] = False
        if self._new and asked.beside is not None:
            each = [asked.beside]
            for n, vector in enumerate(asked.vectors):
                each.append(self._vectors[n] @ vector if n < len(self._vectors) else asked.beside)
            for row, likeness in zip(spread[3:], each, strict=True):
                np.maximum.at(row, self._label_of, likeness.astype(np.float32))
            mean = np.maximum(np.mean(each, axis=0), 0.0)
            np.maximum.at(spread[0], self._label_of, (SHARE * mean**1.5).astype(np.float32))
            np.maximum.at(spread[1], self._label_of, (SHARE * mean**1.5).astype(np.float32))
            best = int(np.argmax(mean))
            first = len(self.fitted.examples)
            nearest = tuple(sorted((*nearest, (first + best, float(mean[best]))), key=lambda pair: -pair[1])[:3])
        found = scored(spread, nearest, len(asked.vectors))
        return found._replace(probabilities=np.where(gone, 0.0, found.probabilities).astype(np.float32))

    def likeness(self, question: Prepared) -> Scores:
        """As `Scorer.likeness`."""
        beside = self.fitted.index.beside(question.features, self._words)
        return np.concatenate([self.fitted.likeness(question), beside])
