"""What a cell of a list shows for a record."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_admin import BaseView
from markupsafe import Markup

from host_demo.clock import today
from host_demo.database import db
from host_demo.formats import day, money
from host_demo.models import Client, Invoice, Proposal, Reminder, Staff
from host_demo.reminders import ABOUT, subject

SOON = 7


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


def number(view: BaseView, invoice: Invoice) -> Markup:
    return Markup('<a class="row-name" href="{}">{}</a>').format(
        view.get_url("invoice.details_view", id=invoice.id), invoice.number
    )


def client(view: BaseView, record: Any) -> Markup:
    """The client that a record belongs to."""
    return Markup('<a href="{}">{}</a>').format(
        view.get_url("client.details_view", id=record.client_id), record.client.display_name
    )


def customer(view: BaseView, proposal: Proposal) -> Markup:
    """The client or the lead that a proposal is for."""
    if proposal.client:
        return client(view, proposal)
    return Markup('<a href="{}">{}</a> <span class="tag">lead</span>').format(
        view.get_url("lead.details_view", id=proposal.lead_id), proposal.lead
    )


def titled(view: BaseView, endpoint: str, record: Any, title: str, below: str = "") -> Markup:
    """What a row is about, as a link to its page."""
    link = Markup('<a class="row-name" href="{}">{}</a>').format(
        view.get_url(f"{endpoint}.details_view", id=record.id), title
    )
    return link + Markup('<small class="d-block text-muted">{}</small>').format(below) if below else link


def about(view: BaseView, reminder: Reminder) -> Markup | str:
    """The record that a reminder is about."""
    kind, found = ABOUT.get(reminder.about), subject(db.session, reminder)
    if kind is None or found is None:
        return ""
    return Markup('<a href="{}">{}</a> <span class="tag">{}</span>').format(
        view.get_url(f"{kind.endpoint}.details_view", id=found.id), found, kind.label
    )


def until(last: date | None, *, waits: bool) -> Markup | str:
    """The last day of something; while it ``waits``, in how many days that is."""
    left = None if last is None else (last - today()).days
    if left is None or not waits or left > SOON:
        return day(last)
    words = {-1: "ended yesterday", 0: "today", 1: "tomorrow"}.get(left)
    words = words or (f"{-left} days ago" if left < 0 else f"in {left} days")
    return Markup('<span class="{}">{}<small class="d-block">{}</small></span>').format(
        "late" if left < 0 else "soon", day(last), words
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
