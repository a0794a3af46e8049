"""Suppliers: whom the company buys from."""

# ruff: noqa: RUF012 -- Flask-Admin is told what to show by plain class attributes

from __future__ import annotations

from flask_admin.contrib.sqla.filters import FilterLike

from host_demo.backoffice import cells
from host_demo.backoffice.base import PortalView, offered
from host_demo.formats import LANGUAGES, REGIONS
from host_demo.models import Supplier
from sms_plugin import SMSRecord


class SupplierView(SMSRecord, PortalView):
    record = "supplier"
    looks_in = "Name, person or what they supply"
    column_list = ("name", "phone", "contact_name", "supplies")
    column_default_sort = "name"
    column_sortable_list = ("name", "supplies")
    column_searchable_list = ("name", "contact_name", "supplies")
    column_labels = {"contact_name": "Person", "region": "Country"}
    column_filters = (FilterLike(Supplier.supplies, "Supplies"),)
    form_columns = ("name", "contact_name", "phone", "email", "language", "region", "supplies")
    form_choices = {"language": offered(LANGUAGES), "region": offered(REGIONS)}
    column_details_list = [*form_columns]
    column_formatters = {
        "name": lambda view, _context, supplier, _name: cells.titled(view, "supplier", supplier, supplier.name),
    }
    column_formatters_detail = {
        "language": lambda _view, _context, supplier, _name: LANGUAGES.get(supplier.language, supplier.language),
        "region": lambda _view, _context, supplier, _name: REGIONS.get(supplier.region, supplier.region),
    }
