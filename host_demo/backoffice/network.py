"""Cities, servers, access points, plans and ways to pay: what lines run over, and what is sold; the company's parts."""

# ruff: noqa: RUF012 -- Flask-Admin is told what to show by plain class attributes

from __future__ import annotations

from typing import Any

from flask_admin.contrib.sqla.filters import BooleanEqualFilter, FilterEqual
from sqlalchemy.orm import joinedload

from host_demo.backoffice import cells
from host_demo.backoffice.base import PortalView, offered
from host_demo.backoffice.checks import check_amount
from host_demo.formats import CURRENCIES, REGIONS, money
from host_demo.models import AccessPoint, City, Plan, Server
from host_demo.refusals import Refused


class CityView(PortalView):
    record = "city"
    looks_in = "Name"
    column_list = ("name", "region")
    column_searchable_list = ("name",)
    column_labels = {"region": "Country"}
    column_filters = (FilterEqual(City.region, "Country", options=list(REGIONS.items())),)
    form_columns = ("name", "region")
    form_choices = {"region": offered(REGIONS)}
    column_formatters = {
        "name": lambda view, _context, city, _name: cells.titled(view, "city", city, city.name),
        "region": lambda _view, _context, city, _name: REGIONS.get(city.region, city.region),
    }


class ServerView(PortalView):
    record = "server"
    looks_in = "Name or city"
    column_list = ("name", "city")
    column_searchable_list = ("name", "city.name")
    column_labels = {"city.name": "City"}
    form_columns = ("name", "city")
    column_formatters = {
        "name": lambda view, _context, server, _name: cells.titled(view, "server", server, server.name),
    }

    def get_query(self) -> Any:
        return super().get_query().options(joinedload(Server.city))


class AccessPointView(PortalView):
    record = "access point"
    looks_in = "Name or address"
    column_list = ("name", "server", "address")
    column_searchable_list = ("name", "address", "server.name")
    column_labels = {"server.name": "Server"}
    form_columns = ("name", "server", "address")
    column_formatters = {
        "name": lambda view, _context, point, _name: cells.titled(view, "accesspoint", point, point.name),
    }

    def get_query(self) -> Any:
        return super().get_query().options(joinedload(AccessPoint.server))


class PlanView(PortalView):
    record = "plan"
    looks_in = "Name"
    column_list = ("name", "speed", "price", "on_sale")
    column_sortable_list = ("name", "speed", "price")
    column_searchable_list = ("name",)
    column_filters = (BooleanEqualFilter(Plan.on_sale, "On sale"),)
    column_details_list = ["name", "speed", "price", "on_sale"]
    form_columns = ("name", "speed", "price", "currency", "on_sale")
    form_choices = {"currency": offered({code: f"{name} ({code})" for code, name in CURRENCIES.items()})}
    form_args: Any = {"speed": {"description": "Megabits a second."}}
    column_formatters = {
        "name": lambda view, _context, plan, _name: cells.titled(view, "plan", plan, plan.name),
        "speed": lambda _view, _context, plan, _name: f"{plan.speed} Mbit/s",
        "price": lambda _view, _context, plan, _name: money(plan.price, plan.currency),
    }

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        check_amount(model.price, what="The price")
        if not 1 <= (model.speed or 0) <= 100_000:
            raise Refused("The speed must be from 1 to 100,000 megabits a second.")


class _NamedView(PortalView):
    """Records that are a name, and hardly more."""

    looks_in = "Name"
    column_list: Any = ("name",)
    column_searchable_list = ("name",)
    form_columns: Any = ("name",)
    column_formatters = {
        "name": lambda view, _context, named, _name: cells.titled(view, view.endpoint, named, named.name),
    }


class BranchView(_NamedView):
    record = "office"


class PanelView(_NamedView):
    record = "panel"


class PaymentProfileView(_NamedView):
    record = "payment profile"
    column_list = ("name", "due_day")
    form_columns = ("name", "due_day")

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        if not 1 <= (model.due_day or 0) <= 28:
            raise Refused("The day must be from 1 to 28: every month has it.")
