"""Items: things on their way to clients."""

# ruff: noqa: RUF012 -- Flask-Admin is told what to show by plain class attributes
# mypy: allow-untyped-calls

from __future__ import annotations

from typing import Any

from flask import flash
from flask_admin.actions import action
from flask_admin.contrib.sqla.filters import FilterEqual
from sqlalchemy.orm import joinedload

from host_demo.backoffice import cells, lookups
from host_demo.backoffice.base import PortalView, offered
from host_demo.database import db
from host_demo.formats import badge, labels
from host_demo.models import Item, ItemStatus
from host_demo.sales import SalesRefused, send_item
from sms_plugin import SMSRecord


class ItemView(SMSRecord, PortalView):
    record = "item"
    looks_in = "Name, serial number or client"
    column_list = ("name", "client", "status", "serial")
    column_default_sort = ("id", True)
    column_sortable_list = ("name", "status")
    column_searchable_list = ("name", "serial", "client.company", "client.last_name")
    column_labels = {"client.company": "Company", "client.last_name": "Last name", "serial": "Serial number"}
    column_filters = (FilterEqual(Item.status, "Status", options=list(labels(ItemStatus).items())),)
    form_columns = ("name", "serial", "client", "status")
    form_choices = {"status": offered(labels(ItemStatus))}
    form_ajax_refs = {"client": lookups.clients()}
    column_details_list = [*form_columns]
    column_formatters = {
        "name": lambda view, _context, item, _name: cells.titled(view, "item", item, item.name),
        "client": lambda view, _context, item, _name: cells.client(view, item),
        "status": lambda _view, _context, item, _name: badge(item.status),
    }
    column_formatters_detail = column_formatters | {"name": lambda _view, _context, item, _name: item.name}

    def get_query(self) -> Any:
        return super().get_query().options(joinedload(Item.client))

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        model.serial = (model.serial or "").strip() or None

    @action("send", "Mark as sent")
    def action_send(self, ids: list[str]) -> None:
        sent = 0
        for item in filter(None, map(self.get_one, ids)):
            try:
                send_item(db.session, item=item)
                sent += 1
            except SalesRefused as refusal:
                flash(str(refusal), "warning")
        db.session.commit()
        if sent:
            flash(f"{sent} sent.", "success")
