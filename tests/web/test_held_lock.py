"""A page saves although the request itself has a transaction of the host's open, which holds SQLite's lock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_admin import Admin
from flask_sqlalchemy import SQLAlchemy

from sms_plugin import Entity, Filter, Person
from sms_plugin.models import Batch, Change, Provider, Template, TriggerRow
from tests.batches.desk import declared, speaks_as
from tests.demo.visitor import TOKEN, Visitor
from tests.portal import Client, Portal, Staff
from tests.web.conftest import Mounted


@pytest.fixture
def careful(mounted: Mounted) -> Portal:
    """A host that reads in each request who it is, and whose transactions take the lock at once where they can."""

    def mount(app: Flask, db: SQLAlchemy) -> Mapping[str, Any]:
        def user() -> Staff | None:
            return db.session.scalar(sa.select(Staff))

        return {"admin": Admin(app), "allow": lambda _right: user() is not None, "user": user}

    staff = Entity(Staff, "staff", person=Person(name="name", phones="phone"))
    portal = mounted(mount=mount, declared=[*declared(Filter("speaks_as", speaks_as)), staff])
    with portal.app.app_context():
        portal.session.add_all(
            [
                Staff(name="Eva", phone="912345678"),
                Client(name="Ana", phone="911 111 111", language="en"),
                Client(name="Eva", phone="912 222 222", language="en"),
            ]
        )
        portal.session.commit()
        if portal.db.engine.dialect.name == "sqlite":
            portal.db.session.remove()
            portal.db.engine.dispose()
            sa.event.listen(portal.db.engine, "connect", _impatient)
            sa.event.listen(portal.db.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return portal


def _impatient(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA busy_timeout = 50")


def test_what_is_sent_is_saved_and_says_who_did_it(careful: Portal) -> None:
    """X12"""
    visitor = Visitor(client=careful.app.test_client())
    visitor.send("/admin/sms/template/new/", **{"name": "Due", "text-en": "Hi", "section": "", "enabled": "1"})
    visitor.send("/admin/sms/trigger/edit/?key=charge_created", **{"text-en": "Pay", "seen": ""})
    visitor.send("/admin/sms/provider/new/?kind=console", name="main")
    token = TOKEN.search(visitor.read("/admin/sms/trigger/"))
    assert token
    fields = {"csrf_token": token[1], "key": "charge_created", "on": "1", "confirmed": "1"}
    visitor.client.post("/admin/sms/trigger/switch/", data=fields)
    for way in ("rate", "activate", "deactivate"):
        visitor.client.post(f"/admin/sms/provider/{way}/", data={"csrf_token": token[1], "name": "main", "count": "1"})
    with careful.app.app_context(), careful.fresh() as session:
        assert session.scalars(sa.select(Template.name)).all() == ["Due"]
        assert session.scalars(sa.select(Provider.name)).all() == ["main"]
        assert session.scalars(sa.select(TriggerRow.on)).all() == [True]
        changes = session.scalars(sa.select(Change)).all()
        assert len(changes) >= 6
        assert {each.who for each in changes} == {"Eva"}


def test_a_text_is_tried_on_a_record(careful: Portal) -> None:
    """M7"""
    visitor = Visitor(client=careful.app.test_client())
    token = TOKEN.search(visitor.read("/admin/sms/template/new/"))
    assert token
    fields = {"csrf_token": token[1], "section": "staff", "words": "Eva"}
    assert "Eva" in visitor.client.post("/admin/sms/measure/records/", data=fields).text


def test_who_may_send_reads_whole_numbers(careful: Portal) -> None:
    """X12"""
    with careful.app.app_context():
        careful.queue(number="+351912345678", text="Hello")
    visitor = Visitor(client=careful.app.test_client())
    for page in ("/admin/sms/message/", "/admin/sms/history/?number=912345678"):
        before_the_text, _, _ = visitor.read(page).partition("Hello")
        assert "+351912345678" in before_the_text[-600:], page


def test_the_function_of_a_filter_reads_the_database_on_the_way_to_many_and_in_a_group(careful: Portal) -> None:
    """S2, S6"""
    visitor = Visitor(client=careful.app.test_client())
    chosen = {"entity": "clients/Client", "f-speaks_as-op": "is", "f-speaks_as": "Eva"}
    source = {f"s0-{name}": value for name, value in chosen.items()} | {"s0-kind": "filters"}
    page = visitor.send("/admin/sms/bulk/new/", name="June", **source, **{"text-en": "Hi {contact_firstname}"}).text
    assert "Hi Ana" in page
    assert "Hi Eva" in page
    with careful.app.app_context(), careful.fresh() as session:
        (batch,) = session.scalars(sa.select(Batch.id)).all()
    new = f"/admin/sms/bulk/add/?id={batch}"
    token = TOKEN.search(visitor.read(new))
    assert token
    fields = {"csrf_token": token[1], "version": "2", "do": "build", "each": "1", **source}
    visitor.client.post(new, data=fields)
    with careful.app.app_context(), careful.fresh() as session:
        audience = session.scalars(sa.select(Batch.audience)).one()
    assert len(audience["sources"]) == 2
    page = visitor.send("/admin/sms/group/new/?of=clients/Client", name="As Eva", do="save", **chosen).text
    assert "2 members" in page
