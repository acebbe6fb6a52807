"""Cut a long text where a reader would: at a paragraph, then a line, a sentence, a clause, a space.

Counts in characters, UTF-16 units (Telegram) or UTF-8 bytes (WeChat). Never cuts inside a surrogate
pair, nor between a letter and what combines with it (accents, skin tones, joined emoji).
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Literal

from bot.text.markup import Markup, Paragraph, Span

Unit = Literal["characters", "utf16", "bytes"]

SMALLEST_LIMIT = 16  # room for a bullet and one whole emoji, in any unit
FILL = 4  # a better kind of cut is taken only where it leaves at least 1/FILL of the room used
BLANK = " \t\r\n"  # what may be lost at a cut; no-break spaces stay

# Words that end in a full stop without ending a sentence (French and English; Chinese has none).
ABBREVIATION = re.compile(
    r"(?:^|[\s(«“\u00a0’'-])(?:[A-ZÉ]|MM?|Mr|Mrs|Ms|Dr|Pr|Prof|St|Ste|Me|p|pp|ex|art|av|bd|cf|env|etc|fig|hab|max|min"
    r"|no|No|nos|réf|tél|vol|vs|e\.g|i\.e|p\.\u00a0?ex)\.$"
)
CLOSING = r"(?:[\u00a0\u202f]?[»”’\"')\]])*"
SENTENCE = re.compile(rf"[.!?…]+{CLOSING}(?=[{BLANK}])|[。！？…]+[”’』」）》]*")
CLAUSE = re.compile(rf"[,;:–—]{CLOSING}(?=[{BLANK}])|[；，、：][”’』」）》]*")
PARAGRAPH = re.compile(r"\n[ \t]*\n")
LINE = re.compile(r"\n")
SPACE = re.compile(rf"[{BLANK}]")
KINDS = (PARAGRAPH, LINE, SENTENCE, CLAUSE, SPACE)


def size(text: str, unit: Unit) -> int:
    """How much of a limit `text` takes."""
    if unit == "characters":
        return len(text)
    if unit == "bytes":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, limit: int, unit: Unit = "characters") -> list[str]:
    """`text` in pieces of at most `limit`; nothing but blanks at the cuts is lost. [] for a blank text.

    A text that fits comes back as it is. Raises ValueError for a limit under SMALLEST_LIMIT.
    """
    _check(limit)
    pieces: list[str] = []
    while size(text, unit) > limit:
        cut = _cut(text, _fitting(text, limit, unit))
        piece = text[:cut].rstrip(BLANK)
        if piece:
            pieces.append(piece)
        text = text[cut:].lstrip(BLANK)
    return [*pieces, text] if text.strip() else pieces


def split_markup(source: Markup, limit: int, unit: Unit = "characters", *, marks: int = 0) -> list[Markup]:
    """`source` in pieces that each take at most `limit` when read as text (`str(piece)`).

    marks: how many bold runs and links one piece may hold, a bold link counting twice; 0 for any number.
    A run or a link that is cut goes on in the next piece; so does an item of a list, without its bullet.
    """
    _check(limit)
    pieces: list[Markup] = []
    while source:
        text = str(source)
        room = _fitting(text, limit, unit)
        if marks and count_marks(source) > marks:
            room = min(room, _before_mark(source, marks))
        if room >= len(text):
            return [*pieces, source] if text.strip() else pieces
        cut = _cut(text, room)
        head, tail = _divide(source, cut)
        if not head:  # the cut fell inside the first bullet
            head, tail = _divide(source, room)
        if str(head).strip():
            pieces.append(head)
        source = tail
    return pieces


def count_marks(source: Markup) -> int:
    """Bold runs and links, a bold link counting twice."""
    return sum(span.bold + bool(span.href) for paragraph in source.paragraphs for span in paragraph.spans)


def _check(limit: int) -> None:
    if limit < SMALLEST_LIMIT:
        raise ValueError(f"a limit of {limit} is too small to split for: at least {SMALLEST_LIMIT}")


def _fitting(text: str, limit: int, unit: Unit) -> int:
    """How many characters from the start take at most `limit`."""
    if unit == "characters":
        return min(limit, len(text))
    window = text[:limit]
    if size(window, unit) <= limit:
        return len(window)
    used = 0
    for n, character in enumerate(window):
        used += size(character, unit)
        if used > limit:
            return n
    return len(window)


def _cut(text: str, room: int) -> int:
    """Where to cut `text` so that at most `room` characters (at least one) stay before the cut."""
    window = text[: room + 1]  # one more, to see that a blank follows the last sentence
    for kind in KINDS:
        for match in reversed(list(kind.finditer(window))):
            end = match.start() if kind in (PARAGRAPH, LINE, SPACE) else match.end()
            if end > room or end * FILL < room:
                continue
            if kind is SENTENCE and ABBREVIATION.search(window[max(0, end - 12) : end]):
                continue
            if not _is_joined(text, end):
                return end
    cut = room
    while cut > room // 2 and _is_joined(text, cut):
        cut -= 1
    if cut > room // 2:
        return cut
    # A cluster longer than half the room: cut it, but for what would break the encoding itself.
    return room - 1 if room > 1 and _splits_a_pair(text, room) else room


def _is_joined(text: str, cut: int) -> bool:
    """Whether what stands before and after `cut` shows as one sign."""
    if not 0 < cut < len(text):
        return False
    before, after = text[cut - 1], text[cut]
    return (
        _splits_a_pair(text, cut)
        or unicodedata.category(after).startswith("M")  # accents and variation selectors
        or "\u200d" in (before, after)
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
        or ("\U0001f1e6" <= before <= "\U0001f1ff" and "\U0001f1e6" <= after <= "\U0001f1ff")  # flags
    )


def _splits_a_pair(text: str, cut: int) -> bool:
    return "\ud800" <= text[cut - 1] <= "\udbff" and "\udc00" <= text[cut] <= "\udfff"


def _before_mark(source: Markup, marks: int) -> int:
    """The character at which mark number `marks` + 1 begins."""
    seen = 0
    for paragraph, at in _places(source):
        for span in paragraph.spans:
            seen += span.bold + bool(span.href)
            if seen > marks:
                return max(at, 1)
            at += len(span.text)
    raise AssertionError("so many marks are not there")


def _places(source: Markup) -> Iterator[tuple[Paragraph, int]]:
    """Each paragraph with the place of its first span in `str(source)`."""
    at = 0
    for n, paragraph in enumerate(source.paragraphs):
        if n:
            at += 1 if paragraph.is_item and source.paragraphs[n - 1].is_item else 2
        at += 2 if paragraph.is_item else 0
        yield paragraph, at
        at += len(paragraph.text)


def _divide(source: Markup, cut: int) -> tuple[Markup, Markup]:
    """What stands before and after `cut` in `str(source)`, without the blanks at the cut."""
    before: list[Paragraph] = []
    after: list[Paragraph] = []
    for paragraph, at in _places(source):
        if cut <= at:
            after.append(paragraph)
        elif cut >= at + len(paragraph.text):
            before.append(paragraph)
        else:
            head, tail = _divide_spans(paragraph.spans, cut - at)
            before += [Paragraph(head, paragraph.is_item)] if head else []
            after += [Paragraph(tail)] if tail else []
    return Markup(tuple(before)), Markup(tuple(after))


def _divide_spans(spans: tuple[Span, ...], cut: int) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    before: list[Span] = []
    after: list[Span] = []
    for span in spans:
        head, tail = span.text[: max(cut, 0)], span.text[max(cut, 0) :]
        cut -= len(span.text)
        if head:
            before.append(Span(head, span.bold, span.href))
        if tail:
            after.append(Span(tail, span.bold, span.href))
    while before and not (last := before.pop()).text.isspace():
        before.append(Span(last.text.rstrip(BLANK), last.bold, last.href))
        break
    while after and not (first := after.pop(0)).text.isspace():
        after.insert(0, Span(first.text.lstrip(BLANK), first.bold, first.href))
        break
    return tuple(before), tuple(after)
