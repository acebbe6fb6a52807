"""A seat offered for a time, 'still coming?', people signed up by name, notes to oneself, themes that are followed."""

import sqlalchemy as sa
from alembic import op

from bot.store.schema import Moment, RowId

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":  # SQLite knows no length
        op.alter_column("account", "expects", type_=sa.String(64))
    op.add_column("interest", sa.Column("offered_until", Moment))
    op.add_column("interest", sa.Column("asked_for", Moment))
    held = sa.text("offered_until IS NOT NULL")
    op.create_index(
        "ix_interest_offered_until", "interest", ["offered_until"], sqlite_where=held, postgresql_where=held
    )
    op.create_table(
        "guest",
        sa.Column("id", RowId, primary_key=True),
        sa.Column("person_id", RowId, sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
        sa.Column("session_id", sa.String(40), sa.ForeignKey("seat.session_id"), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("added_at", Moment, nullable=False),
        sa.UniqueConstraint("person_id", "session_id", "name", name=op.f("uq_guest_person_id_session_id_name")),
    )
    op.create_index("ix_guest_session_id", "guest", ["session_id"])
    op.create_table(
        "own_note",
        sa.Column("person_id", RowId, sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("session_id", sa.String(40), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
    )
    op.create_table(
        "follow",
        sa.Column("person_id", RowId, sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("theme", sa.String(40), primary_key=True),
        sa.Column("since", Moment, nullable=False),
    )
    op.create_index("ix_follow_theme", "follow", ["theme"])
