"""Going, waiting, withdrawing; clashes shown with a choice."""

from bot.chat.reply import Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.errors import UnknownSession
from bot.event.model import Session
from bot.programme import facts, seats
from bot.programme.tables import Interest
from handlers import cards, offers, programme


@on.press("join")
def join(ctx: Context, session_id: str, despite_clash: str = "") -> Reply:
    """Register interest; a full session leads to the waiting list, a clash to a choice."""
    say = ctx.say
    try:
        outcome = seats.register(
            ctx.tx, ctx.event, ctx.person.id, session_id, now=ctx.now, despite_clash=bool(despite_clash)
        )
    except UnknownSession:
        return programme.session(ctx, session_id)
    title = say.quoted(outcome.session.title.in_(say.language))
    match outcome:
        case seats.Going(session):
            return programme.card(ctx, session, note=say("Noted: you’re going to this session."))
        case seats.Waitlisted(session, ahead):
            note = say("This session is full. You are number {rank} on the waiting list.", rank=ahead + 1)
            return programme.card(ctx, session, note=note)
        case seats.Closed(session):
            is_early = seats.is_too_early(session, ctx.now)  # the card itself says when it opens
            refused = None if is_early else say("Sign-up for {title} is not open.", title=title)
            return programme.card(ctx, session, note=refused)
        case seats.Clash(session, other, walk):
            theirs, when = say.quoted(other.title.in_(say.language)), facts.when(other, say)
            text = (
                say(
                    "{title} is at the same time as {other}, which is in your agenda ({when}). Which one do you keep?",
                    title=title,
                    other=theirs,
                    when=when,
                )
                if not walk
                else say(
                    "Between {title} and {other}, which is in your agenda ({when}), it is a walk of {n} minutes, "
                    "and there is less time than that. Which one do you keep?",
                    title=title,
                    other=theirs,
                    when=when,
                    n=str(walk),
                )
            )
            return Reply(
                text=text,
                buttons=(
                    cards.button(say.p("button", "The new one"), "swap", session.id, other.id),
                    cards.button(say.p("button", "The one I have"), "session", other.id),
                    cards.button(say.p("button", "Both, I’ll see"), "join", session.id, "y"),
                ),
            )


@on.press("swap")
def swap(ctx: Context, wanted: str, given_up: str) -> Reply:
    """Give one session up for another."""
    if wanted in ctx.event.session and given_up in ctx.event.session:
        _withdraw(ctx, given_up)
    return join(ctx, wanted)


@on.press("leave")
def leave(ctx: Context, session_id: str) -> Reply:
    """Ask before a place is given back: it may be gone a second later."""
    session, say = ctx.event.session.get(session_id), ctx.say
    title = say.quoted(session.title.in_(say.language)) if session else ""
    match seats.state_of(ctx.tx, ctx.person.id, session_id) if session else None:
        case Interest.GOING:
            text = say("Withdraw from {title}?", title=title)
            labels = say.p("button", "Yes, withdraw"), say.p("button", "Keep my place")
        case Interest.WAITLISTED:
            text = say("Leave the waiting list for {title}?", title=title)
            labels = say.p("button", "Yes, leave"), say.p("button", "Keep waiting")
        case _:
            return _not_signed_up(ctx, session) if session else programme.session(ctx, session_id)
    buttons = (cards.button(labels[0], "left", session_id), cards.button(labels[1], "session", session_id))
    return Reply(text=text, buttons=buttons)


@on.press("left")
def left(ctx: Context, session_id: str) -> Reply:
    if session_id not in ctx.event.session:
        return programme.session(ctx, session_id)
    gone = _withdraw(ctx, session_id)
    if gone.was == Interest.GOING:
        note = ctx.say("Done. Your place is free for someone else. Thank you for telling us.")
    elif gone.was == Interest.WAITLISTED:
        note = ctx.say("Done. You are no longer on the waiting list.")
    else:
        return _not_signed_up(ctx, gone.session)
    return programme.card(ctx, gone.session, note=note)


def _not_signed_up(ctx: Context, session: Session) -> Reply:
    return programme.card(ctx, session, note=ctx.say("You were not signed up for this session."))


def _withdraw(ctx: Context, session_id: str) -> seats.Withdrawn:
    gone = seats.withdraw(ctx.tx, ctx.event, ctx.person.id, session_id, now=ctx.now)
    offers.tell(ctx, gone.passed)
    return gone
