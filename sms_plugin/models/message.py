"""The outbox, which is the history too: messages, their leases, attempts and receipts."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sms_plugin.models.base import Base, Digest, Instant, Money, constant, exact
from sms_plugin.states import LIVE

_QUEUED = sa.text("state = 'queued'")


def _where(condition: str) -> dict[str, Any]:
    """An index of some rows only, where the database has such: every move of a message is written to each index that
    holds it.
    """
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


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
        sa.Index("ix_sms_message_record", "entity", "record", "trigger", **_where("record IS NOT NULL")),
        sa.Index("ix_sms_message_client", "client_entity", "client", "id", **_where("client IS NOT NULL")),
        sa.Index("ix_sms_message_person", "person_entity", "person", "id", **_where("person IS NOT NULL")),
        sa.Index("ix_sms_message_number", "number", "id"),
        sa.Index("ix_sms_message_trigger", "trigger", "id", **_where('"trigger" IS NOT NULL')),
        sa.Index("ix_sms_message_batch", "batch_id", "state", "id", **_where("batch_id IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    direction: Mapped[str] = mapped_column(sa.String(3), default="out")
    state: Mapped[str] = mapped_column(sa.String(12))
    reason: Mapped[str] = mapped_column(sa.String(40), default="")  #: stable code, for every state that needs one
    detail: Mapped[str] = mapped_column(sa.String(255), default="")  #: what the reason names: a shortcode, a rule
    occurrence: Mapped[bytes | None] = mapped_column(Digest, unique=True)

    batch_id: Mapped[UUID | None] = mapped_column(sa.Uuid)  #: of a send to many
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
    timezone: Mapped[str] = mapped_column(sa.String(40), default="")  #: of the recipient; "" is the portal's
    wording_id: Mapped[int | None]  #: the version of the texts that it was made from
    text: Mapped[str | None] = mapped_column(sa.Text)
    redacted: Mapped[str | None] = mapped_column(sa.Text)  #: what is shown in its place; null: the text (M10)
    encoding: Mapped[str] = mapped_column(sa.String(6), default="")
    segments: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    cost: Mapped[Decimal | None] = mapped_column(Money)  #: as expected, then as the provider charged it
    currency: Mapped[str] = mapped_column(sa.String(8), default="")  #: of the cost: ISO 4217, or "credits"
    channel: Mapped[str] = mapped_column(sa.String(12), default="")  #: the way it went, where there are several
    charged: Mapped[bool | None] = mapped_column("is_charged")  #: the cost is what the provider told, not expected
    counted_on: Mapped[date | None] = mapped_column(sa.Date)  #: the day whose budget counts the cost (X10)

    due_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)

    provider_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sms_provider.id"))
    attempt_id: Mapped[UUID | None] = mapped_column(sa.Uuid)  #: the current one: the fence at settle
    attempts: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    lapses: Mapped[int] = mapped_column(sa.SmallInteger, default=0)  #: leases lost without an attempt

    @property
    def shown_text(self) -> str | None:
        """The text as it may be shown: sensitive values are masked."""
        return self.text if self.redacted is None else self.redacted


class Lease(Base):
    """A claimed message, which is nobody else's until the lease ends. Kept apart: messages are wide, leases short."""

    __tablename__ = "sms_lease"

    message_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sms_message.id"), primary_key=True)
    token: Mapped[UUID] = mapped_column(sa.Uuid)  #: of the claim that took it
    until: Mapped[datetime] = mapped_column(Instant, index=True)


class Gathered(Base):
    """One occurrence that is told in a message with others of its recipient (X21)."""

    __tablename__ = "sms_gathered"
    __table_args__ = (sa.Index("ix_sms_gathered_record", "entity", "record"),)

    occurrence: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    message_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sms_message.id"), index=True)
    entity: Mapped[str] = mapped_column(exact(120))
    record: Mapped[str] = mapped_column(exact(190))
    step: Mapped[str] = mapped_column(sa.String(40), default="")
    moment: Mapped[str] = mapped_column(sa.String(64), default="")


_OPEN = sa.text("verdict IS NULL")


class Attempt(Base):
    """One submission of a message to a provider."""

    __tablename__ = "sms_attempt"
    __table_args__ = (
        sa.Index("ix_sms_attempt_open", "verdict", "until", sqlite_where=_OPEN, postgresql_where=_OPEN),
        sa.Index("ix_sms_attempt_reference", "reference"),
        sa.Index("ix_sms_attempt_departed", "provider_id", "departed_at"),
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
    channel: Mapped[str] = mapped_column(sa.String(12), default="")
    segments: Mapped[int | None] = mapped_column(sa.SmallInteger)
    price: Mapped[Decimal | None] = mapped_column(Money)
    currency: Mapped[str] = mapped_column(sa.String(8), default="")
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


#: The text of a message as it may be shown, and as it is kept once the message is over: ``redacted`` is null in nearly
#: all of them, so that this costs the statements that end messages nothing (M10).
shown_text: Any = sa.func.coalesce(Message.__table__.c.redacted, Message.__table__.c.text)
#: What is written where a message ends. A redacted one that is sent again is worded anew, as one without a version is.
REDACTED: Any = {
    "text": shown_text,
    "version": sa.case((Message.__table__.c.redacted.is_(None), Message.__table__.c.version)),
}
#: The state of messages that are named by their ids: written so that no planner goes through all of that state instead.
state_of_named: Any = Message.__table__.c.state.concat(constant(""))
#: The trigger of messages whose record is named, likewise: no planner goes through all that a trigger ever said.
trigger_of_named: Any = Message.__table__.c.trigger.concat(constant(""))
#: The provider of attempts and receipts that are named by a message or a reference, likewise: where nobody analyses the
#: tables, a planner takes all that a provider ever carried for as few as what one reference names.
attempts_provider_of_named: Any = Attempt.__table__.c.provider_id + sa.literal_column("0")
receipts_provider_of_named: Any = Receipt.__table__.c.provider_id + sa.literal_column("0")
#: Whether receipts that are named wait for their message, likewise: those of others on the same account always will.
receipts_wait_of_named: Any = Receipt.__table__.c.message_id.is_(None).is_not(sa.false())
