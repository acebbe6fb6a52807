"""Two persons that become one: codes, wrong tries, what undoes a link, further addresses of a feed. Questions handed to
humans: tickets and what was written on them."""

import sqlalchemy as sa
from alembic import op

from bot.store.schema import Moment, RowId

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    person = "person.id"
    op.create_table(
        "link_code",
        sa.Column("id", RowId, primary_key=True),
        sa.Column("person_id", RowId, sa.ForeignKey(person, ondelete="CASCADE"), nullable=False),
        sa.Column("account_id", RowId, sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("entered_by", RowId, sa.ForeignKey(person, ondelete="CASCADE")),
        sa.Column("expires_at", Moment, nullable=False),
        sa.UniqueConstraint("person_id", name="uq_link_code_person_id"),
        sa.UniqueConstraint("digest", name="uq_link_code_digest"),
    )
    op.create_table(
        "link_try",
        sa.Column("id", RowId, primary_key=True),
        sa.Column("person_id", RowId, sa.ForeignKey(person, ondelete="CASCADE"), nullable=False),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_table(
        "link",
        sa.Column("id", RowId, primary_key=True),
        sa.Column("person_id", RowId, sa.ForeignKey(person, ondelete="CASCADE"), nullable=False),
        sa.Column("accounts", sa.JSON, nullable=False),
        sa.Column("brought", sa.JSON, nullable=False),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_table(
        "feed",
        sa.Column("token", sa.String(43), primary_key=True),
        sa.Column("person_id", RowId, sa.ForeignKey(person, ondelete="CASCADE"), nullable=False),
    )
    for name in ("link_try", "link", "feed"):
        op.create_index(f"ix_{name}_person_id", name, ["person_id"])
    _tickets()


def _tickets() -> None:
    op.create_table(
        "ticket",
        sa.Column("id", RowId, primary_key=True),
        sa.Column("person_id", RowId, sa.ForeignKey("person.id", ondelete="SET NULL")),
        sa.Column("account_id", RowId, sa.ForeignKey("account.id", ondelete="SET NULL")),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("entries", sa.JSON, nullable=False),
        sa.Column("taken_by", sa.String(160), nullable=False),
        sa.Column("taken_name", sa.String(64), nullable=False),
        sa.Column("taken_at", Moment),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("closed_at", Moment),
        sa.Column("room", sa.String(160), nullable=False),
        sa.Column("thread", sa.String(64), nullable=False),
        sa.Column("card", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("shown", sa.Integer, nullable=False),
    )
    op.create_table(
        "ticket_message",
        sa.Column("id", RowId, primary_key=True),
        sa.Column("ticket_id", RowId, sa.ForeignKey("ticket.id", ondelete="CASCADE"), nullable=False),
        sa.Column("author", sa.String(160), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("entry", sa.String(64), nullable=False),
        sa.Column("held", sa.Boolean, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_table(
        "desk_post",
        sa.Column("id", RowId, primary_key=True),
        sa.Column("ticket_id", RowId, sa.ForeignKey("ticket.id", ondelete="CASCADE"), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("args", sa.JSON, nullable=False),
        sa.Column("answers", sa.String(64), nullable=False),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
    )
    op.create_index("ix_ticket_person_id", "ticket", ["person_id"])
    op.create_index("ix_ticket_state", "ticket", ["state"])
    op.create_index("ix_ticket_room_card", "ticket", ["room", "card"])
    op.create_index("ix_ticket_message_ticket_id", "ticket_message", ["ticket_id"])
    op.create_index("ix_desk_post_ticket_id", "desk_post", ["ticket_id"])
    op.create_index("ix_desk_post_is_open", "desk_post", ["is_open"])
