"""Groups, which nothing is sent to unasked."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("person", sa.Column("is_group", sa.Boolean(), nullable=False, server_default=sa.false()))
