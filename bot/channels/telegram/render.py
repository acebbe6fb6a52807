"""Replies as Telegram messages: HTML, inline keyboards, maps and files, all within the limits.

Pure. A parcel's body is the method and its arguments without the chat: {"method": "sendMessage", …}.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from html import escape
from typing import Any
from unicodedata import east_asian_width
from urllib.parse import urlsplit

from telegram.constants import MessageLimit

from bot.chat.action import Action
from bot.chat.channel import Parcel
from bot.chat.reply import Button, Coordinates, File, Link, Reply
from bot.text import splitting
from bot.text.markup import Markup, Paragraph, Span
from bot.text.words import Words

TEXT_LIMIT = int(MessageLimit.MAX_TEXT_LENGTH)  # UTF-16 units after the entities are parsed
ENTITY_LIMIT = int(MessageLimit.MESSAGE_ENTITIES)
LARGE_LIMIT = 500  # UTF-16 units of words to show to somebody
KEYBOARD_LIMIT = 50  # buttons on one message; Telegram's own limit is 100, and some 10 kB in all
PAIR_WIDTH = 14  # two buttons share a row where neither is wider (a Chinese character counts two)
LABEL_LIMIT = 64  # what no phone shows in full anyway
LABELS_KEPT = 4096  # whose width was measured before
NO_PREVIEW: Mapping[str, Any] = {"is_disabled": True}


@dataclass(frozen=True, slots=True)
class _Text:
    """A message to be: HTML and how many UTF-16 units of text and entities are in it."""

    html: str
    size: int
    marks: int


def render(
    replies: Sequence[Reply], say: Words, *, replacing: str = "", base_url: str = "", chat_url: str = ""
) -> list[Parcel]:
    """The parcels of `replies`, in order. replacing: id of the message that a reply may take the place of.

    base_url: our own public address, for links that begin with "/"; only https makes buttons of them. chat_url: what
    opens a chat with us, before the link's payload; "" where that is not known.
    Raises ValueError where a button does not fit 64 bytes.
    """
    parcels: list[Parcel] = []
    for reply in replies:
        rendered = list(_reply(reply, say, base_url, chat_url))
        if reply.replaces and replacing and rendered and rendered[0].body["method"] == "sendMessage":
            first = rendered[0]
            rendered[0] = replace(first, body={**first.body, "method": "editMessageText"}, edits=replacing)
            replacing = ""  # one message can be replaced once
        parcels += rendered
    return parcels


def _reply(reply: Reply, say: Words, base_url: str, chat_url: str) -> Iterator[Parcel]:
    buttons, unlinked = _reachable(reply.buttons, say, base_url, chat_url)
    texts = _texts(reply.text + unlinked, reply.large, base_url)
    keyboards = [buttons[at : at + KEYBOARD_LIMIT] for at in range(0, len(buttons), KEYBOARD_LIMIT)]
    rest: list[Parcel] = []
    if reply.place is not None:
        rest.append(_place(reply.place))
    if reply.file is not None:
        rest.append(_file(reply.file))
    if keyboards and not texts:
        if rest:  # nothing to say: the map or the file carries them
            rest[0] = _with(rest[0], keyboards.pop(0))
        else:
            texts.append(_text(say("Choose:")))
    # The last text carries the buttons, so that they end what they are about.
    for text in texts[:-1]:
        yield _message(text)
    if texts:
        last = _message(texts[-1])
        if reply.silent:
            last = replace(last, body={**last.body, "disable_notification": True})
        yield _with(last, keyboards.pop(0)) if keyboards else last
    for keyboard in keyboards:
        yield _with(_message(_text(say("Choose:"))), keyboard)
    yield from rest


# --- text


def _message(text: _Text) -> Parcel:
    return Parcel(
        {
            "method": "sendMessage",
            "text": _sendable(text.html),
            "parse_mode": "HTML",
            "link_preview_options": NO_PREVIEW,
        }
    )


def _texts(source: Markup, large: str, base_url: str) -> list[_Text]:
    pieces = splitting.split_markup(_linkable(source, base_url), TEXT_LIMIT, "utf16", marks=ENTITY_LIMIT)
    texts = [_text(piece) for piece in pieces]
    for block in splitting.split(large, LARGE_LIMIT, "utf16"):
        html = f"<blockquote><b>{escape(block, quote=False)}</b></blockquote>"
        size = splitting.size(block, "utf16")
        last = texts[-1] if texts else None
        if last and last.size + 2 + size <= TEXT_LIMIT and last.marks + 2 <= ENTITY_LIMIT:
            texts[-1] = _Text(f"{last.html}\n\n{html}", last.size + 2 + size, last.marks + 2)
        else:
            texts.append(_Text(html, size, 2))
    return texts


def _text(piece: Markup) -> _Text:
    return _Text(piece.html(), splitting.size(str(piece), "utf16"), splitting.count_marks(piece))


def _linkable(source: Markup, base_url: str) -> Markup:
    """`source` with links that Telegram opens; the others as text, address in brackets."""
    if not any(span.href for paragraph in source.paragraphs for span in paragraph.spans):
        return source
    return Markup(
        tuple(
            Paragraph(
                tuple(_link(span, base_url) if span.href else span for span in paragraph.spans), paragraph.is_item
            )
            for paragraph in source.paragraphs
        )
    )


def _link(span: Span, base_url: str) -> Span:
    url = _absolute(span.href, base_url)
    if _opens(url):
        return replace(span, href=url)
    shown = url.removeprefix("tel:")
    if shown in span.text or shown.startswith("/"):
        return replace(span, href="")
    return Span(f"{span.text} ({shown})", span.bold)


def _absolute(url: str, base_url: str) -> str:
    return base_url.rstrip("/") + url if url.startswith("/") else url


def _opens(url: str) -> bool:
    """Whether Telegram takes `url` as a link: the web, at a host with a dot in its name (its check_link)."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and "." in (parts.hostname or "").strip(".")
    except ValueError:
        return False


def _sendable(text: str) -> str:
    """`text` without halves of surrogate pairs, which Telegram refuses."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


# --- buttons


def _reachable(buttons: Sequence[Button], say: Words, base_url: str, chat_url: str) -> tuple[list[Button], Markup]:
    """The buttons that Telegram can show, and what is said instead of the others."""
    shown: list[Button] = []
    said: list[Markup] = []
    for button in buttons:
        if isinstance(button.action, Action):
            shown.append(button)
            continue
        if button.action.is_chat:
            if chat_url:
                shown.append(replace(button, action=Link(chat_url + button.action.url)))
            continue
        url = _absolute(button.action.url, base_url)
        if _opens(url) and (url.startswith("https://") or not button.action.url.startswith("/")):
            shown.append(replace(button, action=Link(url)))
        elif url.startswith(("http://", "https://")):
            # Translators: what a button would open, where no button can: its label, then the address.
            said.append(say("{label}: {url}", label=button.label, url=url))
        else:
            said.append(say("“{label}” opens a web page that has no public address yet.", label=button.label))
    return shown, Markup.join(said)


def _with(parcel: Parcel, buttons: Sequence[Button]) -> Parcel:
    rows: list[list[dict[str, str]]] = []
    choices: list[str] = []
    open_row = False
    for button in buttons:
        label = _sendable(" ".join(button.label.split())) or "…"
        if len(label) > LABEL_LIMIT:
            label = label[: LABEL_LIMIT - 1] + "…"
        if isinstance(button.action, Link):
            key = {"text": label, "url": button.action.url}
        else:
            choices.append(button.action.pack())
            key = {"text": label, "callback_data": choices[-1]}
        is_short = _width(label) <= PAIR_WIDTH
        if open_row and is_short:
            rows[-1].append(key)
            open_row = False
        else:
            rows.append([key])
            open_row = is_short
    body = {**parcel.body, "reply_markup": {"inline_keyboard": rows}}
    return replace(parcel, body=body, choices=tuple(choices))


@lru_cache(maxsize=LABELS_KEPT)
def _width(label: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in label)


# --- maps and files


def _place(place: Coordinates) -> Parcel:
    point = {"latitude": place.lat, "longitude": place.lon}
    if place.name.strip() and place.address.strip():
        return Parcel({"method": "sendVenue", **point, "title": place.name, "address": place.address})
    return Parcel({"method": "sendLocation", **point})


def _file(file: File) -> Parcel:
    return Parcel(
        {
            "method": "sendDocument",
            "file_name": file.name,
            "media_type": file.media_type,
            "content": _sendable(file.content),
        }
    )
