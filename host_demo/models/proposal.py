"""Offers to clients and to leads, with what both sides say about them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from secrets import token_urlsafe

from sqlalchemy import ForeignKey, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from host_demo.clock import today
from host_demo.config import TIMEZONE
from host_demo.database import Base
from host_demo.models.client import Client
from host_demo.models.columns import words
from host_demo.models.lead import Lead
from host_demo.models.offers import OfferStatus, Said
from host_demo.models.staff import Staff


class Proposal(Base):
    """An offer to one client or one lead."""

    __tablename__ = "proposal"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=lambda: token_urlsafe(12))
    subject: Mapped[str] = mapped_column(String(200))
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"), index=True)
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"), index=True)
    addressee: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(120))
    address: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[str | None] = mapped_column(String(80))
    zip: Mapped[str | None] = mapped_column(String(16))
    country: Mapped[str | None] = mapped_column(String(60))
    issued_on: Mapped[date] = mapped_column(default=today)
    expires_on: Mapped[date] = mapped_column(index=True)
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    status: Mapped[OfferStatus] = mapped_column(words(OfferStatus), default=OfferStatus.SENT, index=True)
    creator_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)

    client: Mapped[Client | None] = relationship()
    lead: Mapped[Lead | None] = relationship()
    creator: Mapped[Staff | None] = relationship(foreign_keys=[creator_id])
    assignee: Mapped[Staff | None] = relationship(foreign_keys=[assignee_id])
    comments: Mapped[list[ProposalComment]] = relationship(
        back_populates="proposal", cascade="all, delete-orphan", order_by="ProposalComment.id"
    )

    @property
    def customer(self) -> Client | Lead | None:
        """Who may say yes."""
        return self.client or self.lead

    @property
    def addressed_to(self) -> str:
        """The name on the envelope."""
        return self.addressee or str(self.customer or "")

    @property
    def reached_at(self) -> str | None:
        """The number written on it, else the client's or the lead's, as it was typed."""
        if self.phone:
            return self.phone
        return self.client.mobile if self.client else self.lead.phone if self.lead else None

    @property
    def language(self) -> str:
        return self.customer.language if self.customer else "pt"

    @property
    def region(self) -> str:
        return self.customer.region if self.customer else "PT"

    @property
    def timezone(self) -> str:
        return self.customer.timezone if self.customer else TIMEZONE

    def __str__(self) -> str:
        return self.number


class ProposalComment(Said, Base):
    __tablename__ = "proposal_comment"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"), index=True)

    proposal: Mapped[Proposal] = relationship(back_populates="comments")

    @property
    def author_name(self) -> str:
        return self.author.name if self.author else self.proposal.addressed_to
