"""Proposals: offers to clients and leads, talked over on both sides."""

# ruff: noqa: RUF012 -- Flask-Admin is told what to show by plain class attributes

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import request
from flask_admin.contrib.sqla.filters import DateBetweenFilter, FilterEqual
from flask_admin.form import rules
from sqlalchemy.orm import joinedload

from host_demo.access import signed_in
from host_demo.backoffice import cells, lookups
from host_demo.backoffice.base import PortalView, Token, offered
from host_demo.backoffice.checks import check_amount, check_order
from host_demo.backoffice.talk import Talked
from host_demo.clock import today
from host_demo.database import db
from host_demo.formats import CURRENCIES, badge, day, labels, money
from host_demo.models import Client, Lead, OfferStatus, Proposal
from host_demo.sales import SalesRefused, next_number
from sms_plugin import SMSRecord


class ProposalView(SMSRecord, Talked, PortalView):
    record = "proposal"
    looks_in = "Number, addressee or words"
    details_template = "portal/proposal.html"
    column_list = ("number", "customer", "status", "expires_on", "assignee", "total")
    column_default_sort = ("id", True)
    column_sortable_list = ("number", "status", "expires_on", "total")
    column_searchable_list = ("number", "subject", "addressee", "phone")
    column_labels = {
        "customer": "For",
        "addressee": "Addressee",
        "expires_on": "Open till",
        "issued_on": "Made on",
        "state": "Region",
        "zip": "Postal code",
        "creator": "Made by",
        "assignee": "Assigned to",
    }
    column_descriptions = {
        "phone": "Texts about this proposal go here; without one, to the client's or the lead's number.",
        "addressee": "The name on the envelope; without one, the client's or the lead's.",
    }
    column_filters = (
        FilterEqual(Proposal.status, "Status", options=list(labels(OfferStatus).items())),
        DateBetweenFilter(Proposal.expires_on, "Open till"),
    )
    form_columns = (
        "client",
        "lead",
        "addressee",
        "phone",
        "email",
        "address",
        "state",
        "zip",
        "country",
        "subject",
        "total",
        "currency",
        "issued_on",
        "expires_on",
        "status",
        "assignee",
    )
    form_rules = (
        Token(),
        rules.FieldSet(("client", "lead"), "For a client or a lead"),
        rules.FieldSet(("addressee", "phone", "email", "address", "state", "zip", "country"), "Addressed to"),
        rules.FieldSet(
            ("subject", "total", "currency", "issued_on", "expires_on", "status", "assignee"), "What is offered"
        ),
    )
    form_choices = {
        "currency": offered({code: f"{name} ({code})" for code, name in CURRENCIES.items()}),
        "status": offered(labels(OfferStatus)),
    }
    form_args = {"assignee": lookups.AMONG_STAFF}
    form_ajax_refs = {"client": lookups.clients(), "lead": lookups.leads()}
    column_details_list = [
        "customer",
        "addressee",
        "phone",
        "email",
        "address",
        "state",
        "zip",
        "country",
        "subject",
        "status",
        "issued_on",
        "expires_on",
        "total",
        "creator",
        "assignee",
    ]
    column_formatters = {
        "number": lambda view, _context, one, _name: cells.titled(view, "proposal", one, one.number),
        "customer": lambda view, _context, one, _name: cells.customer(view, one),
        "status": lambda _view, _context, one, _name: badge(one.status),
        "issued_on": lambda _view, _context, one, _name: day(one.issued_on),
        "expires_on": lambda _view, _context, one, _name: cells.until(
            one.expires_on, waits=one.status == OfferStatus.SENT
        ),
        "total": lambda _view, _context, one, _name: money(one.total, one.currency),
    }

    def get_query(self) -> Any:
        loaded = (Proposal.client, Proposal.lead, Proposal.assignee)
        return super().get_query().options(*(joinedload(each) for each in loaded))

    def create_form(self, obj: Any = None) -> Any:
        form: Any = super().create_form(obj)
        if request.method == "GET":
            form.issued_on.data, form.expires_on.data = today(), today() + timedelta(days=14)
            form.status.data, form.assignee.data = OfferStatus.SENT, signed_in()
            form.client.data = db.session.get(Client, request.args.get("client", 0, type=int))
            form.lead.data = db.session.get(Lead, request.args.get("lead", 0, type=int))
        return form

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        if (model.client is None) == (model.lead is None):
            raise SalesRefused("A proposal is for a client or for a lead: choose one of them.")
        check_amount(model.total)
        check_order(model.issued_on, model.expires_on, words="A proposal cannot end before it is made.")
        if is_created:
            with db.session.no_autoflush:
                model.number = next_number(db.session, Proposal, year=model.issued_on.year)
                model.creator = signed_in()
