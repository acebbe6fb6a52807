"""Texts as the matcher compares them: `fold` for words and characters, `tidy` for the sentence models.

Both read Traditional as Simplified, phone spelling as words ("jpeu" is "je peux") and Chinese typed in
pinyin as Chinese.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from bot.event import yaml
from bot.text import chinese, detect

MODEL_LENGTH = 150  # characters that go to the models: 10,000 cost 14 s
LEXICAL_LENGTH = 400

HAN = r"\u3400-\u9fff\uf900-\ufaff"
UNWANTED = re.compile(r"https?://\S+|[\U0001F000-\U0001FAFF\u2600-\u27BF\uFE0F\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
REPEATED = re.compile(r"([^\W\d])\1{2,}")
APOSTROPHES = re.compile(r"['’ʼ`´]")
NOT_WORD = re.compile(rf"[^0-9a-z{HAN}]+")
BETWEEN_SCRIPTS = re.compile(rf"(?<=[{HAN}])(?=[0-9a-z])|(?<=[0-9a-z])(?=[{HAN}])")
HAN_GAP = re.compile(rf"(?<=[{HAN}])\s+(?=[{HAN}])")
LATIN_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
# "g oublié" is "j'ai oublié", "c koi" is "c'est quoi"; but "tram C" and "4 G" are not.
SPOKEN_LETTERS = (
    (
        re.compile(
            r"\bg (?=(?:pas|oubli|perd|besoin|un|une|rien|fai|mal|faim|soif|d[ée]j|l[ea]|mon|ma|mes)\w*)", re.IGNORECASE
        ),
        "j'ai ",
    ),
    (
        re.compile(
            r"\bc (?=(?:koi|quoi|o[uù]|quand|qd|kan|combien|cb|qui|ki|bon|pas|a quelle|à quelle|un|une|l[ea]|pour)\b)",
            re.IGNORECASE,
        ),
        "c'est ",
    ),
)


def read_data(name: str) -> Any:
    """One of the YAML files beside this module."""
    return yaml.read(Path(str(resources.files("bot.answers").joinpath(name))), name).value


def strip_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


@lru_cache(maxsize=256)  # a text is asked for four times on its way
def plain(text: str) -> str:
    """Lower case, without accents and punctuation, Simplified; Chinese and Latin words parted by spaces."""
    text = unicodedata.normalize("NFKC", UNWANTED.sub(" ", text)).lower()
    text = strip_accents(chinese.simplified(text)).replace("œ", "oe").replace("æ", "ae").replace("ß", "ss")
    text = REPEATED.sub(r"\1\1", text)
    text = NOT_WORD.sub(" ", BETWEEN_SCRIPTS.sub(" ", text))
    return " ".join(HAN_GAP.sub("", text).split())


class Writing(NamedTuple):
    """`writing.yaml`: phone spellings of words (Latin) and of parts of sentences (Chinese), and pinyin."""

    words: Mapping[str, Mapping[str, str]]
    chinese: Mapping[str, str]
    chinese_forms: re.Pattern[str]
    pinyin: Mapping[str, str]
    longest_pinyin: int


@lru_cache(maxsize=1)
def writing() -> Writing:
    data = read_data("writing.yaml")
    sms = {
        language: {str(short): str(long) for short, long in forms.items()} for language, forms in data["sms"].items()
    }
    chinese_sms = sms.pop("zh")
    longest_first = sorted(chinese_sms, key=len, reverse=True)
    pinyin = {str(typed).replace(" ", ""): str(hanzi) for typed, hanzi in data["pinyin"].items()}
    forms = re.compile("|".join(map(re.escape, longest_first)))
    return Writing(sms, chinese_sms, forms, pinyin, max(map(len, pinyin)))


def expand(text: str, language: str) -> str:
    """`text` with the phone spellings of its language written out."""
    table = writing()
    if language.startswith("zh"):
        return table.chinese_forms.sub(lambda found: table.chinese[found[0]], text)
    if language == "fr":
        for pattern, words in SPOKEN_LETTERS:
            text = pattern.sub(words, text)
    forms = table.words.get(language, {})
    return LATIN_WORD.sub(lambda found: forms.get(found[0].lower(), found[0]), text) if forms else text


def from_pinyin(text: str) -> str:
    """Toneless pinyin as Chinese, as far as a small table goes; what it does not hold stays."""
    table, longest = writing().pinyin, writing().longest_pinyin
    letters = re.sub(r"[^a-z0-9]+", "", plain(text))
    out: list[str] = []
    at = 0
    while at < len(letters):
        for length in range(min(longest, len(letters) - at), 1, -1):
            hanzi = table.get(letters[at : at + length])
            if hanzi is not None:
                out.append(hanzi)
                at += length
                break
        else:
            out.append(letters[at])
            at += 1
    return "".join(out)


def tidy(text: str, language: str) -> str:
    """For the sentence models: Simplified, phone spelling written out, accents kept, 150 characters."""
    text = unicodedata.normalize("NFKC", UNWANTED.sub(" ", text[: 4 * MODEL_LENGTH]))
    text = APOSTROPHES.sub("'", chinese.simplified(REPEATED.sub(r"\1\1", text)))
    if language.startswith("zh") and detect.is_pinyin(text):
        text = from_pinyin(text)
    return " ".join(expand(text, language).split())[:MODEL_LENGTH]


def fold(text: str, language: str) -> str:
    """For comparing words and characters: as `tidy`, then without accents, case and punctuation."""
    text = text[:LEXICAL_LENGTH]
    if language.startswith("zh") and detect.is_pinyin(text):
        return plain(from_pinyin(text))
    return plain(expand(chinese.simplified(text), language))
