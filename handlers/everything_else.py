"""Stickers, voice, unknown commands, old buttons: always an answer, always a way on."""

import difflib

from bot.chat.reply import Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from handlers import cards


@on.content("media")
def media(ctx: Context, kind: str) -> Reply:
    """Something without words that the bot can read; what the next text was to be, it is to be still."""
    say = ctx.say
    texts = {
        "voice": say("I cannot listen to voice messages. Please write your question."),
        "video": say("I cannot watch videos. Please write your question."),
        "photo": say("I cannot look at pictures. Please write your question."),
        "sticker": say("I can only read words. Please write your question."),
        "file": say("I cannot open files. Please write your question."),
    }
    return Reply(text=texts.get(kind, texts["sticker"]), buttons=cards.menu(say), expects=ctx.account.expects)


@on.content("unknown command")
def unknown_command(ctx: Context, name: str) -> Reply:
    known = [each.name for each in on.commands.values() if ctx.is_organizer or not each.for_organizers]
    near = difflib.get_close_matches(name.lower(), known, n=1)
    if near:
        text = ctx.say("There is no such command. Did you mean /{command}?", command=near[0])
    else:
        text = ctx.say("There is no such command. Ask in your own words, or choose below.")
    return Reply(text=text, buttons=cards.menu(ctx.say))


@on.content("unknown button")
def unknown_button(ctx: Context) -> Reply:
    return Reply(text=ctx.say("This button no longer works. Here is what I can do."), buttons=cards.menu(ctx.say))


@on.content("let go")
def let_go(ctx: Context, *_: str) -> Reply:
    """What was begun ends without the text that it waited for."""
    return Reply(text=ctx.say("All right, nothing was changed."), buttons=cards.menu(ctx.say)[:3])
