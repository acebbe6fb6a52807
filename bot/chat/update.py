"""What arrives from a platform, before anybody reads it."""

from dataclasses import dataclass
from datetime import datetime

from bot.chat.action import Action


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Press:
    """A button. message_id: the platform's id of the message that carried it, "" where unknown."""

    action: Action
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """First contact or a deep link; payload: what the link carried, "" for none."""

    payload: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """Where the person is, in degrees (WGS 84)."""

    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Media:
    """Anything without words: kind is "sticker", "voice", "photo", "file", "unknown"…"""

    kind: str


@dataclass(frozen=True, slots=True)
class Joined:
    """The person may be written to (again)."""


@dataclass(frozen=True, slots=True)
class Left:
    """The person blocked the bot, or stopped following it."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The platform gave the same chat another address: a group that grew, the team's room."""

    to: str


@dataclass(frozen=True, slots=True)
class Room:
    """Said in the room where the team answers (see desk.py), and where in it.

    thread: the topic, "" where the room has none. answers: id of the message that this one answers. name: of who said
    it, as shown there. message: its own id. carried: what the first button of the answered message does, where it is
    one of ours.
    """

    thread: str = ""
    answers: str = ""
    name: str = ""
    message: str = ""
    carried: Action | None = None


Content = Text | Press | Start | Position | Media | Joined | Left | Moved


@dataclass(frozen=True, slots=True)
class Opening:
    """What a platform that counts lets us send unasked once the person has done this: so many messages, for so long.

    is_brief: an allowance of its own beside the one for having written.
    """

    messages: int
    seconds: int
    is_brief: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One thing a person did on one channel. Can be stored, replayed and compared."""

    channel: str  # "telegram", "wechat", "web", "terminal"
    key: str  # the platform's own id; (channel, key) is handled once, however often delivered
    address: str  # where answers go: chat id, openid, browser id
    author: str  # who did it; differs from address only in a group
    at: datetime  # aware UTC, when it reached us
    content: Content
    language: str = ""  # the platform's hint, BCP 47, may be empty or wrong
    opens: Opening | None = None  # where the platform counts what may be sent unasked
    room: Room | None = None  # set where the team said it, and no delegate
    only_at: int | None = None  # done by us for the person: only while theirs is the newest message in the chat

    @property
    def is_in_group(self) -> bool:
        """Whether others read along."""
        return self.author != self.address
