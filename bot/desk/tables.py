"""unanswered: what delegates asked and were not served well, without who asked."""

from enum import StrEnum

from sqlalchemy import Boolean, Column, Date, Index, Integer, String, Table, UniqueConstraint

from bot.store.schema import RowId, metadata

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
