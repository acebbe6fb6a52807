"""Two questions in one message, taken apart."""

import re
from collections.abc import Sequence

from bot.answers.normalise import HAN

LONGEST = 400
MOST = 3
SHORTEST_LATIN, SHORTEST_HAN = 2, 3  # words, characters (a Latin word among them counts for two)
QUESTION_WORD = (
    r"(?:où|ou|quand|comment|combien|quel(?:le)?s?|qui|que|est-ce|y a|il y a|peut-on|puis-je|faut-il|dois-je"
    r"|where|when|how|what|which|who|is|are|can|could|do|does|should|will|may)"
)
CUTS = re.compile(
    r"[?？]+\s*|[;；\n]+\s*|。\s*"
    rf"|,?\s+(?:et aussi|et puis|et sinon|ainsi que|and also|and then|also,)\s+"
    rf"|,?\s+(?:et|and)\s+(?={QUESTION_WORD}\b)"
    rf"|,\s+(?={QUESTION_WORD}\b)"
    r"|[，,]?\s*(?:另外|还有就是|还有|顺便问一下|顺便|以及|再问一下)[，,]?\s*"
    r"|[，,]\s*(?=(?:那|请问|在哪|怎么|什么|几点|多少|有没有|能不能|可以|可不可以|是否|需要|要不要|哪|有[^，,]{1,12}[吗嘛么]))"
    r"|(?<=[呢吗嘛])[，, ]\s*",
    re.IGNORECASE,
)
WEAK_CUTS = re.compile(
    r"\s*[,，、&+]\s*|\s+(?:et|and|plus|puis|ou|or)\s+|(?<=\w)[和跟与](?=\w)|[.。]\s+", re.IGNORECASE
)
SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？\n]*")
LONG = 150  # characters from which a message tells a story before it asks
PAIRS = 1
LONG_ENOUGH_FOR_TWO = 4
ASKS = re.compile(
    rf"[?？]|^{QUESTION_WORD}\b|[吗呢么]$|请问|哪|怎么|什么|几点|多少|有没有|能不能|可不可以", re.IGNORECASE
)
LEFT_OVER = re.compile(r"^(?:et|and|also|aussi|sinon|puis|还有|另外|，|,|\s)+", re.IGNORECASE)
HAS_HAN = re.compile(f"[{HAN}]")


def questions(text: str) -> Sequence[str]:
    """The parts of `text` that can be questions of their own; fewer than two means it is not to be parted."""
    if len(text) > LONGEST:
        return ()
    parts = [LEFT_OVER.sub("", part).strip(" ,，.。!！") for part in CUTS.split(text) if part]
    kept = [part for part in parts if _long_enough(part)]
    return kept[:MOST] if len(kept) > 1 else ()


def perhaps(text: str) -> Sequence[Sequence[str]]:
    """Pairs that `text` may be made of, where only a word for "and" or a comma says so; at most PAIRS."""
    if len(text) > LONGEST:
        return ()
    pairs = []
    for cut in WEAK_CUTS.finditer(text):
        pair = [LEFT_OVER.sub("", part).strip(" ,，.。!！?？") for part in (text[: cut.start()], text[cut.end() :])]
        if all(map(_long_enough, pair)) and sum(map(_weight, pair)) >= LONG_ENOUGH_FOR_TWO:
            pairs.append(pair)
    return pairs[:PAIRS]


def asks(text: str) -> bool:
    """Whether it is put as a question: by its mark, its first word or a Chinese word that asks."""
    return ASKS.search(text.strip()) is not None


def essence(text: str) -> str:
    """What a long message asks: its sentences with a question mark, else its last ones, within LONG characters."""
    if len(text) <= LONG:
        return text
    sentences = [sentence.strip() for sentence in SENTENCE.findall(text) if sentence.strip()]
    asking = [sentence for sentence in sentences if sentence[-1] in "?？"] or sentences
    kept: list[str] = []
    for sentence in reversed(asking):
        if kept and sum(map(len, kept)) + len(sentence) > LONG:
            break
        kept.insert(0, sentence)
    return " ".join(kept)


def _weight(part: str) -> int:
    """How much a part says: words, a Chinese character being half of one."""
    return len(HAS_HAN.sub(" ", part).split()) + len(HAS_HAN.findall(part)) // 2


def _long_enough(part: str) -> bool:
    han = len(HAS_HAN.findall(part))
    words = len(HAS_HAN.sub(" ", part).split())
    return han + 2 * words >= SHORTEST_HAN if han else words >= SHORTEST_LATIN
