"""What the page is told while somebody writes: size, mistakes, preview, records (M6, M7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask
from flask_admin import Admin
from flask_sqlalchemy import SQLAlchemy

from tests.demo.visitor import TOKEN, Visitor
from tests.portal import Client, Invoice, Portal
from tests.web.conftest import Mounted

MEASURE = "/admin/sms/measure/"
RECORDS = "/admin/sms/measure/records/"


def ask(visitor: Visitor, path: str = MEASURE, **fields: str) -> Any:
    token = TOKEN.search(visitor.read("/admin/sms/template/new/"))
    assert token
    response = visitor.client.post(path, data={"csrf_token": token[1], "language": "en", **fields})
    assert response.status_code == 200
    return response.json


@pytest.fixture
def record(pages: Portal) -> str:
    """An invoice, as the page names it."""
    with pages.app.app_context():
        invoice = Invoice(client=Client(name="<b>João</b>", phone="912345678"), number="F7")
        pages.session.add(invoice)
        pages.session.commit()
        return f"invoice/Invoice|{invoice.id}"


def test_a_text_is_measured_without_its_shortcodes(visitor: Visitor) -> None:
    told = ask(visitor, section="invoice", **{"text-en": "Pay {invoice_number}!"})
    assert (told["characters"], told["encoding"], told["segments"], told["problem"]) == (5, "GSM-7", 1, "")
    assert "without its 1 shortcode" in told["html"]


def test_on_a_record_it_is_measured_as_it_will_be_sent(visitor: Visitor, record: str) -> None:
    text = "{contact_firstname}: {invoice_number}"
    told = ask(visitor, trigger="charge_created", record=record, **{"text-en": text})
    assert (told["characters"], told["encoding"]) == (len("<b>João</b>: F7"), "UCS-2")
    assert "&lt;b&gt;João&lt;/b&gt;: F7" in told["html"]
    assert "because of its own values: ã" in told["html"]


@pytest.mark.parametrize(
    ("text", "says"),
    [("{invoice_nubmer}", "unknown"), ("{", "begins no shortcode"), ("x" * 1531, "1531 characters"), ("", "")],
)
def test_a_mistake_is_told_while_it_is_made(visitor: Visitor, text: str, says: str) -> None:
    assert says in ask(visitor, section="invoice", **{"text-en": text})["problem"]


@pytest.mark.parametrize("record", ["", "|", "invoice/Invoice|abc", "invoice/Invoice|999", "staff/Staff|1", "x" * 5000])
def test_a_record_that_is_none_is_told_and_breaks_nothing(visitor: Visitor, record: str) -> None:
    told = ask(visitor, section="invoice", record=record, **{"text-en": "{invoice_number}"})
    assert ("not there any more" in told["html"]) == bool(record)


def test_records_are_found_by_what_is_typed(visitor: Visitor, record: str) -> None:
    assert f'value="{record}"' in ask(visitor, RECORDS, section="invoice", words="F7")["html"]
    assert "Nothing is found" in ask(visitor, RECORDS, section="invoice", words="zzz")["html"]
    found = ask(visitor, RECORDS, section="clients", words="")["html"]
    assert "&lt;b&gt;João" in found


@pytest.mark.parametrize("path", [MEASURE, RECORDS])
def test_without_a_token_nothing_is_told(visitor: Visitor, path: str) -> None:
    assert visitor.client.post(path, data={"words": "", "section": "clients"}).status_code == 400


def test_an_unknown_trigger_is_an_error_not_a_crash(visitor: Visitor) -> None:
    token = TOKEN.search(visitor.read("/admin/sms/template/new/"))
    assert token
    response = visitor.client.post(MEASURE, data={"csrf_token": token[1], "trigger": "nope", "text": "x"})
    assert response.status_code == 404
    assert response.json == {"error": "unknown_trigger", "message": "There is no trigger 'nope'."}


@pytest.mark.parametrize(("right", "status"), [("configure", 400), ("send", 403), ("read", 403), ("export", 403)])
def test_only_who_may_configure_measures_and_finds_records(mounted: Mounted, right: str, status: int) -> None:
    """X12. They reach records that the host's views hide. Without a token: 400 is who was let in, 403 who was not."""

    def mount(app: Flask, db: SQLAlchemy) -> Mapping[str, Any]:
        return {"admin": Admin(app), "allow": lambda asked: asked == right}

    client = mounted(mount=mount).app.test_client()
    assert client.post(MEASURE, data={"text": "x"}).status_code == status
    assert client.post(RECORDS, data={"section": "clients"}).status_code == status
