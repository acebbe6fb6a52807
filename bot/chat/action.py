"""What a button does, packed to 64 bytes and back.

64 bytes is the tightest of the platforms (Telegram's callback_data); all the others carry the same.
"""

from dataclasses import dataclass

LIMIT_BYTES = 64
SEPARATOR = "|"


@dataclass(frozen=True, slots=True)
class Action:
    """`name` is registered with `on.press(name)`; `args` are handed to the handler as strings."""

    name: str
    args: tuple[str, ...] = ()

    def pack(self) -> str:
        """The action as one string of at most 64 bytes. Raises ValueError where it does not fit."""
        if any(SEPARATOR in part for part in (self.name, *self.args)):
            raise ValueError(f"{SEPARATOR!r} in {self!r}")
        packed = SEPARATOR.join((self.name, *self.args))
        if not 1 <= len(packed.encode()) <= LIMIT_BYTES:
            raise ValueError(f"{packed!r} takes {len(packed.encode())} bytes, at most {LIMIT_BYTES} fit")
        return packed

    @classmethod
    def unpack(cls, packed: str) -> "Action":
        name, *args = packed[: LIMIT_BYTES * 4].split(SEPARATOR)
        return cls(name, tuple(args))


def action(name: str, *args: str) -> Action:
    return Action(name, args)
