"""The records of the tests' portal. Their tables belong to it, not to the plugin."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from uuid import UUID, uuid4

import sqlalchemy as sa
from blinker import Signal
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

payment_recorded = Signal()


class Base(DeclarativeBase):
    """The portal's own metadata."""


followers = sa.Table(
    "task_follower",
    Base.metadata,
    sa.Column("task_id", sa.ForeignKey("task.id"), primary_key=True),
    sa.Column("staff_id", sa.ForeignKey("staff.id"), primary_key=True),
)


class Client(Base):
    __tablename__ = "client"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    phone: Mapped[str | None] = mapped_column(sa.String(40))
    billing_phone: Mapped[str | None] = mapped_column(sa.String(40))
    language: Mapped[str | None] = mapped_column(sa.String(8))
    timezone: Mapped[str | None] = mapped_column(sa.String(40))
    born_on: Mapped[dt.date | None]
    agrees_to_marketing: Mapped[bool | None]

    invoices: Mapped[list[Invoice]] = relationship(back_populates="client")
    contacts: Mapped[list[Contact]] = relationship(back_populates="client")


class Contact(Base):
    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("client.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    phone: Mapped[str | None] = mapped_column(sa.String(40))

    client: Mapped[Client] = relationship(back_populates="contacts")


class Lead(Base):
    """May become a client."""

    __tablename__ = "lead"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int | None] = mapped_column(sa.ForeignKey("client.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    phone: Mapped[str | None] = mapped_column(sa.String(40))

    client: Mapped[Client | None] = relationship()


class Parcel(Base):
    """Has a key that is no number."""

    __tablename__ = "parcel"

    id: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(sa.String(80))
    phone: Mapped[str | None] = mapped_column(sa.String(40))


class Shelf(Base):
    """Has a key of two columns."""

    __tablename__ = "shelf"

    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    place: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    phone: Mapped[str | None] = mapped_column(sa.String(40))


class Staff(Base):
    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    phone: Mapped[str | None] = mapped_column(sa.String(40))

    tasks: Mapped[list[Task]] = relationship(secondary=followers, back_populates="followers")


class Invoice(Base):
    __tablename__ = "invoice"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int | None] = mapped_column(sa.ForeignKey("client.id"))
    number: Mapped[str] = mapped_column(sa.String(20), default="F1")
    total: Mapped[Decimal] = mapped_column(sa.Numeric(12, 2), default=Decimal(10))
    status: Mapped[str] = mapped_column(sa.String(20), default="open", server_default="open")
    due_on: Mapped[dt.date | None]
    note: Mapped[str | None] = mapped_column(sa.String(80))

    client: Mapped[Client | None] = relationship(back_populates="invoices")
    payments: Mapped[list[Payment]] = relationship(back_populates="invoice")


class Payment(Base):
    __tablename__ = "payment"

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("invoice.id"))
    amount: Mapped[Decimal] = mapped_column(sa.Numeric(12, 2))
    paid_at: Mapped[dt.datetime | None]
    booked_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))

    invoice: Mapped[Invoice] = relationship(back_populates="payments")


class Task(Base):
    __tablename__ = "task"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80))

    followers: Mapped[list[Staff]] = relationship(secondary=followers, back_populates="tasks")


class Assignment(Base):
    """Who works on a task, as a record of its own: an association object."""

    __tablename__ = "assignment"

    task_id: Mapped[int] = mapped_column(sa.ForeignKey("task.id"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(sa.ForeignKey("staff.id"), primary_key=True)
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("staff.id"))

    task: Mapped[Task] = relationship()
    staff: Mapped[Staff] = relationship(foreign_keys=staff_id)


class Booking(Base):
    """Holds its person in itself."""

    __tablename__ = "booking"

    id: Mapped[int] = mapped_column(primary_key=True)
    guest: Mapped[str] = mapped_column(sa.String(80))
    guest_phone: Mapped[str | None] = mapped_column(sa.String(40))
    starts_at: Mapped[dt.datetime | None]
    confirmed: Mapped[bool] = mapped_column(default=False)
    remind_hours: Mapped[int | None]  #: so long before it begins
