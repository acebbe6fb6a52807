"""What became of a message: the library's exceptions as verdicts (platform rules, Errors).

An unknown 400 is a permanent fault of that message, never of the account.
"""

from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, TelegramError

from bot.channels.telegram.http import NotSent
from bot.chat.channel import Failed, InDoubt, Later, Unreachable, Verdict

NO_CONNECTION_SECONDS = 2.0
TOKEN_REFUSED_SECONDS = 60.0
CONFLICT_SECONDS = 5.0
WHY_LIMIT = 200

NOT_THERE = ("chat not found", "private chat not found", "user not found")
NOT_MODIFIED = "message is not modified"
NOT_EDITABLE = (
    "message to edit not found",
    "message can't be edited",
    "there is no text in the message to edit",
    "message_id_invalid",
    "message identifier is not specified",
)
NOT_PARSED = "can't parse entities"
GONE = "message to delete not found"


def verdict(error: TelegramError) -> Verdict:
    """For every error but RetryAfter and ChatMigrated, which the channel answers by itself."""
    text = str(error.message).lower()
    why = str(error.message)[:WHY_LIMIT]
    match error:
        case InvalidToken():  # the message itself is fine: it waits for the operator
            return Later(TOKEN_REFUSED_SECONDS, "bot", "token refused")
        case Forbidden():
            return Unreachable(why)
        case BadRequest():
            return Unreachable(why) if any(words in text for words in NOT_THERE) else Failed(why)
        case Conflict():
            return Later(CONFLICT_SECONDS, "bot", why)
        case NotSent():
            return Later(NO_CONNECTION_SECONDS, "bot", why)
        case NetworkError() if "entity too large" in text:
            return Failed(why)
        case _:  # TimedOut, a lost connection, 5xx, an answer that cannot be read
            return InDoubt(why)


def is_not_modified(error: BadRequest) -> bool:
    return NOT_MODIFIED in error.message.lower()


def is_not_editable(error: BadRequest) -> bool:
    return any(words in error.message.lower() for words in NOT_EDITABLE)


def is_gone(error: TelegramError) -> bool:
    """There is nothing left to delete: the person did, or we did before."""
    return isinstance(error, BadRequest) and GONE in error.message.lower()


def is_not_parsed(error: BadRequest) -> bool:
    return NOT_PARSED in error.message.lower()
