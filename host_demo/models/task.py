"""What the staff has to do."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Column, ForeignKey, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from host_demo.clock import now
from host_demo.database import Base
from host_demo.models.client import Client
from host_demo.models.staff import Staff

_assignees = Table(
    "task_assignee",
    Base.metadata,
    Column("task_id", ForeignKey("task.id", ondelete="CASCADE"), primary_key=True),
    Column("staff_id", ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True, index=True),
)
_followers = Table(
    "task_follower",
    Base.metadata,
    Column("task_id", ForeignKey("task.id", ondelete="CASCADE"), primary_key=True),
    Column("staff_id", ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Task(Base):
    """Work for somebody, which others may watch."""

    __tablename__ = "task"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(String(500), default="")
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"), index=True)
    due_on: Mapped[date | None] = mapped_column(index=True)
    done: Mapped[bool] = mapped_column(default=False)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)

    client: Mapped[Client | None] = relationship()
    created_by: Mapped[Staff | None] = relationship()
    assignees: Mapped[list[Staff]] = relationship(secondary=_assignees, order_by=Staff.id)
    followers: Mapped[list[Staff]] = relationship(secondary=_followers, order_by=Staff.id)

    def __str__(self) -> str:
        return self.name
