"""Adding to an organizer's YAML: what stood there stays, to the comment, and what is read is old and new together."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.event import edit
from tests.delegate import folder

FILE = """# Ours
- id: coat
  topic: luggage   # see the plan
  answer: {fr: Au vestiaire., en: In the cloakroom.}
  questions:
    fr:
      - Où laisser mon manteau ?   # the usual one
      - "vestiaire ?"
    en: [where is the cloakroom, "coat?"]
  asks:
    fr: [vestiaire]

# Umbrellas
- id: umbrella
  topic: luggage
  answer:
    fr: |-
      Non.
  questions:
    fr: [un parapluie,
         des parapluies]
"""


def test_lines_are_added_where_they_belong_and_nothing_else_changes() -> None:
    after = edit.with_questions(FILE, "coat", {"fr": ["mon « sac » : où ?"], "en": ["bag"], "zh": ["大衣放哪"]}, "f")
    lines = [line for line in after.splitlines() if line not in FILE.splitlines()]
    assert lines == [
        '      - "mon « sac » : où ?"',
        '    en: [where is the cloakroom, "coat?", "bag"]',
        "    zh:",
        '      - "大衣放哪"',
    ]
    assert edit.with_questions(FILE, "umbrella", {"fr": ["x"]}, "f").endswith('         des parapluies, "x"]\n')


texts = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=40)


@given(st.dictionaries(st.sampled_from(["fr", "en", "zh"]), st.lists(texts, min_size=1, max_size=3)))
def test_any_text_is_read_as_it_was_added(added: dict[str, list[str]]) -> None:
    after = yaml.safe_load(edit.with_questions(FILE, "coat", added, "f"))
    before = yaml.safe_load(FILE)
    for language, wanted in added.items():
        before[0]["questions"].setdefault(language, []).extend(wanted)
    assert after == before


@pytest.mark.parametrize("questions", ["{fr: [a]}", "", "\n    fr: a"])
def test_what_is_written_otherwise_is_left_to_its_author(questions: str) -> None:
    with pytest.raises(BadInput, match="by hand"):
        edit.with_questions(f"- id: a\n  questions: {questions}\n", "a", {"fr": ["b"]}, "f.yaml")


def test_every_shipped_entry_can_be_added_to() -> None:
    for file in sorted(folder("..").resolve().glob("data/*/faq/*.yaml"))[::7]:
        text = file.read_text(encoding="utf-8")
        for entry in yaml.safe_load(text)[:2]:
            edit.with_questions(text, entry["id"], {"fr": ["nouvelle question"], "zh": ["新问题"]}, file.name)
