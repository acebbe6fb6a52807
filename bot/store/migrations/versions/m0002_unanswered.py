"""Questions that were not answered well, kept without who asked."""

import sqlalchemy as sa
from alembic import op

from bot.store.schema import RowId

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "unanswered",
        sa.Column("id", RowId, nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("folded", sa.String(length=300), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("fate", sa.String(length=12), nullable=False),
        sa.Column("answer", sa.String(length=64), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("dismissed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unanswered")),
        sa.UniqueConstraint("language", "folded", name=op.f("uq_unanswered_language_folded")),
    )
    op.create_index(op.f("ix_unanswered_last_on"), "unanswered", ["last_on"], unique=False)
