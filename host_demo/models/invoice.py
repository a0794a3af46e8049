"""What clients owe and what they have paid."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from secrets import token_hex

from sqlalchemy import ColumnElement, ForeignKey, Numeric, String
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from host_demo.clock import now, today
from host_demo.database import Base
from host_demo.models.client import Client
from host_demo.models.columns import words
from host_demo.models.staff import Staff


class InvoiceStatus(StrEnum):
    OPEN = "open"
    OVERDUE = "overdue"
    PAID = "paid"
    CANCELLED = "cancelled"


class ChargeKind(StrEnum):
    INTERNET = "internet"  #: a month of a line
    ONCE = "once"
    SUPPORT = "support"


class PaymentMethod(StrEnum):
    TRANSFER = "transfer"
    DEBIT = "debit"
    CARD = "card"
    CASH = "cash"


UNPAID = (InvoiceStatus.OPEN, InvoiceStatus.OVERDUE)


class Invoice(Base):
    __tablename__ = "invoice"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=lambda: token_hex(8))
    description: Mapped[str] = mapped_column(String(200), default="")
    kind: Mapped[ChargeKind] = mapped_column(words(ChargeKind), default=ChargeKind.INTERNET, index=True)
    issued_on: Mapped[date] = mapped_column(default=today)
    due_on: Mapped[date] = mapped_column(index=True)
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    status: Mapped[InvoiceStatus] = mapped_column(words(InvoiceStatus), default=InvoiceStatus.OPEN, index=True)

    client: Mapped[Client] = relationship(back_populates="invoices")
    payments: Mapped[list[Payment]] = relationship(back_populates="invoice", order_by="Payment.id")

    @hybrid_property
    def is_unpaid(self) -> bool:
        """Whether the company still waits for money; in SQL too."""
        return self.status in UNPAID

    @is_unpaid.inplace.expression
    @classmethod
    def _is_unpaid_in_sql(cls) -> ColumnElement[bool]:
        return cls.status.in_(UNPAID)

    @property
    def amount_paid(self) -> Decimal:
        return sum((payment.amount for payment in self.payments), Decimal(0))

    @property
    def paid_on(self) -> date | None:
        """When the last of the money came."""
        return max((payment.paid_on for payment in self.payments), default=None)

    @property
    def amount_due(self) -> Decimal:
        """What is left to pay, in the invoice's currency; nothing once it is cancelled."""
        return self.total - self.amount_paid if self.is_unpaid else Decimal(0)

    def days_late(self, on: date) -> int:
        """Days since the due date of an unpaid invoice, else 0."""
        return max((on - self.due_on).days, 0) if self.is_unpaid else 0

    def __str__(self) -> str:
        return self.number


class Payment(Base):
    """Money that came in for one invoice; it is never changed afterwards."""

    __tablename__ = "payment"

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    method: Mapped[PaymentMethod] = mapped_column(words(PaymentMethod), default=PaymentMethod.TRANSFER)
    paid_on: Mapped[date] = mapped_column(default=today, index=True)
    recorded_at: Mapped[datetime] = mapped_column(default=now)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)

    invoice: Mapped[Invoice] = relationship(back_populates="payments")
    recorded_by: Mapped[Staff | None] = relationship()

    def __str__(self) -> str:
        return f"{self.amount} {self.invoice.currency} · {self.invoice.number}"
