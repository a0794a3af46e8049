"""From a template and records to the words that one person reads (M2, M5, M8)."""

from __future__ import annotations

import datetime as dt
import gc
import weakref
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sms_plugin import Entity, Person, Section, SmsError, link, money
from sms_plugin.host.entity import Declaration
from sms_plugin.wording.rendering import render_for
from tests.portal import Client, Contact, Invoice, Payment, Portal, make_portal


def _declared() -> list[Declaration]:
    return [
        Entity(
            Client,
            "clients",
            person=Person(name="name", phones="phone"),
            shortcodes={"contact_firstname": "name", "client_company": "name"},
        ),
        Entity(
            Contact,
            "clients",
            person=Person(name="name", phones="phone", client="client"),
            shortcodes={"contact_firstname": "name"},
        ),
        Entity(
            Invoice,
            "invoice",
            to={"client": "client"},
            shortcodes={
                "invoice_number": "number",
                "invoice_total": money("total"),
                "invoice_duedate": "due_on",
                "invoice_note": money("total", "note"),
                "invoice_link": link("invoice_page", number="number"),
                "gone": link("no_page"),
            },
        ),
        Entity(Payment, "payment", to={"client": "invoice.client"}, also={"invoice": "invoice"}),
        Section("company", {"company_name": lambda: "Acme"}),
    ]


@pytest.fixture
def office(database_url: str) -> Iterator[Portal]:
    portal = make_portal(database_url, *_declared(), SMS_CURRENCY="EUR")
    with portal.app.app_context():
        yield portal
        portal.db.session.remove()
        portal.db.engine.dispose()


def _rendered(portal: Portal, template: str, record: Any, *people: Any, language: str = "en") -> str:
    entity = portal.state.registry.entity_of(type(record))
    assert entity is not None
    zone = ZoneInfo("Europe/Lisbon")
    return render_for(
        template,
        record=record,
        entity=entity,
        people=people,
        language=language,
        zone=zone,
        state=portal.state,
    ).text


ANA = Client(name="Ana")
INVOICE = Invoice(client=ANA, number="F7", total=Decimal("1234.5"), due_on=dt.date(2026, 11, 13))


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{invoice_number}", "F7"),
        ("{contact_firstname}", "Ana"),
        ("{company_name}", "Acme"),
        ("{invoice_link}", "https://portal.example.com/invoice/F7"),
        ("{invoice_total}", "€1,234.50"),
        ("{invoice_duedate}", "13 Nov 2026"),
    ],
)
def test_a_shortcode_is_read_from_whatever_offers_it(office: Portal, template: str, text: str) -> None:
    assert _rendered(office, template, INVOICE) == text


def test_values_are_written_in_the_readers_way(office: Portal) -> None:
    """M4: no currency sign that would make the whole text dearer, and no no-break space."""
    assert _rendered(office, "{invoice_total} {invoice_duedate}", INVOICE, language="pt-PT") == "1 234,50 € 13/11/2026"


def test_whom_it_goes_to_comes_before_the_client_behind(office: Portal) -> None:
    rui = Contact(name="Rui", client=ANA)
    assert _rendered(office, "{contact_firstname} of {client_company}", INVOICE, rui, ANA) == "Rui of Ana"


def test_a_record_that_also_names_lends_its_shortcodes(office: Portal) -> None:
    assert _rendered(office, "{invoice_number} {contact_firstname}", Payment(invoice=INVOICE)) == "F7 Ana"


@pytest.mark.parametrize(
    ("template", "code"),
    [
        ("{nothing}", "unknown_shortcode"),
        ("{invoice_duedate}", "missing_value"),
        ("{contact_firstname}", "unknown_shortcode"),
        ("{gone}", "bad_link"),
    ],
)
def test_a_hole_is_never_rendered(office: Portal, template: str, code: str) -> None:
    """Promise 5."""
    with pytest.raises(SmsError) as raised:
        _rendered(office, template, Invoice(number="F7"))
    assert raised.value.code == code


def test_an_amount_uses_its_own_currency_else_the_portals(office: Portal) -> None:
    invoice = Invoice(total=Decimal(5), note="GBP")
    assert _rendered(office, "{invoice_note} {invoice_total}", invoice) == "£5.00 €5.00"


def test_an_amount_without_any_currency_is_refused(database_url: str) -> None:
    portal = make_portal(database_url, *_declared(), SMS_CURRENCY=None)
    with portal.app.app_context():
        with pytest.raises(SmsError) as raised:
            _rendered(portal, "{invoice_total}", INVOICE)
        assert raised.value.code == "no_currency"
        portal.db.engine.dispose()


def test_a_link_needs_the_public_address(database_url: str) -> None:
    """A forged Host header must not reach a text: the address is a setting, inside requests too."""
    portal = make_portal(database_url, *_declared(), SMS_PUBLIC_URL=None)
    with portal.app.test_request_context(headers={"Host": "evil.example"}):
        with pytest.raises(SmsError) as raised:
            _rendered(portal, "{invoice_link}", INVOICE)
        assert raised.value.code == "no_public_url"
        portal.db.engine.dispose()


def test_a_forged_host_does_not_reach_a_link(office: Portal) -> None:
    with office.app.test_request_context(headers={"Host": "evil.example"}):
        assert _rendered(office, "{invoice_link}", INVOICE) == "https://portal.example.com/invoice/F7"


def test_a_record_that_was_read_is_let_go_of_at_once(office: Portal) -> None:
    """Issue Triggers, speed: for what a run leaves, the collector would go through all that the portal holds."""
    invoice = Invoice(number="F7")
    seen = weakref.ref(invoice)
    gc.disable()
    try:
        assert _rendered(office, "{invoice_number} {contact_firstname}", invoice, ANA) == "F7 Ana"
        del invoice
        assert seen() is None
    finally:
        gc.enable()
