"""Notes to oneself on a session: written, changed, deleted; seen by their writer alone."""

from bot.chat.reply import Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.event.model import Session
from bot.programme import own_notes
from bot.text.markup import Markup
from handlers import cards, everything_else, programme


@on.press("note")
def note(ctx: Context, session_id: str = "", *_: str) -> Reply:
    """The note as it is, and how to write it."""
    session = ctx.event.session.get(session_id)
    return _asked(ctx, session) if session else programme.session(ctx, session_id)


def _asked(ctx: Context, session: Session, fault: Markup | None = None) -> Reply:
    say, now = ctx.say, own_notes.of(ctx.tx, ctx.person.id, session.id)
    text = (fault or Markup()) + say("**Note to yourself**") + say.plain(session.title.in_(say.language))
    if now:
        text += say("As it is now:") + Markup.text(now)
    text += say("Write your note, {most} characters at most. Nobody but you sees it.", most=str(own_notes.LONGEST))
    buttons = [cards.button(say.p("button", "Delete the note"), "unnote", session.id)] if now else []
    buttons.append(cards.button(say.p("button", "Back to the session"), "session", session.id))
    expects = cards.expecting("note", session)
    return Reply(text=text, buttons=tuple(buttons), replaces=True, expects=expects)


@on.reply_to("note", verbatim=True)
def take(ctx: Context, text: str, code: str = "", *_: str) -> Reply:
    """Keep the note, or say what is to be shortened."""
    session, say = cards.by_code(ctx.event, code), ctx.say
    if session is None:
        return everything_else.unknown_button(ctx)
    written = "".join(c if c.isprintable() or c == "\n" else " " for c in text).strip()
    if not written:
        return _asked(ctx, session)
    if len(written) > own_notes.LONGEST:
        return _asked(
            ctx, session,
            say(
                "That has {n} characters, and {most} fit: please shorten it. Nothing was changed.",
                n=str(len(written)), most=str(own_notes.LONGEST),
            ),
        )  # fmt: skip
    own_notes.write(ctx.tx, ctx.person.id, session.id, written, ctx.now)
    return programme.card(ctx, session, note=say("Your note is kept."))


@on.press("unnote")
def delete(ctx: Context, session_id: str = "", *_: str) -> Reply:
    session = ctx.event.session.get(session_id)
    if session is None:
        return programme.session(ctx, session_id)
    own_notes.erase(ctx.tx, ctx.person.id, session_id)
    return programme.card(ctx, session, note=ctx.say("Your note is deleted."))
