"""What providers say of costs, ways and balances; the standby's breaker; consents; what a day may cost."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _exact(length: int) -> sa.String:
    return sa.String(length=length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql", "mariadb")


def _text(name: str, length: int) -> sa.Column[str]:
    """A text that is never null: what stands already has none."""
    return sa.Column(name, sa.String(length=length), nullable=False, server_default="")


_PROVIDER = ("standby", "failures", "open_since", "probe_at", "currency", "prices", "balance", "balance_unit")
_PROVIDER_TOO = ("balance_at", "balance_low", "budget_day", "budget_month", "inbox_cursor")


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("sms_provider", schema=None) as batch_op:
        batch_op.add_column(sa.Column("standby", sa.SmallInteger(), nullable=True))
        batch_op.add_column(sa.Column("failures", sa.SmallInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("open_since", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("probe_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(_text("currency", 8))
        batch_op.add_column(sa.Column("prices", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("balance", sa.BigInteger(), nullable=True))
        batch_op.add_column(_text("balance_unit", 8))
        batch_op.add_column(sa.Column("balance_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("balance_low", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("budget_day", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("budget_month", sa.BigInteger(), nullable=True))
        batch_op.add_column(_text("inbox_cursor", 255))
        batch_op.create_unique_constraint(op.f("uq_sms_provider_standby"), ["standby"])
    op.execute("UPDATE sms_provider SET prices = '{}'")
    with op.batch_alter_table("sms_provider", schema=None) as batch_op:
        batch_op.alter_column("prices", existing_type=sa.JSON(), nullable=False)
    with op.batch_alter_table("sms_message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cost", sa.BigInteger(), nullable=True))
        batch_op.add_column(_text("currency", 8))
        batch_op.add_column(_text("channel", 12))
        batch_op.add_column(sa.Column("is_charged", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("counted_on", sa.Date(), nullable=True))
    with op.batch_alter_table("sms_receipt", schema=None) as batch_op:
        batch_op.add_column(_text("channel", 12))
        batch_op.add_column(sa.Column("segments", sa.SmallInteger(), nullable=True))
        batch_op.add_column(sa.Column("price", sa.BigInteger(), nullable=True))
        batch_op.add_column(_text("currency", 8))
    with op.batch_alter_table("sms_attempt", schema=None) as batch_op:
        batch_op.create_index("ix_sms_attempt_departed", ["provider_id", "departed_at"], unique=False)
    op.create_table(
        "sms_spend",
        sa.Column("provider_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider_id", "day", name=op.f("pk_sms_spend")),
    )
    op.create_table(
        "sms_consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=True),
        sa.Column("person_entity", _exact(120), nullable=True),
        sa.Column("person", _exact(190), nullable=True),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("does_agree", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("wording", sa.String(length=255), nullable=False),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_consent")),
    )
    with op.batch_alter_table("sms_consent", schema=None) as batch_op:
        batch_op.create_index("ix_sms_consent_number", ["number", "id"], unique=False)
        batch_op.create_index("ix_sms_consent_person", ["person_entity", "person", "id"], unique=False)


def downgrade() -> None:
    """Take it back: costs, consents and what the days cost are gone."""
    op.drop_table("sms_consent")
    op.drop_table("sms_spend")
    with op.batch_alter_table("sms_attempt", schema=None) as batch_op:
        if op.get_bind().dialect.name in {"mysql", "mariadb"}:  # the foreign key has used this index since it was made
            batch_op.create_index("fk_sms_attempt_provider_id_sms_provider", ["provider_id"], unique=False)
        batch_op.drop_index("ix_sms_attempt_departed")
    with op.batch_alter_table("sms_receipt", schema=None) as batch_op:
        for name in ("channel", "segments", "price", "currency"):
            batch_op.drop_column(name)
    with op.batch_alter_table("sms_message", schema=None) as batch_op:
        for name in ("cost", "currency", "channel", "is_charged", "counted_on"):
            batch_op.drop_column(name)
    with op.batch_alter_table("sms_provider", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_sms_provider_standby"), type_="unique")
        for name in (*_PROVIDER, *_PROVIDER_TOO):
            batch_op.drop_column(name)
