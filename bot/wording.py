"""What is sent unasked, as its readers get it: by whichever handler words its kind."""

from collections.abc import Sequence
from datetime import datetime

import handlers  # noqa: F401  fills the register
from bot.chat.reply import Reply
from bot.conversation.router import on
from bot.desk.tickets import Ticket
from bot.event.model import Event
from bot.notices.broadcast import Notice
from bot.notices.tables import NoticeState
from bot.text.words import Words


def worded(notice: Notice, say: Words, silent: bool, goes: Sequence[str] = ()) -> Reply:
    """A notice as its readers get it, by whoever words its kind; once recalled, what stands in its place. goes: the
    sessions that the reader goes to, of a notice that is put together from them."""
    kind = "recalled" if notice.state == NoticeState.RECALLED else notice.kind
    return _by_handler("notice", kind, notice, say, silent, goes)


def shown(kind: str, event: Event, ticket: Ticket, args: tuple[str, ...], say: Words, now: datetime) -> Reply:
    """What the team sees of a ticket, by whoever words that kind."""
    return _by_handler("shown", kind, event, ticket, args, say, now)


def _by_handler(what: str, kind: str, *args: object) -> Reply:
    handler = on.find(what, kind)
    assert handler is not None, f"nobody words {kind}"
    reply = handler(*args)
    assert isinstance(reply, Reply)
    return reply
