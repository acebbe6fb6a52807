"""Words: the `say` of handlers. Sentences from the catalogues, in one reader's language.

The message id is the English sentence. `say("… {title} …", title=…)` gives Markup, whose values are
always plain text; `say.text(…)` the same as a string, for labels. Traditional Chinese is derived
from the simplified catalogue, values included.
"""

import gettext
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from functools import lru_cache
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bot.errors import MissingData
from bot.text import chinese, formats, markup
from bot.text.markup import Markup

Value = str | int | Markup
Day = date  # inside the class, `date` is what says one
CONTEXT = "\x04"  # gettext's separator of context and id


def folder(name: str) -> Path:
    """A folder that ships with the product (`locales`, `data`): in a wheel inside `bot`, else beside it."""
    inside = Path(str(resources.files("bot"))) / f"_{name}"
    if inside.is_dir():
        return inside
    beside = Path(str(resources.files("bot"))).parent / name
    if not beside.is_dir():
        raise MissingData(beside)
    return beside


@lru_cache(maxsize=16)
def catalogue(language: str) -> gettext.NullTranslations:
    """The compiled catalogue of a language, read from its .po once; English sentences where there is none."""
    import io

    path = folder("locales") / formats.base(language) / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return gettext.NullTranslations()
    with path.open("rb") as source:
        parsed = read_po(source, locale=formats.base(language))
    compiled = io.BytesIO()
    write_mo(compiled, parsed)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


class Words:
    """A reader's language, zone and everything said in it. Immutable; share freely between threads."""

    __slots__ = ("_catalogue", "language", "second_zone", "zone")

    def __init__(self, language: str, zone: ZoneInfo, second_zone: ZoneInfo | None = None) -> None:
        self.language = language  # "fr", "zh", "zh-Hant", "en", or another the event speaks
        self.zone = zone
        self.second_zone = second_zone
        self._catalogue = catalogue(language)

    @property
    def has_catalogue(self) -> bool:
        """Whether our own sentences are in this language; they are English where not."""
        return isinstance(self._catalogue, gettext.GNUTranslations)

    # --- sentences
    def __call__(self, message: str, **values: Value) -> Markup:
        return self._fill(self._catalogue.gettext(message), values)

    def n(self, one: str, many: str, n: int, **values: Value) -> Markup:
        return self._fill(self._catalogue.ngettext(one, many, n), {"n": formats.number(n, self.language), **values})

    def p(self, context: str, message: str, **values: Value) -> str:
        """A label of under three words, told apart by its context; plain text."""
        return str(self._fill(self._catalogue.pgettext(context, message), values))

    def text(self, message: str, **values: Value) -> str:
        return str(self(message, **values))

    def markup(self, source: str, **values: Value) -> Markup:
        """An event's own text (already in this language) as Markup."""
        return self._fill(source, values)

    def markup_with(self, source: str, values: Mapping[str, "str | Markup"]) -> Markup:
        """The same, its references filled from `values` (already in this language and script)."""
        return markup.parse(source, values)

    def plain(self, source: str) -> Markup:
        """Text from people or names: never markup."""
        return Markup.text(self.script(source))

    def script(self, text: str) -> str:
        """`text` in the reader's Chinese script; other languages untouched."""
        return chinese.traditional(text) if self.language == "zh-Hant" else text

    def _fill(self, source: str, values: Mapping[str, Value]) -> Markup:
        filled = {name: str(value) if isinstance(value, int) else value for name, value in values.items()}
        result = markup.parse(source, filled)
        return _convert(result) if self.language == "zh-Hant" else result

    # --- dates and times
    def local(self, moment: datetime) -> datetime:
        """`moment` (aware) on the event's wall clock."""
        return moment.astimezone(self.zone)

    def date(self, value: date | datetime, *, weekday: bool = True, year: bool = False) -> str:
        local = self.local(value).date() if isinstance(value, datetime) else value
        return formats.day(local, self.language, weekday=weekday, year=year)

    def days(self, first: Day, last: Day) -> str:
        """The days of an event: "6 and 7 November 2014"."""
        return formats.days(first, last, self.language)

    def time(self, value: datetime | time) -> str:
        local = self.local(value).time() if isinstance(value, datetime) else value
        return formats.clock_time(local.replace(second=0, microsecond=0, tzinfo=None), self.language)

    def span(self, start: datetime, end: datetime | None) -> str:
        if end is None:
            return self.time(start)
        first, last = (self.local(m).time().replace(tzinfo=None) for m in (start, end))
        return formats.time_span(first, last, self.language)

    def second_time(self, moment: datetime) -> str:
        """The same moment in the reader's home zone, "" where none is shown."""
        if self.second_zone is None:
            return ""
        return formats.clock_time(moment.astimezone(self.second_zone).time().replace(tzinfo=None), self.language)

    def is_next_day_there(self, moment: datetime) -> bool:
        """Whether the reader's home zone is in the day after the event's."""
        return self.second_zone is not None and moment.astimezone(self.second_zone).date() > self.local(moment).date()

    def list(self, items: Sequence[str], *, is_choice: bool = False) -> str:
        return formats.listing(items, self.language, is_choice=is_choice)

    def decimal(self, value: float) -> str:
        """A figure with one decimal."""
        return formats.decimal(value, self.language)

    def language_name(self, tag: str) -> str:
        """Another language, or this one, as its readers call it."""
        return formats.language_name(tag, self.language)

    def quoted(self, title: str) -> str:
        """A title in the quotation marks of the language."""
        marks = {"fr": ("«\u00a0", "\u00a0»"), "zh": ("“", "”"), "de": ("„", "“")}
        if self.language == "zh-Hant":
            return f"「{title}」"
        before, after = marks.get(self.language, ("“", "”"))
        return before + title + after


def _convert(source: Markup) -> Markup:
    return Markup(
        tuple(
            markup.Paragraph(
                tuple(markup.Span(chinese.traditional(s.text), s.bold, s.href) for s in p.spans), p.is_item
            )
            for p in source.paragraphs
        )
    )
