"""The recipients of sends to many are found by client and by number: what waits for somebody is explained (X20)."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TABLE = "sms_batch_recipient"


def upgrade() -> None:
    """Make the change."""
    op.create_index("ix_sms_batch_recipient_client", _TABLE, ["client_entity", "client", "id"])
    op.create_index("ix_sms_batch_recipient_number", _TABLE, ["number", "id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_sms_batch_recipient_number", _TABLE)
    op.drop_index("ix_sms_batch_recipient_client", _TABLE)
