"""Steps, hours and ceilings of triggers; versions of their texts; runs that wait for approval; debts told together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _exact(length: int) -> sa.String:
    return sa.String(length=length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql", "mariadb")


_DIGEST = sa.LargeBinary(length=16).with_variant(mysql.BINARY(16), "mysql", "mariadb")
_TRIGGER = (
    ("purpose", sa.String(length=12)),
    ("quiet", sa.String(length=8)),
    ("opens", sa.SmallInteger()),
    ("closes", sa.SmallInteger()),
    ("weekdays", sa.SmallInteger()),
    ("on_holidays", sa.Boolean()),
    ("ceiling", sa.Integer()),
    ("does_gather", sa.Boolean()),
    ("wording_id", sa.Integer()),
)


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("sms_trigger", schema=None) as batch_op:
        batch_op.add_column(sa.Column("steps", sa.JSON(), nullable=True))
        for name, kind in _TRIGGER:
            batch_op.add_column(sa.Column(name, kind, nullable=True))
    op.execute("UPDATE sms_trigger SET steps = '[]'")
    with op.batch_alter_table("sms_trigger", schema=None) as batch_op:
        batch_op.alter_column("steps", existing_type=sa.JSON(), nullable=False)
    with op.batch_alter_table("sms_template", schema=None) as batch_op:
        batch_op.add_column(sa.Column("wording_id", sa.Integer(), nullable=True))
    with op.batch_alter_table("sms_message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("timezone", sa.String(length=40), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("wording_id", sa.Integer(), nullable=True))
    op.create_table(
        "sms_wording",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("key", _exact(80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_wording")),
        sa.UniqueConstraint("source", "key", "number", name=op.f("uq_sms_wording_source_key_number")),
    )
    op.create_table(
        "sms_surge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("trigger", _exact(80), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ceiling", sa.Integer(), nullable=False),
        sa.Column("usual", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_surge")),
    )
    with op.batch_alter_table("sms_surge", schema=None) as batch_op:
        batch_op.create_index("ix_sms_surge_trigger", ["trigger", "day"], unique=False)
    op.create_table(
        "sms_volume",
        sa.Column("trigger", _exact(80), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("trigger", "day", name=op.f("pk_sms_volume")),
    )
    op.create_table(
        "sms_gathered",
        sa.Column("occurrence", _DIGEST, nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("entity", _exact(120), nullable=False),
        sa.Column("record", _exact(190), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("moment", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["sms_message.id"], name=op.f("fk_sms_gathered_message_id_sms_message")
        ),
        sa.PrimaryKeyConstraint("occurrence", name=op.f("pk_sms_gathered")),
    )
    with op.batch_alter_table("sms_gathered", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_sms_gathered_message_id"), ["message_id"], unique=False)


def downgrade() -> None:
    """Take it back: steps, hours and versions are gone, and what was gathered is told of one record only."""
    op.drop_table("sms_gathered")
    op.drop_table("sms_volume")
    op.drop_table("sms_surge")
    op.drop_table("sms_wording")
    with op.batch_alter_table("sms_message", schema=None) as batch_op:
        batch_op.drop_column("wording_id")
        batch_op.drop_column("timezone")
    with op.batch_alter_table("sms_template", schema=None) as batch_op:
        batch_op.drop_column("wording_id")
    with op.batch_alter_table("sms_trigger", schema=None) as batch_op:
        batch_op.drop_column("steps")
        for name, _kind in _TRIGGER:
            batch_op.drop_column(name)
