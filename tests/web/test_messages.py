"""The messages' pages (Q3, X11): found by filters and words, each with its whole life."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_sqlalchemy import SQLAlchemy

from sms_plugin.gateways.contract import ReceiptStatus, Report, accepted, refused
from sms_plugin.models import Message
from sms_plugin.outbox.enqueue import BATCH
from sms_plugin.states import MessageState
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.web import messages
from tests.demo.visitor import Visitor
from tests.outbox.steps import now, report, send_off, settle_with
from tests.portal import Client, Portal
from tests.web.conftest import Mounted
from tests.web.hosts import a_batch, host

LIST = "/admin/sms/message/"
EXPORT = "/admin/sms/message/export/"
DETAILS = "/admin/sms/message/details/"


def _queue(portal: Portal, **fields: Any) -> UUID:
    with portal.app.app_context():
        return portal.queue(**fields)


def _messages(portal: Portal) -> list[Message]:
    with portal.app.app_context():
        return list(portal.messages())


@pytest.fixture
def with_clients(mounted: Mounted) -> tuple[Portal, Visitor]:
    """A portal whose admin has a view of the clients, with a client in it."""

    class Clients(ModelView):
        can_view_details = True

    def mount(app: Flask, db: SQLAlchemy) -> Mapping[str, Any]:
        admin = Admin(app)
        admin.add_view(Clients(Client, db, endpoint="people"))
        return {"admin": admin}

    portal = mounted(mount=mount)
    with portal.app.app_context():
        portal.db.session.add(Client(id=7, name="<i>Ana</i>", phone="912345678", language="en"))
        portal.db.session.commit()
    return portal, Visitor(client=portal.app.test_client())


def test_an_empty_list_says_what_to_do_next(pages: Portal, visitor: Visitor) -> None:
    assert "No message yet" in visitor.read(LIST)


def test_messages_come_the_newest_first_page_by_page(
    pages: Portal, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "SIZE", 2)
    for number in range(5):
        _queue(pages, text=f"Text-{number}.", trigger="charge_created")
    shown: dict[UUID, str] = {}
    with pages.app.app_context():
        shown = {message.id: str(message.text) for message in pages.messages()}
    seen: list[str] = []
    path: str | None = f"{LIST}?trigger=charge_created"
    while path:
        page = visitor.read(path)
        seen += re.findall(r"Text-\d\.", page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        path = found[1].replace("&amp;", "&") if found else None
    assert seen == [shown[key] for key in sorted(shown, reverse=True)]


def test_a_number_is_found_as_people_of_the_portals_country_write_it(pages: Portal, visitor: Visitor) -> None:
    _queue(pages, text="Mine", number="+351912345678")
    _queue(pages, text="Theirs", number="+351912345679")
    page = visitor.read(f"{LIST}?number=912+345+678")
    assert "Mine" in page
    assert "Theirs" not in page


def test_what_is_no_number_is_told(pages: Portal, visitor: Visitor) -> None:
    _queue(pages, text="Here")
    page = visitor.read(f"{LIST}?number=12")
    assert "The number is too short." in page
    assert "Here" not in page


def test_days_are_the_viewers(pages: Portal, visitor: Visitor) -> None:
    _queue(pages, text="Today")
    today = now().astimezone(pages.state.settings.zone).date()
    assert "Today" in visitor.read(f"{LIST}?since={today}&until={today}")
    assert "Today" not in visitor.read(f"{LIST}?until={today - dt.timedelta(days=1)}")


def test_words_alone_are_not_looked_for_and_the_page_says_how(pages: Portal, visitor: Visitor) -> None:
    _queue(pages, text="Needle")
    assert "add a number, or both dates" in visitor.read(f"{LIST}?words=needle")
    assert "Needle" in visitor.read(f"{LIST}?words=needle&number=912345678")


@pytest.mark.parametrize(
    "query",
    [
        "state=nonsense",
        "provider=abc",
        "provider=99999999999999999999999",
        "since=yesterday",
        "since=0001-01-01",
        "until=9999-12-31",
        "client=%00/x:1",
        "batch=abc",
        f"trigger={'x' * 500}",
        "trigger=%00",
        f"words={'x' * 500}&number=912345678",
        "number=%00",
    ],
)
def test_what_a_filter_cannot_hold_is_told(pages: Portal, visitor: Visitor, query: str) -> None:
    _queue(pages, text="Everything")
    page = visitor.read(f"{LIST}?{query}")
    assert ("The number cannot be looked for" if query == "number=%00" else "Nothing was looked for") in page
    assert "Everything" not in page


@pytest.mark.parametrize("at", ["x", "%00", "W10.x"])
def test_a_cursor_that_was_tampered_with_leads_to_the_first_page(pages: Portal, visitor: Visitor, at: str) -> None:
    _queue(pages, text="Newest")
    page = visitor.read(f"{LIST}?at={at}")
    assert "Newest" in page
    assert "no longer holds" in page


@pytest.mark.parametrize("id_", ["abc", "", "%00", "1", str(UUID(int=7))])
def test_an_id_of_no_message_leads_back_with_a_word(pages: Portal, visitor: Visitor, id_: str) -> None:
    answer = visitor.client.get(f"{DETAILS}?id={id_}", follow_redirects=True)
    assert answer.status_code == 200
    assert "There is no such message" in answer.text


def test_a_page_tells_the_whole_life_in_words(pages: Portal, visitor: Visitor, phone: PhoneServer) -> None:
    with pages.app.app_context():
        pages.use(phone)
        message = pages.queue(trigger="charge_created", operator="Olek")
        settle_with(pages, send_off(pages, message), refused("no_connection", for_good=False, retry_after=0))
        with pages.fresh() as session, session.begin():
            session.get_one(type(pages.message(message)), message).due_at = now() - dt.timedelta(seconds=1)
        settle_with(pages, send_off(pages, message), accepted("P1"))
        report(pages, Report(status=ReceiptStatus.DELIVERED, reference="P1"))
    page = visitor.read(f"{DETAILS}?id={message}")
    told = re.findall(r"<strong>([^<]+)</strong>", page)
    assert told == [
        "Decided by “Charge issued”",
        "Handed to phone",
        "phone refused it",
        "Handed to phone",
        "phone took it",
        "phone reports: delivered to the phone",
        "Now: Delivered",
    ]
    assert "The provider could not be reached." in page
    assert "Olek" in page


def test_people_are_named_and_lead_to_their_page_in_the_hosts_admin(with_clients: tuple[Portal, Visitor]) -> None:
    portal, visitor = with_clients
    of_client = {"client_entity": "clients/Client", "client": "7", "person_entity": "clients/Client", "person": "7"}
    message = _queue(portal, **of_client)
    assert "&lt;i&gt;Ana&lt;/i&gt;" in visitor.read(LIST)
    page = visitor.read(f"{DETAILS}?id={message}")
    assert '<a href="/admin/people/details/?id=7">&lt;i&gt;Ana&lt;/i&gt;</a>' in page
    _queue(portal, text="Somebody else's")
    assert "Somebody else" not in visitor.read(f"{LIST}?client=clients/Client:7")


@pytest.mark.parametrize("key", ["8", "abc", "[1,2]"])
def test_a_record_that_is_gone_or_never_was_breaks_no_page(with_clients: tuple[Portal, Visitor], key: str) -> None:
    portal, visitor = with_clients
    message = _queue(portal, client_entity="clients/Client", client=key, entity="gone/Model", record=key)
    visitor.read(LIST)
    assert f"gone/Model {key}" in visitor.read(f"{DETAILS}?id={message}").replace("&#34;", '"')


def test_a_failed_message_is_tried_again_from_its_page(pages: Portal, visitor: Visitor, phone: PhoneServer) -> None:
    with pages.app.app_context():
        pages.use(phone)
        message = pages.queue()
        settle_with(pages, send_off(pages, message), refused("bad_number"))
    path = f"{DETAILS}?id={message}"
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', visitor.read(path))
    assert token
    fields = {"csrf_token": token[1], "one": f"retry:{message}", "confirmed": "1", "url": path}
    answer = visitor.client.post("/admin/sms/message/choose/", data=fields, follow_redirects=True)
    assert "One message is in the queue again." in answer.text
    with pages.app.app_context():
        assert pages.message(message).state == MessageState.QUEUED


def _file(visitor: Visitor, query: str = "") -> list[str]:
    """The texts of the file, in its order."""
    answer = visitor.client.get(f"{EXPORT}?{query}")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return [row["Text"] for row in csv.DictReader(io.StringIO(answer.text, newline=""))]


def test_the_file_holds_all_that_the_filters_leave_and_not_only_a_page(
    pages: Portal, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Q4"""
    monkeypatch.setattr(messages, "SIZE", 2)
    today = now().astimezone(pages.state.settings.zone).date()
    _queue(pages, text="Another trigger's", trigger="charge_due_soon", number="+351912345679")
    for number in range(5):
        _queue(pages, text=f"Text-{number}", trigger="charge_created", number="+351912345678")
    shown = {message.id: message.text for message in _messages(pages) if message.trigger == "charge_created"}
    newest_first = [shown[key] for key in sorted(shown, reverse=True)]
    assert _file(visitor, "trigger=charge_created") == newest_first
    assert _file(visitor, f"number=912+345+678&words=TEXT&state=queued&since={today}&until={today}") == newest_first
    assert _file(visitor, "state=failed") == []
    assert len(_file(visitor)) == 6


def test_the_list_offers_the_file_of_what_it_shows(pages: Portal, visitor: Visitor) -> None:
    """Q4"""
    _queue(pages, text="Hello", trigger="charge_created")
    page = visitor.read(f"{LIST}?trigger=charge_created")
    (form,) = re.findall(rf'<form method="get" action="{EXPORT}".*?</form>', page, re.DOTALL)
    assert '<input type="hidden" name="trigger" value="charge_created">' in form


@pytest.mark.parametrize("query", ["words=needle", "state=nonsense", "number=12", "since=yesterday"])
def test_no_file_is_made_of_what_cannot_be_looked_for(pages: Portal, visitor: Visitor, query: str) -> None:
    _queue(pages, text="Everything")
    answer = visitor.client.get(f"{EXPORT}?{query}", follow_redirects=True)
    assert answer.request.path == LIST
    assert 'class="alert alert-warning"' in answer.text
    assert "Everything" not in answer.text


def test_who_may_not_export_is_offered_no_file_and_gets_none(mounted: Mounted) -> None:
    """X12"""
    portal = mounted(mount=host(rights={"read", "send"}))
    _queue(portal, text="Hello")
    visitor = Visitor(client=portal.app.test_client())
    assert EXPORT not in visitor.read(LIST)
    assert visitor.client.get(EXPORT).status_code == 403


def test_a_client_is_found_by_the_beginning_of_the_name_and_several_are_offered(
    pages: Portal, visitor: Visitor
) -> None:
    """Q3"""
    with pages.app.app_context():
        pages.db.session.add_all([Client(name="Ana Reis", phone="912345678"), Client(name="Ana Lima", phone="91")])
        pages.db.session.commit()
    _queue(pages, text="To Reis", client_entity="clients/Client", client="1")
    _queue(pages, text="To Lima", client_entity="clients/Client", client="2")
    page = visitor.read(f"{LIST}?client=Reis")
    assert "To Reis" in page
    assert "To Lima" not in page
    page = visitor.read(f"{LIST}?client=ana")
    assert "Several are called so" in page
    assert "client=clients/Client:2" in page.replace("%3A", ":").replace("%2F", "/")
    assert "Nobody is found" in visitor.read(f"{LIST}?client=zeno")


def test_who_may_only_read_finds_no_client_by_a_part_of_the_number(mounted: Mounted) -> None:
    """X23: digit by digit the whole number would be told."""
    rights = {"read", "send"}
    portal = mounted(mount=host(rights=rights))
    with portal.app.app_context():
        portal.db.session.add(Client(name="Ana Reis", phone="912345678"))
        portal.db.session.commit()
    _queue(portal, text="To Reis", client_entity="clients/Client", client="1")
    visitor = Visitor(client=portal.app.test_client())
    assert "To Reis" in visitor.read(f"{LIST}?client=91234")
    rights.remove("send")
    for words in ("91234", "912345678", "ana 9"):
        page = visitor.client.get(LIST, query_string={"client": words})
        assert "To Reis" not in page.text
        assert "Nobody is found" in page.text
    assert "To Reis" in visitor.read(f"{LIST}?client=Reis")


def test_the_messages_of_a_batch_are_found_and_each_says_who_let_it_go(pages: Portal, visitor: Visitor) -> None:
    """Q3, X11"""
    at = now()
    batch = a_batch(
        pages, "Spring offer", confirmed_at=at, confirmed_by="Rita", approved_at=at, approved_by="Eva", state="running"
    )
    message = _queue(pages, text="Offer", batch_id=batch, priority=BATCH, operator="Rita")
    _queue(pages, text="Something else")
    page = visitor.read(f"{LIST}?batch={batch}")
    assert "Offer" in page
    assert "Something else" not in page
    assert "Spring offer" in page
    page = visitor.read(f"{LIST}details/?id={message}")
    assert f'href="{LIST}?batch={batch}"' in page
    told = ("The send to many was confirmed", "Rita", "The send to many was approved", "Eva", "Send to many: Spring")
    places = [page.partition("sms-timeline")[2].index(words) for words in told]
    assert places == sorted(places)
    assert "Written by hand" not in page
