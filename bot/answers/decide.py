"""From probabilities to an outcome: answer when sure, else suggest two or three, else say it is not ours.

The thresholds were fitted on tests/answers/dev.jsonl and by leaving examples out (tests/answers/fit.py),
never on the sets that judge.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np

from bot.answers.examples import Label
from bot.answers.lexical import Scores, likest
from bot.answers.outcome import Match

ANSWER_FROM = 0.45  # probability of the best topic from which it is answered
LEAD = 1.3  # how many times likelier than the next topic it must be
LEAD_ON_REFUSING = 2.2  # and than "none of our business"
REFUSE_FROM = 0.88  # probability of "none of our business" from which it is refused
CHAT_AGAINST_REFUSE = 0.35  # small talk need only be this likely beside refusing, which starts ahead
SUGGEST_FROM = 0.02  # a third match less likely than this is not suggested
FEWEST = 2
OTHERS_FROM = 0.06  # share of the chance left beside an answer, from which an entry is offered where that fails
BESIDE_FROM = 0.01  # probability of an entry next to an answer from which its question is shown under it
BESIDE = 2
RIVAL_FROM = 0.10  # and from which the slow model is asked too
SURE_FROM = 0.75  # probability of an answer's topic from which the slow model is not asked, nor where another is close
NEAR_FROM = 0.02  # probability of the best entry from which a refused text is near anything
NEAR = 10
LEAST_LIKE = 0.12  # likeness of the nearest example under which nothing is known of a text
SUGGESTIONS = 3


class Decision(NamedTuple):
    """kind: `answer`, `suggest`, `smalltalk` or `refuse`; matches: best first, of different topics; near: as in
    `Outcome`; rival: the probability of the entry next to an answer."""

    kind: Literal["answer", "suggest", "smalltalk", "refuse"]
    matches: tuple[Match, ...]
    smalltalk: str
    refuse: float
    near: tuple[Match, ...] = ()
    rival: float = 0.0


class Topics:
    """Labels by what is decided between: topics of entries, small talk of each kind, all that is refused."""

    def __init__(self, labels: Sequence[Label]) -> None:
        self.labels = labels
        names = dict.fromkeys(label.topic for label in labels if label.kind == "entry")
        self.names = list(names)
        place = {name: n for n, name in enumerate(self.names)}
        self.of = np.array([place[label.topic] if label.kind == "entry" else len(place) for label in labels])
        self._rows = [np.flatnonzero(self.of == topic) for topic in range(len(place))]
        self._entries = np.flatnonzero(self.of < len(place))
        self.refuse = np.array([n for n, label in enumerate(labels) if label.kind == "refuse"], dtype=np.int64)
        self.chat = {label.id: n for n, label in enumerate(labels) if label.kind == "smalltalk"}

    def likeliest(self, probabilities: Scores) -> tuple[Match, ...]:
        """The likeliest topics, each with its likeliest entry."""
        shares = np.bincount(self.of, probabilities, len(self.names) + 1)[:-1]
        found = []
        for topic in likest(shares, SUGGESTIONS):
            rows = self._rows[topic]
            best = self.labels[rows[np.argmax(probabilities[rows])]]
            found.append(Match(best.id, self.names[topic], round(float(shares[topic]), 4)))
        return tuple(found)

    def nearest(self, probabilities: Scores) -> tuple[Match, ...]:
        """The NEAR likeliest entries, of any topics."""
        of_entries = probabilities[self._entries]
        found = [(self.labels[self._entries[n]], float(of_entries[n])) for n in likest(of_entries, NEAR)]
        return tuple(Match(label.id, label.topic, round(chance, 4)) for label, chance in found if chance > 0)


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
    if nearest < LEAST_LIKE or not matches:
        return Decision("refuse", (), "", refuse)
    near = topics.nearest(probabilities)
    if refuse + talking >= REFUSE_FROM:
        return Decision("refuse", (), "", refuse, near if near[0].score >= NEAR_FROM else ())
    if leads(matches, refuse):
        shown, others = matches[0], [each for each in near if each.entry != matches[0].entry][:SUGGESTIONS]
        return Decision("answer", (_with(shown, others),), "", refuse, rival=others[0].score if others else 0.0)
    return Decision("suggest", worth_offering(matches), "", refuse, near)


def worth_offering(matches: Sequence[Match]) -> tuple[Match, ...]:
    """As many of `matches`, likeliest first, as are to be chosen from: the first two in any case."""
    return tuple(match for n, match in enumerate(matches) if n < FEWEST or match.score >= SUGGEST_FROM)[:SUGGESTIONS]


def _with(shown: Match, others: Sequence[Match]) -> Match:
    """`shown` with those of the `others` that are likely enough where it does not help."""
    least = OTHERS_FROM * (1.0 - shown.score)
    likely = tuple(each for each in others if each.score >= least)
    beside = sum(each.score >= BESIDE_FROM for each in likely[:BESIDE])
    return replace(shown, others=tuple(each.entry for each in likely), beside=beside)


def leads(matches: Sequence[Match], refuse: float) -> bool:
    """Whether the first of `matches` is likely enough, and likelier enough than the next, to be the answer."""
    best, second = [*(match.score for match in matches), 0.0, 0.0][:2]
    return best >= max(ANSWER_FROM, LEAD * second, LEAD_ON_REFUSING * refuse)


def sure(decision: Decision) -> bool:
    """Whether asking a slower model is unlikely to change a decision."""
    match decision.kind:
        case "answer":
            return decision.matches[0].score >= SURE_FROM and decision.rival < RIVAL_FROM
        case "refuse" | "smalltalk":
            return decision.refuse >= 0.85 or bool(decision.smalltalk)
        case _:
            return False
