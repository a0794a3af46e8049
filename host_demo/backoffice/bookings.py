"""Bookings: what came from the public page and what the office wrote, confirmed or called off."""

# ruff: noqa: RUF012 -- Flask-Admin is told what to show by plain class attributes
# mypy: allow-untyped-calls

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.actions import action
from flask_admin.contrib.sqla.filters import DateTimeBetweenFilter, FilterEqual

from host_demo.backoffice import cells, lookups
from host_demo.backoffice.base import PortalView, offered
from host_demo.backoffice.fields import AHEAD, check_ahead
from host_demo.booking import PLACES, SERVICES, BookingRefused, confirm
from host_demo.clock import today
from host_demo.database import db
from host_demo.formats import LANGUAGES, badge, labels, moment
from host_demo.models import Booking, BookingStatus
from sms_plugin import SMSRecord
from sms_plugin.text.phones import parse_phone

WHAT = {key: said["en"] for key, said in SERVICES.items()}


class BookingView(SMSRecord, PortalView):
    record = "booking"
    looks_in = "Name or number"
    list_template = "portal/bookings.html"
    details_template = "portal/booking.html"
    column_list = ("starts_at", "name", "service", "status", "phone", "place")
    column_default_sort = ("starts_at", True)
    column_sortable_list = ("starts_at", "name", "status")
    column_searchable_list = ("name", "phone")
    column_labels = {
        "starts_at": "When",
        "place": "Shop",
        "remind_hours": "Reminded before",
        "created_at": "Asked for",
        "client": "Known client",
    }
    column_filters = (
        FilterEqual(Booking.status, "Status", options=list(labels(BookingStatus).items())),
        FilterEqual(Booking.service, "Service", options=list(WHAT.items())),
        FilterEqual(Booking.place, "Shop", options=list(PLACES.items())),
        DateTimeBetweenFilter(Booking.starts_at, "When"),
    )
    form_columns = (
        "service",
        "place",
        "starts_at",
        "name",
        "phone",
        "language",
        "client",
        "status",
        "remind_hours",
    )
    form_choices = {
        "service": offered(WHAT),
        "place": offered(PLACES),
        "language": offered(LANGUAGES),
        "status": offered(labels(BookingStatus)),
        "remind_hours": offered(AHEAD),
    }
    form_args: Any = {"remind_hours": {"coerce": int}}
    form_ajax_refs = {"client": lookups.clients()}
    column_details_list = [
        "starts_at",
        "service",
        "place",
        "name",
        "phone",
        "language",
        "status",
        "remind_hours",
        "client",
        "created_at",
    ]
    column_formatters = {
        "starts_at": lambda view, _context, booking, _name: cells.titled(
            view, "booking", booking, moment(booking.starts_at)
        ),
        "service": lambda _view, _context, booking, _name: WHAT.get(booking.service, booking.service),
        "place": lambda _view, _context, booking, _name: PLACES.get(booking.place, booking.place),
        "status": lambda _view, _context, booking, _name: badge(booking.status),
        "language": lambda _view, _context, booking, _name: LANGUAGES.get(booking.language, booking.language),
        "remind_hours": lambda _view, _context, booking, _name: AHEAD[str(booking.remind_hours)],
        "created_at": lambda _view, _context, booking, _name: moment(booking.created_at),
        "client": lambda view, _context, booking, _name: cells.client(view, booking) if booking.client else "",
    }

    column_formatters_detail = column_formatters | {
        "starts_at": lambda _view, _context, booking, _name: moment(booking.starts_at)
    }

    def create_form(self, obj: Any = None) -> Any:
        form: Any = super().create_form(obj)
        if request.method == "GET":
            form.starts_at.data = datetime.combine(today() + timedelta(days=1), time(10))
            form.remind_hours.data = 2
        return form

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        model.phone = parse_phone(model.phone or "", region="PT").e164
        check_ahead(model.starts_at, moved=is_created or form.starts_at.object_data != form.starts_at.data)

    @expose("/confirm/", methods=("POST",))
    def confirm_view(self) -> ResponseReturnValue:
        """A button on the details page."""
        wanted = request.form.get("id", "")
        self.action_confirm([wanted])
        return redirect(self.get_url(".details_view", id=wanted))

    @action("confirm", "Confirm bookings")
    def action_confirm(self, ids: list[str]) -> None:
        confirmed = 0
        for booking in filter(None, map(self.get_one, ids)):
            try:
                confirm(booking)
                confirmed += 1
            except BookingRefused as refusal:
                flash(f"{booking}: {refusal}", "warning")
        db.session.commit()
        if confirmed:
            flash(f"{confirmed} confirmed.", "success")
