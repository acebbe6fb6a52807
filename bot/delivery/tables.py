"""outbox: one row per platform message. See docs/architecture.md for the life of a row."""

from enum import StrEnum

from sqlalchemy import JSON, Column, Double, ForeignKey, Index, Integer, String, Table, Text, text

from bot.store.schema import Moment, RowId, metadata


class State(StrEnum):
    """The states of a delivery (contract)."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    IN_DOUBT = "in doubt"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    RECALLED = "recalled"
    CANCELLED = "cancelled"


OPEN = (State.QUEUED, State.SENDING)

outbox = Table(
    "outbox",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("account_id", RowId, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("sequence", Integer, nullable=False),  # in the account's line, from 1
    Column("because", String(180), nullable=False),  # update key, or kind of notice
    Column("body", JSON, nullable=False),
    Column("edits", String(64), nullable=False, default=""),
    Column("state", String(12), nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("lease_until", Moment),  # while SENDING: whoever leased it is expected to close it by then
    Column("lease_owner", String(40), nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    Column("message_id", String(64), nullable=False, default=""),
    Column("why", Text, nullable=False, default=""),
    Column("created_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Index("uq_outbox_account_sequence", "account_id", "sequence", unique=True),
    Index(
        "ix_outbox_open_account",
        "account_id",
        postgresql_where=text("state IN ('queued', 'sending')"),
        sqlite_where=text("state IN ('queued', 'sending')"),
    ),
    Index(
        "ix_outbox_open",
        "due_at",
        postgresql_where=text("state IN ('queued', 'sending')"),
        sqlite_where=text("state IN ('queued', 'sending')"),
    ),
)

# How fast a bot writes, shared by all processes (shared_pace.py). Times are seconds since 1970 by the database's clock.
pace = Table(
    "pace",
    metadata,
    Column("bot", String(64), primary_key=True),
    Column("chat", String(16), primary_key=True),  # a digest, no address; "" is the bot over all its chats
    Column("free_at", Double, nullable=False),  # the next slot; of a chat, when its allowance is whole again
    Column("held_until", Double, nullable=False),
    Column("refused_at", Double, nullable=False),
)

# What one process at a time does (duties.py).
duty = Table(
    "duty",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("owner", String(40), nullable=False),
    Column("until", Moment, nullable=False),
)

# What a platform that counts (WeChat) lets us send an account unasked: see windows.py.
window = Table(
    "window",
    metadata,
    Column("account_id", RowId, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("until", Moment, nullable=False),  # 48 hours after the person last wrote
    Column("left", Integer, nullable=False),
    Column("brief_until", Moment, nullable=False),  # a minute after they last pressed in a menu
    Column("brief_left", Integer, nullable=False),
)

# A platform's daily quotas, counted before a call.
quota = Table(
    "quota",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("day", String(10), nullable=False),  # in the platform's own zone
    Column("used", Integer, nullable=False),
)

# What lets us call a platform for a while, the same for all processes (credentials.py).
credential = Table(
    "credential",
    metadata,
    Column("name", String(96), primary_key=True),
    Column("value", Text, nullable=False),
    Column("until", Moment, nullable=False),
    Column("refreshing_until", Moment, nullable=False),  # whoever set it is fetching the next one
    Column("owner", String(40), nullable=False),
)
