"""Splitting: what holds for every text, and where the cuts fall for some."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import markup, splitting
from bot.text.markup import Markup, Paragraph, Span
from bot.text.splitting import Unit

UNITS: tuple[Unit, ...] = ("characters", "utf16", "bytes")
BLANKS = re.compile(r"\s+")  # a piece of no-break spaces alone is not sent either: nobody would see it

words = st.sampled_from(
    [
        "Bonjour",
        "à",
        "14\u00a0h\u00a030",
        "M.",
        "Dupont",
        "你好，",
        "欢迎参加。",
        "会场",
        "😀",
        "👩‍🔬",
        "🇫🇷",
        "e\u0301",
        "¿",
        "fin.",
    ]
)
texts = st.one_of(
    st.text(max_size=300),
    st.lists(st.tuples(words, st.sampled_from(["", " ", "\n", "\n\n", ". "])), max_size=120).map(
        lambda parts: "".join(word + gap for word, gap in parts)
    ),
)
limits = st.integers(splitting.SMALLEST_LIMIT, 90)
spans = st.builds(
    Span,
    texts.filter(lambda text: "\n" not in text and bool(text.strip())),
    st.booleans(),
    st.sampled_from(["", "https://a.fr/b"]),
)
markups = st.lists(
    st.builds(Paragraph, st.lists(spans, min_size=1, max_size=4).map(tuple), st.booleans()), max_size=6
).map(lambda paragraphs: Markup(tuple(paragraphs)))


def bare(text: str) -> str:
    return BLANKS.sub("", text)


@given(texts, limits, st.sampled_from(UNITS))
def test_every_piece_fits_and_nothing_but_blanks_is_lost(text: str, limit: int, unit: Unit) -> None:
    pieces = splitting.split(text, limit, unit)
    assert [piece for piece in pieces if splitting.size(piece, unit) > limit or not piece.strip()] == []
    if text.strip():
        assert bare("".join(pieces)) == bare(text)
    for piece in pieces:
        piece.encode()  # no half of a pair


@given(texts.filter(lambda text: bool(text.strip())), st.sampled_from(UNITS))
def test_a_text_that_fits_is_left_alone(text: str, unit: Unit) -> None:
    assert splitting.split(text, max(16, splitting.size(text, unit)), unit) == [text]


@given(markups, limits, st.sampled_from(UNITS), st.integers(0, 5))
def test_markup_is_split_with_its_bold_and_links(source: Markup, limit: int, unit: Unit, marks: int) -> None:
    marks = marks and marks + 1  # one run may be a bold link
    pieces = splitting.split_markup(source, limit, unit, marks=marks)
    assert [piece for piece in pieces if splitting.size(str(piece), unit) > limit or not str(piece).strip()] == []
    if marks:
        assert [piece for piece in pieces if splitting.count_marks(piece) > marks] == []

    def marked(parts: list[Markup]) -> str:
        runs = [span for part in parts for paragraph in part.paragraphs for span in paragraph.spans]
        return bare("".join(f"{sign}{span.bold:d}{span.href[:1]}" for span in runs for sign in bare(span.text)))

    assert marked(pieces) == marked([source])


def test_surrogates_of_a_pair_stay_together() -> None:
    text = "\ud83d\ude00" * 40
    pieces = splitting.split(text, 17, "utf16")
    assert {len(piece) % 2 for piece in pieces} == {0}
    assert "".join(pieces) == text


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Un mot. Deux mots.\n\nUn autre paragraphe, plus long.", "Un mot. Deux mots."),
        ("La salle ouvre à 9\u00a0h. Le cocktail suit à 19\u00a0h.", "La salle ouvre à 9\u00a0h."),
        ("Voici une phrase\u00a0! Demandez à M. Dupont, il sait.", "Voici une phrase\u00a0!"),
        ("Demandez donc à M. Dupont de la mairie de Lyon.", "Demandez donc à M. Dupont de"),
        ("欢迎参加会议。地点在斯特拉斯堡。请在入口处领取您的证件，谢谢您的合作。", "欢迎参加会议。地点在斯特拉斯堡。"),
        ("“请稍等。”他说。然后他走进了会场，坐在第一排，等待开幕式开始。", "“请稍等。”他说。"),
        ("One, two, three and four, five, six, seven", "One, two, three and four,"),
        ("- one item\nanother line of the same", "- one item"),
    ],
)
def test_cuts_fall_where_a_reader_expects_them(text: str, first: str) -> None:
    assert splitting.split(text, 30)[0] == first


def test_a_no_break_space_is_never_a_cut() -> None:
    text = "un deux trois 14\u00a0h\u00a030 quatre cinq six"
    assert splitting.split(text, 16) == ["un deux trois", "14\u00a0h\u00a030 quatre", "cinq six"]


def test_joined_emoji_and_accents_stay_whole() -> None:
    family = "👨\u200d👩\u200d👧"
    pieces = splitting.split((family + "e\u0301") * 12, 40, "bytes")
    assert [piece for piece in pieces if piece.startswith(("\u200d", "\u0301")) or piece.endswith("\u200d")] == []


def test_an_item_cut_in_two_keeps_one_bullet() -> None:
    source = markup.parse("- premier point assez long\n- **second** point, encore plus long que lui")
    pieces = splitting.split_markup(source, 36)
    assert [str(piece) for piece in pieces] == [
        "• premier point assez long",
        "• second point,",
        "encore plus long que lui",
    ]


def test_limits_too_small_are_refused() -> None:
    with pytest.raises(ValueError, match="too small"):
        splitting.split("x" * 100, 8)
