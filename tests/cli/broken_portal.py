"""A portal with twelve mistakes in its set-up, for ``flask sms check`` to find.

What only its database can show (a text saved by an older version, credentials under another key, a trigger that
nobody declares any more) is planted by the test.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from sms_plugin import SMS, Entity, Hook, Person, before, changed, created, link
from tests.portal.app import KEY


class Base(DeclarativeBase):
    """The portal's metadata."""


class Elsewhere(DeclarativeBase):
    """Models of another database."""

    metadata = sa.MetaData(info={"bind_key": "archive"})


class Customer(Base):
    __tablename__ = "customer"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    phone: Mapped[str]


class Bill(Base):
    __tablename__ = "bill"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    due_on: Mapped[dt.date]
    customer: Mapped[Customer] = relationship()

    @property
    def reminder_on(self) -> dt.date:
        return self.due_on


class Ticket(Base):
    __tablename__ = "ticket"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]


class Blob(Base):
    __tablename__ = "blob"
    id: Mapped[bytes] = mapped_column(primary_key=True)


class Archived(Elsewhere):
    __tablename__ = "archived"
    id: Mapped[int] = mapped_column(primary_key=True)


sms = SMS(
    Entity(Customer, "clients", person=Person(name="name", phones="fone")),  # a path that does not exist
    Entity(
        Bill,
        "invoice",
        to={"client": "customer"},
        shortcodes={"invoice_link": link("bill_page", id="id")},  # a page that does not exist
        hooks=[
            Hook("charge_createt", created()),  # a trigger that does not exist
            Hook("charge_due_soon", before(Bill.reminder_on, days=3)),  # type: ignore[arg-type]  # no SQL
            Hook("charge_created", changed(Ticket.title)),  # an attribute of another class
        ],
    ),
    Entity(Ticket, "task", hooks=[Hook("birthday_greeting", created())]),  # nobody to text
    Entity(Blob, "blobs"),  # a key of bytes
    Entity(Archived, "archive"),  # another database
)


def create_app() -> Flask:
    """The portal."""
    app = Flask("broken")
    app.config.from_prefixed_env("BROKEN")
    app.config.update(
        SQLALCHEMY_BINDS={"archive": "sqlite://"},
        SMS_SECRET_KEYS=KEY,
        SMS_TIMEZONE="Lisbon",  # no IANA name
        SMS_PUBLIC_UR="https://portal.example.com",  # a typing mistake: so links have no address either
    )
    db = SQLAlchemy(model_class=Base)
    db.init_app(app)
    sms.init_app(app, db=db)
    return app
