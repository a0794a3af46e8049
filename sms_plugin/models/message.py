"""The outbox, which is the history too: messages, their leases, attempts and receipts."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sms_plugin.models.base import Base, Digest, Instant, constant, exact
from sms_plugin.states import LIVE

_QUEUED = sa.text("state = 'queued'")
#: What is not over yet, as a condition.
IS_LIVE = "state IN (" + ", ".join(f"'{state}'" for state in sorted(LIVE)) + ")"


class Message(Base):
    """One text to or from one number, from the moment it is decided to the end of its life.

    ``occurrence`` is the unique key of promise 2. Records of the host are named softly: entity key and primary key.
    """

    __tablename__ = "sms_message"
    __table_args__ = (
        # the state leads, although the condition says it too: MariaDB has no index of some rows only
        sa.Index(
            "ix_sms_message_due", "state", "priority", "due_at", "id", sqlite_where=_QUEUED, postgresql_where=_QUEUED
        ),
        sa.Index("ix_sms_message_state", "state", "id"),
        sa.Index("ix_sms_message_record", "entity", "record", "trigger"),
        sa.Index("ix_sms_message_client", "client_entity", "client", "id"),
        sa.Index("ix_sms_message_person", "person_entity", "person", "id"),
        sa.Index("ix_sms_message_number", "number", "id"),
        sa.Index("ix_sms_message_trigger", "trigger", "id"),
    )

    id: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    direction: Mapped[str] = mapped_column(sa.String(3), default="out")
    state: Mapped[str] = mapped_column(sa.String(12))
    reason: Mapped[str] = mapped_column(sa.String(40), default="")  #: stable code, for every state that needs one
    detail: Mapped[str] = mapped_column(sa.String(255), default="")  #: what the reason names: a shortcode, a rule
    occurrence: Mapped[bytes | None] = mapped_column(Digest, unique=True)

    trigger: Mapped[str | None] = mapped_column(exact(80))
    step: Mapped[str] = mapped_column(sa.String(40), default="")
    moment: Mapped[str] = mapped_column(sa.String(64), default="")
    purpose: Mapped[str] = mapped_column(sa.String(12))
    priority: Mapped[int] = mapped_column(sa.SmallInteger)  #: 0 own action and staff, 1 reminder, 2 batch (P18)
    subject: Mapped[str] = mapped_column(sa.String(120), default="")  #: internal, never in the text
    operator: Mapped[str] = mapped_column(sa.String(120), default="")

    entity: Mapped[str | None] = mapped_column(exact(120))
    record: Mapped[str | None] = mapped_column(exact(190))
    version: Mapped[bytes | None] = mapped_column(Digest)  #: of the record's row when the text was rendered
    person_entity: Mapped[str | None] = mapped_column(exact(120))
    person: Mapped[str | None] = mapped_column(exact(190))
    client_entity: Mapped[str | None] = mapped_column(exact(120))
    client: Mapped[str | None] = mapped_column(exact(190))

    number: Mapped[str | None] = mapped_column(sa.String(16))  #: E.164
    language: Mapped[str] = mapped_column(sa.String(12), default="")
    text: Mapped[str | None] = mapped_column(sa.Text)
    encoding: Mapped[str] = mapped_column(sa.String(6), default="")
    segments: Mapped[int] = mapped_column(sa.SmallInteger, default=0)

    due_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)

    provider_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sms_provider.id"))
    attempt_id: Mapped[UUID | None] = mapped_column(sa.Uuid)  #: the current one: the fence at settle
    attempts: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    lapses: Mapped[int] = mapped_column(sa.SmallInteger, default=0)  #: leases lost without an attempt


class Lease(Base):
    """A claimed message, which is nobody else's until the lease ends. Kept apart: messages are wide, leases short."""

    __tablename__ = "sms_lease"

    message_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sms_message.id"), primary_key=True)
    token: Mapped[UUID] = mapped_column(sa.Uuid)  #: of the claim that took it
    until: Mapped[datetime] = mapped_column(Instant, index=True)


_OPEN = sa.text("verdict IS NULL")


class Attempt(Base):
    """One submission of a message to a provider."""

    __tablename__ = "sms_attempt"
    __table_args__ = (
        sa.Index("ix_sms_attempt_open", "verdict", "until", sqlite_where=_OPEN, postgresql_where=_OPEN),
        sa.Index("ix_sms_attempt_reference", "reference"),
    )

    id: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    message_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sms_message.id"), index=True)
    provider_id: Mapped[int] = mapped_column(sa.ForeignKey("sms_provider.id"))
    departed_at: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)  #: past it without a verdict, the message is unknown
    verdict: Mapped[str | None] = mapped_column(sa.String(12))
    reason: Mapped[str] = mapped_column(sa.String(40), default="")
    about: Mapped[str | None] = mapped_column(sa.String(12))
    provider_code: Mapped[str] = mapped_column(sa.String(40), default="")
    detail: Mapped[str] = mapped_column(sa.String(200), default="")
    reference: Mapped[str | None] = mapped_column(exact(100))  #: the provider's id
    settled_at: Mapped[datetime | None] = mapped_column(Instant)


class Receipt(Base):
    """What a provider reported. Append-only; the same report twice is one row (X3)."""

    __tablename__ = "sms_receipt"
    __table_args__ = (sa.Index("ix_sms_receipt_reference", "provider_id", "reference"),)

    id: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    provider_id: Mapped[int] = mapped_column(sa.ForeignKey("sms_provider.id"))
    message_id: Mapped[UUID | None] = mapped_column(sa.Uuid, index=True)  #: null while no message is known
    reference: Mapped[str | None] = mapped_column(exact(100))
    status: Mapped[str] = mapped_column(sa.String(12))
    reason: Mapped[str] = mapped_column(sa.String(40), default="")
    provider_code: Mapped[str] = mapped_column(sa.String(40), default="")
    digest: Mapped[bytes] = mapped_column(Digest, unique=True)
    occurred_at: Mapped[datetime | None] = mapped_column(Instant)
    received_at: Mapped[datetime] = mapped_column(Instant)


class Event(Base):
    """A step of a message's life that no other table tells: who approved, why it was held (X11). Append-only."""

    __tablename__ = "sms_event"

    id: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    message_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sms_message.id"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(sa.String(12))
    reason: Mapped[str] = mapped_column(sa.String(40), default="")
    who: Mapped[str] = mapped_column(sa.String(120), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)


#: The state of messages that are named by their ids: written so that no planner goes through all of that state instead.
state_of_named: Any = Message.__table__.c.state.concat(constant(""))
