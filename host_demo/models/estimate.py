"""What a piece of work would cost a client."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from secrets import token_urlsafe

from sqlalchemy import ForeignKey, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from host_demo.clock import today
from host_demo.database import Base
from host_demo.models.client import Client
from host_demo.models.columns import words
from host_demo.models.offers import OfferStatus


class Estimate(Base):
    __tablename__ = "estimate"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=lambda: token_urlsafe(12))
    subject: Mapped[str] = mapped_column(String(200), default="")
    issued_on: Mapped[date] = mapped_column(default=today)
    expires_on: Mapped[date] = mapped_column(index=True)
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    status: Mapped[OfferStatus] = mapped_column(words(OfferStatus), default=OfferStatus.SENT, index=True)

    client: Mapped[Client] = relationship()

    def __str__(self) -> str:
        return self.number
