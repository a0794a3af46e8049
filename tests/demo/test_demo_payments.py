from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from host_demo.clock import today
from host_demo.database import db
from host_demo.models import Invoice, InvoiceStatus, Payment
from host_demo.signals import payment_recorded
from tests.demo.visitor import Visitor

FORM = "/admin/payment/new/"


def _unpaid(portal: Flask, *, parts: bool = False) -> tuple[int, Decimal]:
    """The id of an unpaid invoice and what is left to pay; with ``parts``, of one that was paid in part."""
    with portal.app_context():
        unpaid = db.session.scalars(select(Invoice).where(Invoice.is_unpaid).order_by(Invoice.id))
        invoice = next(invoice for invoice in unpaid if bool(invoice.payments) == parts)
        return invoice.id, invoice.amount_due


def _status(portal: Flask, invoice_id: int) -> InvoiceStatus:
    with portal.app_context():
        return db.session.get_one(Invoice, invoice_id).status


def _payments(portal: Flask) -> int:
    with portal.app_context():
        return db.session.scalar(select(func.count()).select_from(Payment)) or 0


def _pay(visitor: Visitor, invoice_id: int, amount: Decimal | str) -> str:
    answer = visitor.send(FORM, invoice=str(invoice_id), amount=str(amount), method="card", paid_on=today().isoformat())
    return answer.text


@contextmanager
def _listening(hear: Any) -> Iterator[None]:
    with payment_recorded.connected_to(hear):
        yield


def test_the_form_records_a_payment_and_the_invoice_is_paid(portal: Flask, operator: Visitor) -> None:
    invoice_id, due = _unpaid(portal)
    _pay(operator, invoice_id, due)
    with portal.app_context():
        payment = db.session.scalars(select(Payment).order_by(Payment.id.desc())).first()
        assert payment is not None
        assert (payment.invoice_id, payment.amount, payment.method) == (invoice_id, due, "card")
        assert payment.recorded_by is not None
        assert payment.recorded_by.name == "Rui Tavares"
    assert _status(portal, invoice_id) == InvoiceStatus.PAID


def test_the_signal_is_sent_once_before_the_commit(portal: Flask, admin: Visitor, tmp_path: Path) -> None:
    """T2: what listens writes into the transaction that records the payment."""
    invoice_id, due = _unpaid(portal)
    before = _payments(portal)
    seen_by_others: list[int] = []

    def hear(sender: object, *, payment: Payment) -> None:
        assert payment.id
        assert payment.invoice.id == invoice_id
        with closing(sqlite3.connect(tmp_path / "portal.db")) as other:
            seen_by_others.extend(other.execute("SELECT count(*) FROM payment").fetchone())

    with _listening(hear):
        _pay(admin, invoice_id, due)
    assert seen_by_others == [before]
    assert _payments(portal) == before + 1


def test_a_listener_that_fails_takes_the_payment_along(portal: Flask, admin: Visitor) -> None:
    invoice_id, due = _unpaid(portal)
    before = _payments(portal)

    def fail(sender: object, *, payment: Payment) -> None:
        raise RuntimeError("a secret of the listener")

    with _listening(fail):
        page = _pay(admin, invoice_id, due)
    assert "could not be saved" in page
    assert "a secret" not in page
    assert _payments(portal) == before
    assert _status(portal, invoice_id) != InvoiceStatus.PAID


def test_a_part_payment_leaves_the_rest_to_pay(portal: Flask, admin: Visitor) -> None:
    invoice_id, due = _unpaid(portal)
    _pay(admin, invoice_id, "10.00")
    with portal.app_context():
        invoice = db.session.get_one(Invoice, invoice_id)
        assert invoice.is_unpaid
        assert invoice.amount_due == due - 10


def test_the_last_part_settles_the_invoice(portal: Flask, admin: Visitor) -> None:
    invoice_id, due = _unpaid(portal, parts=True)
    _pay(admin, invoice_id, due)
    assert _status(portal, invoice_id) == InvoiceStatus.PAID


def test_more_than_what_is_left_is_refused(portal: Flask, admin: Visitor) -> None:
    invoice_id, due = _unpaid(portal)
    before = _payments(portal)
    assert "is left to pay" in _pay(admin, invoice_id, due + 1)
    assert _payments(portal) == before


def test_an_amount_below_zero_is_refused(portal: Flask, admin: Visitor) -> None:
    invoice_id, _ = _unpaid(portal)
    before = _payments(portal)
    assert "more than zero" in _pay(admin, invoice_id, "-5")
    assert _payments(portal) == before


def test_a_paid_invoice_takes_no_more(portal: Flask, admin: Visitor) -> None:
    invoice_id, due = _unpaid(portal)
    _pay(admin, invoice_id, due)
    assert "nothing is left to pay" in _pay(admin, invoice_id, "1")


def test_the_form_comes_filled_in_for_an_invoice(portal: Flask, admin: Visitor) -> None:
    invoice_id, due = _unpaid(portal)
    page = admin.read(f"{FORM}?invoice={invoice_id}")
    assert f'value="{due}"' in page


def test_only_unpaid_invoices_are_offered(portal: Flask, admin: Visitor) -> None:
    answer = admin.client.get("/admin/payment/ajax/lookup/?name=invoice&query=NF&limit=200")
    offered = {row[0] for row in answer.json or []}
    with portal.app_context():
        assert offered == set(db.session.scalars(select(Invoice.id).where(Invoice.is_unpaid)))


def test_a_recorded_payment_cannot_be_changed(admin: Visitor) -> None:
    assert admin.client.get("/admin/payment/edit/?id=1").status_code == 302
    assert "/admin/payment/delete/" not in admin.read("/admin/payment/")
