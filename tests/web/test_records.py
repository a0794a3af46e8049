"""The host's own pages with the mixin: rows, panel, keys of every kind, and what the view hides (S9, Q4)."""

# mypy: allow-untyped-calls

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_sqlalchemy import SQLAlchemy

from sms_plugin import SMSRecord
from sms_plugin.web.records import undeclared
from tests.demo.visitor import Visitor
from tests.portal import Base, Booking, Client, Invoice, Parcel, Portal, Shelf, make_portal
from tests.portal.app import declarations
from tests.web.conftest import Mounted
from tests.web.hosts import host, links, shows, storage


@pytest.fixture
def portal(mounted: Mounted) -> Portal:
    return mounted(mount=host())


@pytest.fixture
def visitor(portal: Portal) -> Visitor:
    return Visitor(client=portal.app.test_client())


def _keep(portal: Portal, *records: Base) -> list[Any]:
    with portal.app.app_context():
        portal.session.add_all(records)
        portal.session.commit()
        return [record.id if hasattr(record, "id") else None for record in records]


def _say(portal: Portal, text: str, client: int, **more: Any) -> None:
    with portal.app.app_context():
        ref = {"client_entity": "clients/Client", "client": str(client)}
        portal.queue(text=text, person_entity="clients/Client", person=str(client), **ref, **more)


def test_rows_lead_to_sending_and_history_beside_the_hosts_own_actions(portal: Portal, visitor: Visitor) -> None:
    (ana,) = _keep(portal, Client(name="Ana", phone="912 345 678"))
    page = visitor.read("/admin/client/")
    assert links(page, "/client/sms/") == [f"/admin/client/sms/send/?record={ana}", f"/admin/client/sms/?record={ana}"]
    assert links(page, "/own-row-action")
    assert links(page, "/client/edit/")
    assert shows(page, "Own action")
    assert shows(page, "Send SMS")


def test_the_panel_stands_on_the_details_and_on_the_edit_page(portal: Portal, visitor: Visitor) -> None:
    ana, invoice = _keep(portal, Client(name="Ana", phone="912 345 678"), Invoice(number="F1"))
    _say(portal, "Hello <b>", ana)
    for page in ("details", "edit"):
        read = visitor.read(f"/admin/client/{page}/?id={ana}")
        assert "sms-on-record" in read
        assert shows(read, "Hello <b>")
        assert "Hello <b>" not in read
        assert links(read, "/client/sms/?record")
    assert "sms-on-record" in visitor.read(f"/admin/invoice/edit/?id={invoice}")
    assert "sms-on-record" not in visitor.read("/admin/client/")


def test_the_panel_stays_beside_a_form_that_was_refused(portal: Portal, visitor: Visitor) -> None:
    (ana,) = _keep(portal, Client(name="Ana", phone="912 345 678"))
    answer = visitor.client.post(f"/admin/client/edit/?id={ana}", data={"name": ""})
    assert answer.status_code == 200
    assert "sms-on-record" in answer.text


@pytest.mark.parametrize(
    ("record", "view"),
    [
        (Parcel(name="A parcel's", phone="912 345 678"), "parcel"),
        (Shelf(row=3, place='a,"b', name="A shelf's", phone="912 345 678"), "shelf"),
    ],
    ids=["uuid", "composite"],
)
def test_keys_of_every_kind_lead_to_their_record(portal: Portal, visitor: Visitor, record: Base, view: str) -> None:
    _keep(portal, type(record)(**{k: v for k, v in vars(record).items() if not k.startswith("_")}))
    page = visitor.read(f"/admin/{view}/")
    send, history = links(page, f"/{view}/sms/")
    assert shows(visitor.read(history), record.name)  # type: ignore[attr-defined]
    assert "+351912345678" in visitor.read(send)
    (rowid,) = _rowids(page)
    answer = visitor.client.post(f"/admin/{view}/action/", data={"action": "sms_send", "rowid": rowid})
    assert answer.status_code == 200
    assert shows(answer.text, "1 row")


def _rowids(page: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'name="rowid"[^>]*value="([^"]*)"', page)]


HIDDEN = ["/admin/client/sms/", "/admin/client/sms/send/", "/admin/client/sms/export/"]


@pytest.mark.parametrize("path", HIDDEN)
@pytest.mark.parametrize("record", ["{hidden}", "4711", "abc", "", "99999999999999999999", "1\x00", "[1,2]", "ä"])
def test_what_the_view_does_not_show_is_not_reached(portal: Portal, visitor: Visitor, path: str, record: str) -> None:
    (hidden,) = _keep(portal, Client(name="hidden", phone="912 345 678"))
    asked = record.format(hidden=hidden)
    assert visitor.client.get(path, query_string={"record": asked}).status_code == 404


def test_a_hidden_row_among_the_selected_ones_is_left_out_and_said(portal: Portal, visitor: Visitor) -> None:
    hidden, ana = _keep(portal, Client(name="hidden", phone="911 111 111"), Client(name="Ana", phone="912 345 678"))
    answer = visitor.client.post("/admin/client/action/", data={"action": "sms_send", "rowid": [hidden, ana]})
    assert shows(answer.text, "One of the chosen rows is not there any more.")
    assert f'name="record" value="{ana}"' in answer.text
    assert f'name="record" value="{hidden}"' not in answer.text


def test_a_rule_in_get_one_counts_too(portal: Portal, visitor: Visitor) -> None:
    seen, hidden = _keep(portal, Booking(guest="Zoe"), Booking(guest="hidden"))
    assert visitor.client.get(f"/admin/booking/sms/?record={seen}").status_code == 200
    assert visitor.client.get(f"/admin/booking/sms/?record={hidden}").status_code == 404


@pytest.mark.parametrize(
    ("rights", "shown", "open"),
    [
        (set(), [], set()),
        ({"read"}, ["SMS history"], {"/admin/client/sms/"}),
        ({"send"}, ["Send SMS"], {"/admin/client/sms/send/"}),
        ({"read", "export"}, ["SMS history"], {"/admin/client/sms/", "/admin/client/sms/export/"}),
    ],
)
def test_what_one_may_not_do_is_not_shown_and_is_refused(
    mounted: Mounted, rights: set[str], shown: list[str], open: set[str]
) -> None:
    portal = mounted(mount=host(rights=rights))
    (ana,) = _keep(portal, Client(name="Ana", phone="912 345 678"))
    _say(portal, "Hello", ana)
    visitor = Visitor(client=portal.app.test_client())
    page = visitor.read("/admin/client/")
    assert [words for words in ("Send SMS", "SMS history") if shows(page, words)] == shown
    details = visitor.read(f"/admin/client/details/?id={ana}")
    assert ("sms-on-record" in details) == bool(rights)
    assert shows(details, "Hello") == ("read" in rights)
    answers = {path: visitor.client.get(f"{path}?record={ana}").status_code for path in HIDDEN}
    assert {path for path, status in answers.items() if status == 200} == open
    assert set(answers.values()) <= {200, 403}
    if "send" not in rights:
        posted = visitor.client.post("/admin/client/action/", data={"action": "sms_send", "rowid": ana})
        assert posted.status_code == 302
        assert visitor.client.post("/admin/client/sms/send-selected/", data={"record": ana}).status_code == 403
    if "export" not in rights and "read" in rights:
        assert not shows(visitor.read(f"/admin/client/sms/?record={ana}"), "Download CSV")


def test_a_model_that_is_no_entity_is_left_as_it_is_and_check_names_it(database_url: str) -> None:
    class Undeclared(SMSRecord, ModelView):
        can_view_details = True

    some = [each for each in declarations() if getattr(each, "model", None) is not Parcel]

    def mount(app: Flask, db: Any) -> dict[str, Any]:
        admin = Admin(app)
        admin.add_view(Undeclared(Parcel, storage(db)))
        return {"admin": admin}

    portal = make_portal(database_url, *some, mount=mount)
    _keep(portal, Parcel(name="A parcel's"))
    visitor = Visitor(client=portal.app.test_client())
    page = visitor.read("/admin/parcel/")
    assert links(page, "/parcel/sms/") == []
    assert not shows(page, "Send SMS")
    assert visitor.client.get("/admin/parcel/sms/?record=x").status_code == 404
    with portal.app.app_context():
        assert undeclared(portal.app.extensions["admin"], state=portal.state) == ["Undeclared (Parcel)"]
        portal.db.engine.dispose()


@pytest.mark.one_database("sqlite", "about a view, not about tables")
def test_without_the_plugin_the_view_is_left_as_it_is(tmp_path: Path) -> None:
    class Bare(SMSRecord, ModelView):
        can_view_details = True
        column_list = ("name",)

    app = Flask("bare")
    app.config.update(SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/bare.db", SECRET_KEY="x", TESTING=True)
    db = SQLAlchemy(app, model_class=Base)
    Admin(app).add_view(Bare(Client, storage(db)))
    with app.app_context():
        db.create_all()
        db.session.add(Client(name="Ana"))
        db.session.commit()
    visitor = Visitor(client=app.test_client())
    assert not shows(visitor.read("/admin/client/"), "Send SMS")
    assert "sms-on-record" not in visitor.read("/admin/client/details/?id=1")
    assert visitor.client.get("/admin/client/sms/?record=1").status_code == 404
    with app.app_context():
        db.engine.dispose()


def test_a_panel_that_fails_costs_the_host_nothing(portal: Portal, visitor: Visitor) -> None:
    (ana,) = _keep(portal, Client(name="Ana", phone="912 345 678"))
    with portal.app.app_context(), portal.db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE sms_message RENAME TO sms_message_gone")
    try:
        page = visitor.read(f"/admin/client/details/?id={ana}")
        assert shows(page, "Ana")
        assert "sms-on-record" not in page
        broken = visitor.client.get(f"/admin/client/sms/?record={ana}")
        assert broken.status_code == 503
        assert "SELECT" not in broken.text
    finally:
        with portal.app.app_context(), portal.db.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE sms_message_gone RENAME TO sms_message")
