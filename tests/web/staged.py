"""A portal with one of everything behind its pages, so that a refusal is a refusal and not an empty table."""

# mypy: allow-untyped-calls

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import generate_csrf
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from sms_plugin import models
from sms_plugin.models import Group, Provider, TriggerRow
from sms_plugin.providers.active import add, stop
from sms_plugin.states import MessageState
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.wording.templates import Draft, create
from tests.portal import Booking, Client, Invoice, Parcel, Portal, Shelf, Staff, Task
from tests.web.conftest import Mounted
from tests.web.hosts import host

PARCEL = UUID(int=7)
#: A run that waits for a person.
SURGE = UUID(int=8)
#: Sends to many: one that is being written, one to be confirmed, one that waits for a second person.
DRAFT, READY, WAITING = (UUID(int=number) for number in (9, 10, 11))

Values = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A portal with one of everything, and somebody at its pages whose rights can be changed."""

    portal: Portal
    phone: PhoneServer
    client: FlaskClient
    rights: set[str]
    message: UUID
    waiting: UUID
    template: int
    unused: int
    group: int
    token: str  #: which the session's pages carry

    def send(self, path: str, *, method: str, query: Values, form: Values, token: bool) -> TestResponse:
        """The answer, with a token in the form or without one."""
        given = dict(form)
        if token and method == "POST":
            given["csrf_token"] = self.token
        return self.client.open(path, method=method, query_string=dict(query), data=given if method == "POST" else None)

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of the plugin's tables, but for who looked at what: a look is written down, and changes nothing."""
        with self.portal.app.app_context(), self.portal.db.engine.connect() as connection:
            return {
                table.name: [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]
                for table in models.Base.metadata.sorted_tables
                if table.name != "sms_access"
            }

    def put_back(self, contents: Mapping[str, list[tuple[Any, ...]]]) -> None:
        """Make the plugin's tables what they were."""
        tables = models.Base.metadata.sorted_tables
        with self.portal.app.app_context(), self.portal.db.engine.begin() as connection:
            for table in reversed(tables):
                connection.execute(table.delete())
            for table in tables:
                names = [column.key for column in table.columns]
                rows = [dict(zip(names, row, strict=True)) for row in contents.get(table.name, ())]
                if rows:
                    connection.execute(table.insert(), rows)

    def may(self, rights: Collection[str]) -> None:
        """Whoever is at the pages has these rights from now on."""
        self.rights.clear()
        self.rights.update(rights)

    def provider(self, name: str) -> Provider:
        """A provider as it stands."""
        with self.portal.app.app_context():
            return self.portal.provider(name)


def stage(mounted: Mounted, phone: PhoneServer) -> Stage:
    """One of everything: messages of every state, providers of every kind, a template in use and one that is not."""
    rights: set[str] = set()
    views = host(rights=rights)

    def mount(app: Flask, db: SQLAlchemy) -> dict[str, Any]:
        app.add_url_rule("/token", "token", generate_csrf)
        return views(app, db)

    portal = mounted(mount=mount)
    with portal.app.app_context():
        for kind, name in (("console", "spare"), ("console", "stopped")):
            portal.use_kind(kind, {}, name=name)
        portal.use(phone)
        _records(portal)
        portal.queue(state=MessageState.HELD, reason="budget", text="Over the budget")
        written = {state: _message(portal, state) for state in MessageState if state is not MessageState.RECEIVED}
        now = dt.datetime.now(dt.UTC)
        with portal.fresh() as session, session.begin():
            add(session, state=portal.state, name="unused", kind="console", given={}, who="test", now=now)
            stop(session, portal.provider("stopped").id, reason="bad_credentials", detail="who", now=now)
            used, unused = (
                create(session, _draft(name), registry=portal.state.registry, who="test", now=now).id
                for name in ("Due", "Unused")
            )
            kept = _many(session, used, now)
    client = portal.app.test_client()
    return Stage(
        portal=portal,
        phone=phone,
        client=client,
        rights=rights,
        message=written[MessageState.DELIVERED],
        waiting=written[MessageState.QUEUED],
        template=used,
        unused=unused,
        group=kept,
        token=client.get("/token").text,
    )


def _many(session: Session, template: int, now: dt.datetime) -> int:
    """A trigger with a run that waits, sends to many and whom one of them reaches; the id of a group."""
    session.add(TriggerRow(key="charge_created", on=True, on_since=now, texts={}, template_id=template, changed_at=now))
    group = Group(name="Friends", who="test", created_at=now, changed_at=now)
    session.add_all([_surge(now), group, *_batches(now)])
    session.flush()
    session.add(_recipient())
    return group.id


def _surge(now: dt.datetime) -> models.Surge:
    return models.Surge(id=SURGE, trigger="charge_created", day=now.date(), began_at=now, ceiling=3)


def _batches(now: dt.datetime) -> list[models.Batch]:
    numbers = {"sources": [{"kind": "numbers", "text": "912345678"}]}
    return [
        models.Batch(
            id=id,
            name=f"Send {state}",
            state=state,
            once=str(id.int),
            purpose="service",
            texts={"en": "Hi"},
            audience=numbers,
            going=going,
            segments=going,
            spread={"1": going} if going else {},
            stop_share=30,
            created_at=now,
            changed_at=now,
            confirmed_by="somebody else" if state == "waiting" else "",
        )
        for id, state, going in ((DRAFT, "draft", 0), (READY, "ready", 1), (WAITING, "waiting", 1))
    ]


def _recipient() -> models.BatchRecipient:
    return models.BatchRecipient(
        id=1, batch_id=READY, occurrence=b"1" * 16, number="+351912345678", text="Hi", encoding="GSM-7", segments=1
    )


def _draft(name: str) -> Draft:
    return Draft(name=name, section="invoice", texts={"en": "Pay {invoice_number}"})


def _message(portal: Portal, state: MessageState) -> UUID:
    return portal.queue(
        state=state, text=f"Text of one that is {state.value}", person_entity="clients/Client", person="1"
    )


def _records(portal: Portal) -> None:
    ana, phone = Client(id=1, name="Ana", phone="912 345 678", language="en"), "912 345 679"
    unseen = Client(id=2, name="hidden", phone="912 345 670", language="en")
    task = Task(id=1, name="Call", followers=[Staff(id=1, name="Rui", phone=phone)])
    portal.session.add_all([ana, unseen, task, Invoice(id=1, client=ana, number="F1")])
    portal.session.add_all(
        [Parcel(id=PARCEL, name="Parcel", phone=phone), Booking(id=1, guest="Eva", guest_phone=phone)]
    )
    portal.session.add(Shelf(row=2, place="left", name="Shelf", phone=phone))
    portal.session.commit()
