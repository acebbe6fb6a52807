"""A session's card: what, when, where, who, how it stands, and what its reader can do about it. Pure functions."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.chat.reply import Brief, Button, Reply
from bot.event.model import Event, Registration, Session, Status
from bot.programme import facts
from bot.programme.tables import Interest
from bot.text.markup import Markup, Paragraph, Span
from bot.text.words import Words
from handlers import cards
from handlers.cards import button


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a session and its reader stand. rank: on the waiting list, from 1, where they wait. held: until when a
    seat is held for them. guests: whom they signed up. opens: when sign-up will open, where it has not. Moments are
    aware UTC."""

    state: Interest | None
    left: int | None
    is_open: bool
    now: datetime
    rank: int = 0
    held: datetime | None = None
    opens: datetime | None = None
    guests: tuple[str, ...] = ()
    own_note: str = ""
    follows: bool = False


def card(event: Event, session: Session, say: Words, standing: Standing, *, note: Markup | None = None) -> Reply:
    """The whole card. note: what has just been done, above it, which then says how the reader stands."""
    text = [Markup((Paragraph((Span(session.title.in_(say.language), bold=True),)),))]
    if note:
        text.insert(0, note)
    known = [
        say("When: {when}", when=facts.when(session, say)),
        say("Where: {place}", place=facts.place_name(event, session, say)),
    ]
    if who := facts.people(event, session, say):
        known.append(say("With: {people}", people=who))
    if session.theme in event.theme:
        known.append(say("Theme: {theme}", theme=event.theme[session.theme].name.in_(say.language)))
    text.append(cards.together(known))
    if session.abstract:
        text.append(say.markup(session.abstract.in_(say.language)))
    text.extend(_how_it_stands(session, say, standing, noted=bool(note)))
    own = [*guests_line(standing.guests, say), *note_line(standing.own_note, say)]
    text.extend(Markup.text(line) for line in own)
    brief = Brief(session.title.in_(say.language), facts.place_name(event, session, say), facts.when(session, say))
    return Reply(
        text=Markup.join(text), buttons=tuple(_buttons(event, session, say, standing)), replaces=True, brief=brief
    )


def guests_line(names: Iterable[str], say: Words) -> list[str]:
    """Whom the reader signed up, in a line; none where that is nobody."""
    listed = [*names]
    return [say.text("You signed up: {names}", names=say.list(listed))] if listed else []


def note_line(text: str, say: Words) -> list[str]:
    """The reader's note in a line, none where there is none."""
    return [say.text("Your note: {text}", text=text)] if text else []


def _buttons(event: Event, session: Session, say: Words, standing: Standing) -> Iterator[Button]:
    match standing.state:
        case Interest.GOING:
            yield button(say.p("button", "Withdraw"), "leave", session.id)
        case Interest.WAITLISTED if standing.held:
            yield from offer_buttons(session.id, say)
        case Interest.WAITLISTED:
            yield button(say.p("button", "Leave waiting list"), "leave", session.id)
        case _ if standing.is_open:
            label = say.p("button", "I’m going") if standing.left != 0 else say.p("button", "Join waiting list")
            yield button(label, "join", session.id)
    if standing.guests:
        many = str(len(standing.guests))
        yield button(say.p("button", "My group ({n})", n=many), "group", session.id)
    elif standing.is_open and standing.left != 0:
        yield button(say.p("button", "For several people"), "group", session.id)
    if session.day and session.status != Status.CANCELLED:
        yield button(say.p("button", "Add to calendar"), "calendar", session.id)
    if session.place in event.place and session.status != Status.CANCELLED:
        yield button(say.p("button", "How to get there"), "place", session.place or "")
    yield button(say.p("button", "Note"), "note", session.id)
    if session.theme in event.theme and not standing.follows:
        yield button(say.p("button", "Follow this theme"), "follow", session.theme or "")
    yield button(say.p("button", "My agenda"), "agenda")
    yield button(say.p("button", "Programme"), "programme")


def offer_buttons(session_id: str, say: Words) -> tuple[Button, Button]:
    return (
        button(say.p("button", "I’ll take it"), "take", session_id),
        button(say.p("button", "No, thank you"), "decline", session_id),
    )


def _how_it_stands(session: Session, say: Words, standing: Standing, *, noted: bool) -> Iterable[Markup]:
    """Provisional, seats, the reader's own state unless a note above has just said it; that it is cancelled stands
    beside its time."""
    if session.status == Status.CANCELLED:
        return
    if session.status == Status.PROVISIONAL:
        yield say("Provisional: this may still change.")
    left = standing.left
    if standing.state == Interest.WAITLISTED and standing.held:
        yield say("A place is held for you until {time}.", time=moment(standing.held, standing.now, say))
    elif standing.state in (Interest.GOING, Interest.WAITLISTED):
        if not noted:
            yield _own_state(say, standing.rank)
    elif standing.is_open and left is not None:
        yield say.n("{n} place left", "{n} places left", left) if left else say("Full: you can join the waiting list.")
    elif standing.opens:
        yield say("Sign-up opens on {when}.", when=_dated(standing.opens, say))
    elif session.registration == Registration.CLOSED or (session.closes_at and standing.now >= session.closes_at):
        yield say("Sign-up is closed.")


def _own_state(say: Words, rank: int) -> Markup:
    """rank: on the waiting list, 0 for one who goes."""
    if not rank:
        return say("You are going.")
    return say("You are number {rank} on the waiting list.", rank=rank)


def moment(when: datetime, now: datetime, say: Words) -> str:
    """The hour, with its day where that is another."""
    return say.time(when) if say.local(when).date() == say.local(now).date() else _dated(when, say)


def _dated(when: datetime, say: Words) -> str:
    return say.text("{day}, {hour}", day=say.date(when), hour=say.time(when))
