"""Answers of the team's that did not arrive: tried once on another account of the delegate's, then told to the team."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from bot.delivery.tables import State, outbox
from bot.desk import tickets
from bot.desk.tables import ticket, ticket_message
from bot.desk.tickets import Answered, Said
from bot.people.tables import account
from bot.store.transaction import Transaction

LOST = 2  # deliveries of an answer that may fail: on the account that asked, and on another
LOOK_BACK = timedelta(days=2)  # how long an answer's delivery is watched


def because(ticket_id: int, said: Said) -> str:
    """Under which a delivery of the answer is owed: each try has its own."""
    return f"ticket:{ticket_id}:{said.id}:{said.tries}"


def lost(tx: Transaction, now: datetime) -> list[int]:
    """The ids of answers whose last delivery failed for good."""
    sent = select(ticket_message, ticket.c.person_id).join_from(ticket_message, ticket).where(
        ticket_message.c.author != "", ~ticket_message.c.held, ticket_message.c.tries < LOST,
        ticket_message.c.at > now - LOOK_BACK, ticket.c.person_id.is_not(None),
    )  # fmt: skip
    rows = {f"ticket:{row['ticket_id']}:{row['id']}:{row['tries']}": row for row in tx.all(sent)}
    if not rows:
        return []
    people = {row["person_id"] for row in rows.values()}
    failed = (
        select(outbox.c.because)
        .join_from(outbox, account)
        .where(account.c.person_id.in_(people), outbox.c.because.in_(list(rows)))
        .where(outbox.c.state.in_((State.UNREACHABLE, State.FAILED)))
    )
    return [rows[each]["id"] for each in tx.execute(failed).scalars()]


def try_again(tx: Transaction, message_id: int, tries: int, *, is_last: bool) -> Answered | None:
    """Count a delivery that failed; None where somebody else has. is_last: there is no other account to try."""
    mine = ticket_message.c.id == message_id, ticket_message.c.tries == tries
    now = LOST if is_last else tries + 1
    row = tx.execute(
        update(ticket_message).where(*mine).values(tries=now).returning(ticket_message.c.ticket_id)
    ).first()
    if row is None:
        return None
    if now >= LOST:
        tickets.change(tx, row.ticket_id)
        tickets.post(tx, row.ticket_id, "lost")
    seen = tickets.the(tx, row.ticket_id)
    return next((Answered(seen, said) for said in seen.said if said.id == message_id), None)


def message(tx: Transaction, message_id: int) -> Answered | None:
    """The message with its ticket."""
    id_ = tx.scalar(select(ticket_message.c.ticket_id).where(ticket_message.c.id == message_id))
    seen = tickets.get(tx, id_) if id_ is not None else None
    return next((Answered(seen, said) for said in seen.said if said.id == message_id), None) if seen else None
