"""Payments: recorded once, by the one function that does so, and never changed."""

# ruff: noqa: RUF012 -- Flask-Admin is told what to show by plain class attributes

from __future__ import annotations

from typing import Any

from flask import request
from flask_admin.contrib.sqla.ajax import QueryAjaxModelLoader
from flask_admin.contrib.sqla.filters import DateBetweenFilter, FilterEqual
from sqlalchemy import or_
from sqlalchemy.orm import joinedload

from host_demo.access import signed_in
from host_demo.backoffice import cells
from host_demo.backoffice.base import PortalView, offered
from host_demo.billing import record_payment
from host_demo.clock import today
from host_demo.database import db
from host_demo.formats import METHODS, day, money
from host_demo.models import Client, Invoice, Payment, PaymentMethod
from sms_plugin import SMSRecord


class UnpaidInvoices(QueryAjaxModelLoader):
    """The invoices that wait for money, found by number or by client."""

    def get_list(self, term: str, offset: int = 0, limit: int = 10) -> list[Any]:
        words = f"%{term}%"
        found = self.get_query().join(Invoice.client).filter(Invoice.is_unpaid)
        found = found.filter(
            or_(
                Invoice.number.ilike(words),
                Client.company.ilike(words),
                Client.first_name.ilike(words),
                Client.last_name.ilike(words),
            )
        )
        return list(found.order_by(Invoice.due_on, Invoice.id).offset(offset).limit(limit))

    def format(self, model: Any) -> tuple[int, str] | None:
        if model is None:
            return None
        left = money(model.amount_due, model.currency)
        return model.id, f"{model.number} · {model.client.display_name} · {left}"


class PaymentView(SMSRecord, PortalView):
    record = "payment"
    looks_in = "Number of the invoice"
    can_edit = False
    column_list = ("paid_on", "invoice", "client", "amount", "method", "recorded_by")
    column_default_sort = [("paid_on", True), ("id", True)]
    column_sortable_list = ("paid_on", "method")
    column_searchable_list = ("invoice.number",)
    column_labels = {"invoice.number": "Invoice number", "paid_on": "Paid on", "recorded_by": "Recorded by"}
    column_filters = (
        DateBetweenFilter(Payment.paid_on, "Paid on"),
        FilterEqual(Payment.method, "Method", options=list(METHODS.items())),
    )
    form_columns = ("invoice", "amount", "method", "paid_on")
    form_choices = {"method": offered(METHODS)}
    form_ajax_refs = {
        "invoice": UnpaidInvoices(
            "invoice", db, Invoice, fields=("number",), placeholder="Number or client", minimum_input_length=0
        )
    }
    column_details_list = [
        "invoice",
        "client",
        "amount",
        "method",
        "paid_on",
        "recorded_by",
        "recorded_at",
    ]
    column_formatters = {
        "paid_on": lambda _view, _context, payment, _name: day(payment.paid_on),
        "invoice": lambda view, _context, payment, _name: cells.number(view, payment.invoice),
        "client": lambda view, _context, payment, _name: cells.client(view, payment.invoice),
        "amount": lambda _view, _context, payment, _name: money(payment.amount, payment.invoice.currency),
        "method": lambda _view, _context, payment, _name: METHODS[payment.method],
        "recorded_by": lambda _view, _context, payment, _name: payment.recorded_by or "came in online",
        "recorded_at": lambda _view, _context, payment, _name: f"{payment.recorded_at:%d/%m/%Y %H:%M}",
    }

    def get_query(self) -> Any:
        return (
            super()
            .get_query()
            .options(
                joinedload(Payment.invoice).joinedload(Invoice.client),
                joinedload(Payment.recorded_by),
            )
        )

    def create_form(self, obj: Any = None) -> Any:
        form: Any = super().create_form(obj)
        if request.method == "GET":
            form.paid_on.data = today()
            invoice = db.session.get(Invoice, request.args.get("invoice", 0, type=int))
            if invoice is not None and invoice.is_unpaid:
                form.invoice.data, form.amount.data = invoice, invoice.amount_due
        return form

    def create_model(self, form: Any) -> Payment | bool:
        try:
            payment = record_payment(
                db.session(),
                invoice=form.invoice.data,
                amount=form.amount.data,
                method=PaymentMethod(form.method.data),
                by=signed_in(),
                paid_on=form.paid_on.data,
            )
            db.session.commit()
        except Exception as error:  # noqa: BLE001 -- as Flask-Admin does: told to the user, logged, rolled back
            db.session.rollback()
            self.handle_view_exception(error)
            return False
        return payment
