"""What a client has signed, line by line, and what both sides say about it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from secrets import token_urlsafe

from sqlalchemy import ForeignKey, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from host_demo.clock import today
from host_demo.database import Base
from host_demo.models.client import Client
from host_demo.models.columns import words
from host_demo.models.offers import Said
from host_demo.models.staff import Staff


class ContractStatus(StrEnum):
    DRAFT = "draft"
    SIGNED = "signed"
    ENDED = "ended"


class Contract(Base):
    __tablename__ = "contract"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=lambda: token_urlsafe(12))
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    subject: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(String(500), default="")
    starts_on: Mapped[date] = mapped_column(default=today)
    ends_on: Mapped[date | None] = mapped_column(index=True)
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    discount: Mapped[Decimal] = mapped_column(Numeric(12, 2), default=Decimal(0))
    status: Mapped[ContractStatus] = mapped_column(words(ContractStatus), default=ContractStatus.SIGNED, index=True)
    creator_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)

    client: Mapped[Client] = relationship()
    creator: Mapped[Staff | None] = relationship()
    lines: Mapped[list[ContractLine]] = relationship(
        back_populates="contract", cascade="all, delete-orphan", order_by="ContractLine.id"
    )
    comments: Mapped[list[ContractComment]] = relationship(
        back_populates="contract", cascade="all, delete-orphan", order_by="ContractComment.id"
    )

    @property
    def subtotal(self) -> Decimal:
        """What its lines come to, in the contract's currency."""
        return sum((line.amount for line in self.lines), Decimal("0.00"))

    @property
    def value(self) -> Decimal:
        """The subtotal less the discount."""
        return self.subtotal - self.discount

    @property
    def items(self) -> str:
        """Its lines in one line."""
        return "; ".join(f"{line.quantity} x {line.description}" for line in self.lines)

    def __str__(self) -> str:
        return self.number


class ContractLine(Base):
    __tablename__ = "contract_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id", ondelete="CASCADE"), index=True)
    description: Mapped[str] = mapped_column(String(120))
    quantity: Mapped[int] = mapped_column(default=1)
    price: Mapped[Decimal] = mapped_column(Numeric(12, 2))

    contract: Mapped[Contract] = relationship(back_populates="lines")

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.price

    def __str__(self) -> str:
        return self.description


class ContractComment(Said, Base):
    __tablename__ = "contract_comment"

    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id", ondelete="CASCADE"), index=True)

    contract: Mapped[Contract] = relationship(back_populates="comments")

    @property
    def author_name(self) -> str:
        return self.author.name if self.author else self.contract.client.display_name
