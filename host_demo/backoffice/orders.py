"""Orders: approved or cancelled, one by one or several at once."""

# ruff: noqa: RUF012 -- Flask-Admin is told what to show by plain class attributes
# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.actions import action
from flask_admin.contrib.sqla.filters import DateBetweenFilter, FilterEqual
from flask_admin.form import rules
from flask_admin.model.form import InlineFormAdmin
from sqlalchemy.orm import joinedload, selectinload

from host_demo.backoffice import cells, lookups
from host_demo.backoffice.base import PortalView, Token, offered
from host_demo.backoffice.checks import check_lines
from host_demo.clock import today
from host_demo.database import db
from host_demo.formats import CURRENCIES, badge, day, labels, money
from host_demo.models import Client, Order, OrderLine, OrderStatus
from host_demo.sales import SalesRefused, approve_order, cancel_order, next_number
from sms_plugin import SMSRecord

STEPS: dict[str, tuple[Callable[..., None], str]] = {
    "approve": (approve_order, "approved"),
    "cancel": (cancel_order, "cancelled"),
}


class LinesInline(InlineFormAdmin):
    form_columns = ("id", "product", "quantity", "price")
    form_label = "line"


class OrderView(SMSRecord, PortalView):
    record = "order"
    looks_in = "Number, name, phone or waybill"
    details_template = "portal/order.html"
    column_list = ("number", "customer", "status", "ordered_on", "total")
    column_default_sort = ("id", True)
    column_sortable_list = ("number", "status", "ordered_on")
    column_searchable_list = ("number", "last_name", "phone", "waybill")
    column_labels = {
        "customer": "For",
        "full_name": "Name",
        "ordered_on": "Ordered",
        "pay_type": "Paid by",
        "assigned": "Manager",
        "products": "What",
    }
    column_descriptions = {"phone": "Texts about this order go here; without one, to the client's number."}
    column_filters = (
        FilterEqual(Order.status, "Status", options=list(labels(OrderStatus).items())),
        DateBetweenFilter(Order.ordered_on, "Ordered"),
    )
    form_columns = (
        "client",
        "first_name",
        "last_name",
        "patronymic",
        "phone",
        "email",
        "delivery_method",
        "delivery_details",
        "waybill",
        "warehouse",
        "pay_type",
        "currency",
        "ordered_on",
        "assigned",
        "description",
        "remark",
    )
    inline_models = (LinesInline(OrderLine),)
    form_rules = (
        Token(),
        rules.FieldSet(("client", "first_name", "last_name", "patronymic", "phone", "email"), "Who"),
        rules.FieldSet(("delivery_method", "delivery_details", "waybill", "warehouse"), "Delivery"),
        rules.FieldSet(("pay_type", "currency", "ordered_on", "assigned", "description", "remark"), "The order"),
        rules.FieldSet(("lines",), "Lines"),
    )
    form_choices = {"currency": offered({code: f"{name} ({code})" for code, name in CURRENCIES.items()})}
    form_args = {"assigned": lookups.AMONG_STAFF}
    form_ajax_refs = {"client": lookups.clients()}
    column_details_list = [
        "customer",
        "full_name",
        "phone",
        "email",
        "status",
        "ordered_on",
        "total",
        "pay_type",
        "delivery_method",
        "delivery_details",
        "waybill",
        "warehouse",
        "assigned",
        "description",
        "remark",
    ]
    column_formatters = {
        "number": lambda view, _context, order, _name: cells.titled(view, "order", order, order.number),
        "customer": lambda view, _context, order, _name: cells.client(view, order) if order.client else order.full_name,
        "status": lambda _view, _context, order, _name: badge(order.status),
        "ordered_on": lambda _view, _context, order, _name: day(order.ordered_on),
        "total": lambda _view, _context, order, _name: money(order.total, order.currency),
    }

    def get_query(self) -> Any:
        return super().get_query().options(joinedload(Order.client), selectinload(Order.lines))

    def create_form(self, obj: Any = None) -> Any:
        form: Any = super().create_form(obj)
        if request.method == "GET":
            form.ordered_on.data = today()
            form.client.data = db.session.get(Client, request.args.get("client", 0, type=int))
        return form

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        if model.client is None and not ((model.first_name or model.last_name) and model.phone):
            raise SalesRefused("An order needs a client, or a name and a phone.")
        check_lines([(line.product, line.quantity, line.price) for line in model.lines])
        if is_created:
            with db.session.no_autoflush:
                model.number = next_number(db.session, Order, year=model.ordered_on.year)

    @expose("/step/", methods=("POST",))
    def step_view(self) -> ResponseReturnValue:
        """A button on the details page: approve or cancel this one."""
        ids = request.form.getlist("id")[:1]
        step = request.form.get("step", "")
        if step in STEPS:
            self._take(ids, step)
        return redirect(self.get_url(".details_view", id=ids[0] if ids else ""))

    @action("approve", "Approve orders")
    def action_approve(self, ids: list[str]) -> None:
        self._take(ids, "approve")

    @action("cancel", "Cancel orders", "Cancel the chosen orders?")
    def action_cancel(self, ids: list[str]) -> None:
        self._take(ids, "cancel")

    def _take(self, ids: list[str], step: str) -> None:
        work, done = STEPS[step]
        taken = 0
        for order in filter(None, map(self.get_one, ids)):
            try:
                work(db.session, order=order)
                taken += 1
            except SalesRefused as refusal:
                flash(str(refusal), "warning")
        db.session.commit()
        if taken:
            flash(f"{taken} {done}.", "success")
