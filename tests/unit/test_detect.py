"""The language of a text: what decides, and the hint where nothing does."""

import pytest

from bot.text import chinese
from bot.text.detect import detect, is_pinyin, known


@pytest.mark.parametrize(
    ("text", "hint", "language"),
    [
        ("wifi ?", "zh", "zh"),
        ("wifi ?", "fr-CH", "fr"),
        ("taxi", "", "fr"),
        ("", "zh-HK", "zh-Hant"),
        ("😀", "en", "en"),
        ("où est la gare", "zh", "fr"),
        ("g perdu mon badge", "en", "fr"),
        ("ou manger halal", "en", "fr"),
        ("where is the hotel", "fr", "en"),
        ("lost my badge", "zh-Hans", "en"),
        ("会场", "fr", "zh"),
        ("地址", "zh-TW", "zh-Hant"),
        ("会场在哪里", "zh-TW", "zh"),
        ("請問會場在哪裡", "fr", "zh-Hant"),
        ("Wi-Fi密码", "en", "zh"),
        ("how do you say 签证 in french?", "zh", "en"),
        ("jichang zenme qu", "fr", "zh"),
        ("huichang zai nali", "zh-TW", "zh-Hant"),
        ("women toilets", "en", "en"),
        ("tram C", "en", "en"),
    ],
)
def test_language(text: str, hint: str, language: str) -> None:
    assert detect(text, hint=hint) == language


@pytest.mark.parametrize(
    ("text", "languages", "hint", "language"),
    [
        ("¿Dónde está la estación de tren?", "fr zh en es", "", "es"),
        ("baños", "fr zh en es", "en", "es"),
        ("où est la gare", "fr zh en es", "es", "fr"),
        ("where is the hotel", "fr zh en es", "es", "en"),
        ("会场在哪里", "fr zh en es", "es", "zh"),
        ("jichang zenme qu", "fr zh en es", "es", "zh"),
        ("wifi ?", "fr zh en es", "es", "es"),
        ("Wo ist der Bahnhof?", "de it", "it", "de"),
        ("Dov’è la stazione?", "de it", "de", "it"),
        ("WLAN", "de it", "de", "de"),
        ("Vo isch de Bahnhof", "gsw", "", "gsw"),
    ],
)
def test_language_where_an_event_speaks_others(text: str, languages: str, hint: str, language: str) -> None:
    assert detect(text, hint=hint, languages=languages.split()) == language


def test_a_tag_becomes_one_of_the_events_languages() -> None:
    tags = ["zh-Hans-CN", "zh_TW", "fr-FR", "de", "EN", ""]
    assert [known(tag) for tag in tags] == ["zh", "zh-Hant", "fr", "", "en", ""]


def test_french_and_english_are_not_pinyin() -> None:
    texts = ["la mode de la ville", "can women come in", "tu as mangé", "he can dance", "menu", "wo", "xiexie"]
    assert [is_pinyin(text) for text in texts] == [False, False, False, False, False, False, True]


@pytest.mark.parametrize(
    ("simplified", "traditional"),
    [
        ("里歇尔先生从里昂来", "里歇爾先生從里昂來"),
        ("公里，会场里面，“后天”", "公里，會場裡面，「後天」"),
        ("保留发票，发卡银行，理发", "保留發票，發卡銀行，理髮"),
        ("所签协议的标签，签证", "所簽協議的標籤，簽證"),
        ("Wi-Fi badge", "Wi-Fi badge"),
    ],
)
def test_traditional_where_a_character_has_two_forms(simplified: str, traditional: str) -> None:
    assert chinese.traditional(simplified) == traditional
