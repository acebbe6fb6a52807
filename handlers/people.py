"""The participants' list as a delegate meets it: the code that says who they are, what is arranged for their stay."""

from bot.chat.action import action
from bot.chat.reply import Button, Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.people import codes, participants
from bot.people.participants import PRIVATE, Participant
from bot.people.stay import STAY
from bot.programme import facts
from bot.text.markup import Markup
from bot.text.words import Words
from handlers import cards

LINK = "p-"  # what a link in an invitation carries, before the code
ASKS = action("my-code").pack()


def is_private(ctx: Context) -> bool:
    """Whether nobody else reads along: a group's chat has another address than who writes there."""
    return ctx.update.address == ctx.update.author


def buttons(ctx: Context) -> tuple[Button, ...]:
    """A way to one's stay for whoever has given their code, to the code for others; none where there is no list."""
    say = ctx.say
    if not is_private(ctx):
        return ()
    if participants.own(ctx.tx, ctx.person.id):
        return (cards.button(say.p("button", "My stay"), "stay"),)
    return (cards.button(say.p("button", "I have a code"), "code"),) if participants.is_any(ctx.tx) else ()


# --- the code


@on.press("code")
def ask_code(ctx: Context, *_: str) -> Reply:
    """Ask for the code; the next text is one."""
    if not is_private(ctx):
        return _elsewhere(ctx)
    text = ctx.say("Please write the code of your badge or invitation.")
    return Reply(text=text, buttons=(cards.button(ctx.say.p("button", "Menu"), "menu"),), expects=ASKS)


@on.reply_to("my-code", verbatim=True, numbers=True)
def take_code(ctx: Context, text: str, *_: str) -> Reply:
    return linked(ctx, codes.said(text) or text)


def linked(ctx: Context, code: str) -> Reply:
    """Link the code, and show what is known by it. The same words for every code that cannot be linked."""
    say = ctx.say
    ctx.notes["asked"] = ""
    if not is_private(ctx):
        return _elsewhere(ctx)
    match codes.link(ctx.tx, ctx.person, code, ctx.now):
        case codes.Linked(found, language):
            if language:
                ctx.notes["language"] = language
                say = ctx.words(language)
            text = say("Thank you, {name}: I know now who you are.", name=found.name)
            return Reply(text=text + _stay(found, say), buttons=_after(say))
        case codes.TooMany(until):
            text = say("Too many codes were wrong. You can try again at {time}.", time=say.time(until))
            return Reply(text=text, buttons=cards.menu(say)[:3])
    again = cards.button(say.p("button", "Another code"), "code")
    text = say(
        "This code cannot be used. Please check it against your badge or invitation; the welcome desk can help you."
    )
    return Reply(text=text, buttons=(again, cards.button(say.p("button", "Menu"), "menu")))


def _elsewhere(ctx: Context) -> Reply:
    return Reply(text=ctx.say("Others read along here. Please write to me in a chat of our own."))


# --- the stay


@on.press("stay")
def stay(ctx: Context, *_: str) -> Reply:
    """What is arranged for the person alone: their hotel, shuttle, table, interpreter."""
    return about(ctx, STAY) or ask_code(ctx)


def about(ctx: Context, asked: str) -> Reply | None:
    """The person's stay, with what was asked first; None where nothing is known of them, or others read along."""
    own = participants.own(ctx.tx, ctx.person.id) if is_private(ctx) else None
    if own is None:
        return None
    ctx.notes["asked"] = ""
    return Reply(text=_stay(own, ctx.say, asked), buttons=_after(ctx.say))


def _stay(own: Participant, say: Words, asked: str = STAY) -> Markup:
    names = {
        "hotel": say.p("stay", "Hotel"),
        "shuttle": say.p("stay", "Shuttle"),
        "table": say.p("stay", "Table"),
        "interpreter": say.p("stay", "Interpreter"),
    }
    shown = sorted(PRIVATE, key=lambda name: name != asked)
    known = {name: getattr(own, name) for name in shown if getattr(own, name) or name == asked}
    if not known:
        return say("What is arranged for your stay will stand here.")
    # Translators: a line of one's stay: "Hotel: Hôtel de la Marée".
    lines = (
        say("**{what}**: {value}", what=names[name], value=value or facts.to_be_confirmed(say))
        for name, value in known.items()
    )
    return say("**Your stay**") + Markup.join(lines) + say("Only you see this.")


def _after(say: Words) -> tuple[Button, ...]:
    return (cards.button(say.p("button", "My agenda"), "agenda"), cards.button(say.p("button", "My data"), "mydata"))
