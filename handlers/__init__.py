"""What the bot says, to whom, in which case. Importing this package fills the register of handlers."""

from handlers import (
    agenda,
    changes,
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
    "changes",
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
