"""People and companies who may become clients."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from host_demo.clock import now
from host_demo.config import TIMEZONE
from host_demo.database import Base
from host_demo.models.client import Client
from host_demo.models.columns import words
from host_demo.models.staff import Staff


class LeadStatus(StrEnum):
    NEW = "new"
    CONTACTED = "contacted"
    INTERESTED = "interested"
    WON = "won"
    LOST = "lost"


class Lead(Base):
    """Somebody who asked; ``client`` is who it became."""

    __tablename__ = "lead"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), index=True)
    company: Mapped[str | None] = mapped_column(String(120))
    position: Mapped[str | None] = mapped_column(String(80))
    phone: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(120))
    state: Mapped[str | None] = mapped_column(String(80))
    language: Mapped[str] = mapped_column(String(2), default="pt")
    region: Mapped[str] = mapped_column(String(2), default="PT")
    timezone: Mapped[str] = mapped_column(String(40), default=TIMEZONE)
    status: Mapped[LeadStatus] = mapped_column(words(LeadStatus), default=LeadStatus.NEW, index=True)
    source: Mapped[str | None] = mapped_column(String(60))
    funnel: Mapped[str | None] = mapped_column(String(60))
    repeat_deal: Mapped[bool] = mapped_column(default=False)
    repeat_request: Mapped[bool] = mapped_column(default=False)
    description: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"), index=True)
    assigned_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)

    client: Mapped[Client | None] = relationship()
    assigned: Mapped[Staff | None] = relationship()

    @property
    def first_name(self) -> str:
        return self.name.partition(" ")[0]

    def __str__(self) -> str:
        return f"{self.name} ({self.company})" if self.company else self.name
