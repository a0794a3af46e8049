"""Estimates: what a piece of work would cost a client."""

# ruff: noqa: RUF012 -- Flask-Admin is told what to show by plain class attributes

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import request
from flask_admin.contrib.sqla.filters import DateBetweenFilter, FilterEqual
from sqlalchemy.orm import joinedload

from host_demo.backoffice import cells, lookups
from host_demo.backoffice.base import PortalView, offered
from host_demo.backoffice.checks import check_amount, check_order
from host_demo.clock import today
from host_demo.database import db
from host_demo.formats import CURRENCIES, badge, day, labels, money
from host_demo.models import Client, Estimate, OfferStatus
from host_demo.sales import next_number
from sms_plugin import SMSRecord


class EstimateView(SMSRecord, PortalView):
    record = "estimate"
    looks_in = "Number, client or words"
    details_template = "portal/estimate.html"
    column_list = ("number", "client", "status", "expires_on", "total")
    column_default_sort = ("id", True)
    column_sortable_list = ("number", "status", "expires_on", "total")
    column_searchable_list = ("number", "subject", "client.company", "client.last_name")
    column_labels = {
        "client.company": "Company",
        "client.last_name": "Last name",
        "expires_on": "Good until",
        "issued_on": "Made on",
    }
    column_filters = (
        FilterEqual(Estimate.status, "Status", options=list(labels(OfferStatus).items())),
        DateBetweenFilter(Estimate.expires_on, "Good until"),
    )
    form_columns = ("client", "subject", "total", "currency", "issued_on", "expires_on", "status")
    form_choices = {
        "currency": offered({code: f"{name} ({code})" for code, name in CURRENCIES.items()}),
        "status": offered(labels(OfferStatus)),
    }
    form_ajax_refs = {"client": lookups.clients()}
    column_details_list = ["client", "subject", "status", "issued_on", "expires_on", "total"]
    column_formatters = {
        "number": lambda view, _context, estimate, _name: cells.titled(view, "estimate", estimate, estimate.number),
        "client": lambda view, _context, estimate, _name: cells.client(view, estimate),
        "status": lambda _view, _context, estimate, _name: badge(estimate.status),
        "issued_on": lambda _view, _context, estimate, _name: day(estimate.issued_on),
        "expires_on": lambda _view, _context, estimate, _name: cells.until(
            estimate.expires_on, waits=estimate.status == OfferStatus.SENT
        ),
        "total": lambda _view, _context, estimate, _name: money(estimate.total, estimate.currency),
    }

    def get_query(self) -> Any:
        return super().get_query().options(joinedload(Estimate.client))

    def create_form(self, obj: Any = None) -> Any:
        form: Any = super().create_form(obj)
        if request.method == "GET":
            form.issued_on.data, form.expires_on.data = today(), today() + timedelta(days=14)
            form.status.data = OfferStatus.SENT
            form.client.data = db.session.get(Client, request.args.get("client", 0, type=int))
        return form

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        check_amount(model.total)
        check_order(model.issued_on, model.expires_on, words="An estimate cannot end before it is made.")
        if is_created:
            with db.session.no_autoflush:
                model.number = next_number(db.session, Estimate, year=model.issued_on.year)
