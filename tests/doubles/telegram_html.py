"""Telegram's reading of HTML messages, written after the behaviour of its server (tdlib, parse_html).

Offsets in errors are bytes of the source, those of entities UTF-16 units of the text.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TAGS = {
    "a": "text_link",
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "tg-emoji": "custom_emoji",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
REFERENCE = re.compile(r"&(?:#x(?P<hex>[0-9A-Fa-f]+)|#(?P<decimal>[0-9]+)|(?P<name>[A-Za-z]+));?")
SPACES = " \t\r\n\0\v"
ATTRIBUTE_END = re.compile(r"[\s=>/\"']")
TOKEN = re.compile(r"[A-Za-z0-9.\-]*")


class CannotParse(Exception):
    """The client meets it as 400 "can't parse entities: …"."""


@dataclass(slots=True)
class _Open:
    tag: str
    argument: str
    offset: int
    at: int


def units(text: str) -> int:
    """UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def parse(source: str) -> tuple[str, list[dict[str, Any]]]:
    """The text and its entities. Raises CannotParse."""
    if "<" not in source and "&" not in source:
        return source, []
    text: list[str] = []
    entities: list[dict[str, Any]] = []
    nested: list[_Open] = []
    offset = at = 0
    end = len(source)

    def byte(position: int) -> int:
        return len(source[:position].encode())

    while at < end:
        if source[at] == "&":
            sign, at = reference(source, at)
            text.append(sign)
            offset += units(sign)
            continue
        if source[at] != "<":
            stop = min((found for found in (source.find("<", at), source.find("&", at)) if found >= 0), default=end)
            text.append(source[at:stop])
            offset += units(source[at:stop])
            at = stop
            continue
        begin, at = at, at + 1
        if source[at : at + 1] != "/":
            opened, at = _start_tag(source, begin, byte)
            nested.append(_Open(*opened, offset, len(text)))
            continue
        if not nested:
            raise CannotParse(f"Unexpected end tag at byte offset {byte(begin)}")
        while at < end and source[at] not in SPACES and source[at] != ">":
            at += 1
        name = source[begin + 2 : at]
        while at < end and source[at] in SPACES:
            at += 1
        if at >= end or source[at] != ">":
            raise CannotParse(f"Unclosed end tag at byte offset {byte(begin)}")
        at += 1
        last = nested.pop()
        if name and name != last.tag:
            raise CannotParse(
                f'Unmatched end tag at byte offset {byte(begin)}, expected "</{last.tag}>", found "</{name}>"'
            )
        if offset > last.offset:
            entities += _entity(last, offset, "".join(text[last.at :]))
    if nested:
        raise CannotParse(f'Can\'t find end tag corresponding to start tag "{nested[-1].tag}"')
    entities.sort(key=lambda one: (one["offset"], -one["length"]))
    return "".join(text), entities


def reference(source: str, at: int) -> tuple[str, int]:
    """The sign that the reference at `at` stands for (or "&" itself), and where to go on."""
    match = REFERENCE.match(source, at)
    if match is None:
        return "&", at + 1
    if match["name"]:
        sign = NAMED.get(match["name"], "")
        return (sign, match.end()) if sign else ("&", at + 1)
    code = int(match["hex"], 16) if match["hex"] else int(match["decimal"])
    if not 0 < code < 0x10FFFF or len(match[0].rstrip(";")) >= 10:
        return "&", at + 1
    return chr(code), match.end()


def _start_tag(source: str, begin: int, byte: Any) -> tuple[tuple[str, str], int]:
    end = len(source)
    at = begin + 1
    while at < end and source[at] not in SPACES and source[at] != ">":
        at += 1
    if at >= end:
        raise CannotParse(f"Unclosed start tag at byte offset {byte(begin)}")
    tag = source[begin + 1 : at].lower()
    if tag not in TAGS:
        raise CannotParse(f'Unsupported start tag "{tag}" at byte offset {byte(begin)}')
    argument = ""
    while True:
        while at < end and source[at] in SPACES:
            at += 1
        if at < end and source[at] == ">":
            break
        match = ATTRIBUTE_END.search(source, at)
        name = source[at : match.start() if match else end]
        if not name:
            raise CannotParse(f'Empty attribute name in the tag "{tag}" at byte offset {byte(begin)}')
        at += len(name)
        while at < end and source[at] in SPACES:
            at += 1
        if at >= end:
            raise CannotParse(f'Unclosed start tag "{tag}" at byte offset {byte(begin)}')
        if source[at] != "=":
            if name.lower() == "expandable" and tag == "blockquote":
                argument = "1"
            continue
        at += 1
        while at < end and source[at] in SPACES:
            at += 1
        value = ""
        if at < end and source[at] in "'\"":
            quote, at = source[at], at + 1
            while at < end and source[at] != quote:
                if source[at] == "&":
                    sign, at = reference(source, at)
                    value += sign
                else:
                    value += source[at]
                    at += 1
            at += 1
        elif at < end:
            token = TOKEN.match(source, at)
            value = (token[0] if token else "").lower()
            at += len(value)
            if at < end and source[at] not in SPACES and source[at] != ">":
                raise CannotParse(f"Unexpected end of name token at byte offset {byte(at - len(value))}")
        if at >= end:
            raise CannotParse(f"Unclosed start tag at byte offset {byte(begin)}")
        if (tag, name.lower()) in (("a", "href"), ("code", "class"), ("tg-emoji", "emoji-id")):
            argument = value
        elif tag == "span" and name.lower() == "class" and value.startswith("tg-"):
            argument = value.removeprefix("tg-")
    if tag == "span" and argument != "spoiler":
        raise CannotParse(f'Tag "span" must have class "tg-spoiler" at byte offset {byte(begin)}')
    return (tag, argument), at + 1


def _entity(last: _Open, offset: int, inner: str) -> list[dict[str, Any]]:
    entity: dict[str, Any] = {"type": TAGS[last.tag], "offset": last.offset, "length": offset - last.offset}
    if last.tag == "a":
        entity["url"] = last.argument or inner
        if not is_link(entity["url"]):  # dropped without a word
            return []
    if last.tag == "pre" and last.argument:
        entity["language"] = last.argument
    return [entity]


def is_link(url: str) -> bool:
    """What Telegram takes as an address: the web or its own schemes, a host with a dot in its name."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme in ("tg", "ton"):
        return True
    return parts.scheme in ("http", "https", "tonsite") and "." in host.strip(".") and " " not in url
