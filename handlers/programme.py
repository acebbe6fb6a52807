"""The programme: by day, by theme, now and next, one session's card."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from bot.chat import links
from bot.chat.reply import Button, Link, Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.event.model import Part, Session
from bot.programme import facts, follows, guests, offers, own_notes, queries, seats, walks
from bot.programme.tables import Interest
from bot.text.markup import Markup
from bot.text.words import Words
from handlers import cards, feedback, session_card
from handlers.session_card import Standing

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
def day(ctx: Context, which: str, part: str = "", *_: str) -> Reply:
    """One day's sessions; `which` is an ISO date, or "tbc" for those whose day is not known. part: "morning",
    "afternoon" or "evening", to see that alone; a long day begins with the part that it is."""
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
    parts = [each for each in Part if any(session.known_part == each for session in chosen)]
    shown = next((each for each in parts if each == part), None)
    if shown is None and len(chosen) > LISTED_WHOLE and len(parts) > 1:
        shown = queries.part_now(ctx.now, event) if wanted == say.local(ctx.now).date() else parts[0]
        shown = shown if shown in parts else parts[0]
    if shown is not None and len(parts) > 1:
        names = {each: facts.part_of_day(each, say) for each in parts}
        others = [cards.button(names[e].capitalize(), "day", which, e) for e in parts if e != shown] + others
        chosen = [session for session in chosen if session.known_part in (shown, None)]
        heading = say("**{day}** – {part}", day=title, part=names[shown])
    return cards.sessions(event, chosen, say, heading=heading, more=others)


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
    ctx.notes["heard"] = f"live:session/{session.id}"
    tx, person = ctx.tx, ctx.person.id
    state = seats.state_of(tx, person, session.id)
    waits = state == Interest.WAITLISTED
    held = offers.held_until(tx, person, session.id) if waits else None
    standing = Standing(
        state=state,
        rank=seats.ahead(tx, person, session.id) + 1 if waits else 0,
        held=held if held and held > ctx.now else None,
        left=seats.left(tx, session.id),
        is_open=seats.is_open(session, ctx.now),
        opens=session.opens_at if seats.is_too_early(session, ctx.now) else None,
        now=ctx.now,
        guests=tuple(each.name for each in guests.of(tx, person, session.id)),
        own_note=own_notes.of(tx, person, session.id),
        follows=session.theme in follows.of(tx, person),
    )
    reply = session_card.card(ctx.event, session, ctx.say, standing, note=note)
    in_private = _in_private(session, ctx.say) if ctx.update.is_in_group and standing.is_open else ()
    return replace(reply, buttons=(*in_private, *feedback.button(ctx, session), *reply.buttons))


def _in_private(session: Session, say: Words) -> tuple[Button, ...]:
    """In a group, where others read along: the way to this card in a chat of one's own."""
    leads = links.Link(session=session.id, language=say.language)
    return (Button(say.p("button", "Sign up in private"), Link(leads.pack(), is_chat=True)),)


@on.press("now")
@on.command("now", "What is on now")
def now(ctx: Context, *_: str) -> Reply:
    """What is on at this moment, what may be, and what comes next."""
    moment, say, event = queries.at(ctx.event, ctx.now), ctx.say, ctx.event
    parts = [say("It is {time} in {city}.", time=say.time(ctx.now), city=event.details.city.in_(say.language))]
    if moment.on:
        parts += [say("**On now**"), *(cards.line(event, s, say) for s in moment.on)]
    parts += _perhaps(ctx, moment.perhaps)
    if not moment.on and not moment.perhaps:
        parts.append(say("Nothing is on right now."))
    parts += _upcoming(ctx, moment)
    shown = [*moment.on, *moment.perhaps, *moment.next]
    buttons = [cards.button(s.title.in_(say.language), "session", s.id) for s in shown]
    return Reply(text=Markup.join(parts), buttons=(*buttons, _back(ctx)), replaces=True)


@on.press("next")
@on.command("next", "What comes next")
def upcoming(ctx: Context, *_: str) -> Reply:
    """What of one's agenda comes next and the way there, then what else begins next; what today holds at an hour that
    is not known."""
    say = ctx.say
    going = seats.going_to(ctx.tx, ctx.event, ctx.person.id)
    own, moment = queries.at(ctx.event, ctx.now, going), queries.at(ctx.event, ctx.now)
    mine = [*own.next, *own.perhaps]
    others = [session for session in moment.next if session not in mine]
    parts = _mine(ctx, own, going)
    sooner = bool(mine and others and _begins(others[0]) < _begins(mine[0]))
    if going and not mine and not own.on:
        parts.append(say("Nothing more is in your agenda."))
    perhaps = [session for session in moment.perhaps if session not in mine]
    if mine and others:
        heading = say("**Up next**") if sooner else say("**What else comes next**")
        parts += [heading, *(cards.line(ctx.event, s, say, with_day=True) for s in others)]
    elif not mine and (others or not perhaps):
        parts += _upcoming(ctx, moment)
    parts += _perhaps(ctx, perhaps)
    shown = [*mine, *others, *perhaps]
    buttons = [cards.button(s.title.in_(say.language), "session", s.id) for s in shown]
    if going:
        buttons.append(cards.button(say.p("button", "My agenda"), "agenda"))
    return Reply(text=Markup.join(parts), buttons=(*buttons, _back(ctx)), replaces=True)


def _begins(session: Session) -> tuple[date, datetime]:
    never = datetime.max.replace(tzinfo=UTC)
    return session.day or date.max, session.starts_at or never


def _mine(ctx: Context, own: queries.Moment, going: Sequence[Session]) -> list[Markup]:
    """What of the agenda comes next, and how long the walk is from where its owner is by then."""
    say, event = ctx.say, ctx.event
    parts = []
    if own.on:
        parts += [say("**You are in**"), *(cards.line(event, session, say) for session in own.on)]
    if own.next:
        parts += [say("**Next for you**"), *(cards.line(event, session, say, with_day=True) for session in own.next)]
    here = queries.last_place(going, ctx.now, event)
    for session in own.next:
        walk = walks.minutes_between(event, here, session.place) if here in event.place and session.place else 0
        if walk and session.day == say.local(ctx.now).date():
            place = event.place[here].name.in_(say.language)
            parts.append(
                say.n("From {place}, {n} minute on foot.", "From {place}, {n} minutes on foot.", walk, place=place)
            )
    if own.perhaps:
        parts += [say("**Yours today, time to be confirmed**"), *(cards.line(event, s, say) for s in own.perhaps)]
    return parts


def _perhaps(ctx: Context, sessions: Sequence[Session]) -> list[Markup]:
    if not sessions:
        return []
    lines = [cards.line(ctx.event, session, ctx.say) for session in sessions]
    return [ctx.say("**Today, time to be confirmed**"), *lines]


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
