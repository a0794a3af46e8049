"""The lines that clients have, and how far each is from being cut."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from host_demo.clock import today
from host_demo.database import Base
from host_demo.models.client import Client
from host_demo.models.columns import words
from host_demo.models.company import PaymentProfile
from host_demo.models.invoice import InvoiceStatus
from host_demo.models.network import AccessPoint, Plan


class ServiceStatus(StrEnum):
    ENABLED = "enabled"
    PENDING = "pending"  #: something is overdue: the client is warned, the line is as fast as ever
    REDUCED = "reduced"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"


#: In which a line works badly or not at all.
CUT = (ServiceStatus.REDUCED, ServiceStatus.BLOCKED)
#: From which paying leads back to a line that works.
HELD_BACK = (ServiceStatus.PENDING, *CUT)


class Service(Base):
    """One line of a client's: a plan, at an address."""

    __tablename__ = "service"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), index=True)
    access_point_id: Mapped[int] = mapped_column(ForeignKey("access_point.id"), index=True)
    payment_profile_id: Mapped[int | None] = mapped_column(ForeignKey("payment_profile.id"), index=True)
    street: Mapped[str] = mapped_column(String(120), default="")
    district: Mapped[str] = mapped_column(String(80), default="", index=True)
    installed_on: Mapped[date] = mapped_column(default=today)
    status: Mapped[ServiceStatus] = mapped_column(words(ServiceStatus), default=ServiceStatus.ENABLED, index=True)
    speed_reduced_at: Mapped[date | None]
    block_date: Mapped[date | None]  #: when the line is, or will be, blocked
    cancel_date: Mapped[date | None]  #: when the contract ends, or ended, for want of payment

    client: Mapped[Client] = relationship(back_populates="services")
    plan: Mapped[Plan] = relationship()
    access_point: Mapped[AccessPoint] = relationship()
    payment_profile: Mapped[PaymentProfile | None] = relationship()

    @property
    def currency(self) -> str:
        return self.plan.currency

    @property
    def debt_total(self) -> Decimal:
        """What the client owes that is overdue, in the currency of the plan."""
        overdue = (invoice for invoice in self.client.invoices if invoice.status == InvoiceStatus.OVERDUE)
        return sum((one.amount_due for one in overdue if one.currency == self.currency), Decimal(0))

    def __str__(self) -> str:
        return f"{self.plan} · {self.client}"
