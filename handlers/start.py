"""First contact, deep links, the menu and help."""

from bot.chat.reply import Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from handlers import cards, desk, privacy, programme

SESSION_LINK = "s_"  # what a QR code on a room's door carries, before the session's id


@on.content("start")
def start(ctx: Context, payload: str = "") -> list[Reply]:
    """Welcome, the notice of privacy on first contact, and where a deep link leads."""
    replies = [welcome(ctx)] if ctx.account.is_new or not payload else []
    if ctx.account.is_new:
        replies.append(privacy.notice(ctx))
        ctx.notes["noticed"] = "yes"
    if payload.startswith(SESSION_LINK):
        replies.append(programme.session(ctx, payload.removeprefix(SESSION_LINK)))
    elif payload:
        replies.append(
            Reply(text=ctx.say("This link leads nowhere any more. Here is what I can do."), buttons=cards.menu(ctx.say))
        )
    return replies


@on.command("start", "Begin", in_menu=False)
def start_command(ctx: Context, *payload: str) -> list[Reply]:
    return start(ctx, payload[0] if payload else "")


def welcome(ctx: Context) -> Reply:
    say = ctx.say
    event = ctx.event.details.name.in_(say.language)
    text = say("Welcome to {event}.", event=event) + say("Ask a question in your own words, or choose below.")
    buttons = cards.menu(say)
    if any(each.in_(say.language) for each in desk.still_true(ctx)):  # of before they came
        buttons = (cards.button(say.p("button", "Announcements"), "news"), *buttons)
    return Reply(text=text, buttons=buttons)


@on.press("menu")
@on.command("help", "What I can do")
def help_(ctx: Context, *_: str) -> Reply:
    """What the bot can do, and how to say it."""
    say = ctx.say
    text = (
        say("Ask in your own words: the way from the airport, a workshop, lunch, a pharmacy…")
        + say("- /programme, /now, /next: what is on\n- /agenda: the sessions you chose\n- /places: addresses and maps")
        + say("- /news: announcements\n- /notify: what you receive")
        + say("- /language: another language\n- /human: talk to a person\n- /privacy, /mydata, /forget: your data")
    )
    if ctx.is_organizer:
        text += say("- /broadcast: write an announcement (organizers)")
    return Reply(text=text, buttons=cards.menu(say))
