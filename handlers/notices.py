"""The wording of notices, and what their readers do with them: confirm, look back, choose what they get."""

from collections.abc import Sequence

from bot.chat.action import action, is_id
from bot.chat.reply import Brief, Button, Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.notices import broadcast
from bot.notices.broadcast import Notice
from bot.notices.tables import Urgency
from bot.text.words import Words
from handlers import cards


@on.notice("correction")
@on.notice("broadcast")
def announcement(notice: Notice, say: Words, silent: bool, _: Sequence[str] = ()) -> Reply:
    """An organizer's text, as its reader gets it."""
    is_urgent = notice.urgency == Urgency.URGENT
    match notice.kind, is_urgent:
        case "correction", True:
            heading = say("**Urgent correction, from the organizers**")
        case "correction", False:
            heading = say("**Correction, from the organizers**")
        case _, True:
            heading = say("**Urgent, from the organizers**")
        case _:
            heading = say("**From the organizers**")
    text = heading + say.markup(notice.in_(say.language))
    buttons: list[Button] = []
    if not is_urgent:
        buttons.append(Button(say.p("button", "What I receive"), action("notify"), command="notify"))
    if notice.receipt:
        buttons.insert(0, cards.button(say.p("button", "I have read this"), "read", str(notice.id)))
    said = notice.in_(say.language).strip()
    brief = Brief(said.splitlines()[0] if said else "")
    return Reply(text=text, buttons=tuple(buttons), silent=silent, brief=brief)


@on.notice("recalled")
def recalled(_: Notice, say: Words, silent: bool, __: Sequence[str] = ()) -> Reply:
    """What stands in the place of a notice of any kind that could not be deleted."""
    return Reply(text=say("This announcement was withdrawn."), silent=silent)


@on.press("read")
def read(ctx: Context, notice_id: str) -> Reply:
    """The reader confirms."""
    if is_id(notice_id) and broadcast.confirm(ctx.tx, int(notice_id), ctx.person.id, ctx.now):
        return Reply(text=ctx.say("Thank you: the organizers see that you have read it."))
    return Reply(text=ctx.say("This announcement is no longer there."), buttons=cards.menu(ctx.say)[:3])
