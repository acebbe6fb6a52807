"""A turn of the team's, in the room where it answers: no account, no replies; what it changes is shown on cards."""

import structlog

from bot.chat.update import Joined, Left, Media, Moved, Press, Text
from bot.conversation import trouble
from bot.conversation.context import Turn
from bot.conversation.router import Register

log = structlog.get_logger()


def turn(register: Register, ctx: Turn) -> None:
    """Let the handler do its work; what a failed one did is undone, and the operator hears of it."""
    name, args = _route(ctx)
    handler = register.find("team", name)
    if handler is None:
        return
    try:
        with ctx.tx.savepoint():
            handler(ctx, *args)
    except Exception as error:
        if trouble.is_the_database(error):
            raise
        ctx.told.clear()
        log.error("team.failed", content=name, exc_info=error)


def _route(ctx: Turn) -> tuple[str, tuple[str, ...]]:
    match ctx.update.content:
        case Press(action):
            return f"press {action.name}", action.args
        case Text(text):
            return "text", (text.strip(),)
        case Media(kind):
            return "media", (kind,)
        case Moved(to):
            return "moved", (to,)
        case Left():
            return "left", ()
        case Joined():
            return "joined", ()
    return "nothing", ()
