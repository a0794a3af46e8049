"""The records of the portal."""

from __future__ import annotations

from host_demo.models.booking import Booking, BookingStatus
from host_demo.models.client import Client, ClientStatus, Contact, PhoneNumber
from host_demo.models.company import Branch, Panel, PaymentProfile
from host_demo.models.contract import Contract, ContractComment, ContractLine, ContractStatus
from host_demo.models.estimate import Estimate
from host_demo.models.invoice import ChargeKind, Invoice, InvoiceStatus, Payment, PaymentMethod
from host_demo.models.lead import Lead, LeadStatus
from host_demo.models.meeting import Meeting
from host_demo.models.network import AccessPoint, City, Plan, Server
from host_demo.models.offers import LONGEST_COMMENT, OfferStatus
from host_demo.models.order import Item, ItemStatus, Order, OrderLine, OrderStatus
from host_demo.models.papers import Papers
from host_demo.models.proposal import Proposal, ProposalComment
from host_demo.models.reminder import Reminder
from host_demo.models.repair import Repair, RepairMessage, RepairStatus
from host_demo.models.service import Service, ServiceStatus
from host_demo.models.staff import Role, Staff
from host_demo.models.supplier import Supplier
from host_demo.models.task import Task

__all__ = [
    "LONGEST_COMMENT",
    "AccessPoint",
    "Booking",
    "BookingStatus",
    "Branch",
    "ChargeKind",
    "City",
    "Client",
    "ClientStatus",
    "Contact",
    "Contract",
    "ContractComment",
    "ContractLine",
    "ContractStatus",
    "Estimate",
    "Invoice",
    "InvoiceStatus",
    "Item",
    "ItemStatus",
    "Lead",
    "LeadStatus",
    "Meeting",
    "OfferStatus",
    "Order",
    "OrderLine",
    "OrderStatus",
    "Panel",
    "Papers",
    "Payment",
    "PaymentMethod",
    "PaymentProfile",
    "PhoneNumber",
    "Plan",
    "Proposal",
    "ProposalComment",
    "Reminder",
    "Repair",
    "RepairMessage",
    "RepairStatus",
    "Role",
    "Server",
    "Service",
    "ServiceStatus",
    "Staff",
    "Supplier",
    "Task",
]
