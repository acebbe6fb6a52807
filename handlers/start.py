"""First contact, deep links, the menu and help."""

from dataclasses import replace

from bot.chat.links import Link
from bot.chat.reply import Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.people import accounts
from handlers import cards, desk, people, places, privacy, programme


@on.content("start")
def start(ctx: Context, payload: str = "") -> list[Reply]:
    """Welcome, the notice of privacy on first contact, and where a deep link leads."""
    if payload.startswith(people.LINK):
        return _by_code(ctx, payload.removeprefix(people.LINK))
    link = Link.unpack(payload)
    if link is not None and link.language:
        ctx = _in_language(ctx, link)
    leads_on = link is None or bool(link.session or link.place)
    greeting = welcome_back if ctx.account.is_back else welcome
    replies = [greeting(ctx)] if ctx.account.is_new or not leads_on else []
    if replies and link is not None and leads_on:  # the buttons, and their numbers, are those of what they came for
        replies = [replace(replies[0], buttons=())]
    replies += _first_words(ctx)
    if link is None or (link.place and link.place not in ctx.event.place):
        text = ctx.say("This link leads nowhere any more. Here is what I can do.")
        replies.append(Reply(text=text, buttons=cards.menu(ctx.say)))
    elif link.session:
        replies.append(programme.session(ctx, link.session))
    elif link.place:
        replies.append(places.place(ctx, link.place))
    return replies


def _first_words(ctx: Context) -> list[Reply]:
    """The notice of privacy, for one who is new and alone."""
    if not ctx.account.is_new or ctx.update.is_in_group:
        return []
    ctx.notes["noticed"] = "yes"
    return [privacy.notice(ctx)]


def _by_code(ctx: Context, code: str) -> list[Reply]:
    """Who came by the link of an invitation, which says who they are."""
    told = people.linked(ctx, code)
    if "language" in ctx.notes:  # the list knew what they read: all of it in that
        ctx = replace(ctx, say=ctx.words(ctx.notes["language"]))
    return [*([welcome(ctx)] if ctx.account.is_new else []), *_first_words(ctx), told]


def _in_language(ctx: Context, link: Link) -> Context:
    """The turn in the link's language. One that leads to something only says what its page was read in: it is kept
    for whoever never chose another; a link for a language alone is a choice."""
    wanted = accounts.nearest(link.language, ctx.event.details.languages)
    is_choice = not (link.session or link.place)
    if not wanted or (ctx.person.language_chosen and not is_choice):
        return ctx
    if wanted != ctx.person.language or is_choice:
        accounts.set_language(ctx.tx, ctx.person.id, wanted, chosen=is_choice)
    ctx.notes["language"] = wanted
    return replace(ctx, say=ctx.words(wanted))


@on.command("start", "Begin", in_menu=False)
def start_command(ctx: Context, *payload: str) -> list[Reply]:
    return start(ctx, payload[0] if payload else "")


def welcome_back(ctx: Context) -> Reply:
    """For whoever had blocked the bot, or could not be written to."""
    say = ctx.say
    text = say("Welcome back. Your agenda is as you left it.")
    news = (cards.button(say.p("button", "Announcements"), "news"),) if desk.still_true(ctx) else ()
    return Reply(text=text, buttons=(*news, *cards.menu(say)))


def welcome(ctx: Context) -> Reply:
    say = ctx.say
    event = ctx.event.details.name.in_(say.language)
    text = say("Welcome to {event}.", event=event) + say("Ask a question in your own words, or choose below.")
    buttons = (*people.buttons(ctx), *cards.menu(say))
    if any(each.in_(say.language) for each in desk.still_true(ctx)):  # of before they came
        buttons = (cards.button(say.p("button", "Announcements"), "news"), *buttons)
    return Reply(text=text, buttons=buttons)


@on.press("menu")
@on.command("help", "What I can do")
def help_(ctx: Context, *_: str) -> Reply:
    """What the bot can do, and how to say it."""
    say = ctx.say
    if ctx.update.is_in_group:
        text = say("Ask in your own words, with my name in your message or in reply to one of mine.")
        text += say("- /programme, /now, /next: what is on\n- /places: addresses and maps\n- /human: talk to a person")
        return Reply(text=text, buttons=cards.menu(say))
    text = (
        say("Ask in your own words: the way from the airport, a workshop, lunch, a pharmacy…")
        + say("- /programme, /now, /next: what is on\n- /agenda: the sessions you chose\n- /places: addresses and maps")
        + say("- /news: announcements\n- /notify: what you receive")
        + say("- /language: another language\n- /human: talk to a person\n- /privacy, /mydata, /forget: your data")
        + say("- /link: link your two chats")
    )
    if ctx.is_organizer:
        text += say("- /broadcast: write an announcement (organizers)\n- /session: change a session (organizers)")
    return Reply(text=text, buttons=cards.menu(say))
