"""Sends to many with their recipients, groups of clients, who looked at what, and what became of each day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _exact(length: int) -> sa.String:
    return sa.String(length=length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql", "mariadb")


_DIGEST = sa.LargeBinary(length=16).with_variant(mysql.BINARY(16), "mysql", "mariadb")
_ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the change."""
    op.add_column("sms_message", sa.Column("batch_id", sa.Uuid(), nullable=True))
    where = sa.text("batch_id IS NOT NULL")
    op.create_index(
        "ix_sms_message_batch", "sms_message", ["batch_id", "state", "id"], sqlite_where=where, postgresql_where=where
    )
    _batches()
    _recipients()
    _groups()
    op.create_table(
        "sms_access",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("entity", _exact(120), nullable=True),
        sa.Column("record", _exact(190), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_access")),
    )
    op.create_index("ix_sms_change_what", "sms_change", ["what", "id"])
    op.create_index("ix_sms_access_record", "sms_access", ["entity", "record", "id"])
    op.create_table(
        "sms_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("provider_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("currency", sa.String(length=8), nullable=False),
        sa.Column("states", sa.JSON(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("delays", sa.JSON(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "provider_id", "currency", name=op.f("pk_sms_day")),
    )


def _batches() -> None:
    op.create_table(
        "sms_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.String(length=255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("once", _exact(32), nullable=False),
        sa.Column("operator", sa.String(length=120), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=True),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("wording_id", sa.Integer(), nullable=True),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("quiet", sa.String(length=12), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("looked_at", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=True),
        sa.Column("going", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("spread", sa.JSON(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=8), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("fed", _ROW, nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=True),
        sa.Column("fed_out", sa.Integer(), nullable=False),
        sa.Column("stop_share", sa.SmallInteger(), nullable=False),
        sa.Column("passed_settled", sa.Integer(), nullable=False),
        sa.Column("passed_failed", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("built_at", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_by", sa.String(length=120), nullable=False),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("approved_by", sa.String(length=120), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_batch")),
        sa.UniqueConstraint("once", name=op.f("uq_sms_batch_once")),
    )
    op.create_index("ix_sms_batch_state", "sms_batch", ["state", "id"])


def _recipients() -> None:
    op.create_table(
        "sms_batch_recipient",
        sa.Column("id", _ROW, nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("occurrence", _DIGEST, nullable=False),
        sa.Column("is_left_out", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("entity", _exact(120), nullable=True),
        sa.Column("record", _exact(190), nullable=True),
        sa.Column("person_entity", _exact(120), nullable=True),
        sa.Column("person", _exact(190), nullable=True),
        sa.Column("client_entity", _exact(120), nullable=True),
        sa.Column("client", _exact(190), nullable=True),
        sa.Column("records", sa.JSON(), nullable=True),
        sa.Column("source", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=True),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("timezone", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("redacted", sa.Text(), nullable=True),
        sa.Column("encoding", sa.String(length=6), nullable=False),
        sa.Column("segments", sa.SmallInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["sms_batch.id"], name=op.f("fk_sms_batch_recipient_batch_id_sms_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_batch_recipient")),
        sa.UniqueConstraint("occurrence", name=op.f("uq_sms_batch_recipient_occurrence")),
    )
    op.create_index("ix_sms_batch_recipient_batch", "sms_batch_recipient", ["batch_id", "is_left_out", "id"])
    op.create_table(
        "sms_batch_row",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("phone", sa.String(length=80), nullable=False),
        sa.Column("row_values", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["sms_batch.id"], name=op.f("fk_sms_batch_row_batch_id_sms_batch")),
        sa.PrimaryKeyConstraint("batch_id", "line", name=op.f("pk_sms_batch_row")),
    )


def _groups() -> None:
    op.create_table(
        "sms_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", _exact(80), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("entity", _exact(120), nullable=True),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_group")),
        sa.UniqueConstraint("name", name=op.f("uq_sms_group_name")),
    )
    op.create_table(
        "sms_group_member",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("entity", _exact(120), nullable=False),
        sa.Column("record", _exact(190), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["sms_group.id"], name=op.f("fk_sms_group_member_group_id_sms_group")),
        sa.PrimaryKeyConstraint("group_id", "entity", "record", name=op.f("pk_sms_group_member")),
    )


def downgrade() -> None:
    """Take it back: batches, groups and the record of looks are gone; the messages stay."""
    op.drop_index("ix_sms_change_what", "sms_change")
    for table in ("sms_day", "sms_access", "sms_group_member", "sms_group"):
        op.drop_table(table)
    for table in ("sms_batch_row", "sms_batch_recipient", "sms_batch"):
        op.drop_table(table)
    op.drop_index("ix_sms_message_batch", "sms_message")
    with op.batch_alter_table("sms_message", schema=None) as batch_op:
        batch_op.drop_column("batch_id")
