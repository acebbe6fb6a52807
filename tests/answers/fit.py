"""Fits the weights of `bot.answers.score.LOGIT`: `python -m tests.answers.fit`. Prints them; changes nothing.

Fitted on dev.jsonl, whose questions were written without sight of the entries, and on examples
held out of the entries (every seventh). A conditional logit: the probability of the right labels is made as large
as it can be. The sets that judge are not read.
"""

import json
import random
import sys
from pathlib import Path

import numpy as np

from bot.answers import corpus
from bot.answers.embedders import open_embedders
from bot.answers.examples import collect, prepare
from bot.answers.names import Names
from bot.answers.score import Scorer
from bot.event.load import find, read

DEV_WEIGHT, HELD_WEIGHT = 1.0, 0.15


def fit(features: np.ndarray, right: np.ndarray, weight: np.ndarray, steps: int = 3000) -> np.ndarray:
    """Weights of the features by gradient ascent. Shapes: rows × features × labels, rows × labels, rows."""
    weights = np.full(features.shape[1], 3.0)
    velocity = np.zeros_like(weights)
    weight = weight / weight.sum()
    for _ in range(steps):
        logits = np.einsum("f,rfl->rl", weights, features)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        everywhere = odds / odds.sum(axis=1, keepdims=True)
        among = odds * right
        among /= np.maximum(among.sum(axis=1, keepdims=True), 1e-12)
        slope = np.einsum("rfl,rl,r->f", features, among - everywhere, weight) - 0.001 * weights
        velocity = 0.9 * velocity + slope
        weights = weights + velocity
    return weights


def main() -> None:
    setting = sys.argv[1] if sys.argv[1:] else "local"
    event, _ = read(find("strasbourg-2014"))
    assert event is not None
    names = Names(event)
    labels, examples = collect(event)
    prepared = [prepare(example.text, example.language, names, slips=False) for example in examples]
    order = random.Random(7)
    held = {n for n, example in enumerate(examples) if example.is_question and order.random() < 1 / 7}
    kept = [n for n in range(len(examples)) if n not in held]
    embedders = open_embedders(setting)
    file = Path(__file__).with_name("dev.jsonl")
    known = {label.id for label in labels if label.kind == "entry"}
    dev = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    scorer = Scorer(corpus.of(labels, [examples[n] for n in kept], names, "held out"), embedders, None)
    for depth in range(1 if embedders else 0, len(embedders) + 1):
        features, rights, weights = [], [], []
        for row in dev:
            language = "zh" if row["lang"].startswith("zh") else row["lang"]
            wanted = set(row.get("topics") or [row["topic"], *row.get("accept", ())])
            entries = set(row.get("entries", ())) & known
            by_entry = [label.id in entries for label in labels]
            by_topic = [label.topic in wanted if row["topic"] else label.kind == row["expect"] for label in labels]
            rights.append(by_entry if entries else by_topic)
            question = prepare(row["text"], language, names)
            features.append(scorer.evidence(scorer.read([question], depth))[0][0])
            weights.append(DEV_WEIGHT)
        for n in sorted(held)[::3]:
            own = labels[examples[n].label]
            rights.append([label == own if own.kind == "entry" else label.kind == own.kind for label in labels])
            features.append(scorer.evidence(scorer.read([prepared[n]], depth))[0][0])
            weights.append(HELD_WEIGHT)
        print(depth, np.round(fit(np.stack(features), np.array(rights, float), np.array(weights)), 1).tolist())


if __name__ == "__main__":
    main()
