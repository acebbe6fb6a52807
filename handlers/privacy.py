"""Personal data: the notice, what is held, handed over as a file, erased after confirmation."""

import json

from bot.chat.action import action
from bot.chat.reply import Button, File, Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.people import privacy
from bot.text.markup import Markup
from handlers import cards


def notice(ctx: Context) -> Reply:
    """The short notice of first contact: who is responsible, on what ground, how long, what one can do."""
    say = ctx.say
    text = say.markup(ctx.event.details.privacy.controller.in_(say.language)) + say(
        "By writing here you agree that your messages serve to answer you, keep your agenda and pass on "
        "announcements, and nothing else. Everything is erased {days} days after the event or your last message, "
        "and at once with /forget.",
        days=ctx.retention_days,
    )
    return Reply(text=text, buttons=(Button(say.p("button", "Privacy"), action("privacy"), command="privacy"),))


@on.content("notice")
def first_notice(ctx: Context) -> Reply:
    return notice(ctx)


@on.press("privacy")
@on.command("privacy", "Your data")
def explain(ctx: Context, *_: str) -> Reply:
    """The notice in full: what is kept and what not, who sees it, and one's rights."""
    say, details = ctx.say, ctx.event.details.privacy
    text = (
        say("**Your data**")
        + say.markup(details.controller.in_(say.language))
        + say.markup(details.basis.in_(say.language))
        + say(
            "- Kept: your address on this channel, your language, the sessions and themes you chose, your notes, the "
            "names of people you sign up, the messages sent to you."
        )
        + say("- Kept for a day: which sessions and answers you were shown, so that I can tell you if they change.")
        + say(
            "- Kept: what you write to the team with /human, and its answers. The team sees your words, not your name."
        )
        + say("- Kept for 30 days after /link: what each of the two had, so that it can be undone.")
        + say(
            "- Kept without your name or address: a question that I could not answer well, so that the organizers can. "
            "/forget cannot find it again. Nothing else of what you write is kept."
        )
        + say(
            "- If you give the code of your badge: your row of the organizers’ participants’ list, which is theirs; "
            "/forget takes your link to it away."
        )
        + say(
            "- What you say of a session is kept with you, so that you can change it; the organizers see figures and "
            "lines, without names."
        )
        + say("- No delegate sees where another goes; the organizers can. Your notes are for you alone.")
        + _kept(ctx)
    )
    if ctx.reads_along:
        text += say(
            "- A question that I am not sure of goes, without your name, to a language model at {host}, which only "
            "chooses among the organizers’ answers.",
            host=ctx.reads_along,
        )
    if details.contact:
        text += say.markup(details.contact.in_(say.language))
    buttons = (
        cards.button(say.p("button", "My data"), "mydata"),
        cards.button(say.p("button", "Erase my data"), "forget"),
    )
    return Reply(text=text, buttons=buttons)


@on.press("mydata")
@on.command("mydata", "What is held about me", in_menu=False)
def my_data(ctx: Context, *_: str) -> Reply:
    """All that is held about the person, as a file that people and programs can read."""
    held = json.dumps(privacy.held(ctx.tx, ctx.person.id), ensure_ascii=False, indent=2)
    file = File(f"passerelle-{ctx.event.details.id}.json", "application/json", held)
    buttons = (cards.button(ctx.say.p("button", "Erase my data"), "forget"),)
    return Reply(text=ctx.say("Everything held about you is in this file."), file=file, buttons=buttons)


@on.press("forget")
@on.command("forget", "Erase my data", in_menu=False)
def forget(ctx: Context, *_: str) -> Reply:
    """Ask first: seats are given back, and nothing can be brought back."""
    say = ctx.say
    return Reply(
        text=say("Erase everything held about you? Your places in sessions are given back. This cannot be undone."),
        buttons=(
            cards.button(say.p("button", "Erase all"), "forgotten"),
            cards.button(say.p("button", "Go back"), "privacy"),
        ),
    )


@on.press("forgotten")
def forgotten(ctx: Context) -> Reply:
    privacy.erase(ctx.tx, ctx.person.id, ctx.now)
    ctx.notes.update(entry="", asked="", said="")
    return Reply(text=ctx.say("Your data has been erased."), forgets=True)


def _kept(ctx: Context) -> Markup:
    return ctx.say(
        "Erased {days} days after the event or your last message, whichever is later; at once with /forget. "
        "See it with /mydata.",
        days=ctx.retention_days,
    )
