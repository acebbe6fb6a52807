"""Faults of typography that a native reader sees at once, per language. The house style is the
project's glossary (locales/glossary.md): sections on French and on Chinese."""

import re
from collections.abc import Iterator

NBSP = "\u00a0"
SKIP = re.compile(r"\{[^{}]*\}|\(?https?://\S+|\S+@\S+|/[a-z]+\b")  # references, addresses, commands
HAN = r"[\u3400-\u9fff]"

FRENCH = (
    (re.compile(r"(?<=[\w»)\]])[ \u202f]?[;!?](?=\s|$)"), "no-break space before ; ! ?", "U+00A0 before the mark"),
    (re.compile(r"(?<=[\w»)\]]) ?:(?=\s|$)"), "no-break space before a colon", "U+00A0 before the mark"),
    (re.compile(r"«(?!\u00a0)|(?<!\u00a0)»"), "no-break spaces inside « »", "«\u00a0…\u00a0»"),
    (re.compile(r"[\"'“”](?=\w)|(?<=\w)[\"']"), "a straight quote or apostrophe", "’ or «\u00a0…\u00a0»"),
    (re.compile(r"\d[ \u202f]?[%€]"), "no-break space before % or €", "U+00A0 before the sign"),
)
CHINESE = (
    (re.compile(rf"(?<={HAN})[,;:?!]|[,;?!](?={HAN})"), "half-width punctuation in Chinese", "，；：？！"),
    (re.compile(rf"(?<={HAN})\.(?!\w)"), "a half-width full stop in Chinese", "。"),
    (re.compile(rf"(?<={HAN})[()]|[()](?={HAN})"), "half-width brackets in Chinese", "（ ）"),
    (
        re.compile(rf"(?<={HAN}) (?=[{HAN[1:-1]}A-Za-z0-9])|(?<=[A-Za-z0-9]) (?={HAN})"),
        "a space beside Chinese",
        "no space",
    ),
    (re.compile(rf"(?<={HAN})[\"']|[\"'](?={HAN})"), "a straight quote in Chinese", "“ ”"),
)
ENGLISH = ((re.compile(r"(?<=\w)'(?=\w)|\"\w|\w\""), "a straight quote or apostrophe", "’ or “ ”"),)
RULES = {"fr": FRENCH, "zh": CHINESE, "en": ENGLISH}


def faults(text: str, language: str) -> Iterator[tuple[str, str]]:
    """(what is wrong, what to write) for each rule that `text` breaks; nothing for languages without rules."""
    bare = SKIP.sub("", text)
    for pattern, what, do in RULES.get(language, ()):
        match = pattern.search(bare)
        if match:
            around = bare[max(0, match.start() - 12) : match.end() + 12].strip().replace("\n", " ")
            yield f"{what}, near “{around}”", do
