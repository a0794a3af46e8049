"""What people order from the warehouse, and the pieces that are sent to them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import ForeignKey, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from host_demo.clock import today
from host_demo.config import TIMEZONE
from host_demo.database import Base
from host_demo.models.client import Client
from host_demo.models.columns import words
from host_demo.models.staff import Staff


class OrderStatus(StrEnum):
    NEW = "new"
    APPROVED = "approved"
    CANCELLED = "cancelled"


class ItemStatus(StrEnum):
    PACKED = "packed"
    SENT = "sent"
    RECEIVED = "received"


class Order(Base):
    """An order by a client, or by somebody who only left a name and a number."""

    __tablename__ = "stock_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"), index=True)
    first_name: Mapped[str] = mapped_column(String(60), default="")
    last_name: Mapped[str] = mapped_column(String(60), default="")
    patronymic: Mapped[str | None] = mapped_column(String(60))
    phone: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(120))
    ordered_on: Mapped[date] = mapped_column(default=today, index=True)
    status: Mapped[OrderStatus] = mapped_column(words(OrderStatus), default=OrderStatus.NEW, index=True)
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    pay_type: Mapped[str | None] = mapped_column(String(60))
    delivery_method: Mapped[str | None] = mapped_column(String(60))
    delivery_details: Mapped[str | None] = mapped_column(String(200))
    waybill: Mapped[str | None] = mapped_column(String(40))
    warehouse: Mapped[str | None] = mapped_column(String(60))
    description: Mapped[str] = mapped_column(String(300), default="")
    remark: Mapped[str | None] = mapped_column(String(200))
    assigned_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)

    client: Mapped[Client | None] = relationship()
    assigned: Mapped[Staff | None] = relationship()
    lines: Mapped[list[OrderLine]] = relationship(
        back_populates="order", cascade="all, delete-orphan", order_by="OrderLine.id"
    )

    @property
    def full_name(self) -> str:
        """Who ordered: the name on the order, else the client's."""
        written = f"{self.first_name} {self.last_name}".strip()
        return written or (self.client.display_name if self.client else "")

    @property
    def reached_at(self) -> str | None:
        """The number on the order, else the client's, as it was typed."""
        return self.phone or (self.client.mobile if self.client else None)

    @property
    def language(self) -> str:
        return self.client.language if self.client else "pt"

    @property
    def region(self) -> str:
        return self.client.region if self.client else "PT"

    @property
    def timezone(self) -> str:
        return self.client.timezone if self.client else TIMEZONE

    @property
    def total(self) -> Decimal:
        return sum((line.quantity * line.price for line in self.lines), Decimal("0.00"))

    @property
    def products(self) -> str:
        """What was ordered, in one line."""
        return ", ".join(line.product for line in self.lines)

    def __str__(self) -> str:
        return self.number


class OrderLine(Base):
    __tablename__ = "stock_order_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("stock_order.id", ondelete="CASCADE"), index=True)
    product: Mapped[str] = mapped_column(String(120))
    quantity: Mapped[int] = mapped_column(default=1)
    price: Mapped[Decimal] = mapped_column(Numeric(12, 2))

    order: Mapped[Order] = relationship(back_populates="lines")

    def __str__(self) -> str:
        return self.product


class Item(Base):
    """A thing on its way to a client: a router, a box."""

    __tablename__ = "item"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    serial: Mapped[str | None] = mapped_column(String(60), unique=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    status: Mapped[ItemStatus] = mapped_column(words(ItemStatus), default=ItemStatus.PACKED, index=True)

    client: Mapped[Client] = relationship()

    def __str__(self) -> str:
        return self.name
