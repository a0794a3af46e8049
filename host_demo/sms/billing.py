"""Charges and payments."""

from __future__ import annotations

from host_demo.models import Invoice, Payment
from host_demo.signals import payment_recorded
from sms_plugin import Debt, Entity, Hook, after, before, created, link, money, on, signal

invoice = Entity(
    Invoice,
    "invoice",
    to={"client": "client"},
    debt=Debt(money("amount_due", "currency"), since="due_on"),
    also={"legal_details": "client.papers"},
    shortcodes={
        "invoice_number": "number",
        "invoice_date": "issued_on",
        "invoice_duedate": "due_on",
        "invoice_status": "status",
        "invoice_total": money("total", "currency"),
        "invoice_amount_due": money("amount_due", "currency"),
        "invoice_subtotal": money("total", "currency"),  # its prices hold the tax already
        "invoice_sale_agent": "client.papers.agent.name",
        "invoice_link": link("pages.invoice", public_id="public_id"),
        "COB_CODE": "id",
        "COB_NUM_DOC": "number",
        "COB_VAL_DOC": money("total", "currency"),
        "COB_VAL_PAG": money("amount_paid", "currency"),
        "COB_VAL_DISC": money("total", "currency"),
        # the plugin knows that the last letter asks for the day, the month's name or the year
        **{f"COB_DATE_VENC{part}": "due_on" for part in ("", "_D", "_M", "_Y")},
        **{f"COB_DATE_PAG{part}": "paid_on" for part in ("", "_D", "_M", "_Y")},
    },
    hooks=[
        Hook("charge_created", created(), only=Invoice.is_unpaid),
        Hook("charge_due_soon", before(Invoice.due_on, days=3), only=Invoice.is_unpaid),
        Hook("charge_due_today", on(Invoice.due_on), only=Invoice.is_unpaid),
        Hook("invoice_overdue_notice", after(Invoice.due_on, days=1), only=Invoice.is_unpaid),
    ],
)

payment = Entity(
    Payment,
    "payment",
    to={"client": "invoice.client"},
    also={"invoice": "invoice"},
    shortcodes={
        "payment_amount": money("amount", "invoice.currency"),
        "payment_date": "paid_on",
        "payment_method": "method",
    },
    hooks=[Hook("invoice_payment_recorded", signal(payment_recorded, record="payment"))],
)
