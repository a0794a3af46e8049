"""Repairs: taken in, worked on, finished, with what was written about them."""

# ruff: noqa: RUF012 -- Flask-Admin is told what to show by plain class attributes
# mypy: allow-untyped-calls

from __future__ import annotations

from typing import Any

from flask import request
from flask_admin.contrib.sqla.filters import DateBetweenFilter, FilterEqual
from flask_admin.form import rules
from sqlalchemy.orm import joinedload
from wtforms import BooleanField, TextAreaField
from wtforms.validators import Length

from host_demo.access import signed_in
from host_demo.backoffice import cells, lookups
from host_demo.backoffice.base import PortalView, Token, offered
from host_demo.clock import today
from host_demo.database import db
from host_demo.formats import badge, day, labels
from host_demo.models import Client, Repair, RepairStatus
from host_demo.repairs import LONGEST_SMS, save, take_in
from sms_plugin import SMSRecord, counted

LONGEST = 500


class RepairView(SMSRecord, PortalView):
    record = "repair"
    looks_in = "Number, item, serial number or client"
    details_template = "portal/repair.html"
    column_list = ("number", "client", "item", "status", "received_on")
    column_default_sort = ("id", True)
    column_sortable_list = ("number", "status", "received_on")
    column_searchable_list = ("number", "item", "serial", "client.company", "client.last_name")
    column_labels = {
        "client.company": "Company",
        "client.last_name": "Last name",
        "received_on": "Taken in",
        "serial": "Serial number",
    }
    column_filters = (
        FilterEqual(Repair.status, "Status", options=list(labels(RepairStatus).items())),
        DateBetweenFilter(Repair.received_on, "Taken in"),
    )
    form_columns = ("client", "item", "serial", "fault", "received_on", "status", "message", "by_sms")
    form_extra_fields = {
        "message": TextAreaField(
            "New message",
            [Length(max=LONGEST)],
            description="Kept with the repair.",
            render_kw={"rows": 3, **counted(LONGEST_SMS)},
        ),
        "by_sms": BooleanField(
            "Send SMS", description=f"The message goes to the client's phone, too; at most {LONGEST_SMS} characters."
        ),
    }
    form_rules = (
        Token(),
        rules.FieldSet(("client", "item", "serial", "fault", "received_on"), "What"),
        rules.FieldSet(("status", "message", "by_sms"), "State"),
    )
    form_choices = {"status": offered(labels(RepairStatus))}
    form_ajax_refs = {"client": lookups.clients()}
    column_details_list = ["client", "item", "serial", "fault", "status", "received_on"]
    column_formatters = {
        "number": lambda view, _context, repair, _name: cells.titled(view, "repair", repair, repair.number),
        "client": lambda view, _context, repair, _name: cells.client(view, repair),
        "status": lambda _view, _context, repair, _name: badge(repair.status),
        "received_on": lambda _view, _context, repair, _name: day(repair.received_on),
    }

    def get_query(self) -> Any:
        return super().get_query().options(joinedload(Repair.client))

    def create_form(self, obj: Any = None) -> Any:
        form: Any = super().create_form(obj)
        if request.method == "GET":
            form.received_on.data = today()
            form.client.data = db.session.get(Client, request.args.get("client", 0, type=int))
        return form

    def create_model(self, form: Any) -> Repair | bool:
        try:
            repair = take_in(
                db.session(),
                client=form.client.data,
                item=form.item.data,
                serial=form.serial.data or "",
                fault=form.fault.data or "",
                received_on=form.received_on.data,
            )
            self._save(repair, form)
        except Exception as error:  # noqa: BLE001 -- as Flask-Admin does: told to the user, logged, rolled back
            db.session.rollback()
            self.handle_view_exception(error)
            return False
        return repair

    def update_model(self, form: Any, model: Any) -> bool:
        try:
            for name in ("client", "item", "serial", "fault", "received_on"):
                form[name].populate_obj(model, name)
            self._save(model, form)
        except Exception as error:  # noqa: BLE001
            db.session.rollback()
            self.handle_view_exception(error)
            return False
        return True

    def _save(self, repair: Repair, form: Any) -> None:
        save(
            repair,
            status=RepairStatus(form.status.data),
            message=form.message.data or "",
            by_sms=form.by_sms.data,
            by=signed_in(),
        )
        db.session.commit()
