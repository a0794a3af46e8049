"""The records of the portal."""

from __future__ import annotations

from host_demo.models.client import Client, Contact, PhoneNumber
from host_demo.models.invoice import Invoice, InvoiceStatus, Payment, PaymentMethod
from host_demo.models.staff import Role, Staff

__all__ = [
    "Client",
    "Contact",
    "Invoice",
    "InvoiceStatus",
    "Payment",
    "PaymentMethod",
    "PhoneNumber",
    "Role",
    "Staff",
]
