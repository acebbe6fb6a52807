"""Where a team answers: a room on some platform that shows cards, perhaps in topics. Telegram groups are one kind."""

from dataclasses import dataclass
from typing import Protocol

from bot.chat.channel import Failed, InDoubt, Later, Parcel, Sent, Unreachable


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The room has moved to another address."""

    address: str


@dataclass(frozen=True, slots=True)
class Found:
    """The room is there. has_topics: whether each question can have a topic of its own in it."""

    has_topics: bool


Answer = Sent | Later | Unreachable | Failed | InDoubt | Elsewhere


class Desk(Protocol):
    """A channel's end of it. Nothing here raises for what a platform can answer."""

    rooms: set[str]  # the addresses of the team's room: what is said there carries `Update.room`

    async def look(self, address: str) -> Found | Answer:
        """Whether the room is there, and what it can do."""
        ...

    async def topic(self, address: str, title: str) -> Answer:
        """Begin a topic; Sent with its id."""
        ...

    async def post(self, address: str, parcel: Parcel, *, thread: str = "", answers: str = "") -> Answer:
        """Show a message in the room, or, where the parcel edits one, change it; Sent with its id.

        thread: the topic. answers: id of the message that it stands under.
        """
        ...

    async def remove(self, address: str, message_id: str) -> Answer:
        """Take a message of ours away; Sent where it is gone."""
        ...
