"""Fits the weights of `bot.answers.score.LOGIT`: `python -m tests.answers.fit`. Prints them; changes nothing.

Fitted on dev.jsonl, whose questions were written without sight of the entries, and on examples held out
of the entries (every seventh). A conditional logit: the probability of the right labels is made as large
as it can be. The sets that judge are not read.
"""

import json
import random
from pathlib import Path

import numpy as np

from bot.answers.embedders import open_embedders
from bot.answers.examples import Prepared, collect, prepare
from bot.answers.names import Names
from bot.answers.score import Scorer
from bot.event.load import find, read

CACHE = Path("/tmp/passerelle-vectors")
DEV_WEIGHT, HELD_WEIGHT = 1.0, 0.15


def evidence(scorer: Scorer, question: Prepared, depth: int) -> np.ndarray:
    """The features of each label for a question, asking `depth` embedders."""
    return scorer.evidence(scorer.likenesses(question, depth))


def fit(rows: list[tuple[np.ndarray, np.ndarray, float]], steps: int = 400) -> np.ndarray:
    """Weights of the features by gradient ascent. rows: features, which labels are right, weight of the row."""
    weights = np.ones(len(rows[0][0])) * 4.0
    total = sum(weight for *_, weight in rows)
    velocity = np.zeros_like(weights)
    for _ in range(steps):
        slope = -0.002 * weights
        for features, right, weight in rows:
            logits = weights @ features
            odds = np.exp(logits - logits.max())
            everywhere = odds / odds.sum()
            among = odds * right
            among = among / max(among.sum(), 1e-9)
            slope += weight / total * (features @ (among - everywhere))
        velocity = 0.9 * velocity + slope
        weights = np.maximum(weights + 1.0 * velocity, 0.0)
    return weights


def main() -> None:
    event, _ = read(find("strasbourg-2014"))
    assert event is not None
    names = Names(event)
    labels, examples = collect(event)
    prepared = [prepare(example.text, example.language, names) for example in examples]
    order = random.Random(7)  # noqa: S311
    held = {n for n, example in enumerate(examples) if example.is_question and order.random() < 1 / 7}
    kept = [n for n in range(len(examples)) if n not in held]
    embedders = open_embedders("local")
    dev = [json.loads(line) for line in Path(__file__).with_name("dev.jsonl").read_text("utf-8").splitlines()]
    scorer = Scorer(labels, [examples[n] for n in kept], [prepared[n] for n in kept], embedders, CACHE)
    for depth in range(len(embedders) + 1):
        rows = []
        for row in dev:
            language = "zh" if row["lang"].startswith("zh") else row["lang"]
            wanted = set(row.get("topics") or [row["topic"] or row["expect"]])
            right = np.array([(label.topic or label.kind) in wanted for label in labels], dtype=float)
            if row["topic"] is None:  # small talk and what is none of our business are told apart by rules
                right = np.array([label.kind != "entry" for label in labels], dtype=float)
            rows.append((evidence(scorer, prepare(row["text"], language, names), depth), right, DEV_WEIGHT))
        for n in sorted(held)[::3]:
            right = np.array([label == labels[examples[n].label] for label in labels], dtype=float)
            rows.append((evidence(scorer, prepared[n], depth), right, HELD_WEIGHT))
        print(depth, np.round(fit(rows), 2).tolist())


if __name__ == "__main__":
    main()
