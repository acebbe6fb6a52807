"""What somebody finds who searches the event from another chat, without writing to us: inline queries."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.chat.reply import Button, Reply


@dataclass(frozen=True, slots=True)
class Found:
    """One thing found. id: as in a link (bot.chat.links), unique among its like. title and about: a line each, to
    choose by. reply: what is shared, which everybody in that chat reads; its buttons are links."""

    id: str
    title: str
    about: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class Results:
    """language: which it is in. more: the button that leads into a chat with us, a link's payload behind it."""

    found: Sequence[Found]
    language: str
    more: Button


# (channel, who searches, what was typed, their language tag) -> what was found; at most LIMIT.
Search = Callable[[str, str, str, str], Awaitable[Results]]
LIMIT = 20
