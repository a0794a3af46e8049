"""Meetings, with the client's people and the staff who take part."""

# ruff: noqa: RUF012 -- Flask-Admin is told what to show by plain class attributes
# mypy: allow-untyped-calls

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from flask import request
from flask_admin.contrib.sqla.ajax import QueryAjaxModelLoader
from flask_admin.contrib.sqla.filters import BooleanEqualFilter, DateTimeBetweenFilter
from sqlalchemy.orm import joinedload, selectinload

from host_demo.backoffice import cells, lookups
from host_demo.backoffice.base import PortalView, offered
from host_demo.backoffice.fields import BEFORE, check_ahead
from host_demo.clock import today
from host_demo.database import db
from host_demo.formats import moment
from host_demo.models import Client, Contact, Meeting
from host_demo.refusals import Refused
from sms_plugin import SMSRecord


class People(QueryAjaxModelLoader):
    """The clients' people, each with the house they belong to."""

    def format(self, model: Any) -> tuple[int, str] | None:
        return None if model is None else (model.id, f"{model.name} · {model.client.display_name}")


class MeetingView(SMSRecord, PortalView):
    record = "meeting"
    looks_in = "Subject, place or client"
    column_list = ("subject", "starts_at", "client", "people", "place")
    column_default_sort = ("starts_at", True)
    column_sortable_list = ("starts_at", "subject")
    column_searchable_list = ("subject", "place", "client.company", "client.last_name")
    column_labels = {
        "client.company": "Company",
        "client.last_name": "Last name",
        "starts_at": "When",
        "people": "Who",
        "remind_minutes": "Reminded before",
    }
    column_filters = (
        DateTimeBetweenFilter(Meeting.starts_at, "When"),
        BooleanEqualFilter(Meeting.cancelled, "Cancelled"),
    )
    form_columns = ("subject", "client", "starts_at", "place", "contacts", "staff", "remind_minutes", "cancelled")
    form_choices = {"remind_minutes": offered(BEFORE)}
    form_args: Any = {"staff": lookups.AMONG_STAFF, "remind_minutes": {"coerce": int}}
    form_ajax_refs = {
        "client": lookups.clients(),
        "contacts": People("contacts", db, Contact, fields=("name",), placeholder="Name", page_size=12),
    }
    column_details_list = ["client", "starts_at", "place", "people", "remind_minutes", "cancelled"]
    column_formatters = {
        "subject": lambda view, _context, meeting, _name: cells.titled(
            view, "meeting", meeting, meeting.subject, "cancelled" if meeting.cancelled else ""
        ),
        "starts_at": lambda _view, _context, meeting, _name: moment(meeting.starts_at),
        "client": lambda view, _context, meeting, _name: cells.client(view, meeting) if meeting.client else "",
        "people": lambda _view, _context, meeting, _name: ", ".join(
            each.name for each in [*meeting.contacts, *meeting.staff]
        ),
        "remind_minutes": lambda _view, _context, meeting, _name: BEFORE[str(meeting.remind_minutes)],
        "cancelled": lambda _view, _context, meeting, _name: "Yes" if meeting.cancelled else "No",
    }

    def get_query(self) -> Any:
        return (
            super()
            .get_query()
            .options(
                joinedload(Meeting.client),
                selectinload(Meeting.contacts),
                selectinload(Meeting.staff),
            )
        )

    def create_form(self, obj: Any = None) -> Any:
        form: Any = super().create_form(obj)
        if request.method == "GET":
            form.starts_at.data = datetime.combine(today() + timedelta(days=1), time(10))
            form.remind_minutes.data = 120
            form.client.data = db.session.get(Client, request.args.get("client", 0, type=int))
        return form

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        if not model.contacts and not model.staff:
            raise Refused("A meeting needs somebody who takes part.")
        strangers = [each.name for each in model.contacts if model.client and each.client is not model.client]
        if strangers:
            raise Refused(f"Not of {model.client}: {', '.join(strangers)}.")
        check_ahead(model.starts_at, moved=is_created or form.starts_at.object_data != form.starts_at.data)
