"""Visits that people ask for on the public page."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from secrets import token_hex

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from host_demo.clock import now
from host_demo.config import TIMEZONE
from host_demo.database import Base
from host_demo.models.client import Client
from host_demo.models.columns import words


class BookingStatus(StrEnum):
    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    DONE = "done"
    CANCELLED = "cancelled"


class Booking(Base):
    """Somebody's wish to be visited or served; the number is theirs, whether they are a client or not."""

    __tablename__ = "booking"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=lambda: token_hex(8))
    service: Mapped[str] = mapped_column(String(20))  #: one of ``booking.SERVICES``
    place: Mapped[str] = mapped_column(String(20))  #: one of ``booking.PLACES``
    starts_at: Mapped[datetime] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(String(80))
    phone: Mapped[str] = mapped_column(String(40), index=True)
    language: Mapped[str] = mapped_column(String(2), default="pt")
    status: Mapped[BookingStatus] = mapped_column(words(BookingStatus), default=BookingStatus.REQUESTED, index=True)
    remind_hours: Mapped[int] = mapped_column(default=2)  #: how long before it the person is reminded; 0: never
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
    #: A keyed digest of the address that the form came from, empty where the office wrote the booking.
    sender: Mapped[str] = mapped_column(String(32), default="", index=True)

    client: Mapped[Client | None] = relationship()

    @property
    def timezone(self) -> str:
        """A visit is kept by the clock of the place."""
        return TIMEZONE

    def __str__(self) -> str:
        return f"{self.name}, {self.starts_at:%d/%m/%Y %H:%M}"
