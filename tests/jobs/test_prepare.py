"""What a host's own tests need is made by one call, as the README shows it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from sms_plugin import SMS, Entity, Hook, Person, SmsError, Trigger, created
from sms_plugin.testing import drain, prepare
from sms_plugin.testing.phone_server import PhoneServer
from tests.portal.app import KEY

pytestmark = pytest.mark.one_database("sqlite", "a database in memory, as hosts' tests have it")


class Base(DeclarativeBase):
    pass


class Client(Base):
    __tablename__ = "client"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))
    phone: Mapped[str] = mapped_column(sa.String(20))


class Invoice(Base):
    __tablename__ = "invoice"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(20))
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("client.id"))
    client: Mapped[Client] = relationship()


THANKS = Trigger(key="thanks", section="invoice", label="Thanks", text={"en": "Thanks for {invoice_number}."})


@pytest.fixture
def db() -> SQLAlchemy:
    return SQLAlchemy(model_class=Base)


@pytest.fixture
def app(db: SQLAlchemy) -> Iterator[Flask]:
    app = Flask("host")
    app.config.update(TESTING=True, SQLALCHEMY_DATABASE_URI="sqlite://", SMS_SECRET_KEYS=KEY, SMS_QUIET_HOURS="off")
    db.init_app(app)
    client = Entity(
        Client, "clients", person=Person(name="name", phones="phone"), shortcodes={"contact_firstname": "name"}
    )
    invoice = Entity(
        Invoice,
        "invoice",
        to={"client": "client"},
        shortcodes={"invoice_number": "number"},
        hooks=[Hook("charge_created", created()), Hook(THANKS, created())],
    )
    SMS(client, invoice).init_app(app, db=db)
    with app.app_context():
        Base.metadata.create_all(db.engine)
        yield app
        db.session.remove()
        db.engine.dispose()


def _invoice(db: SQLAlchemy, number: str) -> None:
    db.session.add(Invoice(number=number, client=Client(name="Ana", phone="+351912345678")))
    db.session.commit()


def test_one_call_makes_tables_provider_and_triggers(app: Flask, db: SQLAlchemy) -> None:
    with PhoneServer() as phone:
        prepare(app, phone, texts={"charge_created": "{contact_firstname}, we have {invoice_number}"})
        _invoice(db, "F-1")
        drain(app)
        assert [each["text"] for each in phone.ledger()] == ["Ana, we have F-1"]


def test_triggers_send_what_they_suggest_unless_they_are_given_words(app: Flask, db: SQLAlchemy) -> None:
    with PhoneServer() as phone:
        prepare(app, phone, on=["thanks"])
        _invoice(db, "F-1")
        drain(app)
        assert [each["text"] for each in phone.ledger()] == ["Thanks for F-1."]


def test_a_later_phone_takes_the_place_of_the_one_before(app: Flask, db: SQLAlchemy) -> None:
    """A fixture for each test, a database for all of them."""
    for number in ("F-1", "F-2"):
        with PhoneServer() as phone:
            prepare(app, phone, texts={"charge_created": "{contact_firstname}, we have {invoice_number}"})
            _invoice(db, number)
            drain(app)
            assert [each["text"] for each in phone.ledger()] == [f"Ana, we have {number}"]


def test_a_trigger_that_does_not_exist_is_told(app: Flask) -> None:
    with PhoneServer() as phone, pytest.raises(SmsError, match="charge_created"):
        prepare(app, phone, on=["charge_createt"])
