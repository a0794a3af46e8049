from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from host_demo.billing import BillingRefused, cancel_invoice, issue_invoice, mark_overdue, move_due_date
from host_demo.clock import today
from host_demo.database import db
from host_demo.models import Client, Invoice, InvoiceStatus
from tests.demo.visitor import Visitor


def _issue(*, total: str = "20", due_in: int = 5) -> Invoice:
    client = db.session.get_one(Client, 1)
    return issue_invoice(db.session, client=client, total=Decimal(total), due_on=today() + timedelta(days=due_in))


def test_invoices_are_numbered_on_within_their_year(portal: Flask) -> None:
    with portal.app_context():
        first, second = _issue(), _issue()
        assert first.number.startswith(f"NF{today().year}-")
        assert int(second.number.partition("-")[2]) == int(first.number.partition("-")[2]) + 1


@pytest.mark.parametrize(("total", "due_in"), [("0", 5), ("-1", 5), ("20", -1)])
def test_an_invoice_that_makes_no_sense_is_refused(portal: Flask, total: str, due_in: int) -> None:
    with portal.app_context(), pytest.raises(BillingRefused):
        _issue(total=total, due_in=due_in)


def test_a_due_date_that_moves_ahead_reopens_the_invoice(portal: Flask) -> None:
    with portal.app_context():
        invoice = db.session.scalars(select(Invoice).where(Invoice.status == InvoiceStatus.OVERDUE)).first()
        assert invoice is not None
        statuses = []
        for days in (4, -1):
            move_due_date(db.session, invoice=invoice, due_on=today() + timedelta(days=days))
            statuses.append(invoice.status)
        assert statuses == [InvoiceStatus.OPEN, InvoiceStatus.OVERDUE]


def test_an_open_invoice_turns_overdue_the_day_after_its_due_date(portal: Flask) -> None:
    with portal.app_context():
        invoice = _issue(due_in=0)
        statuses = []
        for days in (0, 1):
            mark_overdue(db.session, on=invoice.due_on + timedelta(days=days))
            statuses.append(invoice.status)
        assert statuses == [InvoiceStatus.OPEN, InvoiceStatus.OVERDUE]


def test_nothing_is_due_on_a_cancelled_invoice(portal: Flask) -> None:
    with portal.app_context():
        invoice = _issue()
        cancel_invoice(db.session, invoice=invoice)
        assert invoice.amount_due == 0
        with pytest.raises(BillingRefused):
            cancel_invoice(db.session, invoice=invoice)


def test_the_form_issues_an_invoice(portal: Flask, operator: Visitor) -> None:
    operator.send(
        "/admin/invoice/new/",
        client="4",
        description="Router",
        total="45.50",
        currency="EUR",
        issued_on=today().isoformat(),
        due_on=(today() + timedelta(days=9)).isoformat(),
    )
    with portal.app_context():
        invoice = db.session.scalars(select(Invoice).order_by(Invoice.id.desc())).first()
        assert invoice is not None
        assert (invoice.client_id, invoice.total, invoice.status) == (4, Decimal("45.50"), "open")


def test_the_form_moves_a_due_date_and_leaves_the_rest(portal: Flask, operator: Visitor) -> None:
    with portal.app_context():
        invoice = _issue(total="33")
        db.session.commit()
        invoice_id = invoice.id
    due_on = today() + timedelta(days=30)
    operator.send(
        f"/admin/invoice/edit/?id={invoice_id}",
        description="x",
        due_on=due_on.isoformat(),
        total="1",
        client="2",
    )
    with portal.app_context():
        invoice = db.session.get_one(Invoice, invoice_id)
        assert (invoice.due_on, invoice.total, invoice.client_id) == (due_on, Decimal(33), 1)


def test_a_client_reads_an_invoice_by_its_secret_link_alone(portal: Flask, stranger: Visitor) -> None:
    with portal.app_context():
        invoice = db.session.scalars(select(Invoice).join(Invoice.client).where(Client.language == "uk")).first()
        assert invoice is not None
        public_id, number, own_id = invoice.public_id, invoice.number, invoice.id
    page = stranger.read(f"/i/{public_id}")
    assert number in page
    assert "Рахунок" in page
    assert stranger.client.get(f"/i/{own_id}").status_code == 404


def test_days_late_counts_from_the_due_date(portal: Flask) -> None:
    with portal.app_context():
        invoice = Invoice(due_on=date(2026, 3, 1), status=InvoiceStatus.OPEN)
        assert invoice.days_late(date(2026, 3, 1)) == 0
        assert invoice.days_late(date(2026, 3, 4)) == 3
        invoice.status = InvoiceStatus.PAID
        assert invoice.days_late(date(2026, 3, 4)) == 0
