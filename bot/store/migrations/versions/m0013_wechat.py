"""What WeChat lets us send unasked, its daily quotas, and what lets us call it."""

import sqlalchemy as sa
from alembic import op

from bot.store.schema import Moment, RowId

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "window",
        sa.Column("account_id", RowId, sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("until", Moment, nullable=False),
        sa.Column("left", sa.Integer, nullable=False),
        sa.Column("brief_until", Moment, nullable=False),
        sa.Column("brief_left", sa.Integer, nullable=False),
    )
    op.create_table(
        "quota",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
    )
    op.create_table(
        "credential",
        sa.Column("name", sa.String(96), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("until", Moment, nullable=False),
        sa.Column("refreshing_until", Moment, nullable=False),
        sa.Column("owner", sa.String(40), nullable=False),
    )
