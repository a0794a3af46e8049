"""What the sales side of the demo texts when its day comes: done on the portal's pages, read at the phones."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from html import unescape

import pytest

from host_demo.clock import today
from host_demo.models import Client, Contract, Estimate, Invoice, InvoiceStatus, Proposal
from tests.demo.office import Office, only

DAY = dt.timedelta(days=1)
DUARTE = "+351920000014"
#: What a form carries along that nobody typed.
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


@pytest.fixture
def duarte(office: Office) -> str:
    """The id of a client in Lisbon's time with one good number."""
    return str(only(office, Client, first_name="Duarte").id)


def _invoice(office: Office, client: str, *, due_in: int) -> Invoice:
    due_on = today() + due_in * DAY
    office.admin.send(
        "/admin/invoice/new/",
        client=client,
        total="20.00",
        currency="EUR",
        issued_on=today().isoformat(),
        due_on=due_on.isoformat(),
    )
    found: Invoice = only(office, Invoice, client_id=int(client), due_on=due_on)
    return found


def _move(office: Office, invoice: Invoice, *, due_in: int) -> None:
    due_on = today() + due_in * DAY
    office.admin.send(f"/admin/invoice/edit/?id={invoice.id}", description="", due_on=due_on.isoformat())


def test_an_invoice_that_nobody_paid_is_reminded_of_the_day_after(office: Office, duarte: str) -> None:
    """T1, by the scheduler; once, however often it looks."""
    office.switch_on("invoice_overdue_notice")
    invoice = _invoice(office, duarte, due_in=2)
    office.wait_until(invoice.due_on)
    assert DUARTE not in dict(office.texts())
    office.wait_until(invoice.due_on + DAY)
    assert [to for to, _ in office.texts()].count(DUARTE) == 1
    assert office.texts() == []


def test_an_invoice_that_was_paid_in_time_is_not_reminded_of(office: Office, duarte: str) -> None:
    """T1"""
    office.switch_on("invoice_overdue_notice")
    invoice = _invoice(office, duarte, due_in=2)
    form = {"invoice": str(invoice.id), "amount": "20.00", "method": "card", "paid_on": today().isoformat()}
    office.admin.send("/admin/payment/new/", **form)
    office.wait_until(invoice.due_on + DAY)
    assert DUARTE not in dict(office.texts())


def test_an_overdue_notice_goes_by_hand_and_again_with_the_last_date_shown(office: Office) -> None:
    """T1, S9: from the row of the list; sending again is possible, and says when the last one went."""
    office.switch_on("invoice_overdue_notice")
    client = only(office, Client, first_name="António")
    invoice = only(office, Invoice, status=InvoiceStatus.OVERDUE, client_id=client.id)
    link = f"/admin/invoice/sms/send/?record={invoice.id}"
    assert link in office.admin.read("/admin/invoice/?flt0_status_equals=overdue")
    for time in range(2):
        look = {"record": str(invoice.id), "what": "trigger:invoice_overdue_notice", "step": "look"}
        shown = office.admin.post(link, "/admin/invoice/sms/send/", **look).text
        assert invoice.number in shown
        assert ("already sent on" in shown) == bool(time)
        form = {name: unescape(value) for name, value in HIDDEN.findall(shown[shown.index("sms-shown") :])}
        form = {name: form[name] for name in ("record", "what", "text", "number", "once", "shown")}
        office.admin.post(link, "/admin/invoice/sms/send/", step="send", **form)
        assert [to for to, _ in office.texts()] == ["+351960000012"]


def _estimate(office: Office, client: str, *, expires_in: int) -> Estimate:
    expires_on = today() + expires_in * DAY
    office.admin.send(
        "/admin/estimate/new/",
        client=client,
        subject="Cabo novo",
        total="75.00",
        currency="EUR",
        issued_on=today().isoformat(),
        expires_on=expires_on.isoformat(),
        status="sent",
    )
    found: Estimate = only(office, Estimate, subject="Cabo novo")
    return found


def test_an_estimate_is_reminded_of_before_and_after_its_last_day(office: Office, duarte: str) -> None:
    """T3: about to expire, and just expired."""
    office.switch_on("estimate_expiration_reminder")
    estimate = _estimate(office, duarte, expires_in=5)
    for days in (-3, 1):
        office.wait_until(estimate.expires_on + days * DAY)
        ((to, text),) = office.texts()
        assert to == DUARTE
        assert estimate.number in text
        assert f"https://norte.example/e/{estimate.public_id}" in text


def test_an_estimate_that_was_accepted_is_not_reminded_of(office: Office, duarte: str) -> None:
    """T3"""
    office.switch_on("estimate_expiration_reminder")
    estimate = _estimate(office, duarte, expires_in=5)
    office.admin.send(
        f"/admin/estimate/edit/?id={estimate.id}",
        client=duarte,
        total="75.00",
        expires_on=estimate.expires_on.isoformat(),
        status="accepted",
    )
    office.wait_until(estimate.expires_on - 3 * DAY)
    assert office.texts() == []


def test_a_proposal_is_reminded_of_before_and_after_its_last_day(office: Office) -> None:
    """T4: without a phone on it, at the client's main mobile."""
    office.switch_on("proposal_expiration_reminder")
    proposal = only(office, Proposal, addressee="Hugo Reis")
    for days in (-3, 1):
        office.wait_until(proposal.expires_on + days * DAY)
        ((to, text),) = office.texts()
        assert to == "+351910000071"
        assert proposal.number in text


def test_a_contract_is_reminded_of_before_and_after_its_last_day(office: Office, duarte: str) -> None:
    """T7: at the contact who speaks for the client, else at the client itself."""
    office.switch_on("contract_expiration_reminder")
    ends_on = today() + 10 * DAY
    office.admin.send(
        "/admin/contract/new/",
        client=duarte,
        subject="Internet em casa",
        starts_on=today().isoformat(),
        ends_on=ends_on.isoformat(),
        currency="EUR",
        discount="0",
        status="signed",
        **{"lines-0-description": "Fibra", "lines-0-quantity": "12", "lines-0-price": "24.90"},
    )
    for days in (-7, 1):
        office.wait_until(ends_on + days * DAY)
        ((to, text),) = office.texts()
        assert to == DUARTE
        assert "Internet em casa" in text


def test_a_contract_of_a_company_is_told_to_its_primary_contact(office: Office) -> None:
    """T7"""
    office.switch_on("contract_expiration_reminder")
    contract = only(office, Contract, subject="Internet e telefone da padaria")
    office.wait_until(contract.ends_on + DAY)
    assert [to for to, _ in office.texts()] == ["+351910000041"]


def test_a_client_is_greeted_on_the_birthday(office: Office) -> None:
    """T13"""
    office.switch_on("birthday_greeting")
    office.wait_until(today() + DAY)
    texts = dict(office.texts())
    assert "Diana" in texts["+351910000025"]


def test_a_contact_born_on_the_29th_of_february_is_greeted_each_year(office: Office) -> None:
    """T13: on the 28th in other years."""
    office.switch_on("birthday_greeting")
    year = today().year + 1
    office.wait_until(dt.date(year, 2, 29 if calendar.isleap(year) else 28))
    texts = dict(office.texts())
    assert "Sofia" in texts["+351910000051"]


def test_a_charge_is_announced_three_days_before_it_is_due(office: Office, duarte: str) -> None:
    """T22; a prolonged due date reminds again."""
    office.switch_on("charge_due_soon")
    invoice = _invoice(office, duarte, due_in=5)
    office.wait_until(invoice.due_on - 3 * DAY)
    assert [to for to, text in office.texts() if invoice.number in text] == [DUARTE]
    _move(office, invoice, due_in=40)
    office.wait_until(today() + 37 * DAY)
    assert [to for to, text in office.texts() if invoice.number in text] == [DUARTE]


def test_a_charge_is_announced_on_its_day(office: Office, duarte: str) -> None:
    """T23"""
    office.switch_on("charge_due_today")
    invoice = _invoice(office, duarte, due_in=2)
    office.wait_until(invoice.due_on)
    ((to, _),) = [each for each in office.texts() if invoice.number in each[1]]
    assert to == DUARTE


def test_what_came_due_before_the_trigger_was_on_is_left_alone(office: Office) -> None:
    """X5: yesterday's estimates and proposals are nobody's surprise tomorrow."""
    office.wait_until(today() + DAY)
    office.switch_on("estimate_expiration_reminder", "proposal_expiration_reminder", "invoice_overdue_notice")
    assert office.texts() == []
