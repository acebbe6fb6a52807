"""Dates, times, spans and lists as a native reader writes them, by Babel, in the event's zone.

The patterns are the house style of `locales/glossary.md` (sections 9 to 11): French "14 h 30" with
no-break spaces, Chinese "2014年11月6日（周四）", English "Thursday 6 November 2014".
"""

from collections.abc import Sequence
from datetime import date, datetime, time
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date as babel_date
from babel.lists import format_list
from babel.numbers import format_decimal

NBSP = "\u00a0"
JOINED = "\u2060"  # a word joiner: no line begins or ends beside it, and nothing is seen of it

# language -> (day with weekday, day with weekday and year, day alone, day and month with year)
DAY_PATTERNS = {
    "fr": ("EEEE d\u00a0MMMM", "EEEE d\u00a0MMMM y", "d\u00a0MMMM", "d\u00a0MMMM y"),
    "zh": ("M月d日（EEE）", "y年M月d日（EEE）", "M月d日", "y年M月d日"),
    "en": ("EEEE d MMMM", "EEEE d MMMM y", "d MMMM", "d MMMM y"),
}


# Each language in itself (glossary, section 8); of others Babel knows the name.
OWN_NAMES = {"fr": "Français", "zh": "简体中文", "zh-Hant": "繁體中文", "en": "English"}


@lru_cache(maxsize=64)
def babel_locale(language: str) -> Locale:
    """Babel's locale for one of ours ("zh-Hant" included)."""
    return Locale.parse("zh_Hant_TW" if language == "zh-Hant" else language.replace("-", "_"))


def capital(text: str) -> str:
    """`text` with its first letter as at the beginning of a sentence, the rest as it is."""
    return text[:1].upper() + text[1:]


def own_name(language: str) -> str:
    """A language as its readers call it, with a capital: "Français", "Italiano"."""
    if language in OWN_NAMES:
        return OWN_NAMES[language]
    try:
        name = babel_locale(language).language_name or language
    except (UnknownLocaleError, ValueError):
        return language
    return capital(name)


def language_name(tag: str, language: str) -> str:
    """A language as readers of `language` call it: "français", "法语", "French"."""
    return babel_locale(language).languages.get(tag.replace("-", "_")) or own_name(tag)


def base(language: str) -> str:
    """The catalogue's language: "zh" for "zh-Hant", else the first part."""
    return language.split("-")[0]


@lru_cache(maxsize=4096)
def day(value: date, language: str, *, weekday: bool = True, year: bool = False) -> str:
    """A local day, in words."""
    patterns = DAY_PATTERNS.get(base(language))
    if patterns is None:
        return babel_date(value, "full" if weekday else "long", babel_locale(language))
    pattern = patterns[(1 if year else 0) if weekday else (3 if year else 2)]
    text = babel_date(value, pattern, babel_locale(language))
    if base(language) == "fr" and value.day == 1:
        text = text.replace(f"1{NBSP}", f"1er{NBSP}", 1)
    return text


@lru_cache(maxsize=4096)
def clock_time(value: time, language: str) -> str:
    """An hour and minutes, already local: "14 h 30", "9 h", "14:30"."""
    if base(language) == "fr":
        if (value.hour, value.minute) in ((12, 0), (0, 0)):
            return "midi" if value.hour else "minuit"
        return f"{value.hour}{NBSP}h" + (f"{NBSP}{value.minute:02}" if value.minute else "")
    if base(language) == "de":
        return f"{value:%H:%M}{NBSP}Uhr"
    return f"{value:%H:%M}"


def time_span(start: time, end: time, language: str) -> str:
    """From one hour to another, as it stands in a list, in one line: a browser breaks one beside a dash."""
    dash = {"fr": f"{NBSP}–{JOINED}{NBSP}", "zh": f"{JOINED}—{JOINED}"}.get(base(language), f"–{JOINED}")
    return clock_time(start, language) + dash + clock_time(end, language)


def days(first: date, last: date, language: str) -> str:
    """The days of an event: "6 et 7 novembre 2014", "2014年11月6日至7日"."""
    if first == last:
        return day(first, language, weekday=False, year=True)
    same_month = (first.year, first.month) == (last.year, last.month)
    match base(language):
        case "fr" if same_month:
            joint = "et" if (last - first).days == 1 else "au"
            start = "1er" if first.day == 1 else str(first.day)
            return f"{start} {joint} {day(last, language, weekday=False, year=True)}"
        case "zh" if same_month:
            return f"{day(first, language, weekday=False, year=True)}至{last.day}日"
        case "en" if same_month:
            joint = " and " if (last - first).days == 1 else "–"
            return f"{first.day}{joint}{day(last, language, weekday=False, year=True)}"
        case _:
            return f"{day(first, language, weekday=False, year=True)} – {day(last, language, weekday=False, year=True)}"


def listing(items: Sequence[str], language: str, *, is_choice: bool = False) -> str:
    """ "A, B et C", "A, B ou C" of a choice; in English without the comma that Babel's American lists have."""
    locale = babel_locale("en-GB" if language == "en" else language)
    return format_list(list(items), style="or" if is_choice else "standard", locale=locale)


def number(value: int, language: str) -> str:
    return (
        str(value)
        if abs(value) < 10_000 and base(language) == "zh"
        else format_decimal(value, locale=babel_locale(language)).replace("\u202f", NBSP)
    )


def decimal(value: float, language: str) -> str:
    """A figure with one decimal: "4,3" in French."""
    return format_decimal(value, format="0.0", locale=babel_locale(language))


def local(moment: datetime, zone: object) -> datetime:
    """`moment` (aware) on the wall clock of `zone` (a ZoneInfo)."""
    return moment.astimezone(zone)  # type: ignore[arg-type]
