"""The pace that processes share, and what one of them does at a time; a correction before it is agreed to, and how many
wanted no announcement."""

import sqlalchemy as sa
from alembic import op

from bot.store.schema import Moment

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "pace",
        sa.Column("bot", sa.String(length=64), nullable=False),
        sa.Column("chat", sa.String(length=16), nullable=False),
        sa.Column("free_at", sa.Double(), nullable=False),
        sa.Column("held_until", sa.Double(), nullable=False),
        sa.Column("refused_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("bot", "chat", name=op.f("pk_pace")),
    )
    op.create_table(
        "duty",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=40), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_duty")),
    )
    op.add_column("notice", sa.Column("pending", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("notice", sa.Column("card", sa.JSON(), nullable=True))
    op.add_column("notice", sa.Column("declined", sa.Integer(), nullable=False, server_default="0"))
