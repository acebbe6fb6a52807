"""What is shared into other chats: a session's card as everybody may read it, with the way into a chat with us."""

from dataclasses import replace
from datetime import datetime

from bot.chat import links
from bot.chat.reply import Button, Link
from bot.chat.search import Found
from bot.conversation.router import on
from bot.event.model import Event, Session, Status
from bot.programme import facts, seats
from bot.text.words import Words
from handlers import session_card
from handlers.session_card import Standing


@on.search("session")
def session(event: Event, found: Session, say: Words, now: datetime) -> Found:
    """Nothing of seats, which change while the card stays."""
    opens = found.opens_at if seats.is_too_early(found, now) else None
    standing = Standing(state=None, left=None, is_open=False, now=now, opens=opens)
    link = links.Link(session=found.id).pack()
    own = Button(say.p("button", "Details and sign-up"), Link(link, is_chat=True))
    card = session_card.card(event, found, say, standing)
    when = facts.when(found, say)
    if found.status == Status.CANCELLED:
        when = say.text("{when} – cancelled", when=when)
    about = " · ".join(part for part in (when, facts.place_name(event, found, say)) if part)
    return Found(link, found.title.in_(say.language), about, replace(card, buttons=(own,)))


@on.search("more")
def more(_: Event, is_missing: bool, say: Words, __: datetime) -> Button:
    """The way into a chat with us. is_missing: something was typed, and nothing found."""
    label = say.p("button", "Nothing found: ask the bot") if is_missing else say.p("button", "Ask the bot")
    return Button(label, Link(links.Link(language=say.language).pack(), is_chat=True))
