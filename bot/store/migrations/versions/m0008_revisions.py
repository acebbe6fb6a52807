"""How often a session was published otherwise, for calendars. Of what is published already nothing was counted: each
of its sessions begins with the number of the version, as high as it can be, so that the next change is above it."""

import json

import sqlalchemy as sa
from alembic import op

from bot.store.schema import Moment

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    table = op.create_table(
        "revision",
        sa.Column("session_id", sa.String(40), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
    )
    version = sa.table(
        "version", sa.column("number", sa.Integer), sa.column("published_at", Moment), sa.column("content", sa.Text)
    )
    row = op.get_bind().execute(sa.select(version).order_by(version.c.number.desc()).limit(1)).first()
    if row is not None:
        op.bulk_insert(
            table,
            [
                {"session_id": session["id"], "number": row.number - 1, "changed_at": row.published_at, "digest": ""}
                for session in json.loads(row.content).get("sessions", ())
            ],
        )
