"""What is a question about one's own stay, and what is a code said in words."""

import pytest

from bot.people import codes, stay


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("my hotel", "hotel"), ("Où est mon hôtel ?", "hotel"), ("c’est quoi mon hôtel svp", "hotel"),
        ("我的酒店是哪家？", "hotel"), ("我住哪里", "hotel"), ("Where am I staying?", ""), ("where do I stay", "hotel"),
        ("Ma navette part à quelle heure ?", "shuttle"), ("我坐哪辆车", "shuttle"), ("我的班车几点出发", "shuttle"),
        ("quelle est ma table ?", "table"), ("我坐哪一桌", "table"), ("Who is my interpreter?", "interpreter"),
        ("我的翻译是谁", "interpreter"), ("mon séjour", "stay"),
        # Other questions in which it occurs:
        ("How do I get from my hotel to the venue?", ""), ("comment aller à mon hôtel en tram", ""),
        ("mon hôtel est trop bruyant", ""), ("帮我翻译一篇论文", ""), ("从我的酒店怎么去会场坐电车", ""),
        ("where is the hotel", ""), ("my hotel key is lost", ""), ("a" * 5000 + " my hotel", ""),
    ],
)  # fmt: skip
def test_what_is_asked_of_one_s_stay(text: str, asks: str) -> None:
    assert stay.asked(text) == asks


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("my code is ABC-123", "ABC-123"), ("Mon code est abcdef.", "abcdef"), ("code : 12345678", "12345678"),
        ("我的参会码：AB12CD", "AB12CD"), ("我的代码是AB12CD。", "AB12CD"),
        ("code vestimentaire", ""), ("code wifi", ""), ("what is my code", ""), ("my code is 1", ""),
    ],
)  # fmt: skip
def test_a_code_that_is_said_in_words(text: str, code: str) -> None:
    assert codes.said(text) == code
