"""What the admin sets: providers, templates and triggers."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sms_plugin.models.base import Base, Instant, exact


class Provider(Base):
    """A gateway with its credentials. ``active`` is 1 or null, and unique: the database lets one be active (P13)."""

    __tablename__ = "sms_provider"
    __table_args__ = (sa.CheckConstraint("active = 1", name="active_is_one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)
    kind: Mapped[str] = mapped_column(sa.String(40))
    settings: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    secrets: Mapped[str] = mapped_column(sa.Text, default="")  #: sealed by ``Vault``
    token: Mapped[str] = mapped_column(exact(43), unique=True)  #: the unguessable part of its webhook addresses
    active: Mapped[int | None] = mapped_column(sa.SmallInteger, unique=True)

    rate_count: Mapped[int | None] = mapped_column(sa.Integer)  #: messages …
    rate_seconds: Mapped[int | None] = mapped_column(sa.Integer)  #: … in any so many seconds (P18)
    next_slot_at: Mapped[datetime | None] = mapped_column(Instant)  #: the first send time not yet granted
    paused_until: Mapped[datetime | None] = mapped_column(Instant)  #: it asked us to wait
    stopped_at: Mapped[datetime | None] = mapped_column(Instant)  #: it refused our account (P21)
    stopped_reason: Mapped[str] = mapped_column(sa.String(40), default="")
    stopped_detail: Mapped[str] = mapped_column(sa.String(200), default="")

    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)

    def __str__(self) -> str:
        return self.name


class Template(Base):
    """A text that several triggers and hands may use; ``section`` null is the company's shortcodes only (M1)."""

    __tablename__ = "sms_template"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(exact(80), unique=True)
    description: Mapped[str] = mapped_column(sa.String(255), default="")
    section: Mapped[str | None] = mapped_column(sa.String(80))
    texts: Mapped[dict[str, str]] = mapped_column(sa.JSON, default=dict)  #: by language
    enabled: Mapped[bool] = mapped_column("is_enabled", default=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)

    def __str__(self) -> str:
        return self.name


class TriggerRow(Base):
    """What the admin decided about one trigger; without a row it is off."""

    __tablename__ = "sms_trigger"

    key: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    on: Mapped[bool] = mapped_column("is_on", default=False)
    on_since: Mapped[datetime | None] = mapped_column(Instant)  #: nothing older is ever texted (X5)
    texts: Mapped[dict[str, str]] = mapped_column(sa.JSON, default=dict)  #: by language; empty: the suggested ones
    template_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sms_template.id"))  #: in place of its own texts
    hour: Mapped[int | None] = mapped_column(sa.SmallInteger)  #: local hour of date hooks that count in days
    validity_hours: Mapped[int | None] = mapped_column(sa.Integer)
    unknown_policy: Mapped[str] = mapped_column(sa.String(12), default="ask")  #: ask, assume, resend
    changed_at: Mapped[datetime] = mapped_column(Instant)

    template: Mapped[Template | None] = relationship(lazy="joined")

    def __str__(self) -> str:
        return self.key


class Mark(Base):
    """How far the sweep has come for one date hook, and where in a page it stands."""

    __tablename__ = "sms_mark"

    trigger: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    entity: Mapped[str] = mapped_column(sa.String(120), primary_key=True)
    step: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    swept_until: Mapped[datetime] = mapped_column(Instant)
    sweeping_until: Mapped[datetime | None] = mapped_column(Instant)
    cursor: Mapped[str | None] = mapped_column(sa.String(255))  #: the last record of the pages done


class OptOut(Base):
    """A number that does not want texts: all of them, or those of one purpose (X7)."""

    __tablename__ = "sms_optout"

    number: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    purpose: Mapped[str] = mapped_column(sa.String(12), primary_key=True)  #: "" is every purpose
    source: Mapped[str] = mapped_column(sa.String(40))
    wording: Mapped[str] = mapped_column(sa.String(255), default="")
    since: Mapped[datetime] = mapped_column(Instant)


class Change(Base):
    """Who changed which piece of configuration, and when; a secret is only "changed" (X12)."""

    __tablename__ = "sms_change"

    id: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    who: Mapped[str] = mapped_column(sa.String(120))
    what: Mapped[str] = mapped_column(sa.String(120))
    action: Mapped[str] = mapped_column(sa.String(40))
    detail: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
