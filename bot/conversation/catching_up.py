"""What waited for the person to write, before what they wrote is answered."""

from collections.abc import Sequence
from dataclasses import replace

from bot.chat import kept
from bot.chat.action import Action
from bot.chat.reply import Button, Reply
from bot.conversation.context import Context
from bot.conversation.router import Register
from bot.delivery import outbox
from bot.notices import missed

OWED = "read"  # the one button of a notice that its reader owes to somebody


def replies(ctx: Context, register: Register) -> Sequence[Reply]:
    """What they were told about themselves, then each notice that could not reach them and is still true."""
    said = outbox.missed(ctx.tx, ctx.account.id, ctx.now - missed.LATEST, ctx.now)
    out = [reply for body in said for reply in kept.unpack(body.get("said", ()))]
    for each in missed.give(ctx.tx, ctx.account.id, ctx.person.id, ctx.event, ctx.now):
        wording = register.find("notice", each.notice.kind)
        has_text = each.notice.parts or each.notice.in_(ctx.say.language)
        if wording is None or not has_text:
            continue
        reply = wording(each.notice, ctx.say, False, each.goes)
        assert isinstance(reply, Reply)
        out.append(replace(reply, buttons=tuple(filter(_is_owed, reply.buttons)), replaces=False))
    if not out:
        return []
    return [replace(out[0], text=ctx.say("**While you were away:**") + out[0].text), *out[1:]]


def _is_owed(button: Button) -> bool:
    return isinstance(button.action, Action) and button.action.name == OWED
