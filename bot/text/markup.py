"""Paragraphs, **bold**, [links](…) and lists: parsed once, written out per channel.

The source is our own or an organizer's text. What comes from people goes in by `fill`, as plain
text: it can never become markup, whatever it holds.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from html import escape
from operator import attrgetter

SPAN = re.compile(
    r"\*\*(?P<bold>[^*]+)\*\*|\[(?P<label>[^\[\]]+)\]\((?P<url>(?:https?://|/|tel:)[^\s()]+)\)"
    r"|(?P<bare>https?://[^\s()<>\[\]*{}\"“”«»，。；：！？、（）【】《》]*[\w/=#&-])"
)
KEPT = 8192  # sources read before
FIELD = re.compile(r"\{([a-z_][\w:.\-]*)\}")


@dataclass(frozen=True, slots=True)
class Span:
    """A run of characters, perhaps bold, perhaps a link (href not empty)."""

    text: str
    bold: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    spans: tuple[Span, ...]
    is_item: bool = False  # one line of a list

    @property
    def text(self) -> str:
        return "".join(span.text for span in self.spans)


@dataclass(frozen=True, slots=True)
class Markup:
    """A text as paragraphs of spans. Equal texts are equal values."""

    paragraphs: tuple[Paragraph, ...] = ()

    def plain(self) -> str:
        """The text without markup, the addresses of links in brackets."""

        def write(span: Span) -> str:
            return f"{span.text} ({span.href})" if span.href not in ("", span.text) else span.text

        return self._join(write, "• ")

    def __str__(self) -> str:
        return self._join(attrgetter("text"), "• ")

    def __bool__(self) -> bool:
        return bool(self.paragraphs)

    def __add__(self, other: "Markup") -> "Markup":
        """The paragraphs of one, then those of the other."""
        return Markup(self.paragraphs + other.paragraphs)

    def html(self) -> str:
        """For Telegram: escaped, `<b>` and `<a>` only, paragraphs by blank lines."""

        def write(span: Span) -> str:
            text = escape(span.text, quote=False)
            if span.href:
                text = f'<a href="{escape(span.href)}">{text}</a>'
            return f"<b>{text}</b>" if span.bold else text

        return self._join(write, "• ")

    def _join(self, write: Callable[[Span], str], bullet: str) -> str:
        out: list[str] = []
        for n, paragraph in enumerate(self.paragraphs):
            if n:
                out.append("\n" if paragraph.is_item and self.paragraphs[n - 1].is_item else "\n\n")
            out.append((bullet if paragraph.is_item else "") + "".join(map(write, paragraph.spans)))
        return "".join(out)

    @classmethod
    def text(cls, text: str) -> "Markup":
        """Plain text, nothing in it is markup; blank lines part paragraphs."""
        parts = [part for part in re.split(r"\n\s*\n", text) if part.strip()]
        return cls(tuple(Paragraph((Span(part),)) for part in parts))

    @classmethod
    def join(cls, parts: Iterable["Markup"]) -> "Markup":
        return cls(tuple(paragraph for part in parts for paragraph in part.paragraphs))


def parse(source: str, values: Mapping[str, "str | Markup"] | None = None) -> Markup:
    """`source` as Markup, its `{fields}` filled from `values` as plain text (a Markup value keeps its spans).

    Unknown fields stay as they are. A single line break inside a paragraph is kept.
    """
    unfilled = _unfilled(source)
    if values is None or "{" not in source:
        return unfilled
    paragraphs: list[Paragraph] = []
    for paragraph in unfilled.paragraphs:
        spans = tuple(filled for span in paragraph.spans for filled in _filled(span, values))
        if spans:
            paragraphs.append(Paragraph(spans, paragraph.is_item))
    return Markup(tuple(paragraphs))


@lru_cache(maxsize=KEPT)
def _unfilled(source: str) -> Markup:
    """`source` with its fields as they stand."""
    paragraphs: list[Paragraph] = []
    for block in re.split(r"\n[ \t]*\n", source.strip("\n")):
        for line in _lines(block):
            item = line.startswith("- ")
            spans = tuple(_spans(line[2:] if item else line))
            if spans:
                paragraphs.append(Paragraph(spans, item))
    return Markup(tuple(paragraphs))


def _lines(block: str) -> list[str]:
    """A block's list lines one by one, its other lines together."""
    out: list[str] = []
    for line in block.split("\n"):
        if out and not line.startswith("- ") and not out[-1].startswith("- "):
            out[-1] += "\n" + line
        else:
            out.append(line)
    return [line for line in out if line.strip()]


def _spans(source: str) -> Iterator[Span]:
    at = 0
    for match in SPAN.finditer(source):
        if match.start() > at:
            yield Span(source[at : match.start()])
        if match["bold"] is not None:
            yield Span(match["bold"], bold=True)
        elif match["bare"] is not None:
            yield Span(match["bare"], href=match["bare"])
        else:
            yield Span(match["label"], href=match["url"])
        at = match.end()
    if at < len(source):
        yield Span(source[at:])


def _filled(span: Span, values: Mapping[str, "str | Markup"]) -> Iterator[Span]:
    if "{" not in span.text:
        yield span
        return
    text = ""
    for n, part in enumerate(FIELD.split(span.text)):
        if n % 2 == 0:
            text += part
            continue
        value = values.get(part)
        if isinstance(value, Markup):
            if text:
                yield replace(span, text=text)
                text = ""
            for inner in (inner for paragraph in value.paragraphs for inner in paragraph.spans):
                yield Span(inner.text, inner.bold or span.bold, inner.href or span.href)
        else:
            text += f"{{{part}}}" if value is None else value
    if text:
        yield replace(span, text=text)
