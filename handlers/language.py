"""Choose and change the language, at any time, by command, button or plain words."""

from bot.chat.action import action
from bot.chat.reply import Button, Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.people import accounts
from bot.text.formats import own_name
from handlers import cards


@on.press("language")
@on.press("languages")
@on.command("language", "Change language")
def language(ctx: Context, wanted: str = "", *_: str) -> Reply:
    """Change to `wanted` (a tag), or show the choice."""
    offered = choices(ctx)
    chosen = accounts.nearest(wanted, ctx.event.details.languages) if wanted else ""
    if not chosen:
        return Reply(text=ctx.say("Which language do you read?"), buttons=offered)
    before = ctx.person.language
    accounts.set_language(ctx.tx, ctx.person.id, chosen, chosen=True)
    ctx.notes["language"] = chosen
    say = ctx.words(chosen)
    # A slip is undone by one tap, in the language that its reader knows.
    back = () if before == chosen else (Button(own_name(before), action("language", before)),)
    return Reply(text=say("From now on I answer in English."), buttons=(*back, *cards.menu(say)))


def choices(ctx: Context) -> tuple[Button, ...]:
    """A button a language that the event speaks, each in itself."""
    spoken = list(ctx.event.details.languages)
    if "zh" in spoken:
        spoken.insert(spoken.index("zh") + 1, "zh-Hant")
    return tuple(Button(own_name(tag), action("language", tag)) for tag in spoken)
