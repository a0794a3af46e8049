"""What the office has on paper about a client: addresses, registers, the bank, and who looks after it."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from host_demo.database import Base
from host_demo.models.client import Client
from host_demo.models.staff import Staff


class Papers(Base):
    """The legal details of one client."""

    __tablename__ = "papers"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id", ondelete="CASCADE"), unique=True)
    name: Mapped[str] = mapped_column(String(160))
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    website: Mapped[str | None] = mapped_column(String(120))
    address: Mapped[str | None] = mapped_column(String(160))
    zip: Mapped[str | None] = mapped_column(String(16))
    state: Mapped[str | None] = mapped_column(String(80))
    legal_street: Mapped[str | None] = mapped_column(String(160))
    legal_city: Mapped[str | None] = mapped_column(String(80))
    legal_state: Mapped[str | None] = mapped_column(String(80))
    legal_zip: Mapped[str | None] = mapped_column(String(16))
    legal_country: Mapped[str | None] = mapped_column(String(60))
    delivery_street: Mapped[str | None] = mapped_column(String(160))
    delivery_city: Mapped[str | None] = mapped_column(String(80))
    delivery_state: Mapped[str | None] = mapped_column(String(80))
    delivery_zip: Mapped[str | None] = mapped_column(String(16))
    delivery_country: Mapped[str | None] = mapped_column(String(60))
    vat_number: Mapped[str | None] = mapped_column(String(32))
    register_code: Mapped[str | None] = mapped_column(String(32))
    tax_number: Mapped[str | None] = mapped_column(String(32))
    account: Mapped[str | None] = mapped_column(String(40))
    bank_code: Mapped[str | None] = mapped_column(String(16))
    signatory: Mapped[str | None] = mapped_column(String(120))
    director: Mapped[str | None] = mapped_column(String(160))
    papers_email: Mapped[str | None] = mapped_column(String(120))
    more_contacts: Mapped[str | None] = mapped_column(String(200))

    client: Mapped[Client] = relationship(back_populates="papers")
    agent: Mapped[Staff | None] = relationship()

    def __str__(self) -> str:
        return self.name
