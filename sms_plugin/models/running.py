"""What the processes tell each other: jobs, runners and tallies."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sms_plugin.models.base import Base, Instant, Money, RowNumber


class Job(Base):
    """A recurring piece of work: whoever raises the version first does it, while its lease holds."""

    __tablename__ = "sms_job"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    version: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    due_at: Mapped[datetime] = mapped_column(Instant)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    error: Mapped[str] = mapped_column(sa.String(200), default="")
    cursor: Mapped[str | None] = mapped_column(sa.String(255))  #: where a run that ended early goes on


class Runner(Base):
    """A process that flushes and runs jobs, by its heartbeat."""

    __tablename__ = "sms_runner"

    id: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(12))  #: embedded, worker
    host: Mapped[str] = mapped_column(sa.String(120))
    pid: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)


class Pace(Base):
    """How far a provider's rate has been granted (P18). Apart from the provider, and without a foreign key: whoever
    waits for a slot must not wait for those who only refer to the provider, as every departure does.
    """

    __tablename__ = "sms_pace"

    provider_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    next_slot_at: Mapped[datetime] = mapped_column(Instant)  #: the first send time not yet granted


class Tally(Base):
    """A small sum to be added to others of its name: a counter that no two writers wait for.

    ``state:sent`` and the like count ended messages; ``forged``, ``lost_notices`` count what must be seen.
    """

    __tablename__ = "sms_tally"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40))
    amount: Mapped[int] = mapped_column(sa.BigInteger)


class Day(Base):
    """What became of one day's messages, by the portal's calendar, as it was last counted: dashboards read this, and
    nothing counts the messages while somebody waits (promise 10).
    """

    __tablename__ = "sms_day"

    day: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    provider_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  #: 0: none
    currency: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    states: Mapped[dict[str, int]] = mapped_column(sa.JSON, default=dict)  #: messages by state, received ones too
    segments: Mapped[int] = mapped_column(sa.Integer, default=0)
    cost: Mapped[Decimal] = mapped_column(Money)
    delays: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  #: seconds to delivery: count by limit
    counted_at: Mapped[datetime] = mapped_column(Instant)
