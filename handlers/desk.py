"""Reaching a human, announcements and what one receives: as far as this installation has them."""

from bot.chat.reply import Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.programme import facts
from handlers import cards


@on.press("human")
@on.command("human", "Talk to a person")
def human(ctx: Context, *_: str) -> Reply:
    """Who can be reached, and how; what is not known is said to be so."""
    say = ctx.say
    text = say("The organizing team helps you at the welcome desk, at the venue.")
    for contact in ctx.event.details.contacts:
        name = contact.name.in_(say.language)
        unknown = facts.to_be_confirmed(say)
        text += say(
            "**{name}** – telephone: {phone}; e-mail: {email}",
            name=name,
            phone=contact.phone or unknown,
            email=contact.email or unknown,
        )
    text += say("In an emergency, call 112.")
    return Reply(
        text=text,
        buttons=(
            cards.button(say.p("button", "Places and maps"), "places"),
            cards.button(say.p("button", "Menu"), "menu"),
        ),
    )


@on.command("news", "Announcements")
def news(ctx: Context, *_: str) -> Reply:
    return Reply(
        text=ctx.say("There is no announcement yet. What the organizers announce will arrive in this chat."),
        buttons=cards.menu(ctx.say)[:3],
    )


@on.command("stop", "Stop messages", in_menu=False)
@on.command("notify", "What I receive")
def notify(ctx: Context, *_: str) -> Reply:
    """What is sent unasked: for now, only a place that comes free."""
    say = ctx.say
    text = say(
        "Unasked, I write to you only when a place comes free for you in a session, or to pass on an announcement."
    )
    text += say("For reminders, add your agenda to your calendar: it can warn you as early as you like.")
    return Reply(
        text=text,
        buttons=(
            cards.button(say.p("button", "Add to calendar"), "calendar"),
            cards.button(say.p("button", "My agenda"), "agenda"),
        ),
    )
