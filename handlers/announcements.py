"""A draft as its organizer sees it: one card with all that is to be known before it is sent. What becomes of it is in
reports.py, what its readers see in notices.py."""

from contextlib import suppress

from bot.chat.action import Action
from bot.chat.reply import Button, Reply
from bot.conversation.context import Context
from bot.errors import BadInput, Fault
from bot.event.model import Event
from bot.notices import audience as audiences
from bot.notices import broadcast, forecast
from bot.notices.audience import Count
from bot.notices.broadcast import Notice
from bot.notices.tables import NoticeState, Urgency
from bot.text import detect, markup
from bot.text.formats import base, capital
from bot.text.markup import Markup, Paragraph, Span
from bot.text.words import Words
from handlers import audiences as worded
from handlers import cards, mending

EXCERPT = 150  # columns of a text on a card, which shows all languages in one message


def button(label: str, name: str, seen: Notice, *args: str) -> Button:
    return cards.button(label, name, str(seen.id), *args)


def checked(ctx: Context, seen: Notice) -> tuple[Count, list[Fault]]:
    """Whom it would reach, and what must be mended before it is sent."""
    try:
        counted = broadcast.count(ctx.tx, seen, ctx.event)
    except BadInput as bad:  # a session that it was for is no longer in the programme
        return Count({}, 0, 0), bad.faults
    return counted, broadcast.faults(seen, counted)


def still_to_write(seen: Notice, event: Event, reader: str, faults: list[Fault]) -> str:
    """The language that the text is written in next: of one that cannot be sent as it is, else of one that is
    missing, the organizer's own first; "" for none."""
    read: tuple[str, ...] = ()
    spoken = sorted(event.details.languages, key=lambda tag: tag != base(reader))
    if faulty := [tag for tag in spoken if any(mending.concerns(fault, tag) for fault in faults)]:
        return faulty[0]
    with suppress(BadInput):
        read = broadcast.audience_of(seen, event).values("language")
    wanted = [tag for tag in spoken if not read or tag in map(base, read)]
    return "" if seen.both and seen.texts else next((tag for tag in wanted if tag not in seen.texts), "")


def expecting(name: str, seen: Notice, *args: str) -> str:
    """What the next text is to be, for a Reply's `expects`."""
    return Action(name, (str(seen.id), *args)).pack()


def excerpt(seen: Notice, language: str, width: int = EXCERPT) -> str:
    """The beginning of its text, in `language` where it has that; "" of an empty one."""
    return _excerpt(seen.in_(language) or next(iter(seen.texts.values()), ""), width)


def _excerpt(text: str, width: int = EXCERPT) -> str:
    """The beginning of a text, on one line, as its readers see it."""
    return cards.cut(" ".join(str(markup.parse(text)).split()), width)


def title(seen: Notice, say: Words) -> str:
    """In a list: where it stands and how it begins."""
    states = {
        NoticeState.DRAFT: say.p("announcement", "draft"),
        NoticeState.SCHEDULED: say.p("announcement", "scheduled"),
        NoticeState.SENDING: say.p("announcement", "being sent"),
        NoticeState.PAUSED: say.p("announcement", "paused"),
        NoticeState.SENT: say.p("announcement", "sent"),
        NoticeState.CANCELLED: say.p("announcement", "cancelled"),
        NoticeState.RECALLED: say.p("announcement", "recalled"),
    }
    number, beginning = str(seen.id), excerpt(seen, say.language)
    # Translators: in a list: "draft (12): Workshop 3 moves"
    return say.text("{state} ({number}): {beginning}", state=states[seen.state], number=number, beginning=beginning)


# --- the card of a draft


def draft(ctx: Context, seen: Notice, note: Markup | None = None) -> Reply:
    """The card of a draft. note: what has just been done, above it."""
    say = ctx.say
    counted, faults = checked(ctx, seen)
    writes = still_to_write(seen, ctx.event, say.language, faults)
    text = (note or Markup()) + say("**Announcement: draft**") + in_each_language(ctx, seen)
    text += _chosen(ctx, seen, counted)
    if seen.texts and faults:
        text += say("**To be mended before it is sent**") + mending.worded(faults, say)
    if writes:
        text += say("**What you write next is its text in {language}.**", language=say.language_name(writes))
    buttons = [
        button(say.p("button", "Write in {language}", language=say.language_name(tag)), "notice-write", seen, tag)
        for tag in ctx.event.details.languages
    ]
    buttons += [button(say.p("button", "Audience"), "notice-for", seen), *_switches(ctx, seen)]
    if seen.texts:
        buttons += _trials(seen, say)
        if not faults:
            buttons.append(button(say.p("button", "Schedule"), "notice-when", seen))
            buttons.append(button(say.p("button", "Send"), "notice-send", seen, str(seen.version)))
        buttons.append(button(say.p("button", "Delete"), "notice-drop", seen))
    buttons.append(others(say))
    expects = expecting("notice-text", seen, writes) if writes else ""
    return Reply(text=text, buttons=tuple(buttons), replaces=True, expects=expects)


def in_each_language(ctx: Context, seen: Notice) -> Markup:
    """The text in each language, or that it is missing; with a warning where it reads like another one."""
    say, paragraphs, doubts = ctx.say, [], Markup()
    spoken = ctx.event.details.languages
    for tag in spoken:
        name = say.language_name(tag)
        text = seen.texts.get(tag, "")
        shown = _excerpt(text) if text else say.p("a text", "missing")
        paragraphs.append(Paragraph((Span(capital(name), bold=True), Span("\n" + shown))))
        looks = detect.detect(text, hint=tag, languages=spoken) if text else tag
        if base(looks) != base(tag):
            doubts += say(
                "Please check: the text in {language} looks as if it were in {other}.",
                language=name,
                other=say.language_name(base(looks)),
            )
    return Markup(tuple(paragraphs)) + doubts


def _chosen(ctx: Context, seen: Notice, counted: Count) -> Markup:
    """Whom it is for, how many these are, and how it comes."""
    say = ctx.say
    try:
        text = worded.described(broadcast.audience_of(seen, ctx.event), ctx.event, say)
        text += worded.count(counted, say)
        text += worded.fares(forecast.of(ctx.tx, seen, ctx.event, ctx.now), say)
    except BadInput:
        text = say("**For:**") + Markup.text(seen.audience)
    if seen.urgency == Urgency.URGENT:
        text += say("**Urgent**: it comes with a sound, at any hour, to those too who want no announcements.")
    elif audiences.quiet_until(seen.due_at or ctx.now, ctx.event, seen.urgency):
        text += say("It is night then: it arrives in the morning, unless you make it urgent.")
    if seen.receipt:
        text += say("Its readers are asked to confirm that they have read it.")
    if seen.both:
        text += say("Whoever’s language is missing gets all the texts.")
    return text


def _switches(ctx: Context, seen: Notice) -> list[Button]:
    """What is on or off, each with what a press makes of it."""
    say = ctx.say
    is_urgent = seen.urgency == Urgency.URGENT
    urgent = say.p("button", "Not urgent") if is_urgent else say.p("button", "Make urgent")
    receipt = say.p("button", "No receipt") if seen.receipt else say.p("button", "Ask for receipt")
    switches = [
        button(urgent, "notice-set", seen, "urgent", "off" if is_urgent else "on"),
        button(receipt, "notice-set", seen, "receipt", "off" if seen.receipt else "on"),
    ]
    if seen.both or any(tag not in seen.texts for tag in ctx.event.details.languages):
        both = (
            say.p("button", "Only their own language") if seen.both else say.p("button", "If missing, send all texts")
        )
        switches.append(button(both, "notice-set", seen, "both", "off" if seen.both else "on"))
    return switches


def _trials(seen: Notice, say: Words) -> list[Button]:
    return [
        button(say.p("button", "Preview"), "notice-preview", seen),
        button(say.p("button", "Test to myself"), "notice-test", seen),
    ]


def others(say: Words) -> Button:
    return cards.button(say.p("button", "All announcements"), "notices")


def scheduled(ctx: Context, seen: Notice, note: Markup | None = None) -> Reply:
    """The card of one that goes out by itself: to change it takes it off the schedule."""
    say = ctx.say
    counted, _ = checked(ctx, seen)
    assert seen.due_at is not None
    heading = say("**Announcement: goes out {day}, {hour}**", day=say.date(seen.due_at), hour=say.time(seen.due_at))
    buttons = (
        *_trials(seen, say),
        button(say.p("button", "Change (unschedules)"), "notice-unschedule", seen),
        button(say.p("button", "Send now"), "notice-send", seen, str(seen.version)),
        button(say.p("button", "Delete"), "notice-drop", seen),
        others(say),
    )
    text = (note or Markup()) + heading + in_each_language(ctx, seen) + _chosen(ctx, seen, counted)
    return Reply(text=text, buttons=buttons, replaces=True)
