"""The tests' portal as a Flask app, with the plugin mounted and a provider where one is wanted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2 import StrictUndefined
from sqlalchemy import event
from sqlalchemy.orm import Session

from sms_plugin import (
    SMS,
    Entity,
    Hook,
    Person,
    Section,
    Trigger,
    added,
    after,
    before,
    changed,
    created,
    link,
    money,
    on,
    schema,
    signal,
    yearly,
)
from sms_plugin.host.entity import Declaration
from sms_plugin.models import Attempt, Message, Provider, TriggerRow
from sms_plugin.outbox.enqueue import OWN_ACTION, Draft, enqueue
from sms_plugin.providers.active import activate, add
from sms_plugin.state import State
from sms_plugin.states import MessageState
from sms_plugin.testing.phone_server import PhoneServer
from tests import databases
from tests.portal.models import (
    Base,
    Booking,
    Client,
    Contact,
    Invoice,
    Lead,
    Parcel,
    Payment,
    Shelf,
    Staff,
    Task,
    payment_recorded,
)

#: A key for tests alone.
KEY = "dGVzdHMgb25seTogdGhpcyBpcyBubyBzZWNyZXQuLi4="


def declarations() -> list[Declaration]:
    """Everything that the portal declares: one hook of each kind at least."""
    followed = Trigger(
        key="task_followed",
        section="task",
        label="Follower added",
        audience="staff",
        purpose="staff",
        text={"en": "You follow {task_name} now."},
    )
    confirmed = Trigger(
        key="seat_confirmed", section="booking", label="Shelf confirmed", text={"en": "{booking_guest}, see you!"}
    )
    reminded = Trigger(key="seat_soon", section="booking", label="Soon", text={"en": "Soon, {booking_guest}."})
    return [
        Entity(
            Client,
            "clients",
            person=Person(
                name="name",
                phones={"mobile": "phone", "billing": "billing_phone"},
                language="language",
                timezone="timezone",
                consents=lambda client, purpose: client.agrees_to_marketing if purpose == "marketing" else None,
            ),
            shortcodes={"contact_firstname": "name"},
            hooks=[Hook("birthday_greeting", yearly(Client.born_on))],
        ),
        Entity(Contact, "clients", person=Person(name="name", phones="phone", client="client")),
        Entity(Lead, "leads", person=Person(name="name", phones="phone", client="client")),
        Entity(Parcel, "parcels", person=Person(name="name", phones="phone")),
        Entity(Shelf, "shelves", person=Person(name="name", phones="phone")),
        Entity(Staff, "staff", person=Person(name="name", phones="phone")),
        Entity(
            Invoice,
            "invoice",
            to={"client": "client"},
            shortcodes={
                "invoice_number": "number",
                "invoice_total": money("total"),
                "invoice_duedate": "due_on",
                "invoice_note": "note",
                "invoice_link": link("invoice_page", number="number"),
            },
            hooks=[
                Hook("charge_created", created(), only=Invoice.status == "open"),
                Hook("charge_due_soon", before(Invoice.due_on, days=3), only=Invoice.status == "open"),
                Hook("charge_due_today", on(Invoice.due_on), only=Invoice.status == "open"),
                Hook("invoice_overdue_notice", after(Invoice.due_on, days=1), only=Invoice.status == "open"),
            ],
        ),
        Entity(
            Payment,
            "payment",
            to={"client": "invoice.client"},
            also={"invoice": "invoice"},
            shortcodes={"payment_amount": money("amount"), "payment_date": lambda payment: dt.date(2026, 11, 21)},
            hooks=[Hook("invoice_payment_recorded", signal(payment_recorded, record="payment"))],
        ),
        Entity(
            Task,
            "task",
            to={"staff": "followers"},
            shortcodes={"task_name": "name"},
            hooks=[Hook(followed, added(Task.followers))],
        ),
        Entity(
            Booking,
            "booking",
            to={"client": Person(name="guest", phones="guest_phone")},
            shortcodes={"booking_guest": "guest"},
            hooks=[
                Hook(confirmed, changed(Booking.confirmed, to=True)),
                Hook(reminded, before(Booking.starts_at, hours=2)),
            ],
        ),
        Section("company", {"company_name": lambda: "Acme"}),
    ]


@dataclass(frozen=True, kw_only=True)
class Portal:
    """A portal under test. Its methods need an app context, which the fixture ``portal`` gives."""

    app: Flask
    db: SQLAlchemy
    sms: SMS

    @property
    def state(self) -> State:
        """The plugin's state."""
        state: State = self.app.extensions["sms"]
        return state

    @property
    def session(self) -> Session:
        """The host's own session."""
        session: Session = self.db.session()
        return session

    def switch_on(self, *triggers: str, text: str | None = None, since: dt.datetime | None = None) -> None:
        """Switch triggers on, with a text of one's own or the suggested one. Commits."""
        now = dt.datetime.now(dt.UTC)
        with self.fresh() as session, session.begin():
            for key in triggers:
                texts = {} if text is None else {"en": text}
                row = TriggerRow(key=key, on=True, on_since=since or now, texts=texts, changed_at=now)
                session.merge(row)

    def switch_off(self, *triggers: str) -> None:
        """Switch triggers off. Commits."""
        with self.fresh() as session, session.begin():
            for key in triggers:
                session.get_one(TriggerRow, key).on = False

    def begin_first(self, statement: str = "BEGIN") -> None:
        """Have SQLite's driver begin a transaction before anything else, as any other database does.

        Left alone it begins before the first write, so that a savepoint that comes earlier commits by itself.
        """
        engine = self.db.engine
        if engine.dialect.name == "sqlite":
            engine.dispose()
            event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
            event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(statement))

    def use(self, phone: PhoneServer, *, name: str = "phone", **settings: Any) -> int:
        """Make the phone gateway the active provider. Commits; the provider's number."""
        given = {
            "base_url": phone.url,
            "token": phone.token,
            "receipt_secret": phone.receipt_secret,
            **settings,
        }
        return self.use_kind("phone", given, name=name)

    def use_kind(self, kind: str, given: Mapping[str, object], *, name: str) -> int:
        """Make a provider of any kind, and make it the active one. Commits; the provider's number."""
        now = dt.datetime.now(dt.UTC)
        with self.fresh() as session, session.begin():
            provider = add(session, state=self.state, name=name, kind=kind, given=given, who="test", now=now)
            activate(session, provider, who="test", now=now)
            return provider.id

    def fresh(self) -> Session:
        """A session apart from the host's."""
        return self.state.session()

    def queue(self, **fields: Any) -> UUID:
        """A message, queued and due now unless the fields of ``Draft`` say otherwise. Commits; its id."""
        now = dt.datetime.now(dt.UTC)
        given: dict[str, Any] = {
            "occurrence": None,
            "state": MessageState.QUEUED,
            "purpose": "service",
            "priority": OWN_ACTION,
            "number": "+351912345678",
            "text": "Hello",
            "due_at": now,
            "expires_at": None,
            **fields,
        }
        with self.fresh() as session, session.begin():
            (written,) = enqueue(session, [Draft(**given)], now=now)
        return written

    def message(self, id: UUID) -> Message:
        """A message as it stands, read apart from the host's session."""
        with self.fresh() as session:
            found = session.get_one(Message, id)
            session.expunge_all()
            return found

    def attempts(self, id: UUID) -> list[Attempt]:
        """The attempts of a message, the oldest first."""
        with self.fresh() as session:
            found = session.scalars(
                sa.select(Attempt).where(Attempt.message_id == id).order_by(Attempt.departed_at)
            ).all()
            session.expunge_all()
            return list(found)

    def messages(self) -> list[Message]:
        """All messages, the oldest first, read apart from the host's session."""
        with self.fresh() as session:
            found = list(session.scalars(sa.select(Message).order_by(Message.created_at, Message.id)))
            session.expunge_all()
            return found

    def provider(self, name: str = "phone") -> Provider:
        """A provider as it stands, read apart from the host's session."""
        with self.fresh() as session:
            found = session.scalars(sa.select(Provider).where(Provider.name == name)).one()
            session.expunge_all()
            return found


def make_portal(
    url: str,
    *declared: Declaration,
    tables: bool = True,
    prepare: Callable[[Flask], object] = lambda app: None,
    mount: Callable[[Flask, SQLAlchemy], Mapping[str, Any]] = lambda app, db: {},
    db: SQLAlchemy | None = None,
    **config: Any,
) -> Portal:
    """A portal on a database, its tables made unless they are there, with these declarations or its usual ones.

    ``prepare`` is what the host does with its app before it mounts the plugin; ``mount`` gives what else it tells
    ``init_app``: its admin, its rule.
    """
    app = Flask("tests.portal")
    app.jinja_env.undefined = StrictUndefined  # as strict hosts have it: no page of ours may lean on what is undefined
    app.config.update(
        SQLALCHEMY_DATABASE_URI=url,
        SECRET_KEY="tests",
        TESTING=True,
        SMS_SECRET_KEYS=KEY,
        SMS_REGION="PT",
        SMS_CURRENCY="EUR",
        SMS_TIMEZONE="Europe/Lisbon",
        SMS_PUBLIC_URL="https://portal.example.com",
        SMS_QUIET_HOURS="off",  # what is not about the hour of the day must pass at any
        SMS_DAILY_CAP=0,
    )
    app.config.update(config)
    db = db or SQLAlchemy(model_class=Base)
    db.init_app(app)
    app.add_url_rule("/invoice/<number>", "invoice_page", lambda number: number)
    prepare(app)
    sms = SMS(*(declared or declarations()))
    sms.init_app(app, db=db, **mount(app, db))
    if url in databases.lent:
        databases.lent[url].append(partial(_close, app, db))
    elif tables:
        with app.app_context():
            schema.upgrade(db.engine)
            db.create_all()
    return Portal(app=app, db=db, sms=sms)


def _close(app: Flask, db: SQLAlchemy) -> None:
    with app.app_context():
        db.engine.dispose()
