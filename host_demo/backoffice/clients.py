"""Clients, with their numbers and contacts on the same page."""

# ruff: noqa: RUF012 -- Flask-Admin is told what to show by plain class attributes

from __future__ import annotations

from typing import Any

from flask_admin.contrib.sqla.filters import BooleanEqualFilter, FilterEqual, FilterLike
from flask_admin.form import rules
from flask_admin.model.form import InlineFormAdmin
from markupsafe import Markup
from sqlalchemy.orm import selectinload

from host_demo.backoffice import cells
from host_demo.backoffice.base import AnswerField, PortalView, Token, offered
from host_demo.formats import ANSWERS, LANGUAGES, REGIONS, TIMEZONES, badge, day, labels
from host_demo.models import Client, ClientStatus, Contact, PhoneNumber
from sms_plugin import SMSRecord


class NumbersInline(InlineFormAdmin):
    form_columns = ("id", "number", "label", "main", "billing", "marketing")
    form_label = "number"
    column_labels = {"main": "Main mobile"}


class ContactsInline(InlineFormAdmin):
    form_columns = ("id", "name", "job_title", "phone", "born_on", "is_primary")
    form_label = "contact"
    column_labels = {"is_primary": "Primary contact", "born_on": "Date of birth"}


class ClientView(SMSRecord, PortalView):
    record = "client"
    looks_in = "Name, company, e-mail or number"
    column_list = ("name", "mobile", "city", "language", "owes")
    column_default_sort = ("id", True)
    column_sortable_list = ("city", "language")
    column_searchable_list = ("first_name", "last_name", "company", "email", "numbers.number")
    column_labels = {
        "numbers.number": "Number",
        "mobile": "Main mobile",
        "full_name": "Name",
        "region": "Country",
        "born_on": "Date of birth",
        "accepts_billing": "Texts about money",
        "accepts_service": "Texts about the service",
        "accepts_marketing": "Texts about offers",
        "created_at": "Client since",
    }
    column_filters = (
        FilterEqual(Client.status, "Status", options=list(labels(ClientStatus).items())),
        FilterLike(Client.city, "City"),
        FilterEqual(Client.language, "Language", options=list(LANGUAGES.items())),
        FilterEqual(Client.region, "Country", options=list(REGIONS.items())),
        BooleanEqualFilter(Client.accepts_marketing, "Texts about offers"),
    )
    form_columns = (
        "first_name",
        "last_name",
        "company",
        "email",
        "born_on",
        "status",
        "branch",
        "panel",
        "street",
        "district",
        "city",
        "region",
        "timezone",
        "language",
        "accepts_billing",
        "accepts_service",
        "accepts_marketing",
    )
    inline_models = (NumbersInline(PhoneNumber), ContactsInline(Contact))
    form_choices = {
        "status": offered(labels(ClientStatus)),
        "language": offered(LANGUAGES),
        "region": offered(REGIONS),
        "timezone": offered({zone: zone.replace("_", " ") for zone in TIMEZONES}),
    }
    form_overrides = dict.fromkeys(("accepts_billing", "accepts_service", "accepts_marketing"), AnswerField)
    form_rules = (
        Token(),
        rules.FieldSet(("first_name", "last_name", "company", "email", "born_on"), "Who"),
        rules.FieldSet(("status", "branch", "panel"), "Whose"),
        rules.FieldSet(("street", "district", "city", "region", "timezone", "language"), "Where"),
        rules.FieldSet(("accepts_billing", "accepts_service", "accepts_marketing"), "May we text?"),
        rules.FieldSet(("numbers",), "Numbers"),
        rules.FieldSet(("contacts",), "Contacts"),
    )
    details_template = "portal/client.html"
    column_details_list = [
        "full_name",
        "company",
        "email",
        "born_on",
        "status",
        "branch",
        "panel",
        "street",
        "district",
        "city",
        "region",
        "timezone",
        "language",
        "accepts_billing",
        "accepts_service",
        "accepts_marketing",
        "created_at",
    ]
    column_formatters = {
        "name": lambda view, _context, client, _name: cells.name(view, client),
        "mobile": lambda _view, _context, client, _name: client.mobile or Markup('<i class="none">none</i>'),
        "language": lambda _view, _context, client, _name: LANGUAGES.get(client.language, client.language),
        "owes": lambda _view, _context, client, _name: cells.owes(client),
    }
    column_formatters_detail = {
        "status": lambda _view, _context, client, _name: badge(client.status),
        "language": lambda _view, _context, client, _name: LANGUAGES.get(client.language, client.language),
        "region": lambda _view, _context, client, _name: REGIONS.get(client.region, client.region),
        "born_on": lambda _view, _context, client, _name: day(client.born_on),
        "created_at": lambda _view, _context, client, _name: day(client.created_at),
    } | dict.fromkeys(
        ("accepts_billing", "accepts_service", "accepts_marketing"),
        lambda _view, _context, client, name: ANSWERS[getattr(client, name)],
    )

    def get_query(self) -> Any:
        return super().get_query().options(selectinload(Client.numbers), selectinload(Client.invoices))
