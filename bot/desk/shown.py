"""What the team is to be shown, read and written down by whoever shows it (posting.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select, update

from bot.desk.tables import TicketState, desk_post, ticket
from bot.store.transaction import Transaction

LEFT_AFTER = timedelta(days=7)  # an erased ticket whose card cannot be taken away, since there is no room any more


@dataclass(frozen=True, slots=True)
class Post:
    """Something beside a card. answers: the message of the team's that it stands under."""

    id: int
    ticket_id: int
    kind: str
    args: tuple[str, ...]
    answers: str


def dirty(tx: Transaction, place: str) -> list[int]:
    """The tickets whose card is out of date, oldest first, and the open ones that have none in this room."""
    behind = ticket.c.shown < ticket.c.version
    elsewhere = (ticket.c.room != place) & (ticket.c.state != TicketState.CLOSED)
    return list(tx.execute(select(ticket.c.id).where(behind | elsewhere).order_by(ticket.c.id)).scalars())


def posts(tx: Transaction) -> list[Post]:
    """What waits to be shown beside cards that are there, oldest first."""
    has_card = exists().where(ticket.c.id == desk_post.c.ticket_id, ticket.c.card != "")
    rows = tx.all(select(desk_post).where(desk_post.c.is_open, has_card).order_by(desk_post.c.id))
    return [Post(row["id"], row["ticket_id"], row["kind"], tuple(row["args"]), row["answers"]) for row in rows]


def card_is(tx: Transaction, ticket_id: int, *, room: str, thread: str, card: str, version: int) -> None:
    """The card shows that version, there. What has changed meanwhile makes it out of date again."""
    mine = update(ticket).where(ticket.c.id == ticket_id)
    tx.execute(mine.values(room=room, thread=thread, card=card, shown=version))


def topic_is(tx: Transaction, ticket_id: int, room: str, thread: str) -> None:
    """Its topic; the card in it is still to come."""
    tx.execute(update(ticket).where(ticket.c.id == ticket_id).values(room=room, thread=thread, card=""))


def posted(tx: Transaction, post_id: int, message_id: str) -> None:
    """Shown, or given up where there is no message."""
    tx.execute(update(desk_post).where(desk_post.c.id == post_id).values(is_open=False, message_id=message_id))


def messages(tx: Transaction, ticket_id: int) -> Sequence[str]:
    """The ids of all that is shown of a ticket in the room."""
    card = tx.scalar(select(ticket.c.card).where(ticket.c.id == ticket_id))
    shown = tx.execute(select(desk_post.c.message_id).where(desk_post.c.ticket_id == ticket_id)).scalars()
    return [each for each in (*shown, card) if each]


def gone(tx: Transaction, ticket_id: int) -> None:
    """All of an erased ticket is taken away."""
    tx.execute(delete(ticket).where(ticket.c.id == ticket_id, ticket.c.person_id.is_(None)))


def purge(tx: Transaction, now: datetime) -> None:
    """Forget erased tickets, empty as they are, that there is no room any more to take away from."""
    tx.execute(delete(ticket).where(ticket.c.person_id.is_(None), ticket.c.created_at < now - LEFT_AFTER))
