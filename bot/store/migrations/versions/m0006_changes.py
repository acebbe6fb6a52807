"""What a publication changes, by session, for notices that are put together for each reader."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("notice", sa.Column("parts", sa.JSON(none_as_null=True)))
    if op.get_context().dialect.name == "postgresql":  # SQLite does not look at the length
        op.alter_column("notice", "audience", type_=sa.Text(), existing_nullable=False)
