"""The engine on questions written before the entries by somebody who did not see them (own.jsonl).

In `make test` by words alone, which need no vectors; the full engine in `make soak`. The floors are a
little below what is measured (the note and docs/answers.md say what), so that a fall is seen.
"""

import json
from datetime import date
from pathlib import Path

import pytest

from bot.bench.answers import measure
from bot.desk import groups
from bot.desk.tables import Fate
from bot.desk.unanswered import Question
from bot.event import load
from tests.delegate import engine

OWN = Path(__file__).parent / "own.jsonl"


def figures(embedder: str) -> dict[str, dict[str, float]]:
    rows = [json.loads(line) for line in OWN.read_text(encoding="utf-8").splitlines()]
    event = load.load(load.find("strasbourg-2014"))
    unknown = {entry.id for entry in event.entries if entry.status == "unknown"}
    tallies, failures = measure(engine("strasbourg-2014", embedder), rows, unknown)
    list(failures)
    return {language: tally.shares() for language, tally in tallies.items()}


@pytest.mark.parametrize(
    ("embedder", "found", "wrong", "foreign"),
    [("none", 0.85, 0.08, 0.15), pytest.param("local", 0.90, 0.08, 0.12, marks=pytest.mark.soak)],
)
def test_most_questions_find_their_answer_and_few_a_wrong_one(
    embedder: str, found: float, wrong: float, foreign: float
) -> None:
    measured = figures(embedder)
    for language, shares in measured.items():
        if language != "mixed":
            assert shares["right or suggested"] >= found, (language, shares)
    assert measured["all"]["wrong"] <= wrong
    assert measured["all"]["out of scope answered"] <= foreign


@pytest.mark.soak
def test_questions_that_ask_the_same_are_found_across_languages() -> None:
    asked = [
        ("fr", "y a-t-il une garderie pour les enfants"), ("en", "is there a nursery for kids"),
        ("zh", "有没有托儿服务"), ("fr", "météo à Pékin demain"), ("en", "weather in beijing tomorrow"),
        ("zh", "北京明天天气"),
    ]  # fmt: skip
    day = date(2014, 11, 6)
    kept = [
        Question(n, language, text, Fate.REFUSED, "", 1, day, day, dismissed=False)
        for n, (language, text) in enumerate(asked)
    ]
    found = groups.grouped(kept, engine("strasbourg-2014", "local").alike)
    assert [[question.id for question in group.questions] for group in found] == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    "text",
    [
        "j'ai un malaise, mal à la poitrine", "mal à la poitrine", "appelez une ambulance", "au feu", "on m'a agressé",
        "我胸口疼", "有人晕倒了", "着火了", "救命", "I have chest pain", "someone collapsed", "fire!",
        "call an ambulance",
    ],
)  # fmt: skip
def test_danger_is_answered_at_once_by_words_alone(text: str) -> None:
    outcome = engine("strasbourg-2014").ask(text)
    assert outcome.kind == "answer", outcome
    assert outcome.matches[0].topic in ("emergency", "hospital-pharmacy"), outcome.matches
