"""The first tables: providers, triggers, the outbox and what keeps it going."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "sms_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.Column("what", sa.String(length=120), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_change")),
    )
    op.create_table(
        "sms_job",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sms_job")),
    )
    op.create_table(
        "sms_mark",
        sa.Column("trigger", sa.String(length=80), nullable=False),
        sa.Column("entity", sa.String(length=120), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("swept_until", sa.BigInteger(), nullable=False),
        sa.Column("sweeping_until", sa.BigInteger(), nullable=True),
        sa.Column("cursor", sa.String(length=255), nullable=True),
        sa.PrimaryKeyConstraint("trigger", "entity", "step", name=op.f("pk_sms_mark")),
    )
    op.create_table(
        "sms_optout",
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("wording", sa.String(length=255), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", "purpose", name=op.f("pk_sms_optout")),
    )
    op.create_table(
        "sms_provider",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("secrets", sa.Text(), nullable=False),
        sa.Column("token", sa.String(length=43), nullable=False),
        sa.Column("active", sa.SmallInteger(), nullable=True),
        sa.Column("rate_count", sa.Integer(), nullable=True),
        sa.Column("rate_seconds", sa.Integer(), nullable=True),
        sa.Column("next_slot_at", sa.BigInteger(), nullable=True),
        sa.Column("paused_until", sa.BigInteger(), nullable=True),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.Column("stopped_reason", sa.String(length=40), nullable=False),
        sa.Column("stopped_detail", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("active = 1", name=op.f("ck_sms_provider_active_is_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_provider")),
        sa.UniqueConstraint("active", name=op.f("uq_sms_provider_active")),
        sa.UniqueConstraint("name", name=op.f("uq_sms_provider_name")),
        sa.UniqueConstraint("token", name=op.f("uq_sms_provider_token")),
    )
    op.create_table(
        "sms_runner",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("host", sa.String(length=120), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_runner")),
    )
    op.create_table(
        "sms_tally",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_tally")),
    )
    op.create_table(
        "sms_trigger",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("on_since", sa.BigInteger(), nullable=True),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=True),
        sa.Column("validity_hours", sa.Integer(), nullable=True),
        sa.Column("unknown_policy", sa.String(length=12), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sms_trigger")),
    )
    op.create_table(
        "sms_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.String(length=255), nullable=False),
        sa.Column(
            "occurrence",
            sa.LargeBinary(length=16)
            .with_variant(sa.BINARY(length=16), "mariadb")
            .with_variant(sa.BINARY(length=16), "mysql"),
            nullable=True,
        ),
        sa.Column("trigger", sa.String(length=80), nullable=True),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("moment", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("operator", sa.String(length=120), nullable=False),
        sa.Column("entity", sa.String(length=120), nullable=True),
        sa.Column("record", sa.String(length=190), nullable=True),
        sa.Column(
            "version",
            sa.LargeBinary(length=16)
            .with_variant(sa.BINARY(length=16), "mariadb")
            .with_variant(sa.BINARY(length=16), "mysql"),
            nullable=True,
        ),
        sa.Column("person_entity", sa.String(length=120), nullable=True),
        sa.Column("person", sa.String(length=190), nullable=True),
        sa.Column("client_entity", sa.String(length=120), nullable=True),
        sa.Column("client", sa.String(length=190), nullable=True),
        sa.Column("number", sa.String(length=16), nullable=True),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("encoding", sa.String(length=6), nullable=False),
        sa.Column("segments", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=True),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("lapses", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["sms_provider.id"], name=op.f("fk_sms_message_provider_id_sms_provider")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_message")),
        sa.UniqueConstraint("occurrence", name=op.f("uq_sms_message_occurrence")),
    )
    with op.batch_alter_table("sms_message", schema=None) as batch_op:
        batch_op.create_index("ix_sms_message_client", ["client_entity", "client", "id"], unique=False)
        batch_op.create_index(
            "ix_sms_message_due",
            ["priority", "due_at", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'queued'"),
            postgresql_where=sa.text("state = 'queued'"),
        )
        batch_op.create_index(
            "ix_sms_message_live",
            ["state", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('held', 'queued', 'sending', 'unknown')"),
            postgresql_where=sa.text("state IN ('held', 'queued', 'sending', 'unknown')"),
        )
        batch_op.create_index("ix_sms_message_number", ["number", "id"], unique=False)
        batch_op.create_index("ix_sms_message_record", ["entity", "record", "trigger"], unique=False)

    op.create_table(
        "sms_receipt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("reference", sa.String(length=100), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("provider_code", sa.String(length=40), nullable=False),
        sa.Column(
            "digest",
            sa.LargeBinary(length=16)
            .with_variant(sa.BINARY(length=16), "mariadb")
            .with_variant(sa.BINARY(length=16), "mysql"),
            nullable=False,
        ),
        sa.Column("occurred_at", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["sms_provider.id"], name=op.f("fk_sms_receipt_provider_id_sms_provider")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_receipt")),
        sa.UniqueConstraint("digest", name=op.f("uq_sms_receipt_digest")),
    )
    with op.batch_alter_table("sms_receipt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sms_receipt_message_id"), ["message_id"], unique=False)
        batch_op.create_index("ix_sms_receipt_reference", ["provider_id", "reference"], unique=False)

    op.create_table(
        "sms_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("departed_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.String(length=12), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=12), nullable=True),
        sa.Column("provider_code", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["sms_message.id"], name=op.f("fk_sms_attempt_message_id_sms_message")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["sms_provider.id"], name=op.f("fk_sms_attempt_provider_id_sms_provider")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_attempt")),
    )
    with op.batch_alter_table("sms_attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sms_attempt_message_id"), ["message_id"], unique=False)
        batch_op.create_index(
            "ix_sms_attempt_open",
            ["until"],
            unique=False,
            sqlite_where=sa.text("verdict IS NULL"),
            postgresql_where=sa.text("verdict IS NULL"),
        )
        batch_op.create_index("ix_sms_attempt_reference", ["reference"], unique=False)

    op.create_table(
        "sms_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["sms_message.id"], name=op.f("fk_sms_event_message_id_sms_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_event")),
    )
    with op.batch_alter_table("sms_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sms_event_message_id"), ["message_id"], unique=False)

    op.create_table(
        "sms_lease",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.Uuid(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["sms_message.id"], name=op.f("fk_sms_lease_message_id_sms_message")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_sms_lease")),
    )
    with op.batch_alter_table("sms_lease", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sms_lease_until"), ["until"], unique=False)


def downgrade() -> None:
    """Take it back: a table takes its indexes along."""
    for table in (
        "sms_receipt",
        "sms_lease",
        "sms_event",
        "sms_attempt",
        "sms_message",
        "sms_trigger",
        "sms_tally",
        "sms_runner",
        "sms_provider",
        "sms_optout",
        "sms_mark",
        "sms_job",
        "sms_change",
    ):
        op.drop_table(table)
