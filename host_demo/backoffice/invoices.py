"""Invoices: issued, moved, cancelled; paid through the payments."""

# ruff: noqa: RUF012 -- Flask-Admin is told what to show by plain class attributes

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import flash, request
from flask_admin.actions import action
from flask_admin.contrib.sqla.filters import (
    DateBetweenFilter,
    DateSmallerFilter,
    FilterEqual,
    FilterInList,
    FilterLike,
)
from flask_admin.model.template import BaseListRowAction
from markupsafe import Markup
from sqlalchemy.orm import joinedload, selectinload

from host_demo.backoffice import cells, lookups
from host_demo.backoffice.base import PortalView, offered
from host_demo.billing import BillingRefused, cancel_invoice, issue_invoice, move_due_date
from host_demo.clock import today
from host_demo.database import db
from host_demo.formats import CURRENCIES, STATUSES, badge, day, labels, money
from host_demo.models import ChargeKind, Client, Invoice
from sms_plugin import SMSRecord


class RecordPayment(BaseListRowAction):
    """A link from an unpaid invoice to the payment form, filled in."""

    def __init__(self) -> None:
        super().__init__(title="Record a payment")

    def render(self, context: Any, row_id: str, row: Invoice) -> Markup | str:
        if not row.is_unpaid:
            return ""
        url = context["get_url"]("payment.create_view", invoice=row_id, url=request.full_path)
        return Markup('<a class="icon" href="{}" title="{}"><span class="fa fa-money"></span></a>').format(
            url, self.title
        )


class InvoiceView(SMSRecord, PortalView):
    record = "invoice"
    looks_in = "Number, client or words"
    list_template = "portal/invoices.html"
    details_template = "portal/invoice.html"
    column_list = ("number", "client", "status", "due_on", "amount_due", "total")
    column_default_sort = ("id", True)
    column_sortable_list = ("number", "status", "due_on", "total")
    column_searchable_list = ("number", "description", "client.company", "client.last_name")
    column_labels = {
        "client.company": "Company",
        "client.last_name": "Last name",
        "due_on": "Due",
        "issued_on": "Issued",
        "amount_due": "Left to pay",
    }
    column_filters = (
        FilterEqual(Invoice.status, "Status", options=list(STATUSES.items())),
        FilterInList(Invoice.status, "Status", options=list(STATUSES.items())),
        FilterEqual(Invoice.kind, "Kind", options=list(labels(ChargeKind).items())),
        DateSmallerFilter(Invoice.due_on, "Due on"),
        DateBetweenFilter(Invoice.due_on, "Due on"),
        FilterLike("client.city", "City"),
    )
    form_columns = ("client", "kind", "description", "total", "currency", "issued_on", "due_on")
    form_choices = {
        "kind": offered(labels(ChargeKind)),
        "currency": offered({code: f"{name} ({code})" for code, name in CURRENCIES.items()}),
    }
    form_ajax_refs = {"client": lookups.clients()}
    column_details_list = ["client", "kind", "description", "status", "issued_on", "due_on", "total", "amount_due"]
    column_formatters = {
        "number": lambda view, _context, invoice, _name: cells.number(view, invoice),
        "client": lambda view, _context, invoice, _name: cells.client(view, invoice),
        "status": lambda _view, _context, invoice, _name: badge(invoice.status),
        "kind": lambda _view, _context, invoice, _name: labels([invoice.kind])[invoice.kind],
        "issued_on": lambda _view, _context, invoice, _name: day(invoice.issued_on),
        "due_on": lambda _view, _context, invoice, _name: cells.due(invoice),
        "amount_due": lambda _view, _context, invoice, _name: cells.left(invoice),
        "total": lambda _view, _context, invoice, _name: money(invoice.total, invoice.currency),
    }
    column_extra_row_actions = [RecordPayment()]

    def get_query(self) -> Any:
        return super().get_query().options(joinedload(Invoice.client), selectinload(Invoice.payments))

    def get_edit_form(self) -> Any:
        """What stands on an issued invoice stays: only its words and its due date change."""
        form = super().get_edit_form()
        for fixed in ("client", "kind", "total", "currency", "issued_on"):
            delattr(form, fixed)
        return form

    def create_form(self, obj: Any = None) -> Any:
        form: Any = super().create_form(obj)
        if request.method == "GET":
            form.issued_on.data, form.due_on.data = today(), today() + timedelta(days=15)
            form.client.data = db.session.get(Client, request.args.get("client", 0, type=int))
        return form

    def create_model(self, form: Any) -> Invoice | bool:
        try:
            invoice = issue_invoice(
                db.session(),
                client=form.client.data,
                total=form.total.data,
                due_on=form.due_on.data,
                description=form.description.data or "",
                currency=form.currency.data,
                issued_on=form.issued_on.data,
                kind=ChargeKind(form.kind.data),
            )
            db.session.commit()
        except Exception as error:  # noqa: BLE001 -- as Flask-Admin does: told to the user, logged, rolled back
            db.session.rollback()
            self.handle_view_exception(error)
            return False
        return invoice

    def update_model(self, form: Any, model: Any) -> bool:
        try:
            if form.due_on.data != model.due_on:
                move_due_date(db.session(), invoice=model, due_on=form.due_on.data)
            model.description = form.description.data or ""
            db.session.commit()
        except Exception as error:  # noqa: BLE001
            db.session.rollback()
            self.handle_view_exception(error)
            return False
        return True

    @action("cancel", "Cancel invoices", "Cancel the chosen invoices? Nobody will be asked to pay them.")
    def action_cancel(self, ids: list[str]) -> None:
        cancelled = 0
        for invoice_id in ids:
            invoice = self.get_one(invoice_id)
            try:
                cancel_invoice(db.session(), invoice=invoice)
                cancelled += 1
            except BillingRefused as refusal:
                flash(str(refusal), "warning")
        db.session.commit()
        flash(f"{cancelled} cancelled.", "success")
