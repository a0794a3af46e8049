"""Tasks: who does them, and who watches."""

# ruff: noqa: RUF012 -- Flask-Admin is told what to show by plain class attributes
# mypy: allow-untyped-calls

from __future__ import annotations

from typing import Any

from flask_admin.contrib.sqla.filters import BooleanEqualFilter, DateBetweenFilter, FilterLike
from sqlalchemy.orm import selectinload
from wtforms import TextAreaField

from host_demo.access import signed_in
from host_demo.backoffice import cells, lookups
from host_demo.backoffice.base import PortalView
from host_demo.formats import moment
from host_demo.models import Task
from sms_plugin import SMSRecord


class TaskView(SMSRecord, PortalView):
    record = "task"
    looks_in = "Name or words"
    column_list = ("name", "assignees", "due_on", "done")
    column_default_sort = ("id", True)
    column_auto_select_related = False
    column_sortable_list = ("name", "due_on", "done")
    column_searchable_list = ("name", "description")
    column_labels = {"due_on": "Due", "created_by": "From", "created_at": "Since"}
    column_filters = (
        BooleanEqualFilter(Task.done, "Done"),
        DateBetweenFilter(Task.due_on, "Due"),
        FilterLike("assignees.name", "Assignee"),
    )
    form_columns = ("name", "description", "client", "due_on", "assignees", "followers", "done")
    form_overrides = {"description": TextAreaField}
    form_args: Any = {
        "assignees": lookups.AMONG_STAFF | {"description": "Whoever is new here gets an SMS, but for yourself."},
        "followers": lookups.AMONG_STAFF | {"description": "They watch: whoever is new here gets an SMS, too."},
    }
    form_ajax_refs = {"client": lookups.clients()}
    column_details_list = [
        "description",
        "client",
        "due_on",
        "done",
        "assignees",
        "followers",
        "created_by",
        "created_at",
    ]
    column_formatters = {
        "name": lambda view, _context, task, _name: cells.titled(view, "task", task, task.name),
        "client": lambda view, _context, task, _name: cells.client(view, task) if task.client else "",
        "due_on": lambda _view, _context, task, _name: cells.until(task.due_on, waits=not task.done),
        "done": lambda _view, _context, task, _name: "Done" if task.done else "",
        "created_at": lambda _view, _context, task, _name: moment(task.created_at),
    } | dict.fromkeys(
        ("assignees", "followers"),
        lambda _view, _context, task, name: ", ".join(member.name for member in getattr(task, name)),
    )

    def get_query(self) -> Any:
        return super().get_query().options(selectinload(Task.assignees))

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        model.description = model.description or ""
        if is_created:
            model.created_by = signed_in()
