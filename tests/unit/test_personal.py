"""What is blanked in a text that leaves the conversation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.personal import without_identity


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("écris à jean.dupont+x@ville-lyon.fr stp", "écris à […] stp"),
        ("我的护照号是E12345678，怎么办", "我的护照号是E[…]，怎么办"),
        ("身份证110101199003071234丢了", "身份证[…]丢了"),
        ("rappelez-moi au +33 6 12 34 56 78", "rappelez-moi au […]"),
        ("train 9571 à 14 h 30 le 07/11/2014, 12 €", "train 9571 à 14 h 30 le 07/11/2014, 12 €"),
        ("see https://example.org/?token=abc now", "see […] now"),
        ("a\u0000b\n\nc\u202ed", "a b c d"),
    ],
)
def test_addresses_and_long_numbers_are_blanked(text: str, kept: str) -> None:
    assert without_identity(text, 300) == kept


@given(st.text(max_size=2000), st.integers(1, 300))
def test_any_text_is_bounded_and_printable(text: str, length: int) -> None:
    kept = without_identity(text, length)
    assert len(kept) <= length
    assert kept.isprintable()
