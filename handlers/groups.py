"""In a group of several people: what is for everybody is answered there, the rest in a chat of one's own."""

from bot.chat import links
from bot.chat.reply import Button, Link, Reply
from bot.chat.update import Text
from bot.conversation.context import Context
from bot.conversation.router import on
from handlers import (
    cards,
    desk,
    emergency,
    everything_else,
    language,
    places,
    programme,
    questions,
    start,
    themes,
)

on.allow_in_groups(
    desk.human,
    emergency.emergency,
    everything_else.unknown_button,
    language.language,
    places.kind,
    places.place,
    places.places,
    programme.day,
    programme.now,
    programme.programme,
    programme.session,
    themes.theme,
    themes.themes,
    programme.upcoming,
    questions.ask,
    questions.more,
    questions.text,
    start.help_,
    start.start,
    start.start_command,
)


@on.content("in a group")
def personal(ctx: Context, *args: str) -> list[Reply]:
    """Where to ask for what concerns one person alone. A command of no bot of ours gets no answer: others may be
    meant."""
    content = ctx.update.content
    if isinstance(content, Text) and content.text.startswith("/") and not _is_ours(content.text):
        return []
    say = ctx.say
    # With a session, the language is only a hint; alone it would be a choice, and the group's is not the person's.
    session = args[0] if args and args[0] in ctx.event.session else ""
    leads = links.Link(session=session, language=say.language if session else "")
    own = Button(say.p("button", "A chat of our own"), Link(leads.pack(), is_chat=True))
    text = say("That concerns you alone, and others read along here. Write to me in a chat of our own.")
    return [Reply(text=text, buttons=(own, *cards.menu(say)[:2]))]


def _is_ours(text: str) -> bool:
    name, *_ = text[1:].split() or [""]
    return on.find("command", name.lower()) is not None
