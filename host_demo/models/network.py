"""What the company's lines run over, and what it sells on them."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import ForeignKey, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from host_demo.database import Base


class City(Base):
    """A town where lines end."""

    __tablename__ = "city"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    region: Mapped[str] = mapped_column(String(2), default="PT")

    servers: Mapped[list[Server]] = relationship(back_populates="city", order_by="Server.id")

    def __str__(self) -> str:
        return self.name


class Server(Base):
    """A concentrator: the lines of a town come together here."""

    __tablename__ = "server"

    id: Mapped[int] = mapped_column(primary_key=True)
    city_id: Mapped[int] = mapped_column(ForeignKey("city.id"), index=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)

    city: Mapped[City] = relationship(back_populates="servers")
    access_points: Mapped[list[AccessPoint]] = relationship(back_populates="server", order_by="AccessPoint.id")

    def __str__(self) -> str:
        return self.name


class AccessPoint(Base):
    """A cabinet in a street, or an antenna on a roof."""

    __tablename__ = "access_point"

    id: Mapped[int] = mapped_column(primary_key=True)
    server_id: Mapped[int] = mapped_column(ForeignKey("server.id"), index=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    address: Mapped[str] = mapped_column(String(120), default="")

    server: Mapped[Server] = relationship(back_populates="access_points")

    def __str__(self) -> str:
        return self.name


class Plan(Base):
    """What a client pays a month for."""

    __tablename__ = "plan"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    speed: Mapped[int]  #: megabits a second
    price: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    on_sale: Mapped[bool] = mapped_column(default=True)

    def __str__(self) -> str:
        return self.name
