"""An Atom feed (RFC 4287), written as a tree so that nothing in a text can break out of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree

TYPE = "application/atom+xml"
NAMESPACE = "http://www.w3.org/2005/Atom"
# No XML may hold these, however they are escaped: one would spoil the whole feed.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One piece of news. items: (title, address or "", lines) of each thing that changed; reason: "" for none."""

    id: str
    title: str
    updated: datetime
    page: str
    reason: str
    items: Sequence[tuple[str, str, Sequence[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """id, address and page are absolute; language is a BCP 47 tag."""

    id: str
    language: str
    title: str
    author: str
    updated: datetime
    address: str
    page: str
    entries: Sequence[Entry]


def tag(host: str, since: datetime, name: str) -> str:
    """A name that is nobody else's and never changes (RFC 4151). since: a moment in which `host` was ours."""
    return f"tag:{host},{since.astimezone(UTC).year}:{name}"


def moment(value: datetime) -> str:
    """An aware moment as RFC 3339 writes it, in UTC."""
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def feed(source: Feed) -> str:
    """The feed as XML, declaration included."""
    # An attribute of its own rather than a namespace of ElementTree's: that one would stand in every element.
    root = ElementTree.Element("feed", {"xmlns": NAMESPACE, "xml:lang": source.language})
    _text(root, "id", source.id)
    _text(root, "title", source.title)
    _text(root, "updated", moment(source.updated))
    _text(ElementTree.SubElement(root, "author"), "name", source.author)
    _link(root, "self", source.address, TYPE)
    _link(root, "alternate", source.page, "text/html")
    for entry in source.entries:
        element = ElementTree.SubElement(root, "entry")
        _text(element, "id", entry.id)
        _text(element, "title", entry.title)
        _text(element, "published", moment(entry.updated))
        _text(element, "updated", moment(entry.updated))
        _link(element, "alternate", entry.page, "text/html")
        _text(element, "content", _html(entry)).set("type", "html")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _html(entry: Entry) -> str:
    """What changed as a fragment of HTML, escaped once; the feed escapes it again, as it must."""
    root = ElementTree.Element("div")
    if entry.reason:
        _text(root, "p", entry.reason)
    for title, address, lines in entry.items:
        heading = ElementTree.SubElement(root, "h2")
        if address:
            _text(heading, "a", title).set("href", address)
        else:
            heading.text = _clean(title)
        for line in lines:
            _text(root, "p", line)
    return ElementTree.tostring(root, encoding="unicode", method="html")


def _text(parent: ElementTree.Element, name: str, text: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name)
    element.text = _clean(text)
    return element


def _link(parent: ElementTree.Element, rel: str, address: str, type_: str) -> None:
    ElementTree.SubElement(parent, "link", {"rel": rel, "href": address, "type": type_})


def _clean(text: str) -> str:
    return FORBIDDEN.sub("", text)
