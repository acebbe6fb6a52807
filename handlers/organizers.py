"""/broadcast: organizers write an announcement in chat, on one card that is replaced as they work. Sending it and what
comes after is in sending.py, whom it is for in readers.py."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from bot.chat.action import action, is_id
from bot.chat.reply import Button, Reply
from bot.conversation.context import Context, Handler, Replies
from bot.conversation.router import on
from bot.notices import broadcast
from bot.notices.broadcast import Notice
from bot.notices.tables import BY_ORGANIZERS, NoticeState, Urgency
from bot.text.markup import Markup
from bot.text.words import Words
from handlers import announcements, cards, everything_else, notices, reports
from handlers.announcements import button

LISTED = 8  # announcements on the list
TRIES = 3  # at a change that another organizer's comes before


def with_notice(handler: Handler) -> Handler:
    """For organizers alone; the announcement's id, the first of what the button carries, becomes a Notice."""

    @wraps(handler)
    def checked(ctx: Context, notice_id: str = "", *args: str) -> Replies:
        is_asked = ctx.is_organizer and is_id(notice_id)
        seen = broadcast.find(ctx.tx, int(notice_id)) if is_asked else None
        return handler(ctx, seen, *args) if seen else everything_else.unknown_button(ctx)

    return checked


def takes_text(
    name: str, *, numbers: bool = False, only: Callable[[str], bool] | None = None
) -> Callable[[Handler], Handler]:
    """For the text after a card that expects `name`: as `with_notice`, called with (ctx, notice, *what else was
    expected, text). The text is an announcement's or its organizer's, no question to learn from. numbers: a bare number
    is such a text too, and no button. only: of these texts alone; others are questions."""

    def decorate(handler: Handler) -> Handler:
        @on.reply_to(name, verbatim=only or True, numbers=numbers, only=only is not None)
        @wraps(handler)
        def taken(ctx: Context, text: str, *args: str) -> Replies:
            ctx.notes["asked"] = ""
            return with_notice(handler)(ctx, *args, text)

        return handler

    return decorate


def card(ctx: Context, seen: Notice, note: Markup | None = None) -> Reply:
    """The announcement as it stands. note: what has just been done, above it."""
    match seen.state:
        case NoticeState.DRAFT:
            return announcements.draft(ctx, seen, note)
        case NoticeState.SCHEDULED:
            return announcements.scheduled(ctx, seen, note)
    return reports.card(ctx, seen, note)


def changed(ctx: Context, seen: Notice, change: Callable[[Notice], dict[str, Any]]) -> Notice | None:
    """The draft with the change, made on top of what others have changed meanwhile; None where it is no draft any
    more."""
    now: Notice | None = seen
    for _ in range(TRIES):
        if now is None or now.state != NoticeState.DRAFT:
            return None
        if (edited := broadcast.edit(ctx.tx, now, **change(now))) is not None:
            return edited
        now = broadcast.find(ctx.tx, seen.id)
    return None


def too_late(ctx: Context, seen: Notice) -> Reply:
    """What is told whose change comes after somebody's sending."""
    return card(ctx, broadcast.get(ctx.tx, seen.id), ctx.say("It is no draft any more: nothing was changed."))


# --- the command


@on.command("broadcast", "Write an announcement (organizers)", for_organizers=True)
def write_announcement(ctx: Context, *_: str) -> Reply:
    """One's own draft, begun or taken up again."""
    if not ctx.is_organizer:
        return everything_else.unknown_command(ctx, "broadcast")
    author = f"{ctx.update.channel}:{ctx.update.address}"
    found = broadcast.draft_of(ctx.tx, author) or broadcast.draft(ctx.tx, author=author, now=ctx.now)
    return card(ctx, found)


@on.press("notice-new")
def write_another(ctx: Context, *_: str) -> Reply:
    return write_announcement(ctx) if ctx.is_organizer else everything_else.unknown_button(ctx)


@on.press("notices")
def all_announcements(ctx: Context, *_: str) -> Reply:
    """The last announcements of all organizers, each with a button that opens it."""
    if not ctx.is_organizer:
        return everything_else.unknown_button(ctx)
    say = ctx.say
    written = [each for each in broadcast.every(ctx.tx) if each.kind in BY_ORGANIZERS and each.texts]
    found = [each for each in written if each.state != NoticeState.CANCELLED or each.started_at]
    buttons = [button(announcements.title(each, say), "notice", each) for each in found[:LISTED]]
    buttons.append(cards.button(say.p("button", "New announcement"), "notice-new"))
    text = say("**Announcements of all organizers**") if found else say("No announcement has been written yet.")
    return Reply(text=text, buttons=tuple(buttons), replaces=True)


@on.press("notice")
@with_notice
def open_announcement(ctx: Context, seen: Notice, *_: str) -> Reply:
    return card(ctx, seen)


# --- the text


@on.press("notice-write")
@with_notice
def write(ctx: Context, seen: Notice, language: str = "", *_: str) -> Reply:
    """Ask for the text in a language; with what there is of it, to be copied and mended."""
    say = ctx.say
    if language not in ctx.event.details.languages:
        return everything_else.unknown_button(ctx)
    if seen.state != NoticeState.DRAFT:
        return too_late(ctx, seen)
    text = say("**Write the text in {language}**, as one message.", language=say.language_name(language))
    text += say("Two asterisks before and after make a word bold; [label](address) makes a link.")
    if language in seen.texts:
        text += say("As it is now:") + Markup.text(seen.texts[language])
    return Reply(
        text=text,
        buttons=(back(seen, say),),
        replaces=True,
        expects=announcements.expecting("notice-text", seen, language),
    )


@takes_text("notice-text")
def take_text(ctx: Context, seen: Notice, language: str, text: str) -> Replies:
    """Keep the text, whatever is wrong with it: the card says what is to be mended."""
    if not text.strip() or language not in ctx.event.details.languages:
        return write(ctx, str(seen.id), language)
    edited = changed(ctx, seen, lambda now: {"texts": {**now.texts, language: text.strip()}})
    return card(ctx, edited) if edited else too_late(ctx, seen)


def back(seen: Notice, say: Words) -> Button:
    return button(say.p("button", "Go back"), "notice", seen)


# --- how it comes


@on.press("notice-set")
@with_notice
def switch(ctx: Context, seen: Notice, what: str = "", to: str = "", *_: str) -> Reply:
    """Turn `what` (urgent, receipt, both) on or off."""
    is_on = to == "on"
    changes: dict[str, dict[str, Any]] = {
        "urgent": {"urgency": Urgency.URGENT if is_on else Urgency.NORMAL},
        "receipt": {"receipt": is_on},
        "both": {"both": is_on},
    }
    if what not in changes:
        return everything_else.unknown_button(ctx)
    edited = changed(ctx, seen, lambda _: changes[what])
    return card(ctx, edited) if edited else too_late(ctx, seen)


# --- how it looks


@on.press("notice-preview")
@with_notice
def preview(ctx: Context, seen: Notice, *_: str) -> list[Reply]:
    """The announcement in each language, as its readers get it."""
    shown = [as_read(seen, ctx.words(tag)) for tag in ctx.event.details.languages if seen.in_(tag)]
    return [*shown, Reply(text=ctx.say("This is how its readers get it."), buttons=(back(seen, ctx.say),))]


@on.press("notice-test")
@with_notice
def test(ctx: Context, seen: Notice, *_: str) -> Reply:
    """The announcement to oneself, on every channel that one uses."""
    if not seen.in_(ctx.person.language):
        return card(ctx, seen, ctx.say("It has no text in your language yet: look at the preview."))
    ctx.tell(ctx.person.id, f"test of notice {seen.id}", lambda say: as_read(seen, say), everywhere=True)
    return card(ctx, seen, ctx.say("Sent to you alone, on every channel that you use."))


def as_read(seen: Notice, say: Words) -> Reply:
    """As its readers get it, with a receipt that confirms nothing."""
    reply = notices.announcement(seen, say, False)
    buttons = (
        Button(each.label, action("notice-tried")) if each.action == action("read", str(seen.id)) else each
        for each in reply.buttons
    )
    return Reply(text=reply.text, buttons=tuple(buttons), silent=reply.silent)


@on.press("notice-tried")
def try_receipt(ctx: Context, *_: str) -> Reply:
    return Reply(text=ctx.say("This was a trial: once it is sent, you see here how many have confirmed."))


# --- away with it


@on.press("notice-drop")
@with_notice
def drop(ctx: Context, seen: Notice, sure: str = "", *_: str) -> Reply:
    """Delete what was never sent, after a question."""
    say = ctx.say
    if seen.state not in broadcast.BEFORE_SENDING:
        return too_late(ctx, seen)
    if not sure:
        yes = button(say.p("button", "Yes, delete"), "notice-drop", seen, "yes")
        text = say("Delete this announcement? Its texts cannot be brought back.")
        return Reply(text=text, buttons=(yes, back(seen, say)), replaces=True)
    broadcast.cancel(ctx.tx, seen.id, ctx.now)
    return card(ctx, broadcast.get(ctx.tx, seen.id))
