"""How well each label fits a question: kernel ridge regression over words and sentence vectors, and nearest examples.

The likeness of two texts is that of their words (`lexical`) plus the squares of the cosines of their
centred vectors; the regression learns on it what makes a label, from all examples over a choice of
them (landmarks), so that fitting stays a matter of seconds. Everything after the fit is NumPy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.answers.embedders import Embedder, EmbedderDown, Vectors
from bot.answers.examples import Example, Label, Prepared
from bot.answers.lexical import Index, Scores
from bot.answers.vectors import passages

LANDMARKS = 2600
RIDGE = 0.3
BLOCK = 512
# Weights of the likenesses by how many embedders speak: words, first vectors, second vectors.
KERNEL = {0: (1.0,), 1: (0.5, 0.5), 2: (0.34, 0.33, 0.33)}
# From scores to log-odds: the regression, then the nearest example by each likeness. Fitted by tests/answers/fit.py.
LOGIT = {0: (7.6, 12.2), 1: (6.5, 5.2, 7.5), 2: (6.0, 3.8, 5.5, 4.0)}


@dataclass(frozen=True, slots=True)
class Scored:
    """What is known of a question. probabilities: one for each label, summing to 1; nearest: rows of the
    likest examples with their likeness; depth: how many embedders were asked."""

    probabilities: Scores
    nearest: tuple[tuple[int, float], ...]
    depth: int


class Scorer:
    """Labels and examples, fitted. `score` is thread-safe and changes nothing."""

    def __init__(
        self,
        labels: Sequence[Label],
        examples: Sequence[Example],
        prepared: Sequence[Prepared],
        embedders: Sequence[Embedder],
        cache: Path | None,
    ) -> None:
        self.labels, self.examples = list(labels), list(examples)
        order = np.argsort([example.label for example in examples], kind="stable")
        self._label_of = np.array([example.label for example in examples], dtype=np.int32)
        self._order = order
        self._starts = np.searchsorted(self._label_of[order], np.arange(len(labels)))
        self._index = Index([text.features for text in prepared])
        self._embedders: list[Embedder] = []
        self._means: list[Vectors] = []
        self._vectors: list[Vectors] = []
        texts = [text.tidy for text in prepared]
        for embedder in embedders:
            try:
                vectors = passages(embedder, texts, cache)
            except EmbedderDown:
                continue
            mean = vectors.mean(axis=0)
            self._embedders.append(embedder)
            self._means.append(mean)
            self._vectors.append(_centred(vectors, mean))
        self._landmarks = self._choose()
        self._fit(prepared)

    @property
    def depths(self) -> int:
        """How many embedders can be asked."""
        return len(self._embedders)

    def score(self, question: Prepared, depth: int) -> Scored:
        """How well each label fits `question`, asking the first `depth` embedders (fewer where one is down)."""
        return self.combine(self.likenesses(question, depth))

    def likenesses(self, question: Prepared, depth: int) -> list[Scores]:
        """How like a question is to each example: by words, then by each embedder that answers."""
        likenesses = [self._index.likeness(question.features)]
        for n in range(min(depth, self.depths)):
            try:
                vector = self._embedders[n].query(question.tidy)
            except EmbedderDown:
                break
            likenesses.append(self._vectors[n] @ _centred(vector[None, :], self._means[n])[0])
        return likenesses

    def combine(self, likenesses: Sequence[Scores]) -> Scored:
        """The probabilities that follow from a question's likenesses to every example."""
        depth = len(likenesses) - 1
        features = self.evidence(likenesses)
        logits = np.tensordot(np.array(LOGIT[depth], dtype=np.float32), features, axes=1)
        odds = np.exp(logits - logits.max())
        mixed = sum(likenesses[1:], likenesses[0]) / len(likenesses)
        top = np.argsort(-mixed)[:3]
        return Scored(odds / odds.sum(), tuple((int(row), float(mixed[row])) for row in top), depth)

    def evidence(self, likenesses: Sequence[Scores]) -> Scores:
        """For each label: the regression's score, then its nearest example by each likeness."""
        depth = len(likenesses) - 1
        kernel = _kernel(depth, [likeness[self._landmarks] for likeness in likenesses])
        nearest = [np.maximum.reduceat(likeness[self._order], self._starts) for likeness in likenesses]
        return np.stack([kernel @ self._weights[depth], *nearest])

    def _choose(self) -> npt.NDArray[np.int64]:
        """The examples that stand for all in the regression: taken in turn from every label, questions first."""
        turns: list[tuple[int, int, int]] = []
        taken: dict[tuple[int, str], int] = {}
        for row, example in enumerate(self.examples):
            turn = taken[example.label, example.language] = taken.get((example.label, example.language), -1) + 1
            turns.append((turn if example.is_question else turn + 1000, row, row))
        return np.array(sorted(row for *_, row in sorted(turns)[:LANDMARKS]), dtype=np.int64)

    def _fit(self, prepared: Sequence[Prepared]) -> None:
        """Ridge regression of the labels on the likeness to the landmarks, for each depth."""
        size = len(self._landmarks)
        weight = np.array([example.weight for example in self.examples], dtype=np.float32)
        depths = range(self.depths + 1)
        squares = [np.zeros((size, size), dtype=np.float32) for _ in depths]
        targets = [np.zeros((size, len(self.labels)), dtype=np.float32) for _ in depths]
        among = [np.zeros((size, size), dtype=np.float32) for _ in depths]
        place = np.full(len(self.examples), -1)
        place[self._landmarks] = np.arange(size)
        for at in range(0, len(self.examples), BLOCK):
            rows = np.arange(at, min(at + BLOCK, len(self.examples)))
            likenesses = [np.stack([self._index.likeness(prepared[row].features)[self._landmarks] for row in rows])]
            likenesses += [vectors[rows] @ vectors[self._landmarks].T for vectors in self._vectors]
            goal = np.zeros((len(rows), len(self.labels)), dtype=np.float32)
            goal[np.arange(len(rows)), self._label_of[rows]] = 1.0
            own = place[rows] >= 0
            for depth in depths:
                kernel = _kernel(depth, likenesses[: depth + 1])
                weighed = kernel * weight[rows, None]
                squares[depth] += weighed.T @ kernel
                targets[depth] += weighed.T @ goal
                among[depth][place[rows][own]] = kernel[own]
        jitter = 1e-3 * np.eye(size, dtype=np.float32)
        self._weights = [
            np.linalg.solve(squares[depth] + RIDGE * (among[depth] + jitter), targets[depth]) for depth in depths
        ]


def _kernel(depth: int, likenesses: Sequence[Scores]) -> Scores:
    weights = KERNEL[depth]
    total = np.float32(weights[0]) * likenesses[0]
    for weight, cosines in zip(weights[1:], likenesses[1:], strict=True):
        total = total + np.float32(weight) * np.square(np.maximum(cosines, 0.0))
    return total


def _centred(vectors: Vectors, mean: Vectors) -> Vectors:
    """Unit vectors less what all texts share, which otherwise makes every cosine high."""
    out = vectors - mean
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
