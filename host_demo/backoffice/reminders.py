"""Reminders that the staff sets: a time, some words, perhaps the record that they are about."""

# ruff: noqa: RUF012 -- Flask-Admin is told what to show by plain class attributes
# mypy: allow-untyped-calls

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import request
from flask_admin.contrib.sqla.filters import BooleanEqualFilter, DateTimeBetweenFilter, FilterLike
from sqlalchemy.orm import joinedload

from host_demo.access import signed_in
from host_demo.backoffice import cells, lookups
from host_demo.backoffice.base import PortalView, offered
from host_demo.backoffice.fields import check_ahead
from host_demo.clock import now
from host_demo.database import db
from host_demo.formats import moment
from host_demo.models import Reminder
from host_demo.refusals import Refused
from host_demo.reminders import ABOUT, subject
from sms_plugin import SMSRecord


class ReminderView(SMSRecord, PortalView):
    record = "reminder"
    looks_in = "Words or name"
    column_list = ("description", "staff", "remind_at", "about", "done")
    column_default_sort = ("remind_at", True)
    column_sortable_list = ("remind_at", "done")
    column_searchable_list = ("description", "staff.name")
    column_labels = {"staff": "For", "staff.name": "Name", "remind_at": "When", "about_id": "Number of the record"}
    column_filters = (
        BooleanEqualFilter(Reminder.done, "Done"),
        DateTimeBetweenFilter(Reminder.remind_at, "When"),
        FilterLike("staff.name", "For"),
    )
    form_columns = ("staff", "description", "remind_at", "about", "about_id", "done")
    form_choices = {"about": offered({"": "Nothing in particular"} | {key: each.label for key, each in ABOUT.items()})}
    form_args: Any = {
        "staff": lookups.AMONG_STAFF,
        "about": {"description": "The kind of record that this is about, with the id that stands in its address."},
        "done": {"description": "Then nobody is reminded any more."},
    }
    column_details_list = ["staff", "description", "remind_at", "about", "done"]
    column_formatters = {
        "description": lambda view, _context, reminder, _name: cells.titled(
            view, "reminder", reminder, reminder.description
        ),
        "remind_at": lambda _view, _context, reminder, _name: moment(reminder.remind_at),
        "about": lambda view, _context, reminder, _name: cells.about(view, reminder),
        "done": lambda _view, _context, reminder, _name: "Done" if reminder.done else "",
    }

    def get_query(self) -> Any:
        return super().get_query().options(joinedload(Reminder.staff))

    def create_form(self, obj: Any = None) -> Any:
        form: Any = super().create_form(obj)
        if request.method == "GET":
            form.staff.data = signed_in()
            form.remind_at.data = (now() + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
            about = request.args.get("about", "")
            if about in ABOUT:
                form.about.data, form.about_id.data = about, request.args.get("id", type=int)
        return form

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        model.about = model.about or ""
        if not model.about:
            model.about_id = None
        elif subject(db.session, model) is None:
            raise Refused(f"There is no {ABOUT[model.about].label.lower()} with the id {model.about_id}.")
        check_ahead(model.remind_at, moved=is_created or form.remind_at.object_data != form.remind_at.data)
