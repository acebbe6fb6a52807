"""The few deliveries that are being sent, found without looking at all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    being_sent = sa.text("state = 'sending'")
    op.create_index(
        "ix_delivery_sending", "delivery", ["lease_until"], postgresql_where=being_sent, sqlite_where=being_sent
    )
