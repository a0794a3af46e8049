"""Meetings of staff and clients' people."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from host_demo.database import Base
from host_demo.models.client import Client, Contact
from host_demo.models.staff import Staff

_contacts = Table(
    "meeting_contact",
    Base.metadata,
    Column("meeting_id", ForeignKey("meeting.id", ondelete="CASCADE"), primary_key=True),
    Column("contact_id", ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True, index=True),
)
_staff = Table(
    "meeting_staff",
    Base.metadata,
    Column("meeting_id", ForeignKey("meeting.id", ondelete="CASCADE"), primary_key=True),
    Column("staff_id", ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Meeting(Base):
    __tablename__ = "meeting"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"), index=True)
    subject: Mapped[str] = mapped_column(String(120))
    starts_at: Mapped[datetime] = mapped_column(index=True)
    place: Mapped[str] = mapped_column(String(120), default="")
    #: How long before it those who take part are reminded; 0: never.
    remind_minutes: Mapped[int] = mapped_column(default=120)
    cancelled: Mapped[bool] = mapped_column(default=False)

    client: Mapped[Client | None] = relationship()
    contacts: Mapped[list[Contact]] = relationship(secondary=_contacts, order_by=Contact.id)
    staff: Mapped[list[Staff]] = relationship(secondary=_staff, order_by=Staff.id)

    def __str__(self) -> str:
        return self.subject
