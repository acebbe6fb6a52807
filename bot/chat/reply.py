"""What the bot says, before any platform has a view on it."""

from dataclasses import dataclass

from bot.chat.action import Action
from bot.text.markup import Markup


@dataclass(frozen=True, slots=True)
class Link:
    """A button that opens a page. url: https://…, or a path that begins with "/" of our own server.

    is_feed: a calendar of our own server, to subscribe to rather than to download, where the platform can.
    is_chat: url is the payload of a link (bot.chat.links) to a chat with the bot on the same platform; for groups.
    """

    url: str
    is_feed: bool = False
    is_chat: bool = False


@dataclass(frozen=True, slots=True)
class Button:
    """label: in the reader's language, already short. command: what does the same, "" for none; where buttons are
    numbers it is written, so that a message that came unasked does not take the numbers of what is being read."""

    label: str
    action: Action | Link
    command: str = ""


@dataclass(frozen=True, slots=True)
class Coordinates:
    """A point to show on a map, in degrees (WGS 84), with what stands there."""

    lat: float
    lon: float
    name: str
    address: str = ""

    @property
    def map_url(self) -> str:
        """A map that every browser opens, with a mark at the point."""
        return f"https://www.openstreetmap.org/?mlat={self.lat}&mlon={self.lon}#map=17/{self.lat}/{self.lon}"


@dataclass(frozen=True, slots=True)
class File:
    """A file made for the person; content is text (iCalendar, JSON)."""

    name: str
    media_type: str
    content: str


@dataclass(frozen=True, slots=True)
class Brief:
    """What, where, when in a few characters each, for platforms that allow no more."""

    what: str
    where: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One thing the bot says. The channel renders it within its platform's limits."""

    text: Markup
    buttons: tuple[Button, ...] = ()
    place: Coordinates | None = None
    file: File | None = None
    replaces: bool = False  # may take the place of the message whose button was pressed
    expects: str = ""  # the handler that reads the person's next free text, as a packed Action
    large: str = ""  # words to show as big as the platform can (an address for a taxi driver)
    brief: Brief | None = None
    silent: bool = False  # without a sound, where the platform can
    forgets: bool = False  # all of the person was erased: what the channel keeps of them goes too
