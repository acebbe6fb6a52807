"""How well each label fits a question: kernel ridge regression over words and sentence vectors, and nearest examples.

The likeness of two texts is that of their words (`lexical`) plus powers of the cosines of their vectors,
each centred on its language, so that a question finds its like in another. The regression learns on it
what makes a label, from all examples over a choice of them (landmarks), so that fitting stays a matter of
seconds. Everything is NumPy.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bot.answers import kept
from bot.answers.corpus import Corpus
from bot.answers.embedders import Embedder, EmbedderDown, Vectors
from bot.answers.examples import Example, Label, Prepared
from bot.answers.lexical import WEIGHTS, Scores, likest
from bot.answers.vectors import Held, passages

LANDMARKS = 5000
LANDMARKS_ALONE = 3000  # where words alone are to answer within seconds
RIDGE = 0.2
# By words alone: likeness to a landmark from which it counts. Most have a few letters in common with a question and
# took half the time; of 2,081 questions as many are right as with all of them.
NEAR_FROM = 0.02
JITTER = 1e-3  # so that the solution stands
UNWRITTEN = 1.6  # times the regression’s score of an entry without questions in the language: no words speak for it
LIKELY = 80  # labels whose every example is looked at
SHOWN = 3  # of the nearest examples
BLOCK = 1024
DIMENSIONS = (
    192  # of the vectors, along their principal axes: half the time, and no question of dev.jsonl loses its topic
)
OWN_MEAN_FROM = 100  # examples in a language from which its vectors have a mean of their own
# Weights of the likenesses by how many embedders speak: words, first vectors, second vectors.
KERNEL = {1: (0.5, 0.5), 2: (0.34, 0.33, 0.33)}
# From scores to log-odds: the regression, its sum over the topic, what refusing has before any evidence (so that
# a text like nothing known is refused), then the nearest example by each likeness.
# Fitted by tests/answers/fit.py; to be fitted again when groups of refusals are added, each of which has that start.
# By words alone fitted while pieces of words had more sizes: fitted again it answers 52 of dev's 100 in place of 57,
# two fewer of them wrongly.
LOGIT = {0: (4.6, 7.4, 1.8, 17.1), 1: (6.8, 4.8, 3.1, 8.4, 9.9), 2: (6.5, 3.5, 3.4, 6.6, 7.0, 6.1)}


class Asked(NamedTuple):
    """A question as the examples are compared with it. words: its likeness by words to each example; vectors: its
    own, centred, of the embedders that were asked; language: its own; beside: its likeness by words to the examples of
    an edit."""

    words: Scores
    vectors: tuple[Vectors, ...]
    language: str
    beside: Scores | None = None


class Scored(NamedTuple):
    """What is known of a question. probabilities: one for each label, summing to 1; nearest: rows of the
    likest examples with their likeness; depth: how many embedders were asked."""

    probabilities: Scores
    nearest: tuple[tuple[int, float], ...]
    depth: int


# Rows of what is known of labels, and the likest examples' rows with their likeness.
Evidence = tuple[Scores, tuple[tuple[int, float], ...]]


class Scorer:
    """Labels and examples, fitted. `score` is thread-safe and changes nothing. examples: sorted by label."""

    def __init__(self, corpus: Corpus, embedders: Sequence[Embedder], cache: Path | None) -> None:
        self.labels, self.examples = corpus.labels, corpus.examples
        self.index = corpus.lexical
        self._label_of = np.array([example.label for example in self.examples], dtype=np.int32)
        self._starts = np.searchsorted(self._label_of, np.arange(len(self.labels) + 1))
        groups = {name: n for n, name in enumerate(dict.fromkeys(_group(label) for label in self.labels))}
        self._is_refuse = np.array([label.kind == "refuse" for label in self.labels], dtype=np.float32)
        self._topic_of = np.array([groups[_group(label)] for label in self.labels])
        self._unwritten = _unwritten(self.labels, self.examples)
        self._embedders: list[Embedder] = []
        self._means: list[dict[str, Vectors]] = []
        self._bases: list[Vectors] = []
        self._vectors: list[Held] = []
        for embedder in embedders:
            try:
                vectors = passages(embedder, corpus.tidy, cache)
            except EmbedderDown:
                continue
            means = _means(vectors, corpus.languages)
            self._embedders.append(embedder)
            self._means.append(means)
            centred = _centred(vectors, _mean_of(means, corpus.languages))
            self._bases.append(_principal(centred))
            self._vectors.append(Held.of(centred @ self._bases[-1]))
        self._landmarks = self._choose(LANDMARKS if self._embedders else LANDMARKS_ALONE)
        self._landmark_starts = np.searchsorted(self._label_of[self._landmarks], np.arange(len(self.labels)))
        self._landmark_vectors = [vectors.at(self._landmarks) for vectors in self._vectors]
        needed = [*range(0 if not self._embedders or self._embedders[0].may_fail else 1, self.depths + 1)]
        stamp = self._stamp(corpus, needed)
        stored = kept.load(cache, "fit", stamp)
        self._weights = {depth: stored[f"depth{depth}"] for depth in needed} if stored else self._fit(corpus, needed)
        if not stored:
            kept.save(cache, "fit", stamp, {f"depth{depth}": weights for depth, weights in self._weights.items()})

    @property
    def depths(self) -> int:
        """How many embedders can be asked."""
        return len(self._embedders)

    @property
    def may_fail(self) -> bool:
        """Whether a model may be down at one question and not at the next."""
        return any(embedder.may_fail for embedder in self._embedders)

    def read(self, questions: Sequence[Prepared], depth: int, known: Sequence[Asked] = ()) -> list[Asked]:
        """Questions read with the first `depth` embedders (fewer where one is down): several at once cost less than
        each by itself. known: what an earlier call of less depth gave for them, which is not asked for again."""
        read = known or [Asked(self.index.likeness(each.features), (), each.language) for each in questions]
        for n in range(min(len(asked.vectors) for asked in read), min(depth, self.depths)):
            lacking = [at for at, asked in enumerate(read) if len(asked.vectors) == n]
            try:
                vectors = self._embedders[n].queries([questions[at].tidy for at in lacking])
            except EmbedderDown:
                break  # what is not there says nothing; the shallower fit answers
            means = _mean_of(self._means[n], [questions[at].language for at in lacking])
            own = dict(zip(lacking, _centred(vectors, means) @ self._bases[n], strict=True))
            read = [
                asked._replace(vectors=(*asked.vectors, own[at])) if at in own else asked
                for at, asked in enumerate(read)
            ]
        return [*read]

    def likeness(self, question: Prepared) -> Scores:
        """The likeness of a question to every example, by words or by the first model, whichever sees more."""
        (asked,) = self.read([question], 1)
        if not asked.vectors:
            return asked.words
        return np.maximum(asked.words, self._vectors[0].cosines([slice(None)], asked.vectors[0]))

    def score(self, asked: Sequence[Asked]) -> list[Scored]:
        """How well each label fits questions."""
        found = self.evidence(asked)
        return [scored(*each, len(one.vectors)) for each, one in zip(found, asked, strict=True)]

    def vectors_of(self, texts: Sequence[Prepared], n: int) -> Vectors:
        """The vectors of texts by the embedder `n`, as a question's are in `read`. Raises EmbedderDown."""
        if not texts:
            return np.zeros((0, self._bases[n].shape[1]), np.float32)
        vectors = self._embedders[n].passages([text.tidy for text in texts])
        return _centred(vectors, _mean_of(self._means[n], [text.language for text in texts])) @ self._bases[n]

    def evidence(self, asked: Sequence[Asked]) -> list[Evidence]:
        """For each question and label: the regression's score, its topic's, whether it refuses, its nearest examples;
        and for each question the rows of the examples nearest of all, with their likeness."""
        landmarks = [
            [
                one.words[self._landmarks],
                *(own @ vector for own, vector in zip(self._landmark_vectors, one.vectors, strict=False)),
            ]
            for one in asked
        ]
        scores: dict[int, Scores] = {}
        for depth in {len(one.vectors) for one in asked}:
            rows = [n for n, one in enumerate(asked) if len(one.vectors) == depth]
            # The weights are read from memory once for all: that is what it costs.
            kernel, weights = np.stack([_kernel(depth, landmarks[n]) for n in rows]), self._weights[depth]
            near = np.flatnonzero(kernel.any(axis=0))
            if len(near) < len(weights) / 2:  # as by words alone
                kernel, weights = kernel[:, near], weights[near]
            scores.update(zip(rows, kernel @ weights, strict=True))
        return [self._evidence(one, landmarks[n], scores[n]) for n, one in enumerate(asked)]

    def _evidence(self, asked: Asked, landmarks: Sequence[Scores], score: Scores) -> Evidence:
        """As `evidence`, of one question. landmarks: its likenesses to them; score: of the regression.

        By vectors all examples are looked at of the labels that the landmarks speak for, of others the
        landmarks alone: a fifth of the work, and what is far off is far off. Of an entry that nobody wrote in the
        question's language words say nothing: its vectors are believed in their place.
        """
        words, depth = asked.words, len(asked.vectors)
        topics = np.bincount(self._topic_of, score, self._topic_of.max() + 1).astype(np.float32)
        nearest = [np.maximum.reduceat(words, self._starts[:-1])]
        nearest += [np.maximum.reduceat(likeness, self._landmark_starts) for likeness in landmarks[1:]]
        # By words all examples have been looked at: the likest are of the labels that have the likest.
        likely = likest(score + 0.2 * sum(nearest), LIKELY) if depth else likest(nearest[0], SHOWN)
        spans = [slice(self._starts[label], self._starts[label + 1]) for label in likely]
        mixed = np.concatenate([words[span] for span in spans])
        starts = np.cumsum([0, *(span.stop - span.start for span in spans[:-1])])
        for n, vector in enumerate(asked.vectors):
            likeness = self._vectors[n].cosines(spans, vector)
            nearest[n + 1][likely] = np.maximum.reduceat(likeness, starts)
            mixed = mixed + likeness
        if depth and (unwritten := self._unwritten.get(asked.language)) is not None:
            nearest[0] = np.where(unwritten, np.maximum(nearest[0], np.mean(nearest[1:], axis=0)), nearest[0])
            score = np.where(unwritten, UNWRITTEN * score, score)
        best = likest(mixed, SHOWN)
        of = np.searchsorted(starts, best, side="right") - 1
        rows = [int(spans[n].start + at - starts[n]) for n, at in zip(of, best, strict=True)]
        found = tuple((row, float(mixed[at]) / (depth + 1)) for row, at in zip(rows, best, strict=True))
        return np.stack([score, topics[self._topic_of], self._is_refuse, *nearest]), found

    def _choose(self, many: int) -> npt.NDArray[np.int64]:
        """The examples that stand for all in the regression: taken in turn from every label, questions first."""
        turns: list[tuple[int, int, int]] = []
        taken: dict[tuple[int, str], int] = {}
        for row, example in enumerate(self.examples):
            turn = taken[example.label, example.language] = taken.get((example.label, example.language), -1) + 1
            turns.append((turn if example.is_question else turn + 1000, row, row))
        return np.array(sorted(row for *_, row in sorted(turns)[:many]), dtype=np.int64)

    def _stamp(self, corpus: Corpus, depths: Sequence[int]) -> str:
        """What a fit depends on, as a hash."""
        chosen = (KERNEL, NEAR_FROM, RIDGE, len(self._landmarks), WEIGHTS, DIMENSIONS, [*depths])
        total = hashlib.sha256(repr(chosen).encode())
        total.update("".join(embedder.name for embedder in self._embedders).encode())
        total.update(corpus.stamp.encode())
        return total.hexdigest()

    def _fit(self, corpus: Corpus, depths: Sequence[int]) -> dict[int, Scores]:
        """Ridge regression of the labels on the likeness to the landmarks, for each depth."""
        # Among the examples likeness is mutual, so asking for the landmarks alone gives it all: an eighth of the work.
        words = np.empty((len(self._landmarks), len(self.examples)), dtype=np.float16)
        for n, row in enumerate(self._landmarks):
            words[n] = self.index.likeness(corpus.features(int(row)))
        return {depth: self._fitted(depth, words) for depth in depths}  # in turn: each takes much memory

    def _fitted(self, depth: int, words: npt.NDArray[np.float16]) -> Scores:
        """The weights of one depth. words: the likeness by words of each landmark to each example."""
        size = len(self._landmarks)
        root = np.sqrt(np.array([example.weight for example in self.examples], dtype=np.float32))
        square = np.zeros((size, size), dtype=np.float32)
        target = np.zeros((size, len(self.labels)), dtype=np.float32)
        among = np.zeros((size, size), dtype=np.float32)
        place = np.full(len(self.examples), -1)
        place[self._landmarks] = np.arange(size)
        for at in range(0, len(self.examples), BLOCK):
            rows = np.arange(at, min(at + BLOCK, len(self.examples)))
            likenesses = [words[:, rows[0] : rows[-1] + 1].T.astype(np.float32)]
            for vectors, own in zip(self._vectors[:depth], self._landmark_vectors[:depth], strict=True):
                likenesses.append(vectors.at(rows) @ own.T)
            kernel = _kernel(depth, likenesses)
            is_landmark = place[rows] >= 0
            among[place[rows][is_landmark]] = kernel[is_landmark]
            kernel *= root[rows, None]
            square += kernel.T @ kernel  # one array: half the work
            goal = np.zeros((len(rows), len(self.labels)), dtype=np.float32)
            goal[np.arange(len(rows)), self._label_of[rows]] = root[rows]
            target += kernel.T @ goal
        among *= RIDGE
        square += among
        square[np.diag_indices(size)] += RIDGE * JITTER
        del among
        return np.asarray(np.linalg.solve(square, target), dtype=np.float32)


def scored(features: Scores, nearest: tuple[tuple[int, float], ...], depth: int) -> Scored:
    """The chances of the labels by their evidence (see `Scorer.evidence`), by as many embedders as `depth` says."""
    logits = np.array(LOGIT[depth], dtype=np.float32) @ features
    odds = np.exp(logits - logits.max())
    return Scored(odds / odds.sum(), nearest, depth)


def alike(readings: Sequence[Scored]) -> Scored:
    """What several readings of one question say together: the geometric mean of their chances."""
    if len(readings) == 1:
        return readings[0]
    logs = np.mean([np.log(np.maximum(reading.probabilities, 1e-9)) for reading in readings], axis=0)
    odds = np.exp(logs - logs.max())
    depth = min(reading.depth for reading in readings)
    return Scored(
        (odds / odds.sum()).astype(np.float32),
        max((reading.nearest for reading in readings), key=lambda rows: rows[0][1]),
        depth,
    )


def _group(label: Label) -> str:
    """What a label's score is added up with: its topic, or all that is none of our business."""
    return label.topic if label.kind == "entry" else "/refuse" if label.kind == "refuse" else f"/{label.id}"


def _unwritten(labels: Sequence[Label], examples: Sequence[Example]) -> dict[str, npt.NDArray[np.bool_]]:
    """The labels of entries that have no question in a language, for each language that lacks one."""
    lacking: dict[str, npt.NDArray[np.bool_]] = {}
    entries = np.array([label.kind == "entry" for label in labels])
    for language in {example.language for example in examples}:
        written = [example.label for example in examples if example.is_question and example.language == language]
        lacking[language] = entries.copy()
        lacking[language][written] = False
    return {language: labels for language, labels in lacking.items() if labels.any() and not labels[entries].all()}


def _kernel(depth: int, likenesses: Sequence[Scores]) -> Scores:
    """The likeness that the regression learns on: by words alone theirs, from NEAR_FROM; else a sum of all, in which
    a near text counts for more than two half as near by its vectors: power 1.5."""
    if depth == 0:
        return np.where(likenesses[0] >= NEAR_FROM, likenesses[0], np.float32(0))
    weights = KERNEL[depth]
    total = np.float32(weights[0]) * likenesses[0]
    for weight, cosines in zip(weights[1:], likenesses[1:], strict=True):
        near = np.maximum(cosines, 0.0)
        total += np.float32(weight) * near * np.sqrt(near)
    return total


def _means(vectors: Vectors, languages: Sequence[str]) -> dict[str, Vectors]:
    """The mean vector of each language that has enough examples, and under "" that of all."""
    spoken = np.array(languages)
    means = {"": vectors.mean(axis=0)}
    for language in dict.fromkeys(languages):
        own = spoken == language
        if own.sum() >= OWN_MEAN_FROM:
            means[language] = vectors[own].mean(axis=0)
    return means


def _mean_of(means: dict[str, Vectors], languages: Sequence[str]) -> Vectors:
    """The mean that each text is centred on, by its language."""
    return np.stack([means.get(language, means[""]) for language in languages])


def _centred(vectors: Vectors, mean: Vectors) -> Vectors:
    """Unit vectors less what all texts share, which otherwise makes every cosine high."""
    out = vectors - mean
    return np.asarray(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def _principal(vectors: Vectors) -> Vectors:
    """The axes along which `vectors` differ most, one a column, at most DIMENSIONS of them."""
    if vectors.shape[1] <= DIMENSIONS:
        return np.eye(vectors.shape[1], dtype=np.float32)
    _, axes = np.linalg.eigh(vectors.T @ vectors)  # by rising eigenvalue
    return np.ascontiguousarray(axes[:, -DIMENSIONS:], dtype=np.float32)
