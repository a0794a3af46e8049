"""What a cell of a list shows for a record."""

from __future__ import annotations

from flask_admin import BaseView
from markupsafe import Markup

from host_demo.clock import today
from host_demo.formats import day, money
from host_demo.models import Client, Invoice, Staff


def name(view: BaseView, client: Client) -> Markup:
    person = client.full_name if client.company else ""
    return Markup('<a class="row-name" href="{}">{}</a><small class="d-block text-muted">{}</small>').format(
        view.get_url(".details_view", id=client.id), client.display_name, person
    )


def owes(client: Client) -> str | Markup:
    unpaid = [invoice for invoice in client.invoices if invoice.is_unpaid]
    if not unpaid:
        return ""
    late = any(invoice.status == "overdue" for invoice in unpaid)
    return Markup('<span class="state state-{}">{}</span>').format(
        "overdue" if late else "open", f"{len(unpaid)} invoice{'s' if len(unpaid) > 1 else ''}"
    )


def connection(client: Client) -> Markup:
    state, word = ("paid", "Yes") if client.connected else ("overdue", "Cut off")
    return Markup('<span class="state state-{}">{}</span>').format(state, word)


def number(view: BaseView, invoice: Invoice) -> Markup:
    return Markup('<a class="row-name" href="{}">{}</a>').format(
        view.get_url("invoice.details_view", id=invoice.id), invoice.number
    )


def client(view: BaseView, invoice: Invoice) -> Markup:
    return Markup('<a href="{}">{}</a>').format(
        view.get_url("client.details_view", id=invoice.client_id), invoice.client.display_name
    )


def due(invoice: Invoice) -> Markup | str:
    late = invoice.days_late(today())
    if not late:
        return day(invoice.due_on)
    words = "1 day late" if late == 1 else f"{late} days late"
    return Markup('<span class="late">{}<small>{}</small></span>').format(day(invoice.due_on), words)


def left(invoice: Invoice) -> str:
    return money(invoice.amount_due, invoice.currency) if invoice.is_unpaid else ""


def member(view: BaseView, staff: Staff) -> Markup:
    return Markup('<a class="row-name" href="{}">{}</a>').format(
        view.get_url("staff.details_view", id=staff.id), staff.name
    )
