"""The indexes of messages by what they are about hold those only that are about something, where the database can."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_sms_message_record", ["entity", "record", "trigger"], "record IS NOT NULL"),
    ("ix_sms_message_client", ["client_entity", "client", "id"], "client IS NOT NULL"),
    ("ix_sms_message_person", ["person_entity", "person", "id"], "person IS NOT NULL"),
    ("ix_sms_message_trigger", ["trigger", "id"], '"trigger" IS NOT NULL'),
)


def upgrade() -> None:
    """Make the change."""
    _remake(partial=True)


def downgrade() -> None:
    """Take it back."""
    _remake(partial=False)


def _remake(*, partial: bool) -> None:
    if op.get_bind().dialect.name in {"mysql", "mariadb"}:  # which have no index of some rows only
        return
    with op.batch_alter_table("sms_message", schema=None) as batch_op:
        for name, columns, condition in _INDEXES:
            where = sa.text(condition) if partial else None
            batch_op.drop_index(name)
            batch_op.create_index(name, columns, unique=False, sqlite_where=where, postgresql_where=where)
