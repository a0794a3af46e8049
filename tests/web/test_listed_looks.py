"""Every list in which numbers stand whole is kept as a look, one in which they are masked is none (X23)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_admin import Admin
from flask_sqlalchemy import SQLAlchemy

from sms_plugin.models import Access, BatchRecipient, Group, GroupMember, Surge
from sms_plugin.states import MessageState
from sms_plugin.web import looks
from tests.portal import Client, Invoice, Portal
from tests.web.conftest import Mounted
from tests.web.hosts import ClientAdmin, a_batch, shows, storage

NUMBER, MASKED = "+351912345678", "+351******678"
RUN, OTHER_RUN = UUID(int=1), UUID(int=2)
Open = Callable[..., str]


@pytest.fixture
def rights() -> set[str]:
    return {"read", "configure"}


@pytest.fixture
def office(mounted: Mounted, rights: set[str]) -> Portal:
    """A portal with one of everything that lists numbers, whose visitor is called Rita."""

    def mount(app: Flask, db: SQLAlchemy) -> dict[str, Any]:
        admin = Admin(app)
        admin.add_view(ClientAdmin(Client, storage(db)))
        return {"admin": admin, "allow": lambda right: right in rights, "user": lambda: "Rita"}

    portal = mounted(mount=mount)
    at = dt.datetime.now(dt.UTC)
    with portal.app.app_context():
        day = dt.datetime.now(portal.state.settings.zone).date()
        ana = Client(id=1, name="Ana", phone=NUMBER, language="en")
        portal.session.add_all([ana, Invoice(id=1, client=ana, number="F1", due_on=day + dt.timedelta(days=2))])
        portal.session.commit()
        portal.use_kind("console", {}, name="console")
        portal.switch_on("charge_due_today", text="Pay {invoice_number}")
        with portal.fresh() as session, session.begin():
            session.add(Group(id=1, name="Friends", created_at=at, changed_at=at))
            session.flush()
            session.add(GroupMember(group_id=1, entity="clients/Client", record="1"))
            for id in (RUN, OTHER_RUN):
                session.add(Surge(id=id, trigger="charge_created", day=at.date(), began_at=at, ceiling=3))
        for id in (RUN, OTHER_RUN):
            portal.queue(state=MessageState.HELD, reason="surge", detail=str(id), trigger="charge_created")
        portal.queue(text="Your router", due_at=at + dt.timedelta(days=1))
    return portal


@pytest.fixture
def see(office: Portal) -> Open:
    """Reads a page to its end, as a browser does."""
    client = office.app.test_client()

    def read(path: str) -> str:
        answer = client.get(path, buffered=True)
        assert answer.status_code == 200, path
        return answer.text

    return read


def kept(portal: Portal) -> list[tuple[str, str, str | None, dict[str, Any]]]:
    """Who looked at which list, in their order."""
    with portal.app.app_context(), portal.fresh() as session:
        rows = session.scalars(sa.select(Access).order_by(Access.id)).all()
        return [(each.who, each.action, each.record, each.detail) for each in rows]


def _built(portal: Portal, name: str) -> UUID:
    """A send to many with one recipient, to be confirmed."""
    batch = a_batch(portal, name, state="ready", going=1)
    with portal.app.app_context(), portal.fresh() as session, session.begin():
        session.add(BatchRecipient(batch_id=batch, occurrence=batch.bytes, number=NUMBER, text="Hi", name="Ana"))
    return batch


LISTS = {
    "/admin/sms/overview/": "overview",
    "/admin/sms/forecast/": "forecast",
    "/admin/sms/forecast/record/?record=invoice/Invoice|1": "forecast",
    "/admin/sms/group/edit/?id=1": "group:1",
    f"/admin/sms/surge/look/?id={RUN}": f"surge:{RUN}",
}


@pytest.mark.parametrize(("path", "place"), LISTS.items())
def test_a_list_of_whole_numbers_is_kept_once_and_a_masked_one_is_not(
    office: Portal, see: Open, rights: set[str], path: str, place: str
) -> None:
    page = see(path)
    assert MASKED in page
    assert NUMBER not in page
    assert kept(office) == []
    rights.add("send")
    assert NUMBER in see(path)
    see(path)
    looks._books.clear()  # what another process knows
    see(path)
    assert [each[:3] for each in kept(office)] == [("Rita", "looked", place)]


def test_the_recipients_of_each_send_to_many_are_a_look_of_their_own(
    office: Portal, see: Open, rights: set[str]
) -> None:
    sends = [_built(office, "Spring"), _built(office, "Autumn")]
    for each in sends:
        assert MASKED in see(f"/admin/sms/bulk/look/?id={each}")
    assert kept(office) == []
    rights.add("bulk")
    for each in (*sends, *sends):
        assert NUMBER in see(f"/admin/sms/bulk/look/?id={each}")
    assert [each[2:] for each in kept(office)] == [
        (f"batch:{sends[0]}", {"batch": "Spring"}),
        (f"batch:{sends[1]}", {"batch": "Autumn"}),
    ]
    told = see("/admin/sms/change/looks/")
    assert shows(told, "the recipients of a send to many, with whole numbers")
    assert shows(told, "Autumn")


def test_what_failed_of_a_send_to_many_is_a_list_of_numbers_too(office: Portal, see: Open, rights: set[str]) -> None:
    batch = a_batch(office, "Spring", state="running", going=1)
    with office.app.app_context():
        office.queue(state=MessageState.FAILED, batch_id=batch)
    rights.add("bulk")  # steers sends, and sees the numbers of messages masked
    assert MASKED in see(f"/admin/sms/bulk/look/?id={batch}")
    assert kept(office) == []
    rights.add("send")
    assert NUMBER in see(f"/admin/sms/bulk/look/?id={batch}")
    assert [each[2] for each in kept(office)] == [f"batch:{batch}"]


def test_a_list_without_a_number_is_no_look(office: Portal, see: Open, rights: set[str]) -> None:
    rights |= {"send", "bulk"}
    with office.app.app_context():
        office.switch_off("charge_due_today")
    see("/admin/sms/forecast/?trigger=birthday_greeting")
    see(f"/admin/sms/bulk/look/?id={_built(office, 'Spring')}&left=1")
    assert kept(office) == []


def test_whom_one_may_write_to_is_a_list_and_who_is_chosen_a_look_at_their_numbers(
    office: Portal, see: Open, rights: set[str]
) -> None:
    """Kept once in ten minutes each, however often one types; the express panel asks the same address."""
    rights.add("send")
    path = "/admin/sms/individual/"
    see(path)
    assert kept(office) == []
    for typed in ("A", "An", "Ana"):
        assert NUMBER in see(f"{path}?to={typed}")
    assert [each[:3] for each in kept(office)] == [("Rita", "looked", "people")]
    for _ in range(2):
        assert NUMBER in see(f"{path}?who=clients/Client|1")
    with office.app.app_context(), office.fresh() as session:
        last = session.scalars(sa.select(Access).order_by(Access.id.desc())).first()
    assert last is not None
    assert (len(kept(office)), last.entity, last.record) == (2, "clients/Client", "1")
    assert shows(see("/admin/sms/change/looks/"), "people to write to, with whole numbers")


def test_a_search_that_finds_nobody_is_no_look(office: Portal, see: Open, rights: set[str]) -> None:
    rights.add("send")
    see("/admin/sms/individual/?to=Zoe")
    assert kept(office) == []
