"""Sending to many: a batch with its recipients, the rows of its file, and the groups that clients are kept in."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sms_plugin.models.base import Base, Digest, Instant, Money, RowNumber, exact


class Batch(Base):
    """One send by hand to many (S2). Its recipients are built first, shown, and confirmed; then they are fed to the
    outbox a few at a time, so that it can be paused and nothing starts half.
    """

    __tablename__ = "sms_batch"
    __table_args__ = (sa.Index("ix_sms_batch_state", "state", "id"),)

    id: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    state: Mapped[str] = mapped_column(sa.String(12))  #: see ``BatchState``
    reason: Mapped[str] = mapped_column(sa.String(40), default="")
    detail: Mapped[str] = mapped_column(sa.String(255), default="")
    version: Mapped[int] = mapped_column(sa.Integer, default=0)  #: raised by every decision: the fence of two operators
    once: Mapped[str] = mapped_column(exact(32), unique=True)  #: the form's token: a double submit is one batch
    operator: Mapped[str] = mapped_column(sa.String(120), default="")

    purpose: Mapped[str] = mapped_column(sa.String(12))
    template_id: Mapped[int | None]
    texts: Mapped[dict[str, str]] = mapped_column(sa.JSON, default=dict)  #: by language, as they stand in this batch
    wording_id: Mapped[int | None]
    audience: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  #: see ``batches.audience``

    #: what quiet hours do to it: "defer" to the recipient's morning, or "ignore"
    quiet: Mapped[str] = mapped_column(sa.String(12), default="defer")

    cursor: Mapped[str | None] = mapped_column(sa.Text)  #: where the building goes on
    looked_at: Mapped[int] = mapped_column(sa.Integer, default=0)  #: records and rows that the building took up
    expected: Mapped[int | None] = mapped_column(sa.Integer)  #: about how many there are to take up; null: not known
    going: Mapped[int] = mapped_column(sa.Integer, default=0)  #: recipients with a message
    left_out: Mapped[int] = mapped_column(sa.Integer, default=0)  #: and those without, each with its reason
    segments: Mapped[int] = mapped_column(sa.Integer, default=0)
    spread: Mapped[dict[str, int]] = mapped_column(sa.JSON, default=dict)  #: messages by their number of segments
    cost: Mapped[Decimal | None] = mapped_column(Money)
    currency: Mapped[str] = mapped_column(sa.String(8), default="")

    due_at: Mapped[datetime | None] = mapped_column(Instant)  #: not before; null: as soon as it is confirmed
    fed: Mapped[int] = mapped_column(RowNumber, default=0)  #: the last recipient that became a message
    progress: Mapped[dict[str, int]] = mapped_column(sa.JSON, default=dict)  #: its messages by state, lately
    counted_at: Mapped[datetime | None] = mapped_column(Instant)
    fed_out: Mapped[int] = mapped_column(sa.Integer, default=0)  #: messages to nobody among them: of whom it leaves out
    stop_share: Mapped[int] = mapped_column(sa.SmallInteger)  #: stops by itself when so many in a hundred have failed
    passed_settled: Mapped[int] = mapped_column(sa.Integer, default=0)  #: what had settled when it was resumed last,
    passed_failed: Mapped[int] = mapped_column(sa.Integer, default=0)  #: and failed: that was looked at by a person

    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    built_at: Mapped[datetime | None] = mapped_column(Instant)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    confirmed_by: Mapped[str] = mapped_column(sa.String(120), default="")
    approved_at: Mapped[datetime | None] = mapped_column(Instant)
    approved_by: Mapped[str] = mapped_column(sa.String(120), default="")
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class BatchRecipient(Base):
    """Somebody whom a batch reaches, with the text that was shown; or whom it leaves out, with the reason."""

    __tablename__ = "sms_batch_recipient"
    __table_args__ = (
        sa.Index("ix_sms_batch_recipient_batch", "batch_id", "is_left_out", "id"),
        sa.Index("ix_sms_batch_recipient_client", "client_entity", "client", "id"),
        sa.Index("ix_sms_batch_recipient_number", "number", "id"),
    )

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sms_batch.id"))
    occurrence: Mapped[bytes] = mapped_column(Digest, unique=True)  #: of the message: none twice, however often built
    left_out: Mapped[bool] = mapped_column("is_left_out", default=False)
    reason: Mapped[str] = mapped_column(sa.String(40), default="")  #: why it is left out: a stable code
    detail: Mapped[str] = mapped_column(sa.String(255), default="")
    name: Mapped[str] = mapped_column(sa.String(120), default="")  #: what a person calls the recipient
    entity: Mapped[str | None] = mapped_column(exact(120))
    record: Mapped[str | None] = mapped_column(exact(190))
    person_entity: Mapped[str | None] = mapped_column(exact(120))
    person: Mapped[str | None] = mapped_column(exact(190))
    client_entity: Mapped[str | None] = mapped_column(exact(120))
    client: Mapped[str | None] = mapped_column(exact(190))
    #: the keys of all the charges that the text tells of together; null: of one record, or of none
    records: Mapped[list[str] | None] = mapped_column(sa.JSON(none_as_null=True))
    source: Mapped[int] = mapped_column(sa.SmallInteger, default=0)  #: which of the audience's sources found it
    number: Mapped[str | None] = mapped_column(sa.String(16))  #: E.164
    language: Mapped[str] = mapped_column(sa.String(12), default="")
    timezone: Mapped[str] = mapped_column(sa.String(40), default="")
    text: Mapped[str | None] = mapped_column(sa.Text)
    redacted: Mapped[str | None] = mapped_column(sa.Text)
    encoding: Mapped[str] = mapped_column(sa.String(6), default="")
    segments: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    cost: Mapped[Decimal | None] = mapped_column(Money)


class BatchRow(Base):
    """A row of the file that a batch was given: a number, and what stands in its other columns."""

    __tablename__ = "sms_batch_row"

    batch_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sms_batch.id"), primary_key=True)
    line: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    phone: Mapped[str] = mapped_column(sa.String(80))  #: as it was written
    values: Mapped[dict[str, str]] = mapped_column("row_values", sa.JSON, default=dict)  #: by column


class Group(Base):
    """People under one name: fixed ones, or all that a saved filter finds when it is asked (S6)."""

    __tablename__ = "sms_group"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(exact(80), unique=True)
    description: Mapped[str] = mapped_column(sa.String(255), default="")
    entity: Mapped[str | None] = mapped_column(exact(120))  #: of the saved filter; null: a group of fixed members
    conditions: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)  #: of the saved filter
    who: Mapped[str] = mapped_column(sa.String(120), default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)

    def __str__(self) -> str:
        return self.name


class GroupMember(Base):
    """A fixed member of a group: a record of the host's."""

    __tablename__ = "sms_group_member"

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("sms_group.id"), primary_key=True)
    entity: Mapped[str] = mapped_column(exact(120), primary_key=True)
    record: Mapped[str] = mapped_column(exact(190), primary_key=True)
