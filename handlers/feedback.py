"""What a session was worth: asked after it, one to five and a line; organizers see figures, never who."""

from collections.abc import Sequence

from bot.answers import split
from bot.chat.action import action, is_id
from bot.chat.reply import Button, Reply
from bot.conversation.context import Context, Replies
from bot.conversation.router import on
from bot.event.model import Session
from bot.event.texts import Texts
from bot.notices.broadcast import Notice
from bot.programme import feedback as said
from bot.text.markup import Markup
from bot.text.words import Words
from handlers import cards


@on.notice("feedback")
def asked(notice: Notice, say: Words, silent: bool, _: Sequence[str] = ()) -> Reply:
    """The question about a session that its reader went to."""
    ((id_, part),) = (notice.parts or {}).items()
    off = cards.button(say.p("button", "No more of these questions"), "prefer", "feedback", "off")
    return Reply(
        text=_question(Texts(part["title"]).in_(say.language), say), buttons=(*_stars(id_), off), silent=silent
    )


@on.press("feedback")
def ask(ctx: Context, session_id: str = "", *_: str) -> Reply:
    """The same, from the session's card; with what was said before."""
    if not said.may(ctx.tx, ctx.event, ctx.person.id, session_id, ctx.now):
        return _cannot(ctx)
    say, before = ctx.say, said.given(ctx.tx, ctx.person.id, session_id)
    text = _question(ctx.event.session[session_id].title.in_(say.language), say)
    if before:
        text += say("So far you gave it {stars} of 5.", stars=str(before.stars))
    return Reply(text=text, buttons=_stars(session_id))


@on.press("rate")
def rate(ctx: Context, session_id: str = "", stars: str = "", *_: str) -> Reply:
    """Keep the stars, and offer to add a line; what is written next may be one already, see `after_stars`."""
    if stars not in map(str, said.STARS) or not said.may(ctx.tx, ctx.event, ctx.person.id, session_id, ctx.now):
        return _cannot(ctx)
    say, id_ = ctx.say, said.rate(ctx.tx, ctx.person.id, session_id, int(stars), ctx.now)
    text = say("Thank you: {stars} of 5. The organizers see figures, never who gave them.", stars=stars)
    add = cards.button(say.p("button", "Add a line"), "add-line", str(id_))
    buttons = (add, cards.button(say.p("button", "Up next"), "next"))
    return Reply(text=text, buttons=buttons, replaces=True, expects=action("rated", str(id_)).pack())


@on.reply_to("rated")
def after_stars(ctx: Context, text: str, id_: str = "", *_: str) -> Replies:
    """What is written right after the stars is an opinion where it asks nothing and nothing answers it."""
    outcome = ctx.reading.outcome
    is_answered = outcome is None or outcome.kind not in ("suggest", "refuse")
    question = on.find("content", "text")
    if question and (is_answered or split.asks(text) or len(text) > said.LONGEST):
        return question(ctx, text)
    ctx.notes["asked"] = ""
    if not is_id(id_) or said.comment(ctx.tx, ctx.person.id, int(id_), text, ctx.now) is None:
        return _cannot(ctx)
    noted = ctx.say("Thank you, your line is noted with your stars. Was it a question? Please ask it again.")
    return Reply(text=noted, buttons=cards.menu(ctx.say)[:3])


@on.press("add-line")
def add_line(ctx: Context, id_: str = "", *_: str) -> Reply:
    if not (is_id(id_) and said.find(ctx.tx, ctx.person.id, int(id_))):
        return _cannot(ctx)
    return _wanted(ctx, id_, ctx.say("Write it in one message of at most {n} characters.", n=str(said.LONGEST)))


@on.reply_to("add-line", verbatim=True, numbers=True)
def take_line(ctx: Context, text: str, id_: str = "", *_: str) -> Replies:
    """Keep the line; one that is too long is asked for again."""
    ctx.notes["asked"] = ""
    if len(text) > said.LONGEST:
        much = ctx.say(
            "That is {n} characters, and at most {most} fit. Please write it shorter.",
            n=str(len(text)), most=str(said.LONGEST),
        )  # fmt: skip
        return _wanted(ctx, id_, much)
    found = said.comment(ctx.tx, ctx.person.id, int(id_), text, ctx.now) if is_id(id_) else None
    if found is None:
        return _cannot(ctx)
    return Reply(text=ctx.say("Thank you, your line is noted."), buttons=cards.menu(ctx.say)[:3])


def button(ctx: Context, session: Session) -> tuple[Button, ...]:
    """On a session's card, for whoever went there and has not said anything yet."""
    person = ctx.person.id
    if not said.may(ctx.tx, ctx.event, person, session.id, ctx.now) or said.given(ctx.tx, person, session.id):
        return ()
    return (cards.button(ctx.say.p("button", "Rate this session"), "feedback", session.id),)


def figures(ctx: Context, session: Session) -> Markup:
    """What an organizer sees of a session."""
    say, told = ctx.say, said.figures(ctx.tx, session.id)
    if not told.count:
        return Markup()
    if told.average is None:
        few = say.n("Feedback: {n} answer", "Feedback: {n} answers", told.count)
        return few + say("Figures are shown from {n} answers on.", n=str(said.FEWEST))
    by = " · ".join(f"{stars}★ {n}" for stars, n in reversed(told.by))
    text = say.n(
        "Feedback: {n} answer, {average} of 5 ({by})", "Feedback: {n} answers, {average} of 5 ({by})", told.count,
        average=say.decimal(told.average), by=by,
    )  # fmt: skip
    if told.lines:
        text += say("The lines: passerelle export feedback")
    return text


def _question(title: str, say: Words) -> Markup:
    return say("**How was {title}?**", title=say.quoted(title)) + say(
        "From 1 to 5, where 5 is the best. The organizers see figures, never who gave them."
    )


def _stars(session_id: str) -> tuple[Button, ...]:
    # In this order, so that where buttons are numbers each is its own.
    return tuple(Button(str(stars), action("rate", session_id, str(stars))) for stars in said.STARS)


def _wanted(ctx: Context, id_: str, text: Markup) -> Reply:
    menu = cards.button(ctx.say.p("button", "Menu"), "menu")
    return Reply(text=text, buttons=(menu,), expects=action("add-line", id_).pack())


def _cannot(ctx: Context) -> Reply:
    text = ctx.say("Only whoever was signed up for a session can rate it, once it is over.")
    return Reply(text=text, buttons=cards.menu(ctx.say)[:3])
