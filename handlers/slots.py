"""What the people of a session hear of their own slot, and what organizers see of who is in the room."""

from collections.abc import Sequence

from bot.chat.reply import Button, Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.event.model import Session
from bot.event.texts import Texts
from bot.notices.broadcast import Notice
from bot.people import accounts
from bot.programme import facts, speaking
from bot.programme.speaking import Presence
from bot.text.markup import Markup, Paragraph, Span
from bot.text.words import Words
from handlers import cards, reminders


@on.notice("slot changed")
def changed(notice: Notice, say: Words, silent: bool, theirs: Sequence[str]) -> Reply:
    """What has changed of the sessions in which the reader speaks."""
    told = notice.parts or {}
    text, buttons = say("**Your own slot has changed**"), list[Button]()
    for id_ in [id_ for id_ in told if id_ in theirs] or [*told]:
        title, said = (Texts(told[id_][name]).in_(say.language) for name in ("title", "text"))
        text += _block(title, [said])
        buttons.append(cards.button(title, "session", id_))
    return Reply(text=text, buttons=tuple(buttons), silent=silent)


@on.notice("slot soon")
def soon(notice: Notice, say: Words, silent: bool, theirs: Sequence[str]) -> Reply:
    """The reader speaks within the hour: when, where, the way there."""
    text, buttons = say("**Your own slot is coming up**"), list[Button]()
    for id_, part in reminders.theirs(notice, theirs):
        text += reminders.told(part, say)
        if part["place"]:
            buttons.append(cards.button(say.p("button", "How to get there"), "place", part["place"]))
        buttons.append(cards.button(say.p("button", "Details"), "session", id_))
    return Reply(text=text, buttons=tuple(buttons), silent=silent)


@on.notice("slot now")
def now(notice: Notice, say: Words, silent: bool, theirs: Sequence[str]) -> Reply:
    """Ten minutes before: one tap says that the reader is there, or is late."""
    text, buttons = say("**Your own slot is about to begin.** Are you in the room?"), list[Button]()
    for id_, part in reminders.theirs(notice, theirs):
        text += reminders.told(part, say)
        buttons.append(cards.button(say.p("button", "I’m in the room"), "in-the-room", id_))
        buttons.append(cards.button(say.p("button", "I’m late"), "late", id_))
        if part["place"]:
            buttons.append(cards.button(say.p("button", "How to get there"), "place", part["place"]))
    return Reply(text=text, buttons=tuple(buttons), silent=silent)


@on.press("in-the-room")
def in_the_room(ctx: Context, session_id: str = "", *_: str) -> Reply:
    if not _said(ctx, session_id, Presence.HERE):
        return _too_late(ctx)
    return Reply(text=ctx.say("Thank you: the organizers see that you are in the room."))


@on.press("late")
def late(ctx: Context, session_id: str = "", *_: str) -> Reply:
    """The organizers are told at once, the first time it is said."""
    if not _said(ctx, session_id, Presence.LATE):
        return _too_late(ctx)
    here = cards.button(ctx.say.p("button", "I’m in the room"), "in-the-room", session_id)
    text = ctx.say("Noted: the organizers know that you are late. Tell me once you are there.")
    return Reply(text=text, buttons=(here,))


def _said(ctx: Context, session_id: str, state: Presence) -> bool:
    """Keep what a speaker says of their session; False for whoever is none, and where it is not the time."""
    session, speaker = ctx.event.session.get(session_id), speaking.speaks(ctx.tx, ctx.event, ctx.person.id, session_id)
    if session is None or not speaker or not speaking.is_time(session, ctx.now):
        return False
    if speaking.say(ctx.tx, ctx.person.id, session_id, speaker, state, ctx.now) and state == Presence.LATE:
        for person in accounts.persons_at(ctx.tx, ctx.organizers):
            ctx.tell(person, f"late:{session_id}", lambda say: _is_late(ctx, session, speaker, say))
    return True


def _is_late(ctx: Context, session: Session, speaker: str, say: Words) -> Reply:
    """What each organizer is told."""
    text = say(
        "**{who}** is late for {title} ({hour}, {place}).",
        who=ctx.event.person[speaker].name.in_(say.language),
        title=say.quoted(session.title.in_(say.language)),
        hour=facts.hour(session, say),
        place=facts.place_name(ctx.event, session, say),
    )
    return Reply(text=text, buttons=(cards.button(say.p("button", "Change this session"), "session-edit", session.id),))


def _too_late(ctx: Context) -> Reply:
    return Reply(text=ctx.say("This can no longer be said of this session."), buttons=cards.menu(ctx.say)[:3])


# --- what organizers see


def standing(ctx: Context, session: Session) -> Markup:
    """Who of the session's people is in the room and who has not been heard of, around its hour."""
    if not session.people or not speaking.is_time(session, ctx.now):
        return Markup()
    say, stand = ctx.say, speaking.standing(ctx.tx, session)

    def named(ids: Sequence[str]) -> str:
        return say.list([ctx.event.person[id_].name.in_(say.language) for id_ in ids if id_ in ctx.event.person])

    lines = [
        say.text("In the room: {people}", people=named(stand.here)) if stand.here else "",
        say.text("Late: {people}", people=named(stand.late)) if stand.late else "",
        say.text("Not yet heard of: {people}", people=named(stand.silent)) if stand.silent else "",
        say.text("Have given no code: {people}", people=named(stand.unlinked)) if stand.unlinked else "",
    ]
    return _block(say.text("Speakers"), lines)


def _block(title: str, lines: Sequence[str]) -> Markup:
    return Markup((Paragraph((Span(title, bold=True), *(Span(f"\n{line}") for line in lines if line))),))
