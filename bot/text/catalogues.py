"""Faults of the message catalogues: missing, fuzzy or untouched entries, lost placeholders, typography."""

from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from bot.errors import Fault
from bot.text import typography
from bot.text.markup import FIELD
from bot.text.words import folder


def faults() -> list[Fault]:
    """Every fault of every catalogue that ships."""
    return [fault for path in sorted(folder("locales").glob("*/LC_MESSAGES/messages.po")) for fault in _of(path)]


def _of(path: Path) -> Iterator[Fault]:
    language = path.parent.parent.name
    name = f"locales/{language}/LC_MESSAGES/messages.po"
    with path.open("rb") as source:
        catalogue: Catalog = read_po(source, locale=language)
    for message in catalogue:
        if not message.id:
            continue
        line = message.lineno or 0
        texts = message.string if isinstance(message.string, list | tuple) else (message.string,)
        ids = tuple(message.id) if isinstance(message.id, list | tuple) else (message.id,)
        if message.fuzzy:
            yield Fault(name, line, f"fuzzy: {ids[0]!r}", "look at the translation and remove the mark")
        for text in texts:
            if not text:
                yield Fault(name, line, f"not translated: {ids[0]!r}", "write it")
                continue
            yield from _text(name, line, message, text, language, ids)


def _text(name: str, line: int, message: Message, text: str, language: str, ids: tuple[str, ...]) -> Iterator[Fault]:
    wanted, given = set(FIELD.findall(ids[-1])), set(FIELD.findall(text))
    if wanted != given and not (len(ids) > 1 and given | {"n"} == wanted | {"n"}):
        yield Fault(name, line, f"placeholders {sorted(given)} for {sorted(wanted)}", f"use each of {sorted(wanted)}")
    for what, do in typography.faults(text, language):
        yield Fault(name, line, what, do)
