"""Things of clients that the workshop repairs."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from host_demo.clock import now, today
from host_demo.database import Base
from host_demo.models.client import Client
from host_demo.models.columns import words
from host_demo.models.staff import Staff


class RepairStatus(StrEnum):
    TAKEN_IN = "taken_in"
    IN_REPAIR = "in_repair"
    FINISHED = "finished"
    COLLECTED = "collected"


class Repair(Base):
    __tablename__ = "repair"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    item: Mapped[str] = mapped_column(String(80))
    serial: Mapped[str] = mapped_column(String(60), default="")
    fault: Mapped[str] = mapped_column(String(200), default="")
    status: Mapped[RepairStatus] = mapped_column(words(RepairStatus), default=RepairStatus.TAKEN_IN, index=True)
    received_on: Mapped[date] = mapped_column(default=today)
    #: Whether a message of the staff's own went with the save that finished it, so that no other needs to.
    told: Mapped[bool] = mapped_column(default=False)

    client: Mapped[Client] = relationship()
    messages: Mapped[list[RepairMessage]] = relationship(
        back_populates="repair", cascade="all, delete-orphan", order_by="RepairMessage.id"
    )

    def __str__(self) -> str:
        return self.number


class RepairMessage(Base):
    """What was written about a repair: for the log alone, or for the client's phone, too."""

    __tablename__ = "repair_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    repair_id: Mapped[int] = mapped_column(ForeignKey("repair.id", ondelete="CASCADE"), index=True)
    text: Mapped[str] = mapped_column(String(500))
    by_sms: Mapped[bool] = mapped_column(default=False)
    written_at: Mapped[datetime] = mapped_column(default=now)
    written_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)

    repair: Mapped[Repair] = relationship(back_populates="messages")
    written_by: Mapped[Staff | None] = relationship()

    def __str__(self) -> str:
        return self.text
