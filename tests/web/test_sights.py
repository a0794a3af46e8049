"""Nobody is found or reached by a send to many, or by a group, whom the host's own list would not show (X12, S2)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import joinedload

from sms_plugin.jobs.due import run_job
from sms_plugin.models import Batch, BatchRecipient, Group, GroupMember
from sms_plugin.web import bulk_form, sights
from tests.batches.desk import declared
from tests.demo.visitor import Visitor
from tests.portal import Client, Contact, Invoice, Portal
from tests.web.conftest import Mounted
from tests.web.hosts import shows, storage, token

NEW = "/admin/sms/bulk/new/"
EVERYBODY = {"s0-kind": "filters", "s0-entity": "clients/Client", "s0-everybody": "1"}


class Host:
    """A portal whose lists show each operator the clients and invoices of their own city alone: the language is it."""

    def __init__(self, mounted: Mounted) -> None:
        self.city, self.open = "pt", True
        here = self

        class Clients(ModelView):
            def is_accessible(self) -> bool:
                return here.open

            def get_query(self) -> Any:
                return super().get_query().filter(Client.language == here.city)

        class Invoices(ModelView):
            def get_query(self) -> Any:
                return super().get_query().join(Invoice.client).filter(Client.language == here.city)

        def mount(app: Flask, db: SQLAlchemy) -> dict[str, Any]:
            admin = Admin(app)
            admin.add_view(Clients(Client, storage(db), endpoint="client"))
            admin.add_view(Invoices(Invoice, storage(db), endpoint="invoice"))
            return {"admin": admin, "allow": lambda right: True}

        self.portal: Portal = mounted(mount=mount, declared=declared())
        with self.portal.app.app_context():
            self.portal.use_kind("console", {}, name="console")
            self.portal.session.add_all(
                [
                    Client(id=1, name="Ana", phone="912 000 001", language="pt"),
                    Client(id=2, name="Anabela", phone="912 000 002", language="uk"),
                    Client(id=3, name="Rui", phone="912 000 003", language="pt"),
                    Contact(id=1, name="Anita", phone="912 000 004", client_id=2),
                    Invoice(id=1, client_id=1, number="F1", total=10, status="open"),
                    Invoice(id=2, client_id=2, number="F2", total=20, status="open"),
                ]
            )
            self.portal.session.commit()
        self.visitor = Visitor(client=self.portal.app.test_client())

    def post(self, path: str = NEW, /, **fields: Any) -> Any:
        given = {"csrf_token": token(self.visitor.read(NEW)), "once": "0" * 32, "do": "build", "name": "Works"}
        given |= {"text-pt": "Hi", "text-en": "Hi"}
        return self.visitor.client.post(path, data={**given, **fields})

    def built(self, **fields: Any) -> list[str]:
        """The names of those whom a send finds, once it is built."""
        answer = self.post(**fields)
        assert answer.status_code == 302, answer.text
        return self.names(UUID(answer.location.rpartition("id=")[2]))

    def names(self, batch: UUID) -> list[str]:
        with self.portal.app.app_context():
            run_job(self.portal.state, "batches", now=True)
            with self.portal.fresh() as session:
                assert session.get_one(Batch, batch).state == "ready"
                query = sa.select(BatchRecipient.name).where(BatchRecipient.batch_id == batch)
                return sorted(session.scalars(query))

    def group(self, *members: tuple[str, str], entity: str | None = None, conditions: Any = ()) -> int:
        at = dt.datetime.now(dt.UTC)
        with self.portal.app.app_context(), self.portal.fresh() as session, session.begin():
            made = Group(name="Some", entity=entity, conditions=list(conditions), created_at=at, changed_at=at)
            session.add(made)
            session.flush()
            session.add_all(GroupMember(group_id=made.id, entity=of, record=key) for of, key in members)
            return made.id

    def members(self) -> list[str]:
        with self.portal.app.app_context(), self.portal.fresh() as session:
            return sorted(session.scalars(sa.select(GroupMember.record)))


@pytest.fixture
def office(mounted: Mounted) -> Host:
    return Host(mounted)


def test_filters_find_those_alone_whom_the_list_shows(office: Host) -> None:
    assert office.built(**EVERYBODY) == ["Ana", "Rui"]


def test_a_condition_finds_nobody_beyond_them(office: Host) -> None:
    wanted = {"s0-kind": "filters", "s0-entity": "clients/Client", "s0-f-name-op": "begins", "s0-f-name": "Ana"}
    assert office.built(**wanted) == ["Ana"]


def test_it_holds_for_what_a_job_builds_later_when_nobody_is_there(
    office: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operator of another city, and no request at all, change nothing about whom this operator saw."""
    monkeypatch.setattr(bulk_form, "build_some", lambda *given, **named: False)
    answer = office.post(**EVERYBODY)
    monkeypatch.undo()
    office.city = "uk"
    assert office.names(UUID(answer.location.rpartition("id=")[2])) == ["Ana", "Rui"]


def test_another_operators_draft_finds_what_whoever_builds_it_sees(office: Host) -> None:
    draft = office.post(**EVERYBODY, do="draft").location
    office.city = "uk"
    answer = office.post(draft, **EVERYBODY, version="0")
    assert answer.status_code == 302, answer.text
    assert office.names(UUID(answer.location.rpartition("id=")[2])) == ["Anabela"]


def test_a_clients_charges_are_those_that_the_list_shows(office: Host) -> None:
    """The view joins: what it shows counts, and no total tells of another."""
    found = {"s0-kind": "filters", "s0-entity": "invoice/Invoice", "s0-everybody": "1"}
    assert office.built(**found, **{"text-pt": "{invoice_total}", "text-en": "{invoice_total}"}) == ["Ana"]


@pytest.mark.parametrize("kind", ["fixed", "filter"])
def test_a_group_reaches_those_of_its_members_whom_the_list_shows(office: Host, kind: str) -> None:
    members = [("clients/Client", "1"), ("clients/Client", "2"), ("clients/Contact", "1")]
    made = office.group(*members) if kind == "fixed" else office.group(entity="clients/Client")
    found = office.built(**{"s0-kind": "group", "s0-group": str(made)})
    # no list of the portal's own has contacts: nothing says that they are hidden
    assert found == (["Ana", "Anita"] if kind == "fixed" else ["Ana", "Rui"])


def test_who_is_added_to_a_preview_is_shown_by_the_list_too(office: Host) -> None:
    batch = office.post(**{"s0-kind": "records", "s0-key": "clients/Client|1"}).location.rpartition("id=")[2]
    with office.portal.app.app_context(), office.portal.fresh() as session:
        version = session.get_one(Batch, UUID(batch)).version
    answer = office.post(f"/admin/sms/bulk/add/?id={batch}", **EVERYBODY, version=version)
    assert answer.status_code == 302
    assert office.names(UUID(batch)) == ["Ana", "Rui"]


@pytest.mark.parametrize("do", ["build", "draft"])
def test_a_forged_key_is_left_out_and_said(office: Host, do: str) -> None:
    answer = office.post(**{"s0-kind": "records", "s0-key": ["clients/Client|1", "clients/Client|2"], "do": do})
    assert shows(office.visitor.client.get(answer.location).text, "One of those who were chosen is not shown to you")
    with office.portal.app.app_context(), office.portal.fresh() as session:
        (kept,) = session.scalars(sa.select(Batch.audience)).all()
    assert kept["sources"][0]["keys"] == ["1"]


@pytest.mark.parametrize("words", ["Anabela", "912 000 002", "2", "An"])
def test_a_search_names_nobody_whom_the_list_hides(office: Host, words: str) -> None:
    given = {"csrf_token": token(office.visitor.read(NEW)), "words": words, "number": "0"}
    live = office.visitor.client.post("/admin/sms/bulk/people/", data=given).json
    page = office.post(**{"s0-kind": "records", "s0-words": words, "do": "find-0"}).text
    made = office.group()
    searched = office.visitor.read(f"/admin/sms/group/edit/?id={made}&kind=clients/Client&words={words}")
    for text in (live["html"] if live else "", page, searched):
        assert "Anabela" not in text.replace(f'value="{words}"', "")
        assert "clients/Client|2" not in text
    assert ("clients/Client|1" in page) == (words == "An")


def test_a_group_takes_nobody_in_whom_the_list_hides_and_names_none(office: Host) -> None:
    made = office.group(("clients/Client", "2"))
    page = office.visitor.read(f"/admin/sms/group/edit/?id={made}")
    assert "Anabela" not in page
    assert "912000002" not in page
    assert shows(page, "Not shown to you")
    refs = ["clients/Client|1", "clients/Client|2"]
    office.city = "pt"
    form = {"id": made, "do": "add", "ref": refs, "csrf_token": token(page)}
    office.visitor.client.post("/admin/sms/group/members/", data=form)
    assert office.members() == ["1", "2"]
    form["do"] = "remove"
    office.visitor.client.post("/admin/sms/group/members/", data=form)
    office.visitor.client.post("/admin/sms/group/members/", data={**form, "do": "add", "ref": refs[1:]})
    assert office.members() == []


def test_a_saved_filter_neither_names_nor_counts_those_whom_the_list_hides(office: Host) -> None:
    condition = {"filter": "name", "op": "begins", "value": "Anab"}
    made = office.group(entity="clients/Client", conditions=[condition])
    for path in (f"/admin/sms/group/edit/?id={made}", "/admin/sms/group/"):
        page = office.visitor.read(path)
        assert "Anabela" not in page
        assert not re.search(r"\d+ members?", page), path
    office.city = "uk"
    assert "Anabela" in office.visitor.read(f"/admin/sms/group/edit/?id={made}")


def test_more_than_can_be_kept_is_refused_and_nothing_is_sent(office: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sights, "MOST_RECORDS", 1)
    page = office.post(**EVERYBODY).text
    assert shows(page, "The portal shows you a part of its records only: of these, 1 at most can be found at once.")
    made = office.group(("clients/Client", "1"), ("clients/Client", "3"))
    assert shows(office.post(**{"s0-kind": "group", "s0-group": str(made)}).text, "of these, 1 at most can be found")
    with office.portal.app.app_context(), office.portal.fresh() as session:
        assert set(session.scalars(sa.select(Batch.state))) <= {"draft"}


def test_whoever_may_not_see_the_list_at_all_is_offered_nothing_of_it_and_refused(office: Host) -> None:
    assert "filters:clients/Client" in office.visitor.read(NEW)
    office.open = False
    assert "filters:clients/Client" not in office.visitor.read(NEW)
    assert shows(office.post(**EVERYBODY).text, "The portal shows you no Client.")


def _mounted(mounted: Mounted, query: Callable[[Any], Any]) -> Portal:
    class Clients(ModelView):
        def get_query(self) -> Any:
            return query(super().get_query())

    def mount(app: Flask, db: SQLAlchemy) -> dict[str, Any]:
        admin = Admin(app)
        admin.add_view(Clients(Client, storage(db)))
        return {"admin": admin}

    return mounted(mount=mount)


@pytest.mark.one_database("sqlite", "what a query says is the same on each")
@pytest.mark.parametrize(
    ("query", "narrowed"),
    [
        (lambda query: query, False),
        (lambda query: query.options(joinedload(Client.invoices)).order_by(Client.name), False),
        (lambda query: query.filter(Client.name != "x"), True),
        (lambda query: query.join(Client.invoices), True),
        (lambda query: query.limit(5), True),
        (lambda query: sa.select(Client), True),
    ],
    ids=["as it is", "eager", "condition", "join", "limit", "another kind"],
)
def test_a_view_that_only_loads_more_at_once_narrows_nothing(
    mounted: Mounted, query: Callable[[Any], Any], narrowed: bool
) -> None:
    portal = _mounted(mounted, query)
    with portal.app.test_request_context():
        (admin,) = portal.app.extensions["admin"]
        entity = portal.state.registry.entities["clients/Client"]
        assert sights.is_narrowed(entity, admin=admin) is narrowed
