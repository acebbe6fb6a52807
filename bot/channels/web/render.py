"""Replies as the JSON that static/log.js draws: paragraphs of spans, buttons, a place, a file, large words.

Labels that belong to the message are in its reader's language, which may not be the page's.
"""

from collections.abc import Sequence
from typing import Any

from bot.channels.web.site import tag
from bot.chat.channel import Parcel
from bot.chat.reply import Button, Link, Reply
from bot.text.markup import Markup, Span
from bot.text.splitting import split_markup
from bot.text.words import Words

TEXT_LIMIT = 20_000  # characters in one message


def parcels(replies: Sequence[Reply], say: Words) -> list[Parcel]:
    """One parcel a reply; of a text beyond the limit, several, the last with all that goes with it."""
    made: list[Parcel] = []
    for reply in replies:
        *before, last = split_markup(reply.text, TEXT_LIMIT) or [reply.text]
        made += [Parcel(_text(piece, say)) for piece in before]
        choices = tuple(button.action.pack() for button in reply.buttons if not isinstance(button.action, Link))
        made.append(Parcel(_text(last, say) | _rest(reply, say), choices=choices))
    return made


def _text(text: Markup, say: Words) -> dict[str, Any]:
    return {
        "lang": tag(say.language),
        "paragraphs": [
            {"item": paragraph.is_item, "spans": [_span(span) for span in paragraph.spans]}
            for paragraph in text.paragraphs
        ],
        "buttons": [],
    }


def _span(span: Span) -> dict[str, Any]:
    written: dict[str, Any] = {"t": span.text}
    if span.bold:
        written["b"] = True
    if span.href:
        written["h"] = span.href
    return written


def _rest(reply: Reply, say: Words) -> dict[str, Any]:
    rest: dict[str, Any] = {"buttons": [written for button in reply.buttons for written in _buttons(button, say)]}
    labels: dict[str, str] = {}
    if reply.large:
        rest["large"] = reply.large
        labels["large"] = say.p("button", "Show the driver")
    if reply.place:
        place = reply.place
        rest["place"] = {"lat": place.lat, "lon": place.lon, "name": place.name, "address": place.address}
        labels["place"] = say.p("button", "Open the map")
    if reply.file:
        rest["file"] = {"name": reply.file.name, "type": reply.file.media_type, "content": reply.file.content}
        labels["file"] = say.text("Download {file}", file=reply.file.name)
    return rest | ({"labels": labels} if labels else {})


def _buttons(button: Button, say: Words) -> list[dict[str, str]]:
    """One button; two of a feed: what lets a phone offer to subscribe, and the address, for other calendars."""
    match button.action:
        case Link(url, is_feed):
            subscribe = [{"label": say.p("button", "Subscribe"), "feed": url}] if is_feed else []
            return [*subscribe, {"label": button.label, "url": url}]
        case action:
            return [{"label": button.label, "action": action.pack()}]
