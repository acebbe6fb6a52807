"""Sheets for the doors of rooms: a page of A4 a session, in the event's first two languages, with the QR code that
opens the session's page. One font, embedded as far as it is used, holds Latin and Chinese of both scripts."""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pylopdf_fonts_zh_cn
from fpdf import FPDF

from bot import qr
from bot.event.model import Event, Session
from bot.pages.sessions import page_url
from bot.programme import facts
from bot.text.words import Words

FONT_FILE = Path(pylopdf_fonts_zh_cn.__file__).parent / "NotoSansSC-Regular.otf"  # SIL Open Font License
FONT = "sheet"
PAGE_WIDTH, PAGE_HEIGHT, MARGIN = 210.0, 297.0, 18.0  # millimetres
WIDTH = PAGE_WIDTH - 2 * MARGIN
QR_SIDE = 92.0
FOOT = 20.0  # below the code: what it opens, in both languages, and its address
POINT = 25.4 / 72
LEADING = 1.32
EVENT, TITLE, FACT, HINT, ADDRESS = 12.0, 34.0, 19.0, 13.0, 9.0  # sizes in points, where all fits
SMALLEST = 0.2  # of a title's size
JOINER = "\u2060"  # keeps hours in one line on a screen; the font has no sign for it
INK, SOFT = 20, 95  # greys

# What a line may break between: words, and Chinese characters, but not before a sign that closes nor after one that
# opens.
HAN = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
OPENS, CLOSES = "（《〈「『【〔“‘", "，。、；：？！）》〉」』】〕”’…·—"
PIECE = re.compile(rf"[{OPENS}]*(?:[^ \t\n{HAN}{OPENS}]+|[{HAN}])[{CLOSES}]*[ \t\n]*|[\s\S]")


@dataclass(frozen=True, slots=True)
class _Block:
    """Text of one size; before: millimetres above it. least: of its size, however long what stands beside it."""

    text: str
    points: float
    before: float
    grey: int = INK
    least: float = 0.75

    def size(self, scale: float) -> float:
        return self.points * max(scale, self.least)


def sheets(event: Event, sessions: Sequence[Session], public_url: str) -> tuple[bytes, str]:
    """The PDF, and the characters that its font does not hold (shown as empty boxes), which is none as a rule."""
    pdf = FPDF(format="A4")
    pdf.set_auto_page_break(False)
    pdf.add_font(FONT, fname=FONT_FILE)
    says = [Words(language, event.zone) for language in event.details.languages[:2]]
    pdf.set_lang(says[0].language)
    pdf.set_title(event.details.name.in_(says[0].language))
    pdf.set_creator("Passerelle")
    known, absent = pdf.fonts[FONT].cmap, dict[str, None]()  # type: ignore[union-attr]
    for session in sessions:
        address = page_url(public_url, session.id)
        pdf.add_page()
        blocks = list(_blocks(event, session, says))
        absent |= dict.fromkeys(c for block in blocks for c in block.text if ord(c) not in known and not c.isspace())
        top = PAGE_HEIGHT - MARGIN - FOOT - QR_SIDE
        _write(pdf, blocks, top - MARGIN)
        pdf.image(io.BytesIO(qr.png(address)), x=(PAGE_WIDTH - QR_SIDE) / 2, y=top, w=QR_SIDE, alt_text=address)
        pdf.set_y(top + QR_SIDE)
        hints = " · ".join(dict.fromkeys(say.text("Scan for this session in the chat") for say in says))
        for block in (_Block(hints, HINT, 0.0, SOFT), _Block(address, ADDRESS, 1.0, SOFT)):
            _draw(pdf, block, 1.0)
    return bytes(pdf.output()), "".join(absent)


def _blocks(event: Event, session: Session, says: Sequence[Words]) -> Iterator[_Block]:
    names = dict.fromkeys(event.details.short_name.in_(say.language) for say in says)
    yield _Block(" · ".join(names), EVENT, 0.0, SOFT)
    for say in says:
        yield _Block(session.title.in_(say.language), TITLE, 9.0, least=SMALLEST)
        yield _Block(facts.when(session, say).replace(JOINER, ""), FACT, 3.0)
        yield _Block(say.text("Where: {place}", place=facts.place_name(event, session, say)), FACT, 0.0)


def _write(pdf: FPDF, blocks: Sequence[_Block], height: float) -> None:
    """The blocks from the top of the page on, in `height` millimetres, as large as they fit."""
    scale = 1.0
    while scale > SMALLEST and sum(_height(pdf, block, scale) for block in blocks) > height:
        scale -= 0.04
    pdf.set_y(MARGIN)
    for block in blocks:
        _draw(pdf, block, scale)


def _height(pdf: FPDF, block: _Block, scale: float) -> float:
    return block.before * scale + len(_lines(pdf, block, scale)) * block.size(scale) * POINT * LEADING


def _draw(pdf: FPDF, block: _Block, scale: float) -> None:
    lines = _lines(pdf, block, scale)
    pdf.set_text_color(block.grey)
    pdf.set_y(pdf.get_y() + block.before * scale)
    for line in lines:
        pdf.set_x(MARGIN)
        pdf.cell(WIDTH, block.size(scale) * POINT * LEADING, line, align="C", new_x="LMARGIN", new_y="NEXT")


def _lines(pdf: FPDF, block: _Block, scale: float) -> list[str]:
    """The lines of a block, none wider than the page and all about as wide as each other."""
    pdf.set_font(FONT, size=block.size(scale))
    lines = broken(block.text, WIDTH, pdf.get_string_width)
    for share in (0.55, 0.65, 0.75, 0.85, 0.93) if len(lines) > 1 else ():
        even = broken(block.text, WIDTH * share, pdf.get_string_width)
        if len(even) == len(lines):
            return even
    return lines


def broken(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """`text` in lines of at most `width`; a piece that is wider by itself is broken anywhere."""
    lines = [""]
    for piece in PIECE.findall(text):
        if measure((lines[-1] + piece).rstrip()) <= width:
            lines[-1] += piece
            continue
        lines.append(piece)
        while measure(lines[-1].rstrip()) > width:
            fits = max(1, next(n for n in range(1, len(lines[-1]) + 1) if measure(lines[-1][:n]) > width) - 1)
            lines[-1:] = [lines[-1][:fits], lines[-1][fits:]]
    return [" ".join(line.split(" ")).rstrip() for line in lines if line.strip()]
