"""Several people signed up by one, by name, from a session's card: all of them or none."""

from bot.answers import titles
from bot.answers.live import KIND
from bot.answers.normalise import plain
from bot.chat.action import is_id
from bot.chat.reply import Button, Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.event.model import Session
from bot.programme import guests, seats
from bot.text.markup import Markup
from handlers import cards, everything_else, offers, programme

QUESTION = ("?", "？")


@on.press("group")
def group(ctx: Context, session_id: str = "", *_: str) -> Reply:
    """Whom one has signed up, and how to sign up more."""
    session = ctx.event.session.get(session_id)
    return _asked(ctx, session) if session else programme.session(ctx, session_id)


def _asked(ctx: Context, session: Session, note: Markup | None = None) -> Reply:
    """The group as it is, a button to take each out, and what to write to add to it."""
    say = ctx.say
    theirs = guests.of(ctx.tx, ctx.person.id, session.id)
    text = (note or Markup()) + say("**For several people**") + say.plain(session.title.in_(say.language))
    if theirs:
        text += say("You signed up: {names}", names=say.list([each.name for each in theirs]))
    is_open = seats.is_open(session, ctx.now) and len(theirs) < guests.MOST
    if is_open:
        text += say(
            "Write the names of those who come, a line each or with commas between, {most} at most. They get their "
            "places together, or none of them does.",
            most=str(guests.MOST - len(theirs)),
        )
        text += say("Only you and the organizers see these names: please tell these people that you gave them.")
        left = seats.left(ctx.tx, session.id)
        if left is not None:
            text += say.n("{n} place left", "{n} places left", left)
    elif len(theirs) < guests.MOST:
        text += say("Sign-up is closed.")
    buttons = [
        cards.button(say.p("button", "Take out: {name}", name=each.name), "ungroup", session.id, str(each.id))
        for each in theirs
    ]
    if len(theirs) > 1:
        buttons.append(cards.button(say.p("button", "Take out all"), "ungroup", session.id, "*"))
    buttons.append(_back(ctx, session))
    expects = cards.expecting("group", session) if is_open else ""
    return Reply(text=text, buttons=tuple(buttons), replaces=True, expects=expects)


def _back(ctx: Context, session: Session) -> Button:
    return cards.button(ctx.say.p("button", "Back to the session"), "session", session.id)


@on.reply_to("group", verbatim=True)
def take_names(ctx: Context, text: str, code: str = "", *_: str) -> Reply:
    """Sign up those who are named, or say why not; nobody is signed up by halves."""
    session, say = cards.by_code(ctx.event, code), ctx.say
    if session is None:
        return everything_else.unknown_button(ctx)
    names = guests.names_in(text)
    if not names or any(sign in text for sign in QUESTION) or any(_is_session(ctx, name) for name in names):
        return _asked(ctx, session, say("These are no names: nobody was signed up."))
    if too_long := [name for name in names if len(name) > guests.LONGEST]:
        name = cards.cut(too_long[0], 40)
        return _asked(ctx, session, say("{name} is too long for a name: nobody was signed up.", name=say.quoted(name)))
    match guests.add(ctx.tx, ctx.event, ctx.person.id, session.id, names, now=ctx.now):
        case guests.Added(_, new) if new:
            note = say("Done. Signed up: {names}", names=say.list(list(new)))
        case guests.Added():
            note = say("They are all signed up already.")
        case guests.TooFew(_, wanted, left):
            note = say.n(
                "{n} place is left and you named {wanted} people: nobody was signed up.",
                "{n} places are left and you named {wanted} people: nobody was signed up.",
                left, wanted=str(wanted),
            )  # fmt: skip
            return _asked(ctx, session, note)
        case guests.TooMany():
            most = str(guests.MOST)
            return _asked(ctx, session, say("{most} people at most for one session: nobody was signed up.", most=most))
        case seats.Closed():
            note = say("Sign-up is closed.")
    return programme.card(ctx, session, note=note)


def _is_session(ctx: Context, name: str) -> bool:
    """Whether a "name" is one of a session: somebody looks for another one."""
    return bool(KIND.search(plain(name)) and titles.of(ctx.event).only(name))


@on.press("ungroup")
def take_out(ctx: Context, session_id: str = "", which: str = "", *_: str) -> Reply:
    """Give back the seat of one of them, or of all."""
    session, say = ctx.event.session.get(session_id), ctx.say
    if session is None or not (which == "*" or is_id(which)):
        return programme.session(ctx, session_id)
    one = None if which == "*" else int(which)
    names, passed = guests.remove(ctx.tx, ctx.event, ctx.person.id, session_id, one, now=ctx.now)
    offers.tell(ctx, passed)
    note = say("Taken out: {names}", names=say.list(list(names))) if names else say("They were not signed up.")
    if guests.of(ctx.tx, ctx.person.id, session_id):
        return _asked(ctx, session, note)
    return programme.card(ctx, session, note=note)
