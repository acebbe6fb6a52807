"""The rest of a message that was too long for its platform."""

from collections.abc import Sequence

from bot.chat import kept
from bot.chat.action import GO_ON
from bot.chat.reply import Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.delivery import outbox


@on.press(GO_ON)
def go_on(ctx: Context, *_: str) -> Sequence[Reply]:
    """What the newest message left out, in its own language."""
    rest = outbox.newest(ctx.tx, ctx.account.id).get("rest")
    if not rest:
        return [Reply(text=ctx.say("There is nothing more to read."))]
    if rest["language"] != ctx.say.language:
        ctx.notes["language"] = rest["language"]
    return kept.unpack(rest["replies"])
