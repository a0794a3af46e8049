"""What a message may be shown as, where its text holds a sensitive value."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("sms_message", sa.Column("redacted", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("sms_message", schema=None) as batch_op:
        batch_op.drop_column("redacted")
