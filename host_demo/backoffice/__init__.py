"""The portal's own admin."""

from __future__ import annotations

from flask import Flask
from flask_admin import Admin
from flask_admin.theme import Bootstrap4Theme

from host_demo.backoffice.bookings import BookingView
from host_demo.backoffice.clients import ClientView
from host_demo.backoffice.contracts import ContractView
from host_demo.backoffice.estimates import EstimateView
from host_demo.backoffice.home import Home
from host_demo.backoffice.invoices import InvoiceView
from host_demo.backoffice.items import ItemView
from host_demo.backoffice.leads import LeadView
from host_demo.backoffice.meetings import MeetingView
from host_demo.backoffice.network import (
    AccessPointView,
    BranchView,
    CityView,
    PanelView,
    PaymentProfileView,
    PlanView,
    ServerView,
)
from host_demo.backoffice.orders import OrderView
from host_demo.backoffice.papers import PapersView
from host_demo.backoffice.payments import PaymentView
from host_demo.backoffice.proposals import ProposalView
from host_demo.backoffice.reminders import ReminderView
from host_demo.backoffice.repairs import RepairView
from host_demo.backoffice.services import ServiceView
from host_demo.backoffice.staff import StaffView
from host_demo.backoffice.suppliers import SupplierView
from host_demo.backoffice.tasks import TaskView
from host_demo.config import COMPANY
from host_demo.database import db
from host_demo.models import (
    AccessPoint,
    Booking,
    Branch,
    City,
    Client,
    Contract,
    Estimate,
    Invoice,
    Item,
    Lead,
    Meeting,
    Order,
    Panel,
    Papers,
    Payment,
    PaymentProfile,
    Plan,
    Proposal,
    Reminder,
    Repair,
    Server,
    Service,
    Staff,
    Supplier,
    Task,
)
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
    _add_sales(admin)
    _add_service(admin)
    _add_office(admin)
    return admin


def _add_sales(admin: Admin) -> None:
    """What leads to an invoice, in one menu."""
    views = (
        LeadView(Lead, db, name="Leads", category="Sales", menu_icon_value="fa-bullhorn"),
        EstimateView(Estimate, db, name="Estimates", category="Sales", menu_icon_value="fa-calculator"),
        ProposalView(Proposal, db, name="Proposals", category="Sales", menu_icon_value="fa-handshake-o"),
        ContractView(Contract, db, name="Contracts", category="Sales", menu_icon_value="fa-pencil-square-o"),
        OrderView(Order, db, name="Orders", category="Sales", menu_icon_value="fa-shopping-cart"),
        ItemView(Item, db, name="Items", category="Sales", menu_icon_value="fa-truck"),
        PapersView(Papers, db, name="Legal details", category="Sales", menu_icon_value="fa-university"),
        SupplierView(Supplier, db, name="Suppliers", category="Sales", menu_icon_value="fa-industry"),
    )
    for view in views:
        admin.add_view(view)


def _add_service(admin: Admin) -> None:
    """What clients use, what is done for them, and what it runs over."""
    views = (
        ServiceView(Service, db, name="Lines", category="Service", menu_icon_value="fa-plug"),
        BookingView(Booking, db, name="Bookings", category="Service", menu_icon_value="fa-calendar-check-o"),
        RepairView(Repair, db, name="Repairs", category="Service", menu_icon_value="fa-wrench"),
        PlanView(Plan, db, name="Plans", category="Service", menu_icon_value="fa-tachometer"),
        PaymentProfileView(
            PaymentProfile, db, name="Payment profiles", category="Service", menu_icon_value="fa-calendar-o"
        ),
        AccessPointView(AccessPoint, db, name="Access points", category="Service", menu_icon_value="fa-wifi"),
        ServerView(Server, db, name="Servers", category="Service", menu_icon_value="fa-server"),
        CityView(City, db, name="Cities", category="Service", menu_icon_value="fa-map-marker"),
    )
    for view in views:
        admin.add_view(view)


def _add_office(admin: Admin) -> None:
    """What the staff has before it, and who they are."""
    views = (
        TaskView(Task, db, name="Tasks", category="Office", menu_icon_value="fa-check-square-o"),
        MeetingView(Meeting, db, name="Meetings", category="Office", menu_icon_value="fa-calendar"),
        ReminderView(Reminder, db, name="Reminders", category="Office", menu_icon_value="fa-bell-o"),
        BranchView(Branch, db, name="Offices", category="Office", menu_icon_value="fa-building-o"),
        PanelView(Panel, db, name="Panels", category="Office", menu_icon_value="fa-columns"),
        StaffView(Staff, db, name="Staff", category="Office", menu_icon_value="fa-id-badge"),
    )
    for view in views:
        admin.add_view(view)
