"""What the admin sets: providers, templates and triggers."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sms_plugin.models.base import Base, Instant, Money, exact


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
    paused_until: Mapped[datetime | None] = mapped_column(Instant)  #: it asked us to wait
    stopped_at: Mapped[datetime | None] = mapped_column(Instant)  #: it refused our account (P21)
    stopped_reason: Mapped[str] = mapped_column(sa.String(40), default="")
    stopped_detail: Mapped[str] = mapped_column(sa.String(200), default="")

    standby: Mapped[int | None] = mapped_column(sa.SmallInteger, unique=True)  #: 1 or null: for outages
    failures: Mapped[int] = mapped_column(sa.SmallInteger, default=0)  #: in a row that surely did not reach it
    open_since: Mapped[datetime | None] = mapped_column(Instant)  #: its circuit breaker is open, or half-open
    probe_at: Mapped[datetime | None] = mapped_column(Instant)  #: the breaker lets one message try then

    currency: Mapped[str] = mapped_column(sa.String(8), default="")  #: of its prices, ISO 4217 or "credits"
    prices: Mapped[dict[str, str]] = mapped_column(sa.JSON, default=dict)  #: of a segment, by country prefix; "" is all
    balance: Mapped[Decimal | None] = mapped_column(Money)  #: as the provider last told it
    balance_unit: Mapped[str] = mapped_column(sa.String(8), default="")
    balance_at: Mapped[datetime | None] = mapped_column(Instant)
    balance_low: Mapped[Decimal | None] = mapped_column(Money)  #: below it the staff is warned
    budget_day: Mapped[Decimal | None] = mapped_column(Money)  #: most that a day may cost (X10)
    budget_month: Mapped[Decimal | None] = mapped_column(Money)
    inbox_cursor: Mapped[str] = mapped_column(sa.String(255), default="")  #: where the next poll for texts goes on

    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)

    def __str__(self) -> str:
        return self.name


class Spend(Base):
    """What one provider's messages of one day cost, by the portal's calendar (X10)."""

    __tablename__ = "sms_spend"

    provider_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    amount: Mapped[Decimal] = mapped_column(Money)


class Template(Base):
    """A text that several triggers and hands may use; ``section`` null is the company's shortcodes only (M1)."""

    __tablename__ = "sms_template"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(exact(80), unique=True)
    description: Mapped[str] = mapped_column(sa.String(255), default="")
    section: Mapped[str | None] = mapped_column(sa.String(80))
    texts: Mapped[dict[str, str]] = mapped_column(sa.JSON, default=dict)  #: by language
    enabled: Mapped[bool] = mapped_column("is_enabled", default=True)
    wording_id: Mapped[int | None]  #: the version that stands
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
    steps: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)  #: empty: as the hooks declare them
    purpose: Mapped[str | None] = mapped_column(sa.String(12))  #: null: as the trigger is declared
    quiet: Mapped[str | None] = mapped_column(sa.String(8))  #: defer, forward, ignore; null: as it is declared (X6)
    opens: Mapped[int | None] = mapped_column(sa.SmallInteger)  #: first local hour in which it may go; null: portal's
    closes: Mapped[int | None] = mapped_column(sa.SmallInteger)  #: and the hour in which it may no longer
    weekdays: Mapped[int | None] = mapped_column(sa.SmallInteger)  #: the days on which it may go: Monday is bit 0
    holidays: Mapped[bool | None] = mapped_column("on_holidays")  #: whether it may go on holidays; null: yes
    ceiling: Mapped[int | None] = mapped_column(sa.Integer)  #: a larger run waits for approval (X5); null: as learned
    gathers: Mapped[bool | None] = mapped_column("does_gather")  #: one message for several debts of a person (X21)
    wording_id: Mapped[int | None]  #: the version of its texts that stands
    changed_at: Mapped[datetime] = mapped_column(Instant)

    template: Mapped[Template | None] = relationship(lazy="joined")

    def __str__(self) -> str:
        return self.key


class Wording(Base):
    """One version of the texts of a trigger or a template; messages name the one that they were made from."""

    __tablename__ = "sms_wording"
    __table_args__ = (sa.UniqueConstraint("source", "key", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(sa.String(12))  #: trigger, template
    key: Mapped[str] = mapped_column(exact(80))  #: of the trigger, or the number of the template
    number: Mapped[int] = mapped_column(sa.Integer)  #: counts its versions from 1
    texts: Mapped[dict[str, str]] = mapped_column(sa.JSON, default=dict)  #: by language
    steps: Mapped[dict[str, dict[str, str]]] = mapped_column(sa.JSON, default=dict)  #: the steps' own texts
    at: Mapped[datetime] = mapped_column(Instant)
    who: Mapped[str] = mapped_column(sa.String(120), default="")


class Surge(Base):
    """A run that would have sent unusually many: its messages are held as one group (X5)."""

    __tablename__ = "sms_surge"
    __table_args__ = (sa.Index("ix_sms_surge_trigger", "trigger", "day"),)

    id: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    trigger: Mapped[str] = mapped_column(exact(80))
    day: Mapped[date] = mapped_column(sa.Date)  #: by the portal's calendar
    began_at: Mapped[datetime] = mapped_column(Instant)
    ceiling: Mapped[int] = mapped_column(sa.Integer)  #: what it went over
    usual: Mapped[int | None] = mapped_column(sa.Integer)  #: what was learned; null: the admin set the ceiling
    state: Mapped[str] = mapped_column(sa.String(12), default="held")  #: held, approved, dropped
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    who: Mapped[str] = mapped_column(sa.String(120), default="")


class Volume(Base):
    """How many messages a trigger wrote on a day that is over: what is usual is learned from it (X5)."""

    __tablename__ = "sms_volume"

    trigger: Mapped[str] = mapped_column(exact(80), primary_key=True)
    day: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    amount: Mapped[int] = mapped_column(sa.Integer)


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


class Consent(Base):
    """That somebody agreed to texts of a purpose, or no longer does: with its source and wording (X7). Append-only."""

    __tablename__ = "sms_consent"
    __table_args__ = (
        sa.Index("ix_sms_consent_number", "number", "id"),
        sa.Index("ix_sms_consent_person", "person_entity", "person", "id"),
    )

    id: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    number: Mapped[str | None] = mapped_column(sa.String(16))
    person_entity: Mapped[str | None] = mapped_column(exact(120))
    person: Mapped[str | None] = mapped_column(exact(190))
    purpose: Mapped[str] = mapped_column(sa.String(12))  #: "" is every purpose
    agrees: Mapped[bool] = mapped_column("does_agree")
    source: Mapped[str] = mapped_column(sa.String(40))  #: stable code: reply, link, staff, provider, host
    wording: Mapped[str] = mapped_column(sa.String(255), default="")
    who: Mapped[str] = mapped_column(sa.String(120), default="")


class Change(Base):
    """Who changed which piece of configuration, and when; a secret is only "changed" (X12)."""

    __tablename__ = "sms_change"
    __table_args__ = (sa.Index("ix_sms_change_what", "what", "id"),)

    id: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    who: Mapped[str] = mapped_column(sa.String(120))
    what: Mapped[str] = mapped_column(sa.String(120))
    action: Mapped[str] = mapped_column(sa.String(40))
    detail: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)


class Access(Base):
    """Who looked at a history or a full number, or took messages out, and when (X23). Append-only."""

    __tablename__ = "sms_access"
    __table_args__ = (sa.Index("ix_sms_access_record", "entity", "record", "id"),)

    id: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    who: Mapped[str] = mapped_column(sa.String(120))
    action: Mapped[str] = mapped_column(sa.String(40))  #: stable code: looked, printed, exported
    entity: Mapped[str | None] = mapped_column(exact(120))  #: whose history; null where it is nobody's
    record: Mapped[str | None] = mapped_column(exact(190))
    detail: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  #: filters, counts; numbers only masked
