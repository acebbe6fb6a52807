"""The channel of each delivery, so that a claim for one looks at no other's rows."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("delivery", sa.Column("channel", sa.String(length=16), nullable=False, server_default=""))
    op.execute(
        "UPDATE delivery SET channel ="
        " coalesce((SELECT account.channel FROM account WHERE account.id = delivery.account_id), '')"
    )
    op.drop_index("ix_delivery_notice_state", "delivery")
    op.create_index("ix_delivery_notice_state", "delivery", ["notice_id", "state", "channel", "due_at"])
