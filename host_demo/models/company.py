"""The company's own parts that clients belong to: its offices, its brands, and the ways to pay it."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from host_demo.database import Base


class Branch(Base):
    """An office that looks after the clients near it."""

    __tablename__ = "branch"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)

    def __str__(self) -> str:
        return self.name


class Panel(Base):
    """A brand under which lines are sold: its clients sign in to a panel of its own."""

    __tablename__ = "panel"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)

    def __str__(self) -> str:
        return self.name


class PaymentProfile(Base):
    """How and until when a line is paid."""

    __tablename__ = "payment_profile"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    due_day: Mapped[int]  #: of the month

    def __str__(self) -> str:
        return self.name
