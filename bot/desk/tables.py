"""unanswered: what delegates asked and were not served well, without who asked. ticket: a question handed to humans;
ticket_message: what was written on it; desk_post: what the team is shown beside its card."""

from enum import StrEnum

from sqlalchemy import JSON, Boolean, Column, Date, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from bot.store.schema import Moment, RowId, metadata

TEXT = 300  # characters kept of a question


class Fate(StrEnum):
    """What became of a question."""

    SUGGESTED = "suggested"  # the nearest were offered
    REFUSED = "refused"
    UNHELPED = "unhelped"  # answered, and the answer did not help


unanswered = Table(
    "unanswered",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("language", String(16), nullable=False),  # "zh" for both scripts
    Column("folded", String(TEXT), nullable=False),  # what makes two questions the same
    Column("text", String(TEXT), nullable=False),  # as first typed, in Simplified
    Column("fate", String(12), nullable=False),  # of the last time
    Column("answer", String(64), nullable=False),  # what did not help, the last time
    Column("times", Integer, nullable=False),
    Column("first_on", Date, nullable=False),  # UTC; a day, so that no row points at a conversation
    Column("last_on", Date, nullable=False),
    Column("dismissed", Boolean, nullable=False),
    UniqueConstraint("language", "folded"),
    Index(None, "last_on"),
)


class TicketState(StrEnum):
    """The states of a ticket."""

    OPEN = "open"
    TAKEN = "taken"
    CLOSED = "closed"


ticket = Table(
    "ticket",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("person_id", RowId, ForeignKey("person.id", ondelete="SET NULL"), index=True),  # NULL: erased, card to go
    Column("account_id", RowId, ForeignKey("account.id", ondelete="SET NULL")),  # on which its person last wrote to it
    Column("state", String(12), nullable=False),
    Column("language", String(16), nullable=False),  # that it is written in
    Column("channel", String(16), nullable=False),
    Column("urgent", Boolean, nullable=False),  # reads as an emergency
    Column("entries", JSON, nullable=False),  # ids that may answer it, likeliest first
    Column("taken_by", String(160), nullable=False),  # "telegram:123", "" for nobody
    Column("taken_name", String(64), nullable=False),
    Column("taken_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Column("room", String(160), nullable=False),  # where its card is: "telegram:-100123", "" before there is one
    Column("thread", String(64), nullable=False),
    Column("card", String(64), nullable=False),
    Column("version", Integer, nullable=False),  # counts up with each change...
    Column("shown", Integer, nullable=False),  # ...and this is the one that the card shows
    Index(None, "state"),
    Index(None, "room", "card"),
)

ticket_message = Table(
    "ticket_message",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("ticket_id", RowId, ForeignKey("ticket.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("author", String(160), nullable=False),  # of the team, as `taken_by`; "" is the delegate
    Column("name", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("entry", String(64), nullable=False),  # the id of the entry that was sent as an answer
    Column("held", Boolean, nullable=False),  # not sent: somebody else has taken the ticket
    Column("tries", Integer, nullable=False),  # deliveries that failed; `LOST` of them are all
    Column("at", Moment, nullable=False),
)

desk_post = Table(
    "desk_post",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("ticket_id", RowId, ForeignKey("ticket.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),  # who words it is registered under it
    Column("args", JSON, nullable=False),
    Column("answers", String(64), nullable=False),  # the message of the team's that it stands under
    Column("message_id", String(64), nullable=False),  # "" until it is sent
    Column("is_open", Boolean, nullable=False),
    Index(None, "is_open"),
)
