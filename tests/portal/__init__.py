"""A small portal of the tests' own: every kind of hook, nothing of the demo."""

from tests.portal.app import Portal, make_portal
from tests.portal.models import (
    Assignment,
    Base,
    Booking,
    Client,
    Contact,
    Invoice,
    Lead,
    Parcel,
    Payment,
    Shelf,
    Staff,
    Task,
    payment_recorded,
)

__all__ = [
    "Assignment",
    "Base",
    "Booking",
    "Client",
    "Contact",
    "Invoice",
    "Lead",
    "Parcel",
    "Payment",
    "Portal",
    "Shelf",
    "Staff",
    "Task",
    "make_portal",
    "payment_recorded",
]
