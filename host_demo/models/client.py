"""Who buys from the company: clients, the people there, and the numbers they gave."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from host_demo.clock import now
from host_demo.config import TIMEZONE
from host_demo.database import Base
from host_demo.models.columns import words
from host_demo.models.company import Branch, Panel

if TYPE_CHECKING:
    from host_demo.models.invoice import Invoice
    from host_demo.models.papers import Papers
    from host_demo.models.service import Service


class ClientStatus(StrEnum):
    ENABLED = "enabled"
    DISABLED = "disabled"
    INTERESTED = "interested"  #: has asked, and has nothing yet
    REMOVED = "removed"


class Client(Base):
    """A company, or a person who has no company."""

    __tablename__ = "client"

    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str] = mapped_column(String(60), default="")
    last_name: Mapped[str] = mapped_column(String(60), default="", index=True)
    company: Mapped[str | None] = mapped_column(String(120), index=True)
    language: Mapped[str] = mapped_column(String(2), default="pt")
    region: Mapped[str] = mapped_column(String(2), default="PT")
    timezone: Mapped[str] = mapped_column(String(40), default=TIMEZONE)
    city: Mapped[str | None] = mapped_column(String(80), index=True)
    district: Mapped[str] = mapped_column(String(80), default="", index=True)
    street: Mapped[str] = mapped_column(String(120), default="")
    status: Mapped[ClientStatus] = mapped_column(words(ClientStatus), default=ClientStatus.ENABLED, index=True)
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"), index=True)
    panel_id: Mapped[int | None] = mapped_column(ForeignKey("panel.id"), index=True)
    email: Mapped[str | None] = mapped_column(String(120))
    born_on: Mapped[date | None]
    accepts_billing: Mapped[bool | None]
    accepts_service: Mapped[bool | None]
    accepts_marketing: Mapped[bool | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    branch: Mapped[Branch | None] = relationship()
    panel: Mapped[Panel | None] = relationship()
    numbers: Mapped[list[PhoneNumber]] = relationship(
        back_populates="client", cascade="all, delete-orphan", order_by="PhoneNumber.id"
    )
    contacts: Mapped[list[Contact]] = relationship(
        back_populates="client", cascade="all, delete-orphan", order_by="Contact.id"
    )
    papers: Mapped[Papers | None] = relationship(back_populates="client")
    invoices: Mapped[list[Invoice]] = relationship(back_populates="client", order_by="Invoice.id")
    services: Mapped[list[Service]] = relationship(back_populates="client", order_by="Service.id")

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def display_name(self) -> str:
        """The name that the office uses: the company, else the person."""
        return self.company or self.full_name

    @property
    def mobile(self) -> str | None:
        """The main number as it was typed, or None."""
        return next((number.number for number in self.numbers if number.main), None)

    @property
    def phones(self) -> list[str]:
        """All numbers as they were typed, the main one first."""
        return [number.number for number in sorted(self.numbers, key=lambda number: not number.main)]

    @property
    def billing_numbers(self) -> list[str]:
        """The numbers that want to hear about money, as they were typed."""
        return [number.number for number in self.numbers if number.billing]

    @property
    def primary_contact(self) -> Contact | None:
        return next((contact for contact in self.contacts if contact.is_primary), None)

    @property
    def spokesperson(self) -> Contact | Client:
        """Who speaks for the client: the primary contact, where it left a number, else the client itself."""
        contact = self.primary_contact
        return contact if contact is not None and contact.phone else self

    def agrees(self, purpose: str) -> bool | None:
        """The client's word on texts of a purpose: yes, no, or None where nobody asked."""
        return {
            "billing": self.accepts_billing,
            "service": self.accepts_service,
            "marketing": self.accepts_marketing,
        }.get(purpose)

    def __str__(self) -> str:
        return self.display_name


class PhoneNumber(Base):
    """A number as somebody typed it: nothing here promises that it can be called."""

    __tablename__ = "phone_number"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id", ondelete="CASCADE"), index=True)
    number: Mapped[str] = mapped_column(String(40))
    label: Mapped[str | None] = mapped_column(String(40))
    main: Mapped[bool] = mapped_column(default=False)
    billing: Mapped[bool] = mapped_column(default=False)
    marketing: Mapped[bool] = mapped_column(default=False)

    client: Mapped[Client] = relationship(back_populates="numbers")

    def __str__(self) -> str:
        return self.number


class Contact(Base):
    """A person at a client."""

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    job_title: Mapped[str | None] = mapped_column(String(80))
    phone: Mapped[str | None] = mapped_column(String(40))
    born_on: Mapped[date | None]
    is_primary: Mapped[bool] = mapped_column(default=False)

    client: Mapped[Client] = relationship(back_populates="contacts")

    @property
    def first_name(self) -> str:
        return self.name.partition(" ")[0]

    @property
    def last_name(self) -> str:
        return self.name.partition(" ")[2]

    def __str__(self) -> str:
        return self.name
