"""What is told with others is found by its record: a sweep asks which of them there are already (X21)."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("sms_gathered", schema=None) as batch_op:
        batch_op.create_index("ix_sms_gathered_record", ["entity", "record"], unique=False)


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("sms_gathered", schema=None) as batch_op:
        batch_op.drop_index("ix_sms_gathered_record")
