"""A person's text without what may tell who they are, as far as a program can see it."""

import re
import unicodedata

BLANK = "[…]"
# Possessive, so that a hostile text of any length costs one pass.
ADDRESS = re.compile(r"https?://\S++|www\.\S++|[\w.+\-]++@[\w.\-]++", re.IGNORECASE)
NUMBER = re.compile(r"\+?\d(?:[ .\-/()\u00a0\u202f]?\d)++")
DATE = re.compile(r"\d{1,4}([.\-/])\d{1,2}\1\d{1,4}")
LONGEST_NUMBER = 6  # digits: a time, a price, a year or two; more is a telephone, a card, a passport


def without_identity(text: str, length: int) -> str:
    """`text` in one line of at most `length` characters, its addresses and long numbers blanked; what cannot be
    printed is dropped. Names stay: a program cannot tell them from places."""
    printable = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", text))
    blanked = NUMBER.sub(_number, ADDRESS.sub(BLANK, printable))
    return " ".join(blanked.split())[:length].strip()


def _number(match: re.Match[str]) -> str:
    found = match[0]
    digits = sum(character.isdigit() for character in found)
    return BLANK if digits > LONGEST_NUMBER and not DATE.fullmatch(found) else found
