"""The programme: by day, by theme, now and next, one session's card."""

from datetime import date

from bot.chat.reply import Button, Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.event.model import Session
from bot.programme import queries, seats
from bot.programme.tables import Interest
from bot.text.markup import Markup
from handlers import cards

LISTED_WHOLE = 12  # sessions that fit one message; a longer programme is shown day by day
UNDATED = "tbc"


@on.press("programme")
@on.command("programme", "The programme")
def programme(ctx: Context, *_: str) -> Reply:
    """The whole programme where it is short, else its days to choose from."""
    event, say = ctx.event, ctx.say
    heading = say(
        "**Programme** – {event}, {dates}",
        event=event.details.short_name.in_(say.language),
        dates=ctx.facts["event.dates"],
    )
    if len(event.sessions) > LISTED_WHOLE:
        return Reply(text=heading + say("Which day?"), buttons=(*_days(ctx), _themes_button(ctx)), replaces=True)
    parts = [heading]
    for day in (*queries.days(event), None):
        chosen = queries.on_day(event, day)
        if chosen:
            title = say.date(day) if day else say.text("Date to be confirmed")
            parts.append(say("**{day}**", day=title))
            parts += [cards.line(event, session, say) for session in chosen]
    buttons = [cards.button(session.title.in_(say.language), "session", session.id) for session in event.sessions]
    return Reply(text=Markup.join(parts), buttons=(*buttons, _themes_button(ctx)), replaces=True)


@on.press("day")
def day(ctx: Context, which: str) -> Reply:
    """One day's sessions; `which` is an ISO date, or "tbc" for those whose day is not known."""
    event, say = ctx.event, ctx.say
    try:
        wanted = None if which == UNDATED else date.fromisoformat(which)
    except ValueError:
        return programme(ctx)
    chosen = queries.on_day(event, wanted)
    title = say.date(wanted, year=True) if wanted else say.text("Date to be confirmed")
    heading = say("**{day}**", day=title)
    if not chosen:
        return Reply(text=heading + say("No session is announced on this day."), buttons=_days(ctx), replaces=True)
    others = [b for b in _days(ctx) if b.action != cards.button("", "day", which).action]
    return cards.sessions(event, chosen, say, heading=heading, more=others)


@on.press("themes")
def themes(ctx: Context) -> Reply:
    buttons = [cards.button(t.name.in_(ctx.say.language), "theme", t.id) for t in ctx.event.details.themes]
    return Reply(text=ctx.say("Which theme?"), buttons=tuple(buttons), replaces=True)


@on.press("theme")
def theme(ctx: Context, theme_id: str) -> Reply:
    """One theme's sessions, with their days."""
    if theme_id not in ctx.event.theme:
        return programme(ctx)
    heading = ctx.say("**{theme}**", theme=ctx.event.theme[theme_id].name.in_(ctx.say.language))
    return cards.sessions(
        ctx.event, queries.by_theme(ctx.event, theme_id), ctx.say, heading=heading, more=[_back(ctx)], with_day=True
    )


@on.press("session")
def session(ctx: Context, session_id: str) -> Reply:
    """One session's card; an old button of a session that is gone leads back to the programme."""
    found = ctx.event.session.get(session_id)
    if found is None:
        return Reply(text=ctx.say("This session is no longer in the programme."), buttons=(_back(ctx),))
    ctx.notes["entry"] = f"live:session/{session_id}"
    return card(ctx, found)


def card(ctx: Context, session: Session, note: Markup | None = None) -> Reply:
    """The session's card as this person sees it."""
    state = seats.state_of(ctx.tx, ctx.person.id, session.id)
    return cards.session(
        ctx.event,
        session,
        ctx.say,
        state=state,
        rank=seats.ahead(ctx.tx, ctx.person.id, session.id) + 1 if state == Interest.WAITLISTED else 0,
        left=seats.left(ctx.tx, session.id),
        is_open=seats.is_open(session, ctx.now),
        note=note,
    )


@on.press("now")
@on.command("now", "What is on now")
def now(ctx: Context, *_: str) -> Reply:
    """What is on at this moment, what may be, and what comes next."""
    moment, say, event = queries.at(ctx.event, ctx.now), ctx.say, ctx.event
    parts = [say("It is {time} in {city}.", time=say.time(ctx.now), city=event.details.city.in_(say.language))]
    if moment.on:
        parts += [say("**On now**"), *(cards.line(event, s, say) for s in moment.on)]
    parts += _perhaps(ctx, moment)
    if not moment.on and not moment.perhaps:
        parts.append(say("Nothing is on right now."))
    parts += _upcoming(ctx, moment)
    shown = [*moment.on, *moment.perhaps, *moment.next]
    buttons = [cards.button(s.title.in_(say.language), "session", s.id) for s in shown]
    return Reply(text=Markup.join(parts), buttons=(*buttons, _back(ctx)), replaces=True)


@on.press("next")
@on.command("next", "What comes next")
def upcoming(ctx: Context, *_: str) -> Reply:
    """What begins next, and what today holds at an hour that is not known."""
    moment = queries.at(ctx.event, ctx.now)
    parts = _perhaps(ctx, moment)
    if moment.next or not parts:
        parts = [*_upcoming(ctx, moment), *parts]
    buttons = [cards.button(s.title.in_(ctx.say.language), "session", s.id) for s in (*moment.next, *moment.perhaps)]
    return Reply(text=Markup.join(parts), buttons=(*buttons, _back(ctx)), replaces=True)


def _perhaps(ctx: Context, moment: queries.Moment) -> list[Markup]:
    if not moment.perhaps:
        return []
    return [
        ctx.say("**Today, time to be confirmed**"),
        *(cards.line(ctx.event, session, ctx.say) for session in moment.perhaps),
    ]


def _upcoming(ctx: Context, moment: queries.Moment) -> list[Markup]:
    if not moment.next:
        return [ctx.say("Nothing more is announced with a date.")]
    return [ctx.say("**Up next**"), *(cards.line(ctx.event, s, ctx.say, with_day=True) for s in moment.next)]


def _days(ctx: Context) -> tuple[Button, ...]:
    known = [cards.button(ctx.say.date(d), "day", d.isoformat()) for d in queries.days(ctx.event)]
    if queries.on_day(ctx.event, None):
        known.append(cards.button(ctx.say.text("Date to be confirmed"), "day", UNDATED))
    return tuple(known)


def _themes_button(ctx: Context) -> Button:
    return cards.button(ctx.say.p("button", "Themes"), "themes")


def _back(ctx: Context) -> Button:
    return cards.button(ctx.say.p("button", "Programme"), "programme")
