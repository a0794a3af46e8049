"""The clients' lines: slowed down, blocked and let go on, by hand or by their deadlines."""

# ruff: noqa: RUF012 -- Flask-Admin is told what to show by plain class attributes
# mypy: allow-untyped-calls

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.contrib.sqla.filters import FilterEqual, FilterLike
from flask_admin.form import rules
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from host_demo.backoffice import cells, lookups
from host_demo.backoffice.base import PortalView, Token, offered
from host_demo.billing import mark_overdue
from host_demo.clock import today
from host_demo.database import db
from host_demo.formats import badge, day, labels, money
from host_demo.models import Client, Invoice, Plan, Service, ServiceStatus
from host_demo.refusals import Refused
from host_demo.services import follow_up, set_status
from sms_plugin import SMSRecord


class ServiceView(SMSRecord, PortalView):
    record = "line"
    looks_in = "Client, street or district"
    list_template = "portal/services.html"
    column_list = ("plan", "client", "status", "access_point", "block_date", "debt_total")
    column_default_sort = ("id", True)
    column_sortable_list = ("status", "block_date")
    column_searchable_list = ("client.company", "client.last_name", "street", "district")
    column_labels = {
        "client.company": "Company",
        "client.last_name": "Last name",
        "access_point": "Access point",
        "block_date": "Blocked from",
        "cancel_date": "Contract ends",
        "speed_reduced_at": "Slow since",
        "installed_on": "Installed",
        "debt_total": "Overdue",
    }
    column_filters = (
        FilterEqual(Service.status, "Status", options=list(labels(ServiceStatus).items())),
        FilterLike("access_point.name", "Access point"),
        FilterLike("access_point.server.name", "Server"),
        FilterLike("access_point.server.city.name", "City"),
        FilterLike("plan.name", "Plan"),
        FilterLike(Service.district, "District"),
    )
    form_columns = (
        "client",
        "plan",
        "access_point",
        "payment_profile",
        "street",
        "district",
        "installed_on",
        "status",
        "block_date",
        "cancel_date",
    )
    form_rules = (
        Token(),
        rules.FieldSet(("client", "plan", "payment_profile", "installed_on"), "Whose"),
        rules.FieldSet(("access_point", "street", "district"), "Where"),
        rules.FieldSet(("status", "block_date", "cancel_date"), "State"),
    )
    form_choices = {"status": offered(labels(ServiceStatus))}
    form_args: Any = {
        "plan": {"query_factory": lambda: db.session.scalars(select(Plan).order_by(Plan.name))},
        "status": {"description": "Pending is a warning only: the line stays as fast as it is."},
    }
    form_ajax_refs = {"client": lookups.clients()}
    column_details_list = [
        "client",
        "plan",
        "payment_profile",
        "status",
        "access_point",
        "street",
        "district",
        "installed_on",
        "speed_reduced_at",
        "block_date",
        "cancel_date",
        "debt_total",
    ]
    column_formatters = {
        "plan": lambda view, _context, service, _name: cells.titled(view, "service", service, service.plan.name),
        "client": lambda view, _context, service, _name: cells.client(view, service),
        "status": lambda _view, _context, service, _name: badge(service.status),
        "debt_total": lambda _view, _context, service, _name: (
            money(service.debt_total, service.currency) if service.debt_total else ""
        ),
    } | dict.fromkeys(
        ("block_date", "cancel_date", "speed_reduced_at", "installed_on"),
        lambda _view, _context, service, name: day(getattr(service, name)),
    )

    column_formatters_detail = column_formatters | {"plan": lambda _view, _context, service, _name: service.plan.name}

    def get_query(self) -> Any:
        return (
            super()
            .get_query()
            .options(
                joinedload(Service.plan),
                joinedload(Service.access_point),
                joinedload(Service.client).selectinload(Client.invoices).selectinload(Invoice.payments),
            )
        )

    def create_form(self, obj: Any = None) -> Any:
        form: Any = super().create_form(obj)
        if request.method == "GET":
            form.installed_on.data = today()
            form.client.data = db.session.get(Client, request.args.get("client", 0, type=int))
        return form

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        if model.block_date and model.cancel_date and model.cancel_date < model.block_date:
            raise Refused("The contract cannot end before the line is blocked.")
        if form.status.data != form.status.object_data:
            set_status(model, ServiceStatus(form.status.data))

    @expose("/deadlines/", methods=("POST",))
    def deadlines_view(self) -> ResponseReturnValue:
        """A button above the list: whatever has reached its deadline today."""
        mark_overdue(db.session, on=today())
        moved = follow_up(db.session, on=today())
        db.session.commit()
        flash(f"{len(moved)} moved." if moved else "No line has reached its next deadline.", "success")
        return redirect(self.get_url(".index_view"))
