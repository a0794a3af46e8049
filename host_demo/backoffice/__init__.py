"""The portal's own admin."""

from __future__ import annotations

from flask import Flask
from flask_admin import Admin
from flask_admin.theme import Bootstrap4Theme

from host_demo.backoffice.clients import ClientView
from host_demo.backoffice.home import Home
from host_demo.backoffice.invoices import InvoiceView
from host_demo.backoffice.payments import PaymentView
from host_demo.backoffice.staff import StaffView
from host_demo.config import COMPANY
from host_demo.database import db
from host_demo.models import Client, Invoice, Payment, Staff
from host_demo.policy import nonce


def make_admin(app: Flask) -> Admin:
    """The admin of one app, with the portal's views in the order of its menu."""
    admin = Admin(
        app,
        name=COMPANY,
        theme=Bootstrap4Theme(base_template="portal/base.html", fluid=True),
        csp_nonce_generator=nonce,
        index_view=Home(name="Home", menu_icon_type="fa", menu_icon_value="fa-home"),
    )
    admin.add_view(ClientView(Client, db, name="Clients", menu_icon_value="fa-users"))
    admin.add_view(InvoiceView(Invoice, db, name="Invoices", menu_icon_value="fa-file-text-o"))
    admin.add_view(PaymentView(Payment, db, name="Payments", menu_icon_value="fa-credit-card"))
    admin.add_view(StaffView(Staff, db, name="Staff", menu_icon_value="fa-id-badge"))
    return admin
