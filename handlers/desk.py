"""Reaching a human, what was announced, and what one receives unasked."""

from bot.chat.reply import Button, Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.notices import broadcast, preferences
from bot.notices.broadcast import Notice
from bot.notices.preferences import LEADS
from bot.notices.tables import KINDS, Level, Urgency
from bot.programme import facts
from bot.text import splitting
from bot.text.formats import capital
from bot.text.markup import Markup, Paragraph, Span
from bot.text.words import Words
from handlers import cards, everything_else, themes, tickets

SHOWN = 5  # announcements in one message
CUT = Markup((Paragraph((Span("…"),)),))
NEXT = {Level.ON: Level.SILENT, Level.SILENT: Level.OFF, Level.OFF: Level.ON}


@on.press("human")
@on.command("human", "Talk to a person")
def human(ctx: Context, *_: str) -> Reply:
    """A question for the team, where there is one to ask; who can be reached otherwise, and how."""
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
    if tickets.can_be_asked(ctx):
        return tickets.ask(ctx, text)
    return Reply(
        text=text,
        buttons=(
            cards.button(say.p("button", "Places and maps"), "places"),
            cards.button(say.p("button", "Menu"), "menu"),
        ),
    )


@on.press("news")
@on.command("news", "Announcements")
def news(ctx: Context, *_: str) -> Reply:
    """What was announced and is still true, newest first, in one message."""
    say = ctx.say
    found = [each for each in still_true(ctx) if each.in_(say.language)][:SHOWN]
    if not found:
        return Reply(
            text=say("There is no announcement yet. What the organizers announce will arrive in this chat."),
            buttons=cards.menu(say)[:3],
        )
    text = say("**Announcements**") + Markup.join(_told(each, say, broadcast.LONGEST // len(found)) for each in found)
    receive = cards.button(say.p("button", "What I receive"), "notify")
    return Reply(text=text, buttons=(receive, *cards.menu(say)[:2]))


def still_true(ctx: Context) -> list[Notice]:
    """What was announced to this person, or to everyone before they came; what was told again, once."""
    found: dict[str, Notice] = {}
    for each in broadcast.still_true(ctx.tx, ctx.person.id):
        found.setdefault(each.in_(ctx.say.language) or str(each.id), each)
    return list(found.values())


def _told(notice: Notice, say: Words, longest: int) -> Markup:
    """An announcement in a list: when, and its text as far as `longest` UTF-16 units go."""
    assert notice.started_at is not None
    when = say("**{day}, {hour}**", day=say.date(notice.started_at), hour=say.time(notice.started_at))
    if notice.urgency == Urgency.URGENT:
        when += say("**Urgent**")
    text, *rest = splitting.split_markup(say.markup(notice.in_(say.language)), longest - 1, "utf16")
    return when + text + (CUT if rest else Markup())


@on.press("notify")
@on.command("notify", "What I receive")
def notify(ctx: Context, *_: str) -> Reply:
    """What is sent unasked, and a button for each kind that changes it."""
    say, levels = ctx.say, preferences.of(ctx.tx, ctx.person.id)
    lead = preferences.lead(ctx.tx, ctx.person.id)
    text = Markup.join(_level(kind, levels[kind], say) for kind in KINDS)
    text += say("Urgent announcements always come.")
    text += say("When a place comes free for you in a session, I always write to you.")
    if levels["reminders"] != Level.OFF:
        text += say.n(
            "A reminder comes {n} minute before each of your sessions.",
            "A reminder comes {n} minutes before each of your sessions.",
            lead,
        )
    mine = themes.followed(ctx)
    if mine:
        names = [ctx.event.theme[each].name.in_(say.language) for each in mine]
        text += say("Themes that you follow: {themes}", themes=say.list(names))
    follow = cards.button(say.p("button", "Follow a theme"), "themes")
    following = [themes.stop_button(ctx.event, each, say) for each in mine] or ([follow] if ctx.event.theme else [])
    later = LEADS[(LEADS.index(lead) + 1) % len(LEADS)]
    buttons = (
        *(_next(kind, NEXT[levels[kind]], say) for kind in KINDS),
        cards.button(_lead(say, later), "lead", str(later)),
        *following,
        cards.button(say.p("button", "Announcements"), "news"),
        cards.button(say.p("button", "Add to calendar"), "calendar"),
        cards.button(say.p("button", "My agenda"), "agenda"),
    )
    return Reply(text=text, buttons=buttons, replaces=True)


@on.press("prefer")
def prefer(ctx: Context, kind: str = "", level: str = "", *_: str) -> Reply:
    """Keep the choice and show how things stand."""
    if kind not in KINDS or level not in list(Level):
        return everything_else.unknown_button(ctx)
    preferences.choose(ctx.tx, ctx.person.id, kind, Level(level))
    return notify(ctx)


@on.press("lead")
def lead(ctx: Context, minutes: str = "", *_: str) -> Reply:
    """Keep how early reminders come."""
    if minutes not in map(str, LEADS):
        return everything_else.unknown_button(ctx)
    preferences.choose_lead(ctx.tx, ctx.person.id, int(minutes))
    return notify(ctx)


def _lead(say: Words, minutes: int) -> str:
    return say.p("button", "Remind me {n} min before", n=str(minutes))


@on.command("stop", "Stop messages", in_menu=False)
def stop(ctx: Context, *_: str) -> Reply:
    """No more announcements, and how to have them again."""
    say = ctx.say
    preferences.choose(ctx.tx, ctx.person.id, "announcements", Level.OFF)
    text = say("Done: announcements no longer come, except urgent ones. To have them again: /notify")
    return Reply(text=text, buttons=(_next("announcements", Level.ON, say),))


def _level(kind: str, level: Level, say: Words) -> Markup:
    """How a kind of message comes, in words."""
    name = capital(_name(kind, say))
    match level:
        case Level.ON:
            return say("**{kind}**: with a sound", kind=name)
        case Level.SILENT:
            return say("**{kind}**: without a sound", kind=name)
    return say("**{kind}**: none", kind=name)


def _next(kind: str, level: Level, say: Words) -> Button:
    """A press that changes the kind to `level`."""
    name = _name(kind, say)
    labels = {
        Level.ON: say.p("button", "Turn on: {kind}", kind=name),
        Level.SILENT: say.p("button", "Without a sound: {kind}", kind=name),
        Level.OFF: say.p("button", "Turn off: {kind}", kind=name),
    }
    return cards.button(labels[level], "prefer", kind, level)


def _name(kind: str, say: Words) -> str:
    return {
        "announcements": say.p("kind of message", "announcements"),
        "changes": say.p("kind of message", "changes of my sessions"),
        "digest": say.p("kind of message", "the day’s programme"),
        "reminders": say.p("kind of message", "reminders"),
        "feedback": say.p("kind of message", "questions about sessions"),
    }[kind]
