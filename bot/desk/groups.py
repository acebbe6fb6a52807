"""Kept questions that ask the same, whatever the language, brought together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.desk.unanswered import Question

# The same thing asked in two languages is 0.5 to 0.9 alike, two things of one subject up to 0.7.
ALIKE = 0.55  # to one of a group, to join it
NEAR = 0.35  # and to its first, so that no chain leads from one thing to another


@dataclass(frozen=True, slots=True)
class Group:
    """number: of its first question, by which a person names it. questions: the one most asked first."""

    number: int
    questions: tuple[Question, ...]

    @property
    def times(self) -> int:
        return sum(question.times for question in self.questions)


def grouped(
    questions: Sequence[Question], likeness: Callable[[Sequence[tuple[str, str]]], npt.NDArray[np.float32]]
) -> list[Group]:
    """`questions` by what they ask, the most asked first.

    Each joins the group that it is most like, if it is like enough, else begins one. likeness: of texts with their
    languages to each other, as a square of 0 to 1.
    """
    ordered = sorted(questions, key=lambda question: (-question.times, question.id))
    if not ordered:
        return []
    alike = likeness([(question.text, question.language) for question in ordered])
    members: list[list[int]] = []
    for n in range(len(ordered)):
        near = [those for those in members if alike[those[0], n] >= NEAR]
        nearest = max(near, key=lambda those: max(alike[m, n] for m in those), default=[])
        if nearest and max(alike[m, n] for m in nearest) >= ALIKE:
            nearest.append(n)
        else:
            members.append([n])
    groups = [Group(min(ordered[n].id for n in those), tuple(ordered[n] for n in those)) for those in members]
    return sorted(groups, key=lambda group: (-group.times, group.number))


def holding(groups: Sequence[Group], number: int) -> Group | None:
    """The group in which question `number` is."""
    return next((group for group in groups if any(q.id == number for q in group.questions)), None)
