"""Whom an announcement is for: chosen by buttons or written as words, counted at every step."""

import re
from collections.abc import Sequence

from bot.chat.reply import Button, Reply
from bot.conversation.context import Context, Replies
from bot.conversation.router import on
from bot.errors import BadInput
from bot.notices import audience as audiences
from bot.notices import broadcast
from bot.notices.audience import ALONE, Audience
from bot.notices.broadcast import Notice
from bot.notices.tables import LONGEST_AUDIENCE, NoticeState
from bot.programme import queries
from bot.text.formats import capital
from bot.text.markup import Markup
from handlers import announcements, everything_else, mending, organizers
from handlers import audiences as worded
from handlers.announcements import button
from handlers.organizers import back, changed, takes_text, too_late, with_notice

CODES = {"l": "language", "s": "session", "d": "day"}  # a button has 64 bytes, and a session's id takes 40
TERMS = re.compile(r"\s*[a-z]+[:：]\S")


@on.press("notice-for")
@with_notice
def choose(ctx: Context, seen: Notice, code: str = "", *_: str) -> Reply:
    """The audience as it is, and how to change it. code: of the kind of term to choose from, "" for all kinds."""
    return _choice(ctx, seen, code) if seen.state == NoticeState.DRAFT else too_late(ctx, seen)


def _choice(ctx: Context, seen: Notice, code: str = "", note: Markup | None = None) -> Reply:
    say = ctx.say
    try:
        chosen = broadcast.audience_of(seen, ctx.event)
        text = worded.described(chosen, ctx.event, say)
        text += worded.count(broadcast.count(ctx.tx, seen, ctx.event), say)
    except BadInput as bad:
        chosen, text = Audience(), mending.worded(bad.faults, say)
    if code in CODES:
        buttons = [*_values(ctx, seen, chosen, code), button(say.p("button", "Audience"), "notice-for", seen)]
    else:
        alone = "-" if any(name == ALONE for name, _ in chosen.terms) else "+"
        buttons = [
            button(say.p("button", "Everyone"), "notice-to", seen, "*"),
            button(say.p("button", "By language"), "notice-for", seen, "l"),
            button(say.p("button", "By session"), "notice-for", seen, "s"),
            button(say.p("button", "By day"), "notice-for", seen, "d"),
            button(_marked(say.p("button", "Not signed up"), alone == "-"), "notice-to", seen, "u", alone),
            button(say.p("button", "Write it"), "notice-terms", seen),
        ]
    expects = announcements.expecting("notice-maybe", seen)
    return Reply(text=(note or Markup()) + text, buttons=(*buttons, back(seen, say)), replaces=True, expects=expects)


def _values(ctx: Context, seen: Notice, chosen: Audience, code: str) -> Sequence[Button]:
    """A button for each language, session or day: a press takes it in or out."""
    say, event = ctx.say, ctx.event
    match code:
        case "l":
            named = [(tag, say.language_name(tag)) for tag in event.details.languages]
        case "s":
            named = [(session.id, session.title.in_(say.language)) for session in event.sessions]
        case _:
            named = [(day.isoformat(), say.date(day)) for day in queries.days(event) if queries.on_day(event, day)]
    inside = chosen.values(CODES[code])
    buttons = []
    for value, name in named:
        is_in = value in inside
        label = _marked(capital(name), is_in)
        buttons.append(button(label, "notice-to", seen, code, "-" if is_in else "+", value))
    return buttons


def _marked(label: str, is_in: bool) -> str:
    return "✓ " + label if is_in else label


@on.press("notice-to")
@with_notice
def take(ctx: Context, seen: Notice, code: str = "", sign: str = "", value: str = "", *_: str) -> Reply:
    """Take a term's value in (+) or out (-); "*" is everyone."""
    if code not in ("*", "u", *CODES):
        return everything_else.unknown_button(ctx)
    if len(_with(ctx, seen, code, sign, value)) > LONGEST_AUDIENCE:
        return _choice(ctx, seen, code, ctx.say("These are too many at once: choose a day, or everyone."))
    edited = changed(ctx, seen, lambda now: {"audience": _with(ctx, now, code, sign, value)})
    return _choice(ctx, edited, code) if edited else too_late(ctx, seen)


def _with(ctx: Context, seen: Notice, code: str, sign: str, value: str) -> str:
    """The audience with the value in or out, as written."""
    if code == "*":
        return ""
    try:
        terms = [*broadcast.audience_of(seen, ctx.event).terms]
    except BadInput:  # it was for something that is no longer there
        terms = []
    name = CODES.get(code, ALONE)
    at = next((n for n, (each, _) in enumerate(terms) if each == name), len(terms))
    old = terms.pop(at)[1] if at < len(terms) else ()
    values = [each for each in old if each != value] + ([value] if sign == "+" and value else [])
    if values or (name == ALONE and sign == "+"):
        terms.insert(at, (name, tuple(values)))
    return str(Audience(tuple(terms)))


@on.press("notice-terms")
@with_notice
def write_terms(ctx: Context, seen: Notice, *_: str) -> Reply:
    """Ask for the audience in words."""
    return _asked(ctx, seen) if seen.state == NoticeState.DRAFT else too_late(ctx, seen)


def _asked(ctx: Context, seen: Notice, note: Markup | None = None) -> Reply:
    say = ctx.say
    text = (note or Markup()) + say(
        "**Write whom it is for**, for example: {example}", example=f"language:zh day:{ctx.event.details.starts}"
    )
    text += say("All of the terms must hold; of several values with commas between them, any one.")
    text += say("The terms are: {terms}", terms=audiences.WRITE)
    if seen.audience:
        text += say("As it is now:") + Markup.text(seen.audience)
    buttons = (button(say.p("button", "Audience"), "notice-for", seen), back(seen, say))
    return Reply(text=text, buttons=buttons, replaces=True, expects=announcements.expecting("notice-terms", seen))


@takes_text("notice-terms")
@takes_text("notice-maybe", only=lambda text: bool(TERMS.match(text)))  # under the buttons, without "Write it"
def take_terms(ctx: Context, seen: Notice, text: str) -> Replies:
    """Keep the audience as written, or say what in it is nobody."""
    try:
        written = str(audiences.parse(text, ctx.event))
    except BadInput as bad:
        return _asked(ctx, seen, mending.worded(bad.faults, ctx.say))
    if len(written) > LONGEST_AUDIENCE:
        return _asked(ctx, seen, ctx.say("That is too long: at most {most} characters.", most=str(LONGEST_AUDIENCE)))
    edited = changed(ctx, seen, lambda _: {"audience": written})
    return organizers.card(ctx, edited) if edited else too_late(ctx, seen)
