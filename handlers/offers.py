"""What is told of seats that come free and of those given along, and the taps that answer it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.chat.reply import Button, Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.event.model import Session
from bot.event.texts import Texts
from bot.notices.broadcast import Notice
from bot.programme import facts, offers, queries, seats, still
from bot.programme.offers import Passed
from bot.programme.tables import Interest
from bot.text.markup import Markup
from bot.text.words import Words
from handlers import cards, programme
from handlers.session_card import moment, offer_buttons


def tell(ctx: Context, passed: Sequence[Passed]) -> None:
    """Owe each the word that a seat is theirs or held for them; at night without a sound."""
    silent = queries.morning(ctx.now, ctx.event) is not None

    def wording(each: Passed, say: Words) -> Reply:
        title = each.session.title.in_(say.language)
        if each.until is None:
            return freed(each.session.id, title, say, silent=silent)
        other = each.other.title.in_(say.language) if each.other else ""
        return offered(each.session.id, title, each.until, ctx.now, say, other, each.walk, silent=silent)

    for each in passed:
        ctx.tell(each.person, f"freed:{each.session.id}", lambda say, each=each: wording(each, say))  # type: ignore[misc]


def freed(session_id: str, title: str, say: Words, *, silent: bool = False) -> Reply:
    """A seat is theirs."""
    return Reply(
        text=say("A place has come free: you’re going to {title}.", title=say.quoted(title)),
        buttons=(
            cards.button(say.p("button", "Details"), "session", session_id),
            cards.button(say.p("button", "Withdraw"), "leave", session_id),
        ),
        silent=silent,
    )


def offered(
    session_id: str, title: str, until: datetime, now: datetime, say: Words, other: str = "", walk: int = 0,
    *, silent: bool = False,
) -> Reply:  # fmt: skip
    """A seat is held for them. other: the title of what it clashes with, by a walk of so many minutes where not 0."""
    text = say(
        "A place has come free in {title}. It is held for you until {time}: do you want it?",
        title=say.quoted(title), time=moment(until, now, say),
    )  # fmt: skip
    if other and walk:
        text += say(
            "Note: to or from {other}, which is in your agenda, it is a walk of {n} minutes, and there is less time.",
            other=say.quoted(other), n=str(walk),
        )  # fmt: skip
    elif other:
        text += say("Note: it is at the same time as {other}, which is in your agenda.", other=say.quoted(other))
    details = cards.button(say.p("button", "Details"), "session", session_id)
    return Reply(text=text, buttons=(*offer_buttons(session_id, say), details), silent=silent)


# --- by the clock


@on.notice("places")
def notice_freed(notice: Notice, say: Words, silent: bool, _: Sequence[str] = ()) -> Reply:
    """A place that they waited for is theirs."""
    id_, _part, title = _only(notice, say)
    return freed(id_, title, say, silent=silent)


@on.notice("offers")
@on.notice("offers-now")
def notice_offered(notice: Notice, say: Words, silent: bool, _: Sequence[str] = ()) -> Reply:
    """A place is held for them."""
    id_, part, title = _only(notice, say)
    other = Texts(part["clash"]).in_(say.language) if "clash" in part else ""
    until = datetime.fromisoformat(part["until"])
    return offered(id_, title, until, notice.started_at or until, say, other, int(part.get("walk", 0)), silent=silent)


@on.notice("lapsed")
def lapsed(notice: Notice, say: Words, silent: bool, _: Sequence[str] = ()) -> Reply:
    """They did not take their seat in time."""
    id_, _part, title = _only(notice, say)
    return ran_out(id_, title, say, silent=silent)


def ran_out(session_id: str, title: str, say: Words, *, silent: bool = False) -> Reply:
    """What somebody is told who did not take their seat in time."""
    text = say(
        "The time to take the place in {title} that was held for you has run out. You are no longer on the waiting "
        "list; you can join it again, at its end.",
        title=say.quoted(title),
    )
    return Reply(text=text, buttons=_ways_on(session_id, say), silent=silent)


@on.notice("still")
def still_coming(notice: Notice, say: Words, silent: bool, _: Sequence[str] = ()) -> Reply:
    """Whether they still come, by one tap."""
    id_, part, title = _only(notice, say)
    start = datetime.fromisoformat(part["start"])
    text = say(
        "**Are you still coming?** {title} begins at {time}. It is full, and others would like to come.",
        title=say.quoted(title), time=say.time(start),
    )  # fmt: skip
    if part["rule"]:
        last = say.time(start - timedelta(minutes=int(part["rule"])))
        text += say("Without an answer by {time}, your place may go to somebody who waits.", time=last)
    buttons = (
        cards.button(say.p("button", "Yes, I’m coming"), "coming", id_),
        cards.button(say.p("button", "No, give my place away"), "notcoming", id_),
    )
    return Reply(text=text, buttons=buttons, silent=silent)


@on.notice("released")
def released(notice: Notice, say: Words, silent: bool, _: Sequence[str] = ()) -> Reply:
    """They lost their seat by their silence."""
    id_, _part, title = _only(notice, say)
    text = say(
        "We did not hear from you, so your place in {title} went to somebody who was waiting. If you are on your way, "
        "ask at the door: there may be room.",
        title=say.quoted(title),
    )
    return Reply(text=text, buttons=_ways_on(id_, say), silent=silent)


def _ways_on(session_id: str, say: Words) -> tuple[Button, ...]:
    return (
        cards.button(say.p("button", "Details"), "session", session_id),
        cards.button(say.p("button", "What else is on?"), "now"),
    )


def _only(notice: Notice, say: Words) -> tuple[str, Mapping[str, Any], str]:
    """The one session of the notice: its id, what is known of it, its title."""
    ((id_, part),) = (notice.parts or {}).items()
    return id_, part, Texts(part["title"]).in_(say.language)


# --- taps


@on.press("take")
def take(ctx: Context, session_id: str, *_: str) -> Reply:
    """Take the seat that is held for oneself; too late, it goes on at once."""
    session, say = ctx.event.session.get(session_id), ctx.say
    if session is None:
        return programme.session(ctx, session_id)
    person = ctx.person.id
    if offers.accept(ctx.tx, session, person, ctx.now):
        return programme.card(ctx, session, note=_taken(ctx, session))
    if seats.state_of(ctx.tx, person, session_id) == Interest.GOING:
        return programme.card(ctx, session, note=say("Noted: you’re going to this session."))
    if offers.held_until(ctx.tx, person, session_id):
        settle(ctx, session)
    if seats.state_of(ctx.tx, person, session_id) == Interest.WAITLISTED:
        return programme.card(ctx, session)
    return programme.card(ctx, session, note=say("The time to take this place has run out: it went to the next."))


def _taken(ctx: Context, session: Session) -> Markup:
    say = ctx.say
    note = say("Noted: you’re going to this session.")
    if clash := seats.clash_of(ctx.tx, ctx.event, ctx.person.id, session):
        other = say.quoted(clash.other.title.in_(say.language))
        values = {"other": other, "when": facts.when(clash.other, say)}
        note += (
            say("Your agenda also holds {other} ({when}).", **values)
            if clash.walk
            else say("It is at the same time as {other} ({when}), which stays in your agenda too.", **values)
        )
    return note


def settle(ctx: Context, session: Session) -> None:
    """Pass on what has run out, now rather than at the clock's next look, and tell whom it touches."""
    settled = offers.settle(ctx.tx, ctx.event, session.id, ctx.now)
    tell(ctx, settled.passed)
    for person in settled.lapsed:
        if person != ctx.person.id:
            ctx.tell(
                person, f"lapsed:{session.id}", lambda say: ran_out(session.id, session.title.in_(say.language), say)
            )


@on.press("decline")
def decline(ctx: Context, session_id: str, *_: str) -> Reply:
    """No to the seat that is held: it goes to the next, and one is off the list."""
    session = ctx.event.session.get(session_id)
    if session is None:
        return programme.session(ctx, session_id)
    if not offers.held_until(ctx.tx, ctx.person.id, session_id):
        return programme.card(ctx, session)
    gone = seats.withdraw(ctx.tx, ctx.event, ctx.person.id, session_id, now=ctx.now)
    tell(ctx, gone.passed)
    note = ctx.say("Thank you for telling us: the place goes to the next. You are no longer on the waiting list.")
    return programme.card(ctx, session, note=note)


@on.press("coming")
def coming(ctx: Context, session_id: str, *_: str) -> Reply:
    """Yes, they still come."""
    session = ctx.event.session.get(session_id)
    if session is None:
        return programme.session(ctx, session_id)
    if still.comes(ctx.tx, ctx.person.id, session_id):
        where = facts.place_name(ctx.event, session, ctx.say)
        text = ctx.say("Thank you, your place is kept. See you there: {place}.", place=where)
        way = cards.button(ctx.say.p("button", "How to get there"), "place", session.place or "")
        return Reply(text=text, buttons=(way,) if session.place in ctx.event.place else (), replaces=True)
    return programme.card(ctx, session, note=ctx.say("You have no place in this session any more."))


@on.press("notcoming")
def not_coming(ctx: Context, session_id: str, *_: str) -> Reply:
    """No: the seat goes along at once, without another question."""
    session = ctx.event.session.get(session_id)
    if session is None:
        return programme.session(ctx, session_id)
    gone = seats.withdraw(ctx.tx, ctx.event, ctx.person.id, session_id, now=ctx.now)
    tell(ctx, gone.passed)
    text = ctx.say("Thank you for telling us: somebody who waits can have your place.")
    return Reply(text=text, buttons=_ways_on(session_id, ctx.say), replaces=True)
