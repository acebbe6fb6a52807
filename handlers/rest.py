"""The rest of a message that was too long for its platform."""

from collections.abc import Sequence

from bot.chat import kept
from bot.chat.reply import Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.delivery import outbox
from handlers import everything_else


@on.press("rest")
def go_on(ctx: Context, *_: str) -> Sequence[Reply]:
    """What the newest message left out, in its own language."""
    rest = outbox.newest(ctx.tx, ctx.account.id).get("rest")
    if not rest:
        return [everything_else.unknown_button(ctx)]
    if rest["language"] != ctx.say.language:
        ctx.notes["language"] = rest["language"]
    return kept.unpack(rest["replies"])
