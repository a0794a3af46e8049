"""Indexes that serve a database without partial ones, exact keys on MariaDB, and the place where a job goes on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_QUEUED = sa.text("state = 'queued'")
_OPEN = sa.text("verdict IS NULL")
#: (table, column, length, nullable) of what capitals and accents tell apart.
_EXACT = (
    ("sms_message", "trigger", 80, True),
    ("sms_message", "entity", 120, True),
    ("sms_message", "record", 190, True),
    ("sms_message", "person_entity", 120, True),
    ("sms_message", "person", 190, True),
    ("sms_message", "client_entity", 120, True),
    ("sms_message", "client", 190, True),
    ("sms_attempt", "reference", 100, True),
    ("sms_receipt", "reference", 100, True),
    ("sms_provider", "token", 43, False),
)


def upgrade() -> None:
    """Make the change."""
    _index_due("state", "priority", "due_at", "id")
    _index_open("verdict", "until")
    _collate("utf8mb4_bin")
    op.add_column("sms_job", sa.Column("cursor", sa.String(length=255), nullable=True))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("sms_job") as batch:
        batch.drop_column("cursor")
    _collate(None)
    _index_open("until")
    _index_due("priority", "due_at", "id")


def _index_due(*columns: str) -> None:
    op.drop_index("ix_sms_message_due", "sms_message")
    op.create_index("ix_sms_message_due", "sms_message", list(columns), sqlite_where=_QUEUED, postgresql_where=_QUEUED)


def _index_open(*columns: str) -> None:
    op.drop_index("ix_sms_attempt_open", "sms_attempt")
    op.create_index("ix_sms_attempt_open", "sms_attempt", list(columns), sqlite_where=_OPEN, postgresql_where=_OPEN)


def _collate(collation: str | None) -> None:
    """MariaDB compares texts without regard to capitals, accents and spaces at the end; the others never do."""
    if op.get_bind().dialect.name not in {"mysql", "mariadb"}:
        return
    for table, column, length, nullable in _EXACT:
        op.alter_column(
            table,
            column,
            existing_type=sa.String(length),
            type_=mysql.VARCHAR(length, collation=collation),
            existing_nullable=nullable,
        )
