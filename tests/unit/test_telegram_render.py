"""Rendering for Telegram: what replies become, and that no limit is ever passed."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.telegram.render import render
from bot.chat.action import action
from bot.chat.channel import Parcel
from bot.chat.reply import Button, Coordinates, File, Link, Reply
from bot.text import markup
from bot.text.markup import Markup, Paragraph, Span
from bot.text.words import Words
from tests.doubles.telegram_html import is_link, parse, units

SAY = Words("en", ZoneInfo("Europe/Paris"))
PUBLIC = "https://forum.example.org"


def one(reply: Reply, **options: Any) -> Parcel:
    (parcel,) = render([reply], SAY, **options)
    return parcel


def keyboard(parcel: Parcel) -> list[list[dict[str, str]]]:
    rows: list[list[dict[str, str]]] = parcel.body["reply_markup"]["inline_keyboard"]
    return rows


def test_a_text_is_escaped_html_without_previews() -> None:
    parcel = one(Reply(text=markup.parse("**Bold** & [site](https://a.fr/?a=1&b=2) {x}", {"x": "<b>5 > 3</b>"})))
    assert parcel.body == {
        "method": "sendMessage",
        "text": '<b>Bold</b> &amp; <a href="https://a.fr/?a=1&amp;b=2">site</a> &lt;b&gt;5 &gt; 3&lt;/b&gt;',
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    text, _ = parse(parcel.body["text"])
    assert text == "Bold & site <b>5 > 3</b>"


def test_buttons_stand_two_a_row_where_they_are_short() -> None:
    labels = ["Today", "Tomorrow", "Everything on innovation", "报名参加这个工作坊", "中文", "Back"]
    reply = Reply(
        text=markup.parse("x"), buttons=tuple(Button(label, action("go", str(n))) for n, label in enumerate(labels))
    )
    parcel = one(reply)
    assert [[key["text"] for key in row] for row in keyboard(parcel)] == [
        ["Today", "Tomorrow"],
        ["Everything on innovation"],
        ["报名参加这个工作坊"],
        ["中文", "Back"],
    ]
    assert parcel.choices == ("go|0", "go|1", "go|2", "go|3", "go|4", "go|5")


@pytest.mark.parametrize(
    ("url", "base_url", "shown", "said"),
    [
        ("https://a.fr/x", "", "https://a.fr/x", "x"),
        ("/s/atelier-3", PUBLIC, f"{PUBLIC}/s/atelier-3", "x"),
        ("/s/atelier-3", "http://127.0.0.1:8080", "", "x\n\nSee: http://127.0.0.1:8080/s/atelier-3"),
        ("/s/atelier-3", "", "", "x\n\n“See” opens a web page that has no public address yet."),
    ],
)
def test_links_are_buttons_only_where_telegram_opens_them(url: str, base_url: str, shown: str, said: str) -> None:
    parcel = one(Reply(text=markup.parse("x"), buttons=(Button("See", Link(url)),)), base_url=base_url)
    assert parcel.body["text"] == said
    assert [key.get("url") for row in keyboard(parcel) for key in row] == [shown] if shown else parcel.choices == ()
    assert parcel.choices == ()


def test_links_in_a_text_that_telegram_would_drop_are_written_out() -> None:
    text = markup.parse("[call](tel:+33388) [+33 1](tel:+331) [here](/changes) [see](http://localhost/x)")
    assert one(Reply(text=text)).body["text"] == "call (+33388) +33 1 (+331) here see (http://localhost/x)"
    assert one(Reply(text=text), base_url=PUBLIC).body["text"] == (
        f'call (+33388) +33 1 (+331) <a href="{PUBLIC}/changes">here</a> see (http://localhost/x)'
    )


def test_a_place_and_a_file_are_messages_of_their_own_and_the_text_carries_the_buttons() -> None:
    reply = Reply(
        text=markup.parse("The venue"),
        buttons=(Button("Back", action("back")),),
        place=Coordinates(48.59, 7.77, "PMC", "Place de Bordeaux"),
        file=File("agenda.ics", "text/calendar", "BEGIN:VCALENDAR"),
        large="Palais de la Musique <Strasbourg>",
    )
    text, venue, document = render([reply], SAY)
    assert text.body["text"] == ("The venue\n\n<blockquote><b>Palais de la Musique &lt;Strasbourg&gt;</b></blockquote>")
    assert text.choices == ("back",)
    assert venue.body == {
        "method": "sendVenue",
        "latitude": 48.59,
        "longitude": 7.77,
        "title": "PMC",
        "address": "Place de Bordeaux",
    }
    assert document.body == {
        "method": "sendDocument",
        "file_name": "agenda.ics",
        "media_type": "text/calendar",
        "content": "BEGIN:VCALENDAR",
    }


def test_a_place_without_an_address_is_a_point() -> None:
    parcel = one(Reply(text=Markup(), place=Coordinates(1.5, 2.5, "Here"), buttons=(Button("Back", action("back")),)))
    assert (parcel.body["method"], parcel.choices) == ("sendLocation", ("back",))


def test_the_first_replacing_text_edits_and_the_rest_is_new() -> None:
    replies = [Reply(text=markup.parse("word. " * 1000), replaces=True), Reply(text=markup.parse("b"), replaces=True)]
    parcels = render(replies, SAY, replacing="77")
    assert [(parcel.body["method"], parcel.edits) for parcel in parcels] == [
        ("editMessageText", "77"),
        ("sendMessage", ""),
        ("sendMessage", ""),
    ]
    assert [parcel.edits for parcel in render(replies, SAY)] == ["", "", ""]


def test_more_buttons_than_fit_go_on_in_a_second_message() -> None:
    buttons = tuple(Button(f"n{n}", action("go", str(n))) for n in range(120))
    parcels = render([Reply(text=markup.parse("All"), buttons=buttons)], SAY)
    assert [parcel.body["text"] for parcel in parcels] == ["All", "Choose:", "Choose:"]
    assert [packed for parcel in parcels for packed in parcel.choices] == [f"go|{n}" for n in range(120)]


def test_buttons_without_any_text_are_still_shown() -> None:
    assert one(Reply(text=Markup(), buttons=(Button("Go", action("go")),))).body["text"] == "Choose:"


def test_nothing_to_say_is_no_message() -> None:
    assert render([Reply(text=Markup())], SAY) == []


def test_a_button_of_more_than_64_bytes_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 64"):
        render([Reply(text=markup.parse("x"), buttons=(Button("x", action("go", "报" * 22)),))], SAY)


def test_half_a_surrogate_pair_does_not_reach_telegram() -> None:
    one(Reply(text=Markup.text("a\ud83dz"))).body["text"].encode()


anything = st.text(max_size=60) | st.sampled_from(
    ["😀" * 800, "会议。" * 900, "mot " * 700, "a<b>&amp;</b>", "&lt;\n\n"]
)
spans = st.builds(
    Span, anything, st.booleans(), st.sampled_from(["", "https://a.fr/b?c=1&d", "tel:+33", "/x", "http://x"])
)
paragraphs = st.builds(Paragraph, st.lists(spans, min_size=1, max_size=30).map(tuple), st.booleans())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(paragraphs, max_size=9).map(lambda parts: Markup(tuple(parts))),
    st.lists(
        st.builds(Button, anything, st.sampled_from([action("a", "b"), Link("/x"), Link("https://a.fr")])), max_size=9
    ),
    anything,
    st.sampled_from(["", PUBLIC, "http://localhost:8080"]),
)
def test_whatever_is_said_stays_within_the_limits(
    text: Markup, buttons: list[Button], large: str, base_url: str
) -> None:
    for parcel in render([Reply(text=text, buttons=tuple(buttons), large=large)], SAY, base_url=base_url):
        read, entities = parse(parcel.body["text"])
        assert units(read.strip(" \t\r\n")) >= 1
        assert units(read) <= 4096
        assert len(entities) <= 100
        for row in parcel.body.get("reply_markup", {"inline_keyboard": []})["inline_keyboard"]:
            assert len(row) <= 2
            assert [key for key in row if not key["text"].strip()] == []
            assert [key for key in row if not is_link(key.get("url", "https://a.fr"))] == []
