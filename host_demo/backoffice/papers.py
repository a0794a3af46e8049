"""Legal details of clients: registers, bank, addresses."""

# ruff: noqa: RUF012 -- Flask-Admin is told what to show by plain class attributes

from __future__ import annotations

from typing import Any

from flask import request
from flask_admin.contrib.sqla.filters import FilterLike
from flask_admin.form import rules
from sqlalchemy.orm import joinedload

from host_demo.backoffice import cells, lookups
from host_demo.backoffice.base import PortalView, Token
from host_demo.database import db
from host_demo.models import Client, Papers
from sms_plugin import SMSRecord

WHO = ("client", "name", "agent", "website", "papers_email", "more_contacts")
WHERE = ("address", "zip", "state")
LEGAL = ("legal_street", "legal_city", "legal_state", "legal_zip", "legal_country")
DELIVERY = ("delivery_street", "delivery_city", "delivery_state", "delivery_zip", "delivery_country")
REGISTERS = ("vat_number", "register_code", "tax_number", "account", "bank_code", "signatory", "director")


class PapersView(SMSRecord, PortalView):
    record = "legal details"
    looks_in = "Name or number"
    column_list = ("name", "client", "vat_number", "agent")
    column_default_sort = "name"
    column_sortable_list = ("name",)
    column_searchable_list = ("name", "vat_number", "register_code", "tax_number")
    column_labels = {
        "agent": "Sales agent",
        "papers_email": "E-mail for papers",
        "more_contacts": "More contacts",
        "zip": "Postal code",
        "state": "Region",
        **{f"{kind}_zip": f"{kind.capitalize()} postal code" for kind in ("legal", "delivery")},
        **{f"{kind}_state": f"{kind.capitalize()} region" for kind in ("legal", "delivery")},
        "vat_number": "VAT number",
        "register_code": "Code in the register",
        "tax_number": "Tax number",
        "account": "Bank account",
        "director": "Director, in person of",
    }
    column_filters = (FilterLike(Papers.state, "Region"),)
    form_columns = (*WHO, *WHERE, *LEGAL, *DELIVERY, *REGISTERS)
    form_rules = (
        Token(),
        rules.FieldSet(WHO, "Who"),
        rules.FieldSet(WHERE, "Address"),
        rules.FieldSet(LEGAL, "Legal address"),
        rules.FieldSet(DELIVERY, "Delivery address"),
        rules.FieldSet(REGISTERS, "Registers and bank"),
    )
    form_args = {"agent": lookups.AMONG_STAFF}
    form_ajax_refs = {"client": lookups.clients()}
    column_details_list = [*form_columns]
    column_formatters = {
        "name": lambda view, _context, papers, _name: cells.titled(view, "papers", papers, papers.name),
        "client": lambda view, _context, papers, _name: cells.client(view, papers),
    }
    column_formatters_detail = column_formatters | {"name": lambda _view, _context, papers, _name: papers.name}

    def get_query(self) -> Any:
        return super().get_query().options(joinedload(Papers.client), joinedload(Papers.agent))

    def create_form(self, obj: Any = None) -> Any:
        form: Any = super().create_form(obj)
        if request.method == "GET":
            form.client.data = db.session.get(Client, request.args.get("client", 0, type=int))
        return form
