"""What the bot says, to whom, in which case. Importing this package fills the register of handlers."""

from handlers import (
    agenda,
    desk,
    everything_else,
    interest,
    language,
    notices,
    organizers,
    places,
    privacy,
    programme,
    questions,
    readers,
    sending,
    start,
)

__all__ = [
    "agenda",
    "desk",
    "everything_else",
    "interest",
    "language",
    "notices",
    "organizers",
    "places",
    "privacy",
    "programme",
    "questions",
    "readers",
    "sending",
    "start",
]
