"""What a member of the staff wants to be reminded of."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from host_demo.database import Base
from host_demo.models.staff import Staff


class Reminder(Base):
    """A note to oneself or a colleague for a time, perhaps about a record."""

    __tablename__ = "reminder"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    description: Mapped[str] = mapped_column(String(200))
    remind_at: Mapped[datetime] = mapped_column(index=True)
    about: Mapped[str] = mapped_column(String(20), default="")  #: the kind of record, or empty
    about_id: Mapped[int | None]
    done: Mapped[bool] = mapped_column(default=False)

    staff: Mapped[Staff] = relationship()

    def __str__(self) -> str:
        return self.description
