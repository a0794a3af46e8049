"""Leads: who asked, what they want, and who looks after them."""

# ruff: noqa: RUF012 -- Flask-Admin is told what to show by plain class attributes

from __future__ import annotations

from typing import Any

from flask_admin.contrib.sqla.filters import FilterEqual, FilterLike
from flask_admin.form import rules
from sqlalchemy.orm import joinedload

from host_demo.backoffice import cells, lookups
from host_demo.backoffice.base import PortalView, Token, offered
from host_demo.formats import LANGUAGES, REGIONS, TIMEZONES, badge, labels
from host_demo.models import Lead, LeadStatus
from sms_plugin import SMSRecord


class LeadView(SMSRecord, PortalView):
    record = "lead"
    looks_in = "Name, company, e-mail or number"
    column_list = ("name", "phone", "status", "assigned", "source")
    column_default_sort = ("id", True)
    column_sortable_list = ("name", "status", "source")
    column_searchable_list = ("name", "company", "email", "phone")
    column_labels = {
        "region": "Country",
        "state": "Region",
        "assigned": "Looked after by",
        "client": "Became the client",
        "repeat_deal": "Bought before",
        "repeat_request": "Asked before",
        "created_at": "Asked on",
    }
    column_filters = (
        FilterEqual(Lead.status, "Status", options=list(labels(LeadStatus).items())),
        FilterLike(Lead.source, "Source"),
    )
    form_columns = (
        "name",
        "company",
        "position",
        "phone",
        "email",
        "state",
        "region",
        "timezone",
        "language",
        "status",
        "source",
        "funnel",
        "repeat_deal",
        "repeat_request",
        "description",
        "assigned",
        "client",
    )
    form_rules = (
        Token(),
        rules.FieldSet(("name", "company", "position", "phone", "email"), "Who"),
        rules.FieldSet(("state", "region", "timezone", "language"), "Where"),
        rules.FieldSet(
            ("status", "source", "funnel", "repeat_deal", "repeat_request", "description", "assigned", "client"),
            "What it is about",
        ),
    )
    form_choices = {
        "status": offered(labels(LeadStatus)),
        "language": offered(LANGUAGES),
        "region": offered(REGIONS),
        "timezone": offered({zone: zone.replace("_", " ") for zone in TIMEZONES}),
    }
    form_args = {"assigned": lookups.AMONG_STAFF}
    form_ajax_refs = {"client": lookups.clients()}
    column_details_list = [*form_columns, "created_at"]
    column_formatters = {
        "name": lambda view, _context, lead, _name: cells.titled(
            view, "lead", lead, lead.name, lead.company or lead.position or ""
        ),
        "status": lambda _view, _context, lead, _name: badge(lead.status),
        "client": lambda view, _context, lead, _name: cells.client(view, lead) if lead.client else "",
    }
    column_formatters_detail = column_formatters | {
        "name": lambda _view, _context, lead, _name: lead.name,
        "language": lambda _view, _context, lead, _name: LANGUAGES.get(lead.language, lead.language),
        "region": lambda _view, _context, lead, _name: REGIONS.get(lead.region, lead.region),
        "created_at": lambda _view, _context, lead, _name: f"{lead.created_at:%d/%m/%Y %H:%M}",
    }

    def get_query(self) -> Any:
        return super().get_query().options(joinedload(Lead.assigned))
