"""Contracts: what clients have signed, line by line, talked over on both sides."""

# ruff: noqa: RUF012 -- Flask-Admin is told what to show by plain class attributes

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask import request
from flask_admin.contrib.sqla.filters import DateBetweenFilter, FilterEqual
from flask_admin.form import rules
from flask_admin.model.form import InlineFormAdmin
from sqlalchemy.orm import joinedload, selectinload

from host_demo.access import signed_in
from host_demo.backoffice import cells, lookups
from host_demo.backoffice.base import PortalView, Token, offered
from host_demo.backoffice.checks import check_lines, check_order
from host_demo.backoffice.talk import Talked
from host_demo.clock import today
from host_demo.database import db
from host_demo.formats import CURRENCIES, badge, day, labels, money
from host_demo.models import Client, Contract, ContractLine, ContractStatus
from host_demo.sales import SalesRefused, next_number
from sms_plugin import SMSRecord


class LinesInline(InlineFormAdmin):
    form_columns = ("id", "description", "quantity", "price")
    form_label = "line"


class ContractView(SMSRecord, Talked, PortalView):
    record = "contract"
    looks_in = "Number, client or words"
    details_template = "portal/contract.html"
    column_list = ("number", "client", "status", "ends_on", "value")
    column_default_sort = ("id", True)
    column_sortable_list = ("number", "status", "ends_on")
    column_searchable_list = ("number", "subject", "client.company", "client.last_name")
    column_labels = {
        "client.company": "Company",
        "client.last_name": "Last name",
        "starts_on": "Starts",
        "ends_on": "Ends",
        "creator": "Made by",
    }
    column_filters = (
        FilterEqual(Contract.status, "Status", options=list(labels(ContractStatus).items())),
        DateBetweenFilter(Contract.ends_on, "Ends"),
    )
    form_columns = ("client", "subject", "description", "starts_on", "ends_on", "currency", "discount", "status")
    inline_models = (LinesInline(ContractLine),)
    form_rules = (
        Token(),
        rules.FieldSet(("client", "subject", "description", "starts_on", "ends_on", "status"), "The contract"),
        rules.FieldSet(("currency", "discount"), "Money"),
        rules.FieldSet(("lines",), "Lines"),
    )
    form_choices = {
        "currency": offered({code: f"{name} ({code})" for code, name in CURRENCIES.items()}),
        "status": offered(labels(ContractStatus)),
    }
    form_ajax_refs = {"client": lookups.clients()}
    column_details_list = [
        "client",
        "subject",
        "description",
        "status",
        "starts_on",
        "ends_on",
        "subtotal",
        "discount",
        "value",
        "creator",
    ]
    column_formatters = {
        "number": lambda view, _context, one, _name: cells.titled(view, "contract", one, one.number),
        "client": lambda view, _context, one, _name: cells.client(view, one),
        "status": lambda _view, _context, one, _name: badge(one.status),
        "starts_on": lambda _view, _context, one, _name: day(one.starts_on),
        "ends_on": lambda _view, _context, one, _name: cells.until(
            one.ends_on, waits=one.status == ContractStatus.SIGNED
        ),
    } | dict.fromkeys(
        ("subtotal", "discount", "value"),
        lambda _view, _context, one, name: money(getattr(one, name), one.currency),
    )

    def get_query(self) -> Any:
        return super().get_query().options(joinedload(Contract.client), selectinload(Contract.lines))

    def create_form(self, obj: Any = None) -> Any:
        form: Any = super().create_form(obj)
        if request.method == "GET":
            form.starts_on.data, form.ends_on.data = today(), today() + timedelta(days=365)
            form.status.data, form.discount.data = ContractStatus.SIGNED, Decimal(0)
            form.client.data = db.session.get(Client, request.args.get("client", 0, type=int))
        return form

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        check_lines([(line.description, line.quantity, line.price) for line in model.lines])
        check_order(model.starts_on, model.ends_on, words="A contract cannot end before it starts.")
        model.discount = model.discount or Decimal(0)
        if not 0 <= model.discount <= model.subtotal:
            raise SalesRefused("The discount must be from nothing to what the lines come to.")
        if is_created:
            with db.session.no_autoflush:
                model.number = next_number(db.session, Contract, year=model.starts_on.year)
                model.creator = signed_in()
