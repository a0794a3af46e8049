"""Templates, which triggers may use in place of texts of their own; the last message of a trigger, and those of one
person or in one state, are found by index.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_LIVE = sa.text("state IN ('held', 'queued', 'sending', 'unknown')")
_NAME = sa.String(length=80).with_variant(mysql.VARCHAR(80, collation="utf8mb4_bin"), "mysql", "mariadb")


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "sms_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("section", sa.String(length=80), nullable=True),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_template")),
        sa.UniqueConstraint("name", name=op.f("uq_sms_template_name")),
    )
    with op.batch_alter_table("sms_trigger", schema=None) as batch_op:
        batch_op.add_column(sa.Column("template_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_sms_trigger_template_id_sms_template"), "sms_template", ["template_id"], ["id"]
        )
    with op.batch_alter_table("sms_message", schema=None) as batch_op:
        batch_op.create_index("ix_sms_message_trigger", ["trigger", "id"], unique=False)
        batch_op.create_index("ix_sms_message_person", ["person_entity", "person", "id"], unique=False)
        # the index of live states serves every state: its entries move with the messages either way
        batch_op.drop_index("ix_sms_message_live")
        batch_op.create_index("ix_sms_message_state", ["state", "id"], unique=False)


def downgrade() -> None:
    """Take it back: what a template said is gone, and its triggers have their own texts again."""
    with op.batch_alter_table("sms_message", schema=None) as batch_op:
        batch_op.drop_index("ix_sms_message_state")
        batch_op.create_index(
            "ix_sms_message_live", ["state", "id"], unique=False, sqlite_where=_LIVE, postgresql_where=_LIVE
        )
        batch_op.drop_index("ix_sms_message_person")
        batch_op.drop_index("ix_sms_message_trigger")
    with op.batch_alter_table("sms_trigger", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_sms_trigger_template_id_sms_template"), type_="foreignkey")
        batch_op.drop_column("template_id")
    op.drop_table("sms_template")
