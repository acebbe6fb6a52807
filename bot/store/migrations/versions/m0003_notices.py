"""Notices to many, their deliveries, what people want to be told; when an account was last used, sides and roles."""

import sqlalchemy as sa
from alembic import op

from bot.store.schema import Moment, RowId

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("account") as batch:
        batch.add_column(sa.Column("used_at", Moment(), nullable=True))
    with op.batch_alter_table("person") as batch:
        batch.add_column(sa.Column("side", sa.String(length=12), nullable=False, server_default=""))
        batch.add_column(sa.Column("role", sa.String(length=40), nullable=False, server_default=""))
    op.execute("UPDATE account SET used_at = created_at")
    op.create_table(
        "notice",
        sa.Column("id", RowId, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("urgency", sa.String(length=8), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("audience", sa.String(length=400), nullable=False),
        sa.Column("both", sa.Boolean(), nullable=False),
        sa.Column("receipt", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=160), nullable=False),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("fanned_to", RowId, nullable=False),
        sa.Column("is_fanned", sa.Boolean(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("started_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_state"), "notice", ["state"], unique=False)
    op.create_table(
        "preference",
        sa.Column("person_id", RowId, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_preference_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "kind", name=op.f("pk_preference")),
    )
    op.create_index(
        op.f("ix_preference_kind_level"),
        "preference",
        ["kind", "level"],
        unique=False,
        sqlite_where=sa.text("level <> 'on'"),
        postgresql_where=sa.text("level <> 'on'"),
    )
    op.create_table(
        "delivery",
        sa.Column("id", RowId, nullable=False),
        sa.Column("notice_id", RowId, nullable=False),
        sa.Column("person_id", RowId, nullable=False),
        sa.Column("account_id", RowId, nullable=True),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("lease_owner", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.Column("read_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_delivery_notice_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_delivery_person_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_delivery_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("notice_id", "person_id", "turn", name=op.f("uq_delivery_notice_id_person_id_turn")),
    )
    op.create_index(op.f("ix_delivery_person_id"), "delivery", ["person_id"], unique=False)
    op.create_index("ix_delivery_notice_state", "delivery", ["notice_id", "state", "due_at"], unique=False)
