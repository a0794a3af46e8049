"""The page that says why somebody was texted, or was not (X20)."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from sms_plugin.states import MessageState
from tests.demo.visitor import Visitor
from tests.portal import Client, Invoice, Portal
from tests.web.conftest import Mounted
from tests.web.hosts import a_batch, host, links

PAGE = "/admin/sms/explain/"
ANA = "+351912345678"


@pytest.fixture
def of_ana(pages: Portal) -> Portal:
    """Ana, an invoice that falls due in two days, and what was decided for her."""
    soon = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2)
    with pages.app.app_context():
        ana = Client(id=1, name="Ana", phone="912 345 678", language="en")
        pages.session.add_all([ana, Invoice(id=1, client=ana, number="F1", due_on=soon)])
        pages.session.commit()
        pages.use_kind("console", {}, name="console")
        pages.switch_on("charge_due_today", text="Due: {invoice_number}")
    return pages


def queue(portal: Portal, **fields: Any) -> str:
    person = {"person_entity": "clients/Client", "person": "1", "client_entity": "clients/Client", "client": "1"}
    with portal.app.app_context():
        return str(portal.queue(number=ANA, **{**person, **fields}))


def read(visitor: Visitor, **asked: str) -> str:
    answer = visitor.client.get(PAGE, query_string=asked, follow_redirects=True)
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_without_a_question_the_page_says_how_to_ask(visitor: Visitor) -> None:
    assert "Write a number to read why" in read(visitor)


def test_the_line_of_decisions_stands_in_order_and_what_is_to_come_beside_it(of_ana: Portal, visitor: Visitor) -> None:
    queue(of_ana, trigger="charge_due_today", step="on", moment="2026-11-20", entity="invoice/Invoice", record="1")
    queue(of_ana, state=MessageState.SUPPRESSED, reason="opted_out", operator="Rui", subject="Visit")
    html = read(visitor, number="912 345 678")
    for words in (
        "Fired by a date: on the day 2026-11-20.",
        f"To Ana {ANA} the main number",
        "Written by hand, or by the portal’s own code. · Rui",
        "This number does not want texts of this kind.",
        "It will go, as far as is known now.",
        "It is switched off.",
    ):
        assert words in html, words
    assert html.index("Fired by a date") < html.index("To Ana") < html.index("Now: Queued")


def test_two_messages_within_a_day_name_each_other(of_ana: Portal, visitor: Visitor) -> None:
    queue(of_ana, subject="First")
    queue(of_ana, subject="Second")
    assert read(visitor, number=ANA).count("1 more message goes to this number within a day") == 2


def test_a_send_to_many_stands_beside_triggers_and_hands_with_whoever_let_it_go(
    of_ana: Portal, visitor: Visitor
) -> None:
    at = dt.datetime.now(dt.UTC)
    batch = a_batch(of_ana, "Spring offer", confirmed_at=at, confirmed_by="Rita", approved_at=at, approved_by="Eva")
    queue(of_ana, batch_id=batch, operator="Rita", state=MessageState.SUPPRESSED, reason="no_consent")
    queue(of_ana, subject="Visit", operator="Rui")
    html = read(visitor, of="clients/Client:1")
    many = html[html.index("Send to many: Spring offer") :]
    told = (
        "The send to many was confirmed · Rita",
        "The send to many was approved · Eva",
        "Decided by “Send to many: Spring offer”",
        "The person does not agree to texts of this kind.",
        "Visit",
    )
    places = [many.index(words) for words in told]
    assert places == sorted(places)


def test_one_trigger_is_asked_for_alone_and_an_empty_answer_says_so(of_ana: Portal, visitor: Visitor) -> None:
    queue(of_ana, subject="Something else")
    html = read(visitor, of="clients/Client:1", trigger="charge_due_today")
    assert "No message was decided here" in html
    assert "Something else" not in html
    assert "It will go" in html


def test_what_names_nothing_is_told(of_ana: Portal, visitor: Visitor) -> None:
    assert "This is no number" in read(visitor, number="abc")
    assert "Nobody is called so." in read(visitor, of="x")
    assert "There is no such trigger" in read(visitor, number=ANA, trigger="nothing")
    assert "“tomorrow” is no day" in read(visitor, number=ANA, since="tomorrow")
    assert "There is no such message" in read(visitor, message="abc")
    assert "No message was decided here" in read(visitor, of="clients/Client:99")
    assert "No message was decided here" in read(visitor, record="nothing/Nothing:1")


def test_triggers_that_have_no_record_of_the_person_share_one_line(of_ana: Portal, visitor: Visitor) -> None:
    with of_ana.app.app_context():
        of_ana.session.add(Client(id=2, name="Rui", phone="913 333 333"))
        of_ana.session.commit()
    html = visitor.read(f"{PAGE}?of=clients/Client:2")
    assert html.count("No record leads to this person.") == 1
    assert len(re.findall(r'<a href="[^"]+/trigger/edit/', html)) > 1


def test_a_message_leads_to_the_page_about_its_client(of_ana: Portal, visitor: Visitor) -> None:
    id = queue(of_ana, subject="Visit")
    (way,) = links(visitor.read(f"/admin/sms/message/details/?id={id}"), "sms/explain/?message")
    answer = visitor.client.get(way)
    assert answer.status_code == 302
    assert "of=clients" in answer.headers["Location"]


def test_further_pages_are_reached_and_keep_the_question(of_ana: Portal, visitor: Visitor) -> None:
    for number in range(20):
        queue(of_ana, subject=f"Number {number}.")
    html = visitor.read(f"{PAGE}?number=%2B351912345678")
    (older,) = links(html, "at=")
    assert "Number 19." in html
    assert "Number 4." not in html
    before = visitor.read(older)
    assert "Number 4." in before
    assert "As it stands now" not in before
    assert any("Number 19." in visitor.read(way) for way in links(before, "at="))


def _reader(portal: Portal) -> FlaskClient:
    return portal.app.test_client()


def test_whoever_may_only_read_sees_masked_numbers_and_gets_none_by_way_of_a_message(mounted: Mounted) -> None:
    rights = {"read"}
    portal = mounted(mount=host(rights=rights))
    with portal.app.app_context():
        id = portal.queue(number=ANA, subject="Visit")
    client = _reader(portal)
    answer = client.get(PAGE, query_string={"message": str(id)}, follow_redirects=True)
    assert answer.status_code == 200
    assert "Visit" in answer.text
    assert "912345678" not in answer.text.replace(" ", "")
    rights.clear()
    assert client.get(PAGE).status_code == 403


def test_the_history_of_a_record_links_to_its_explanation(mounted: Mounted) -> None:
    portal = mounted(mount=host())
    with portal.app.app_context():
        ana = Client(id=1, name="Ana", phone="912 345 678")
        portal.session.add_all([ana, Invoice(id=1, client=ana)])
        portal.session.commit()
    client = _reader(portal)
    for view, about in (("client", "of=clients"), ("invoice", "record=invoice")):
        (way,) = links(client.get(f"/admin/{view}/sms/?record=1").text, "sms/explain/?")
        assert about in way
        assert client.get(way).status_code == 200
