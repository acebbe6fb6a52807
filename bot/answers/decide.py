"""From probabilities to an outcome: answer when sure, else suggest two or three, else say it is not ours.

The thresholds were fitted on tests/answers/dev.jsonl and by leaving examples out (tests/answers/fit.py),
never on the sets that judge.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from bot.answers.examples import Label
from bot.answers.lexical import Scores
from bot.answers.outcome import Match

ANSWER_FROM = 0.50  # probability of the best topic from which it is answered
LEAD = 1.5  # how many times likelier than the next topic it must be
LEAD_ON_REFUSING = 1.8  # and than "none of our business"
REFUSE_FROM = 0.78  # probability of "none of our business" from which it is refused
CHAT_AGAINST_REFUSE = 0.35  # small talk need only be this likely beside refusing, which starts ahead
SUGGEST_FROM = 0.03  # a third topic less likely than this is not suggested
FEWEST = 2
LEAST_LIKE = 0.12  # likeness of the nearest example under which nothing is known of a text
SUGGESTIONS = 3


class Decision(NamedTuple):
    """kind: `answer`, `suggest`, `smalltalk` or `refuse`; matches: best first, of different topics; others: what
    comes after an answer."""

    kind: Literal["answer", "suggest", "smalltalk", "refuse"]
    matches: tuple[Match, ...]
    smalltalk: str
    refuse: float
    others: tuple[Match, ...] = ()


class Topics:
    """Labels by what is decided between: topics of entries, small talk of each kind, all that is refused."""

    def __init__(self, labels: Sequence[Label]) -> None:
        self.labels = labels
        names = dict.fromkeys(label.topic for label in labels if label.kind == "entry")
        self.names = list(names)
        place = {name: n for n, name in enumerate(self.names)}
        self.of = np.array([place[label.topic] if label.kind == "entry" else len(place) for label in labels])
        self.refuse = np.array([n for n, label in enumerate(labels) if label.kind == "refuse"], dtype=np.int64)
        self.chat = {label.id: n for n, label in enumerate(labels) if label.kind == "smalltalk"}

    def likeliest(self, probabilities: Scores) -> tuple[Match, ...]:
        """The likeliest topics, each with its likeliest entry."""
        shares = np.bincount(self.of, probabilities, len(self.names) + 1)[:-1]
        best = np.argsort(-shares, kind="stable")[:SUGGESTIONS]
        return tuple(
            Match(
                self.labels[int(np.argmax(np.where(self.of == topic, probabilities, -1.0)))].id,
                self.names[topic],
                round(float(shares[topic]), 4),
            )
            for topic in best
        )

    def after(self, probabilities: Scores, matches: Sequence[Match]) -> tuple[Match, ...]:
        """What comes after the first of `matches`: the second entry of its topic and the other topics' first."""
        left = np.where(self.of == self.names.index(matches[0].topic), probabilities, -1.0)
        left[[label.id for label in self.labels].index(matches[0].entry)] = -1.0
        second = int(np.argmax(left))
        own = (
            (Match(self.labels[second].id, matches[0].topic, round(float(left[second]), 4)),)
            if left[second] > 0
            else ()
        )
        return tuple(sorted((*own, *matches[1:]), key=lambda match: -match.score))


def decide(topics: Topics, probabilities: Scores, nearest: float) -> Decision:
    """What to do with a question whose labels have these `probabilities`, the likest example being `nearest`."""
    refuse = float(probabilities[topics.refuse].sum())
    chat = {name: float(probabilities[n]) for name, n in topics.chat.items()}
    matches = topics.likeliest(probabilities)
    talk = max(chat, key=lambda name: chat[name], default="")
    talking = sum(chat.values())
    ours = 1.0 - talking - refuse
    if talk and talking + refuse >= REFUSE_FROM and talking > max(CHAT_AGAINST_REFUSE * refuse, ours):
        if talk == "insult":
            return Decision("refuse", (), "insult", refuse)
        return Decision("smalltalk", (), talk, refuse)
    if refuse + talking >= REFUSE_FROM or nearest < LEAST_LIKE or not matches:
        return Decision("refuse", (), "", refuse)
    if leads(matches, refuse):
        return Decision("answer", matches[:1], "", refuse, topics.after(probabilities, matches))
    likely = tuple(m for n, m in enumerate(matches) if n < FEWEST or m.score >= SUGGEST_FROM)
    return Decision("suggest", likely, "", refuse)


def leads(matches: Sequence[Match], refuse: float) -> bool:
    """Whether the first of `matches` is likely enough, and likelier enough than the next, to be the answer."""
    best, second = [*(match.score for match in matches), 0.0, 0.0][:2]
    return best >= max(ANSWER_FROM, LEAD * second, LEAD_ON_REFUSING * refuse)


def sure(decision: Decision) -> bool:
    """Whether asking a slower model is unlikely to change a decision."""
    match decision.kind:
        case "answer":
            return decision.matches[0].score >= 0.75
        case "refuse" | "smalltalk":
            return decision.refuse >= 0.85 or bool(decision.smalltalk)
        case _:
            return False
