"""One's own agenda: what was chosen, its clashes, its calendar file and feed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.chat.reply import Button, File, Link, Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.event.model import Session
from bot.people import accounts
from bot.programme import calendar, clashes, guests, offers, own_notes, revisions, seats
from bot.programme.tables import Interest
from bot.text.markup import Markup
from handlers import cards, people, programme, session_card


@on.press("agenda")
@on.command("agenda", "My agenda")
def agenda(ctx: Context, *_: str) -> Reply:
    """The sessions one goes to or waits for, with what certainly overlaps."""
    say, event = ctx.say, ctx.event
    chosen = seats.states(ctx.tx, ctx.person.id)
    mine = _Own(own_notes.by_session(ctx.tx, ctx.person.id), guests.by_session(ctx.tx, ctx.person.id))
    going = [s for s in event.sessions if chosen.get(s.id) == Interest.GOING]
    waiting = [s for s in event.sessions if chosen.get(s.id) == Interest.WAITLISTED]
    others = [s for s in event.sessions if s.id in mine.guests and s not in going and s not in waiting]
    noted = [s for s in event.sessions if s.id in mine.notes and s not in (*going, *waiting, *others)]
    if not (going or waiting or others or noted):
        text = say("Your agenda is empty. Open a session in the programme and choose “I’m going”.")
        to_programme = cards.button(say.p("button", "Programme"), "programme")
        return Reply(text=text, buttons=(to_programme, *people.buttons(ctx)), replaces=True)
    parts = [say("**My agenda**"), *(_line(ctx, s, mine) for s in going)]
    if waiting:
        parts += [say("**Waiting list**"), *(_line(ctx, s, mine) for s in waiting)]
    if others:
        parts += [say("**For people you signed up**"), *(_line(ctx, s, mine) for s in others)]
    if noted:
        parts += [say("**Only noted**"), *(_line(ctx, s, mine) for s in noted)]
    for one, other in _overlapping(going):
        titles = (say.quoted(s.title.in_(say.language)) for s in (one, other))
        parts.append(say("At the same time: {titles}.", titles=say.list(list(titles))))
    parts.append(say("Only you see your agenda: no delegate sees where another goes."))
    buttons = [cards.button(s.title.in_(say.language), "session", s.id) for s in (*going, *waiting, *others, *noted)]
    if going:
        buttons.append(cards.button(say.p("button", "Add to calendar"), "calendar"))
    buttons += people.buttons(ctx)
    return Reply(text=Markup.join(parts), buttons=tuple(buttons), replaces=True)


@dataclass(frozen=True, slots=True)
class _Own:
    """Notes and guests, each by session."""

    notes: Mapping[str, str]
    guests: Mapping[str, Sequence[str]]


def _line(ctx: Context, session: Session, own: _Own) -> Markup:
    """A session in the agenda, with what its reader added to it."""
    say, more = ctx.say, list[str]()
    held = offers.held_until(ctx.tx, ctx.person.id, session.id)
    if held and held > ctx.now:
        time = session_card.moment(held, ctx.now, say)
        more.append(say.text("A place is held for you until {time}.", time=time))
    more += session_card.guests_line(own.guests.get(session.id, ()), say)
    more += session_card.note_line(own.notes.get(session.id, ""), say)
    return cards.line(ctx.event, session, say, with_day=True, more=more)


@on.press("calendar")
def to_calendar(ctx: Context, session_id: str = "") -> Reply:
    """The calendar file of one session, or of the whole agenda with the feed that keeps it up to date."""
    say, event = ctx.say, ctx.event
    if session_id:
        if session_id not in event.session:
            return programme.session(ctx, session_id)
        chosen = [event.session[session_id]]
    else:
        chosen = seats.going_to(ctx.tx, event, ctx.person.id)
    if not chosen:
        return agenda(ctx)
    name = event.details.short_name.in_(say.language)
    content = calendar.calendar(
        event, chosen, say, revisions.of(ctx.tx), name=name, public_url=ctx.public_url
    )  # fmt: skip
    file = File(calendar.file_name(event, session_id or "agenda"), "text/calendar", content)
    parts = [say("Open this file to add it to your calendar.")]
    undated = [s for s in chosen if s.day is None]
    if undated:
        titles = say.list([say.quoted(s.title.in_(say.language)) for s in undated])
        parts.append(say("Not in the file, since the date is to be confirmed: {titles}.", titles=titles))
    buttons: list[Button] = []
    if not session_id and (ctx.public_url or ctx.update.channel == "web"):
        token = accounts.calendar_token(ctx.tx, ctx.person.id)
        parts.append(
            say(
                "Or subscribe to the feed: your calendar then follows every change by itself. "
                "Keep its address to yourself."
            )
        )
        parts.append(say("Calendars may lag behind by hours; this chat does not."))
        buttons.append(Button(say.p("button", "Feed address"), Link(f"/calendar/{token}.ics", is_feed=True)))
    return Reply(text=Markup.join(parts), file=file, buttons=tuple(buttons))


def _overlapping(going: list[Session]) -> list[tuple[Session, Session]]:
    return [(one, other) for n, one in enumerate(going) for other in going[n + 1 :] if clashes.overlap(one, other)]
