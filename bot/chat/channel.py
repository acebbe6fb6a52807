"""What every platform must offer, and how it says what became of a message."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from bot.chat.reply import Reply
from bot.chat.update import Update
from bot.text.words import Words


@dataclass(frozen=True, slots=True)
class Abilities:
    """What the platform can do; text_limit counts in text_unit."""

    buttons: bool = True
    edits: bool = False
    pushes: bool = True
    stored: bool = False  # messages are read from the outbox: to put one there is to send it
    footer: bool = False  # every screen ends with the ways to the menu and to help in an emergency
    counts: bool = False  # how many may be sent unasked, and until when, depends on when the person last wrote
    lone: bool = False  # updates go to one process at a time, as by polling
    window: int = 16  # messages of notices that may wait for their turn at once
    text_limit: int = 4096
    text_unit: Literal["characters", "utf16", "bytes"] = "characters"


@dataclass(frozen=True, slots=True)
class Parcel:
    """One platform message, ready to send: one outbox row, one API call, one message id.

    body: JSON in the platform's own terms. edits: id of the message it replaces, where the platform can.
    choices: packed actions in the order shown, so that "2" can stand for the second button; with their labels (see
    action.as_choice) where these can be said too.
    kind, is_urgent: of a notice; "" for an answer.
    """

    body: Mapping[str, Any]
    edits: str = ""
    choices: tuple[str, ...] = ()
    kind: str = ""
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Later:
    """Not now: wait `seconds`, for this chat or for the whole bot. Not an attempt."""

    seconds: float
    scope: Literal["chat", "bot"] = "chat"
    why: str = ""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The account cannot be written to until it comes back by itself; where it does not last, this message alone cannot
    reach it now."""

    why: str
    lasts: bool = True


@dataclass(frozen=True, slots=True)
class Failed:
    """This message can never be sent; the account is fine."""

    why: str


@dataclass(frozen=True, slots=True)
class InDoubt:
    """The platform may or may not have taken it."""

    why: str


# Of a menu of commands: whoever, several people together, or who organizes the event.
Readers = Literal["person", "group", "organizer"]
Verdict = Sent | Later | Unreachable | Failed | InDoubt
Receive = Callable[[Update], Awaitable[object]]


class Channel(Protocol):
    """A platform. `render` is pure; `send` never raises for what a platform can answer."""

    name: str
    abilities: Abilities

    def render(self, replies: Sequence[Reply], say: Words, *, replacing: str = "") -> list[Parcel]:
        """replacing: id of the message whose button was pressed, "" when none was."""
        ...

    async def admit(self, address: str) -> Later | None:
        """Return when the address may be written to, or Later where that is too far off."""
        ...

    async def reserve(self, address: str) -> Later | float:
        """As `admit`, after whoever waits for an answer, and some moments ahead: when to write, as loop time."""
        ...

    async def send(self, address: str, parcel: Parcel, *, because: str, sequence: int) -> Verdict:
        """because: update key or notice kind. sequence: the message's number in this account's line."""
        ...

    async def correct(self, address: str, message_id: str, parcel: Parcel) -> Verdict:
        """Put another text in the place of a message that was sent; Sent with another id where that could only come
        as a new one."""
        ...

    async def withdraw(self, address: str, message_id: str) -> Verdict:
        """Take back a message that was sent; Failed where it stays and may be corrected instead."""
        ...

    async def run(self, receive: Receive) -> None:
        """Take updates and hand each to `receive`, which returns once it is recorded; until cancelled."""
        ...

    async def close(self) -> None:
        """Shut what `send` needs; called once, after the last of them."""
        ...
