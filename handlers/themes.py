"""Themes: their sessions, following them, and what their followers are told."""

from collections.abc import Callable, Sequence
from typing import Any

from bot.chat.reply import Button, Link, Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.event.model import Event, Session
from bot.event.texts import Texts
from bot.notices.broadcast import Notice
from bot.programme import facts, follows, queries
from bot.text.markup import Markup, Paragraph, Span
from bot.text.words import Words
from handlers import cards, programme

SHOWN = 10  # new sessions in one message
BUTTONS = 4


@on.press("themes")
def themes(ctx: Context, *_: str) -> Reply:
    buttons = [cards.button(t.name.in_(ctx.say.language), "theme", t.id) for t in ctx.event.details.themes]
    return Reply(text=ctx.say("Which theme?"), buttons=tuple(buttons), replaces=True)


@on.press("theme")
def theme(ctx: Context, theme_id: str = "", *_: str) -> Reply:
    """One theme's sessions, with their days."""
    if theme_id not in ctx.event.theme:
        return programme.programme(ctx)
    heading = ctx.say("**{theme}**", theme=_name(ctx.event, theme_id, ctx.say))
    is_followed = theme_id in follows.of(ctx.tx, ctx.person.id)
    following = stop_button(ctx.event, theme_id, ctx.say) if is_followed else follow_button(theme_id, ctx.say)
    sessions = queries.by_theme(ctx.event, theme_id)
    more = [following, *_feed(ctx, theme_id), cards.button(ctx.say.p("button", "Programme"), "programme")]
    return cards.sessions(ctx.event, sessions, ctx.say, heading=heading, more=more, with_day=True)


def _feed(ctx: Context, theme_id: str) -> list[Button]:
    """The theme's calendar, where it has an address."""
    if not (ctx.public_url or ctx.update.channel == "web"):
        return []
    feed = Link(f"/programme.ics?theme={theme_id}&lang={ctx.say.language}", is_feed=True)
    return [Button(ctx.say.p("button", "Calendar of this theme"), feed)]


def _name(event: Event, theme_id: str, say: Words) -> str:
    return event.theme[theme_id].name.in_(say.language)


def follow_button(theme_id: str, say: Words) -> Button:
    return cards.button(say.p("button", "Follow this theme"), "follow", theme_id)


def stop_button(event: Event, theme_id: str, say: Words) -> Button:
    name = _name(event, theme_id, say)
    return cards.button(say.p("button", "Stop following: {theme}", theme=name), "unfollow", theme_id)


def followed(ctx: Context) -> list[str]:
    """The ids of the themes that one follows, in the event's order."""
    mine = follows.of(ctx.tx, ctx.person.id)
    return [each.id for each in ctx.event.details.themes if each.id in mine]


@on.press("follow")
def follow(ctx: Context, theme_id: str = "", *_: str) -> Reply:
    if theme_id not in ctx.event.theme:
        return programme.programme(ctx)
    follows.begin(ctx.tx, ctx.person.id, theme_id, ctx.now)
    say = ctx.say
    text = say(
        "You follow {theme}: I’ll write to you when a session is added to it, and when one that you have not chosen "
        "is full.",
        theme=say.quoted(_name(ctx.event, theme_id, say)),
    )
    return Reply(text=text, buttons=_after(ctx, theme_id, stop_button(ctx.event, theme_id, say)))


@on.press("unfollow")
def unfollow(ctx: Context, theme_id: str = "", *_: str) -> Reply:
    follows.end(ctx.tx, ctx.person.id, theme_id)
    if theme_id not in ctx.event.theme:
        return programme.programme(ctx)
    text = ctx.say("You no longer follow {theme}.", theme=ctx.say.quoted(_name(ctx.event, theme_id, ctx.say)))
    return Reply(text=text, buttons=_after(ctx, theme_id, follow_button(theme_id, ctx.say)))


def _after(ctx: Context, theme_id: str, other: Button) -> tuple[Button, ...]:
    say = ctx.say
    its = cards.button(say.p("button", "Its sessions"), "theme", theme_id)
    return (its, other, cards.button(say.p("button", "What I receive"), "notify"))


# --- what followers are told


def parts(event: Event, sessions: Sequence[Session], words: Callable[[str], Words]) -> dict[str, dict[str, Any]]:
    """What to say of each new session, by its id, as JSON: its `theme`, and by language its `title` and `text`."""
    told: dict[str, dict[str, Any]] = {}
    for session in sessions:
        told[session.id] = {"theme": session.theme, "title": {}, "text": {}}
        for language in event.details.scripts:
            say = words(language)
            told[session.id]["title"][language] = session.title.in_(language)
            lines = (facts.when(session, say), facts.place_name(event, session, say))
            told[session.id]["text"][language] = " · ".join(lines)
    return told


@on.notice("new")
def new(notice: Notice, say: Words, silent: bool, themes: Sequence[str] = ()) -> Reply:
    """The new sessions of the themes that this reader follows."""
    told = notice.parts or {}
    theirs = [id_ for id_ in told if told[id_]["theme"] in themes] or [*told]
    text = say.n("**New in a theme that you follow**", "**{n} new sessions in themes that you follow**", len(theirs))
    for id_ in theirs[:SHOWN]:
        title, line = (Texts(told[id_][name]).in_(say.language) for name in ("title", "text"))
        text += Markup((Paragraph((Span(title, bold=True), Span(f"\n{line}"))),))
    if len(theirs) > SHOWN:
        text += say("And {n} more: see the programme.", n=str(len(theirs) - SHOWN))
    buttons = [cards.button(Texts(told[id_]["title"]).in_(say.language), "session", id_) for id_ in theirs[:BUTTONS]]
    buttons.append(cards.button(say.p("button", "What I receive"), "notify"))
    return Reply(text=text, buttons=tuple(buttons), silent=silent)


@on.notice("full")
def full(notice: Notice, say: Words, silent: bool, _: Sequence[str] = ()) -> Reply:
    """A session of a theme that this reader follows has no place left."""
    ((id_, part),) = (notice.parts or {}).items()
    title = say.quoted(Texts(part["title"]).in_(say.language))
    text = say("{title}, in a theme that you follow, is full. You can join its waiting list.", title=title)
    buttons = (
        cards.button(say.p("button", "Details"), "session", id_),
        cards.button(say.p("button", "Join waiting list"), "join", id_),
        cards.button(say.p("button", "What I receive"), "notify"),
    )
    return Reply(text=text, buttons=buttons, silent=silent)
