"""What a link into the chat carries: `s_SESSION`, `p_PLACE`, `l_LANGUAGE`, or several joined by "_".

The same payload in every channel: `t.me/BOT?start=…`, `/?start=…` of the web chat, `/start …` typed. No id holds "_",
and session, language together take 54 characters at most, within the 64 of `A-Z a-z 0-9 _ -` that Telegram passes on.
"""

import re
from dataclasses import dataclass

LIMIT = 64
SEPARATOR = "_"
SAFE = re.compile(rf"[A-Za-z0-9_-]{{1,{LIMIT}}}")


@dataclass(frozen=True, slots=True)
class Link:
    """Where a link leads. language: a BCP 47 tag to go on in. All empty: to the beginning."""

    session: str = ""
    place: str = ""
    language: str = ""

    def pack(self) -> str:
        """The link as a payload. Raises ValueError where it does not fit."""
        parts = [
            SEPARATOR.join((kind, value))
            for kind, value in (("s", self.session), ("p", self.place), ("l", self.language))
            if value
        ]
        packed = SEPARATOR.join(parts)
        if packed and not SAFE.fullmatch(packed):
            raise ValueError(f"{packed!r} is no payload of at most {LIMIT} letters, digits, “-” and “_”")
        return packed

    @classmethod
    def unpack(cls, payload: str) -> "Link | None":
        """The link that `payload` stands for; None where it is none of ours."""
        if not payload:
            return cls()
        parts = payload.split(SEPARATOR)
        found = dict(zip(parts[::2], parts[1::2], strict=False))
        is_ours = len(parts) == 2 * len(found) and all(found.values()) and found.keys() <= {"s", "p", "l"}
        if not is_ours or not SAFE.fullmatch(payload):
            return None
        return cls(session=found.get("s", ""), place=found.get("p", ""), language=found.get("l", ""))
