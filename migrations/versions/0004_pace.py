"""How far a provider's rate is granted, in a table of its own: whoever waits for a slot waits for nobody else (P18)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change. What was granted is forgotten: it reached no further than a second ahead."""
    op.create_table(
        "sms_pace",
        sa.Column("provider_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("next_slot_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider_id", name=op.f("pk_sms_pace")),
    )
    with op.batch_alter_table("sms_provider", schema=None) as batch_op:
        batch_op.drop_column("next_slot_at")


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("sms_provider", schema=None) as batch_op:
        batch_op.add_column(sa.Column("next_slot_at", sa.BigInteger(), nullable=True))
    op.drop_table("sms_pace")
