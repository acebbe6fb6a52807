"""Sentences, dates and markup as a native reader writes them, and never markup from people."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import chinese, formats, markup, typography
from bot.text.words import Words

PARIS = ZoneInfo("Europe/Paris")
NBSP = "\u00a0"
JOINED = formats.JOINED


@pytest.mark.parametrize(
    ("language", "day", "hour", "span", "days"),
    [
        (
            "fr", f"jeudi 6{NBSP}novembre", f"14{NBSP}h{NBSP}30", f"9{NBSP}h{NBSP}–{JOINED}{NBSP}10{NBSP}h{NBSP}30",
            f"6 et 7{NBSP}novembre 2014",
        ),
        ("zh", "11月6日（周四）", "14:30", f"09:00{JOINED}—{JOINED}10:30", "2014年11月6日至7日"),
        ("zh-Hant", "11月6日（週四）", "14:30", f"09:00{JOINED}—{JOINED}10:30", "2014年11月6日至7日"),
        ("en", "Thursday 6 November", "14:30", f"09:00–{JOINED}10:30", "6 and 7 November 2014"),
    ],
)  # fmt: skip
def test_dates_and_hours_are_written_as_in_the_glossary(
    language: str, day: str, hour: str, span: str, days: str
) -> None:
    say = Words(language, PARIS)
    assert say.date(datetime(2014, 11, 6, 13, 30, tzinfo=UTC)) == day
    assert say.time(datetime(2014, 11, 6, 13, 30, tzinfo=UTC)) == hour
    assert formats.time_span(time(9), time(10, 30), language) == span
    assert say.days(date(2014, 11, 6), date(2014, 11, 7)) == days


def test_an_hour_in_paris_is_shown_in_beijing_too() -> None:
    say = Words("zh", PARIS, ZoneInfo("Asia/Shanghai"))
    assert say.second_time(datetime(2014, 11, 6, 8, 0, tzinfo=UTC)) == "16:00"


@given(st.text(max_size=200))
def test_what_people_write_never_becomes_markup(text: str) -> None:
    filled = markup.parse("Hello **{name}**, {name}", {"name": text})
    assert all(not span.href for paragraph in filled.paragraphs for span in paragraph.spans)
    assert filled.paragraphs[0].text == f"Hello {text}, {text}"
    html = filled.html()
    assert html.count("<") == html.count(">") == 2 * (1 if text else 0), "only our own <b>"


def test_markup_is_written_out_per_channel() -> None:
    bare = markup.parse("查看https://example.org/a/，或 https://b.example.")
    assert [span.href for span in bare.paragraphs[0].spans] == [
        "",
        "https://example.org/a/",
        "",
        "https://b.example",
        "",
    ]
    assert bare.plain() == "查看https://example.org/a/，或 https://b.example."
    parsed = markup.parse("One **two** [three](https://a.b/c?d=1&e=2).\n\n- a\n- b")
    assert parsed.html() == 'One <b>two</b> <a href="https://a.b/c?d=1&amp;e=2">three</a>.\n\n• a\n• b'
    assert parsed.plain() == "One two three (https://a.b/c?d=1&e=2).\n\n• a\n• b"


@pytest.mark.parametrize(
    ("simplified", "traditional"),
    [
        ("发言嘉宾里歇尔", "發言嘉賓里歇爾"),
        ("天文钟", "天文鐘"),
        ("电车", "電車"),
        ("“会场”", "「會場」"),
        ("5公里", "5公里"),
    ],
)
def test_traditional_is_derived(simplified: str, traditional: str) -> None:
    assert chinese.traditional(simplified) == traditional


@pytest.mark.parametrize(
    ("language", "wrong", "right"),
    [
        ("fr", "Où ? « Là ».", f"Où{NBSP}? «{NBSP}Là{NBSP}»."),
        ("fr", "C'est 14 h : voilà", f"C’est 14{NBSP}h{NBSP}: voilà"),
        ("fr", "20 %", f"20{NBSP}%"),
        ("zh", "您好,世界", "您好，世界"),
        ("zh", "乘 A线", "乘A线"),
        ("zh", "会场(二楼)", "会场（二楼）"),
        ("en", "It's", "It’s"),
    ],
)
def test_typography_is_checked(language: str, wrong: str, right: str) -> None:
    assert list(typography.faults(wrong, language))
    assert list(typography.faults(right, language)) == []
