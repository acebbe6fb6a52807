"""A turn's replies as one text of WeChat's: its passive answer is exactly one message.

Links are `<a href>`, buttons are numbered lines. What does not fit is cut at a sentence and kept with the message, for
the word "More" to go on with.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from bot.chat.action import GO_ON, Action, as_choice
from bot.chat.channel import Parcel
from bot.chat.kept import pack
from bot.chat.reply import Button, Coordinates, Link, Reply
from bot.text import splitting
from bot.text.markup import Markup, Span
from bot.text.words import Words

TEXT_LIMIT = 2048  # bytes of UTF-8 (platform rules)
FILE_HERE = "\ufffc"  # where the address of a file comes in; only known once the message has its number
FILE_BYTES = 300  # what that address may take
LEAST = 300  # bytes of a text worth beginning it on this page
TAG = re.compile(r"<(?=/?[A-Za-z!])")  # WeChat reads tags in a text; nobody's text may be one
OPEN_MENU = 10  # lines that its menu message can well show


@dataclass(frozen=True, slots=True)
class _Page:
    """What of the turn is shown now, and what is left."""

    heads: list[str]
    buttons: list[Button]
    left: list[Reply]


def render(replies: Sequence[Reply], say: Words, *, base_url: str = "") -> list[Parcel]:
    """One parcel, none for no replies."""
    if not replies:
        return []
    parts = [_with_extras(reply, say) for reply in replies]
    page = _first_page(parts, say, base_url)
    lines, choices, links = _numbered(page.buttons, base_url)
    heads = [*page.heads, *links]
    tail = [*lines, *_commands(page.buttons, say)]
    if page.left:
        # Translators: at the end of a message that is cut because WeChat allows no longer ones
        tail.append(say.text("To read on, reply “{word}”.", word=say.p("button", "More")))
        choices.append((Action(GO_ON), say.p("button", "More")))
    elif lines:
        tail.append(say.text("To choose, reply with a number."))
    file = next((reply.file for reply in replies if reply.file), None)
    if file:
        heads.append(f"{file.name}\n{FILE_HERE}" if base_url else _nowhere(say))
    head = "\n\n".join(part for part in heads if part)
    body: dict[str, Any] = {"text": "\n\n".join(part for part in (head, "\n".join(tail)) if part)}
    if lines and len(choices) <= OPEN_MENU:
        body["menu"] = {"head": head, "items": [{"id": action.pack(), "content": label} for action, label in choices]}
    if page.left:
        body["rest"] = {"language": say.language, "replies": pack(page.left)}
    if file and base_url:
        body["file"] = {"name": file.name, "type": file.media_type, "content": file.content}
    body["said"] = pack(replies)  # to be said again where it cannot be sent now
    if brief := next((reply.brief for reply in replies if reply.brief), None):
        body["brief"] = {"what": brief.what, "where": brief.where, "when": brief.when}
    return [Parcel(body, choices=tuple(as_choice(*choice) for choice in choices))]


def filled(text: str, address: str) -> str:
    """The text with the address of its file."""
    return text.replace(FILE_HERE, address)


def _nowhere(say: Words) -> str:
    return say.text("Files cannot be sent here: please ask for it in the web chat.")


def _with_extras(reply: Reply, say: Words) -> Reply:
    """A reply with its map and its large words in the text, where they can be read and pressed."""
    text = reply.text
    if reply.large:
        text += Markup.text(reply.large)
    if reply.place:
        text += Markup.join([_link(say.p("button", "Open the map"), _map(reply.place))])
    return replace(reply, text=text)


def _link(label: str, url: str) -> Markup:
    from bot.text.markup import Paragraph

    return Markup((Paragraph((Span(label, href=url),)),))


def _map(place: Coordinates) -> str:
    """Tencent's map: WeChat's own browser opens it everywhere."""
    marker = f"coord:{place.lat},{place.lon};title:{place.name};addr:{place.address or place.name}"
    return f"https://apis.map.qq.com/uri/v1/marker?marker={quote(marker, safe=':,;')}&referer=passerelle"


def _first_page(replies: Sequence[Reply], say: Words, base_url: str) -> _Page:
    """As much as fits, in order: texts cut at a sentence, the buttons of a reply with its last line or after."""
    room = TEXT_LIMIT - len(say.text("To read on, reply “{word}”.", word=say.p("button", "More")).encode()) - 4
    room -= FILE_BYTES if any(reply.file for reply in replies) else 0
    heads: list[str] = []
    buttons: list[Button] = []
    for n, reply in enumerate(replies):
        text = _written(reply.text, base_url)
        taken = _bytes(heads, buttons, base_url, say)
        if taken + len(text.encode()) + 2 > room:
            left = room - taken - 2
            cut = _cut(reply.text, left, base_url) if left >= LEAST or not heads else None
            if cut is None:
                return _Page(heads, buttons, list(replies[n:]))
            head, rest = cut
            return _Page([*heads, head], buttons, [replace(_bare(reply), text=rest), *replies[n + 1 :]])
        fitting = list(reply.buttons)
        while fitting and _bytes([*heads, text], [*buttons, *fitting], base_url, say) > room:
            fitting.pop()
        heads.append(text)
        buttons += fitting
        if len(fitting) < len(reply.buttons):
            more = replace(_bare(reply), text=Markup(), buttons=reply.buttons[len(fitting) :])
            return _Page(heads, buttons, [more, *replies[n + 1 :]])
    return _Page(heads, buttons, [])


def _bare(reply: Reply) -> Reply:
    return replace(reply, large="", place=None, file=None)


def _cut(text: Markup, room: int, base_url: str) -> tuple[str, Markup] | None:
    """The text up to a sentence's end within `room` bytes as it is written, tags and all; and what is left."""
    size = room
    for _ in range(8):
        if size < splitting.SMALLEST_LIMIT:
            return None
        pieces = splitting.split_markup(text, size, "bytes")
        head = _written(pieces[0], base_url)
        if len(head.encode()) <= room:
            return head, Markup.join(pieces[1:])
        size -= len(head.encode()) - room
    return None


def _bytes(heads: Sequence[str], buttons: Sequence[Button], base_url: str, say: Words) -> int:
    lines, _, links = _numbered(buttons, base_url)
    tail = "\n".join([*lines, say.text("To choose, reply with a number.")]) if lines else ""
    tail += "".join(f"\n{line}" for line in _commands(buttons, say))
    return len("\n\n".join(part for part in (*heads, *links, tail) if part).encode())


def _numbered(buttons: Sequence[Button], base_url: str) -> tuple[list[str], list[tuple[Action, str]], list[str]]:
    """The lines of a numbered list, what each stands for, and the links, which need no number. Without commands."""
    lines: list[str] = []
    choices: list[tuple[Action, str]] = []
    links: list[str] = []
    for button in buttons:
        if isinstance(button.action, Link):
            links.append(_anchor(button.label, button.action.url, base_url))
            continue
        if button.command:
            continue
        choices.append((button.action, plain(button.label)))
        lines.append(f"{len(choices)}. {plain(button.label)}")
    return lines, choices, [link for link in links if link]


def _commands(buttons: Sequence[Button], say: Words) -> list[str]:
    """What needs no number, since a command does the same."""
    return [
        # Translators: under an announcement on WeChat, where there are no buttons: "What I receive: send /notify"
        say.text("{what}: send /{command}", what=plain(button.label), command=button.command)
        for button in buttons
        if button.command
    ]


def _written(text: Markup, base_url: str) -> str:
    """WeChat has no bold; a link is an anchor."""
    out = ""
    for n, paragraph in enumerate(text.paragraphs):
        if n:
            out += "\n" if paragraph.is_item and text.paragraphs[n - 1].is_item else "\n\n"
        out += "• " if paragraph.is_item else ""
        for span in paragraph.spans:
            out += _anchor(span.text, span.href, base_url) if span.href else plain(span.text)
    return out


def _anchor(label: str, url: str, base_url: str) -> str:
    if url.startswith("/"):
        url = base_url + url if base_url else ""
    if not url:
        return plain(label)
    if label == url:
        return url
    return f'<a href="{url.replace(chr(34), "%22")}">{plain(label)}</a>'


def plain(text: str) -> str:
    """Text in which WeChat finds no tag."""
    return TAG.sub("＜", text).replace(FILE_HERE, "")
