"""Why a version was published, and what in it was changed in chat; what was begun once for all processes (a reminder, a
digest); since which version a notice of changes counts, and who
was told which fact of late."""

import sqlalchemy as sa
from alembic import op

from bot.store.schema import Moment, RowId

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("version", sa.Column("reason", sa.JSON(none_as_null=True)))
    op.add_column("version", sa.Column("edits", sa.JSON(none_as_null=True)))
    op.add_column("notice", sa.Column("since", sa.Integer))
    op.create_table(
        "heard",
        sa.Column("person_id", RowId, sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_index("ix_heard_key", "heard", ["key"])
    op.create_table(
        "begun",
        sa.Column("key", sa.String(120), primary_key=True),
        sa.Column("at", Moment, nullable=False),
    )
