"""What a button does, packed to 64 bytes and back.

64 bytes is the tightest of the platforms (Telegram's callback_data); all the others carry the same.
"""

from dataclasses import dataclass

LIMIT_BYTES = 64
SEPARATOR = "|"
ASIDE = "~"
GO_ON = "rest"  # what a message left out
LABELLED = "\n"  # between a choice and its label
ID_DIGITS = 15  # what every database's and every reader's number holds


@dataclass(frozen=True, slots=True)
class Action:
    """`name` is registered with `on.press(name)`; `args` are handed to the handler as strings.

    aside: what the conversation notes on the button for itself; no handler sees it.
    """

    name: str
    args: tuple[str, ...] = ()
    aside: str = ""

    def pack(self) -> str:
        """The action as one string of at most 64 bytes. Raises ValueError where it does not fit."""
        parts = (self.name, *self.args, *([ASIDE + self.aside] if self.aside else []))
        if any(SEPARATOR in part for part in parts):
            raise ValueError(f"{SEPARATOR!r} in {self!r}")
        packed = SEPARATOR.join(parts)
        if not 1 <= len(packed.encode()) <= LIMIT_BYTES:
            raise ValueError(f"{packed!r} takes {len(packed.encode())} bytes, at most {LIMIT_BYTES} fit")
        return packed

    @property
    def fits(self) -> bool:
        try:
            return bool(self.pack())
        except ValueError:
            return False

    @classmethod
    def unpack(cls, packed: str) -> "Action":
        name, *args = packed[: LIMIT_BYTES * 4].split(SEPARATOR)
        aside = args.pop().removeprefix(ASIDE) if args and args[-1].startswith(ASIDE) else ""
        return cls(name, tuple(args), aside)


def action(name: str, *args: str) -> Action:
    return Action(name, args)


def as_choice(action: Action, label: str) -> str:
    """A packed action with its label, so that it can be said as it is shown."""
    return f"{action.pack()}{LABELLED}{label}"


def of_choice(choice: str) -> tuple[Action, str]:
    """What it does, and its label, "" where it is kept without."""
    packed, _, label = choice.partition(LABELLED)
    return Action.unpack(packed), label


def is_id(text: str) -> bool:
    """Whether what a button carries can be the number of a row: it may be forged, and no column takes any number."""
    return text.isascii() and text.isdigit() and len(text) <= ID_DIGITS
