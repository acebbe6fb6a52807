"""A handler failed: the person is told something useful in their language, the operator gets everything."""

import secrets

import structlog
from sqlalchemy.exc import DataError, DBAPIError

from bot.chat.action import Action
from bot.chat.reply import Button, Reply
from bot.conversation.context import Context

log = structlog.get_logger()


def is_the_database(error: Exception) -> bool:
    """Whether the transaction itself is broken: then the turn is run again, or delivered again. A value that no column
    takes (a forged button's) is none of it: the savepoint undoes it, and again it would fail for ever."""
    return isinstance(error, DBAPIError) and not isinstance(error, DataError)


def reply(ctx: Context, error: Exception) -> Reply:
    """What the person is told. The number in it finds the log line, which holds the traceback."""
    number = secrets.token_hex(3)
    log.error(
        "turn.failed",
        number=number,
        channel=ctx.update.channel,
        content=type(ctx.update.content).__name__,
        account=ctx.account.id,
        exc_info=error,
    )
    return Reply(
        text=ctx.say("Something went wrong on our side, and your message had no effect. Please try again. "
                     "If it happens again, tell the organizers this number: {number}.", number=number),
        buttons=(
            Button(ctx.say.p("button", "Menu"), Action("menu")),
            Button(ctx.say.p("button", "Talk to a person"), Action("human")),
        ),
    )  # fmt: skip
