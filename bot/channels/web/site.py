"""What the page needs to know of the event, and which language a browser reads it in."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.text.formats import babel_locale, base, capital
from bot.text.words import Words

TRADITIONAL = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")
ACCEPTED_AT_MOST = 20  # tags of an Accept-Language that are read


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One published event, as the page shows it.

    languages: in the order of the switch. words: one for each of them, and "zh-Hant" beside "zh".
    names, short_names: the event's, by language. clock_notice: the clock was moved, so the page says so.
    """

    languages: tuple[str, ...]
    default_language: str
    words: Mapping[str, Words]
    names: Mapping[str, str]
    short_names: Mapping[str, str]
    clock_notice: bool = False

    def name(self, language: str) -> str:
        return self._in(self.names, language)

    def short_name(self, language: str) -> str:
        return self._in(self.short_names, language)

    def _in(self, texts: Mapping[str, str], language: str) -> str:
        given = texts.get(language)
        if given is not None:
            return given
        return self.words[language].script(texts.get(base(language)) or texts[self.default_language])


def choose_language(site: Site, *wanted: str, accept: str = "") -> str:
    """The first of `wanted` (BCP 47 tags, "" for none) that the event speaks, else by `accept`, else its default."""
    for tag in (*wanted, *_accepted(accept)):
        if language := _spoken(site, tag):
            return language
    return site.default_language


def tag(language: str) -> str:
    """`language` for a lang attribute: Chinese names its script, by which a browser picks its signs."""
    return "zh-Hans" if language == "zh" else language


def own_name(language: str) -> str:
    """A language's name in itself: "Français", "中文"."""
    if language == "zh-Hant":
        return "繁體中文"
    name = babel_locale(language).get_language_name(language) or language
    return capital(name)


def _spoken(site: Site, tag: str) -> str:
    lowered = tag.strip().lower().replace("_", "-")
    first = base(lowered)
    if first not in site.languages:
        return ""
    if lowered.startswith(TRADITIONAL) and "zh-Hant" in site.words:
        return "zh-Hant"
    return first


def _accepted(header: str) -> list[str]:
    """The tags of an Accept-Language header, the most wanted first."""
    weighted: list[tuple[float, str]] = []
    for part in header.split(",")[:ACCEPTED_AT_MOST]:
        name, _, weight = part.partition(";q=")
        try:
            weighted.append((float(weight or 1), name))
        except ValueError:
            continue
    return [name for weight, name in sorted(weighted, key=lambda pair: -pair[0]) if weight > 0]
