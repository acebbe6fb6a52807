"""The participants' list and whose row it is; whether a speaker is in the room; what sessions were worth."""

import sqlalchemy as sa
from alembic import op

from bot.store.schema import Moment, RowId

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    short = [("organisation", 200), ("side", 12), ("role", 40), ("delegation", 200), ("language", 16), ("email", 200)]
    private = [("hotel", 300), ("shuttle", 300), ("seating", 300), ("interpreter", 300)]
    op.create_table(
        "participant",
        sa.Column("code", sa.String(40), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        *(sa.Column(name, sa.String(size), nullable=False) for name, size in (*short, *private)),
        sa.Column("speaker", sa.String(40)),
        sa.Column("person_id", RowId, sa.ForeignKey("person.id", ondelete="SET NULL")),
        sa.Column("linked_at", Moment),
        sa.UniqueConstraint("speaker", name="uq_participant_speaker"),
        sa.UniqueConstraint("person_id", name="uq_participant_person_id"),
    )
    op.create_table(
        "code_try",
        sa.Column("id", RowId, primary_key=True),
        sa.Column("person_id", RowId, sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_index("ix_code_try_person_id_at", "code_try", ["person_id", "at"])
    op.create_table(
        "presence",
        sa.Column("person_id", RowId, sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("session_id", sa.String(40), primary_key=True),
        sa.Column("speaker", sa.String(40), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_index("ix_presence_session_id", "presence", ["session_id"])
    op.create_table(
        "feedback",
        sa.Column("id", RowId, primary_key=True),
        sa.Column("session_id", sa.String(40), nullable=False),
        sa.Column("person_id", RowId, sa.ForeignKey("person.id", ondelete="SET NULL")),
        sa.Column("stars", sa.Integer, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.UniqueConstraint("session_id", "person_id", name="uq_feedback_session_id_person_id"),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_feedback_stars")),
    )
    op.create_index("ix_feedback_person_id", "feedback", ["person_id"])
    op.create_table(
        "feedback_asked",
        sa.Column("person_id", RowId, sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("half_day", sa.String(16), primary_key=True),
        sa.Column("session_id", sa.String(40), nullable=False),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_index("ix_feedback_asked_session_id", "feedback_asked", ["session_id"])
