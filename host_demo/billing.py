"""The rules of money: how an invoice is issued, moved and paid.

Each function works in the session it is given and leaves the commit to its caller.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import func, select

from host_demo.clock import today
from host_demo.database import AnySession as AnySession
from host_demo.models import ChargeKind, Client, Invoice, InvoiceStatus, Payment, PaymentMethod, Staff
from host_demo.refusals import Refused
from host_demo.services import restore
from host_demo.signals import payment_recorded


class BillingRefused(Refused):
    """A booking that the rules do not allow, with the reason in words for the staff."""


def issue_invoice(
    session: AnySession,
    *,
    client: Client,
    total: Decimal,
    due_on: date,
    description: str = "",
    currency: str = "EUR",
    issued_on: date | None = None,
    kind: ChargeKind = ChargeKind.INTERNET,
) -> Invoice:
    """A flushed invoice with the year's next number. Raises BillingRefused."""
    issued_on = issued_on or today()
    if total <= 0:
        raise BillingRefused("The total must be more than zero.")
    if due_on < issued_on:
        raise BillingRefused("An invoice cannot fall due before it is issued.")
    invoice = Invoice(
        client=client,
        number=_next_number(session, year=issued_on.year),
        description=description,
        issued_on=issued_on,
        due_on=due_on,
        currency=currency,
        total=total,
        kind=kind,
    )
    session.add(invoice)
    session.flush()
    return invoice


def _next_number(session: AnySession, *, year: int) -> str:
    prefix = f"NF{year}-"
    last = session.scalar(select(func.max(Invoice.number)).where(Invoice.number.startswith(prefix)))
    return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:05d}"


def record_payment(
    session: AnySession,
    *,
    invoice: Invoice,
    amount: Decimal,
    method: PaymentMethod,
    by: Staff | None,
    paid_on: date | None = None,
) -> Payment:
    """A flushed payment, announced by ``payment_recorded``; the invoice is paid once nothing is left, and the lines of
    a client who owes nothing more work again.

    ``by`` is who took the money, None for a payment that came in by itself. Raises BillingRefused.
    """
    # Two clerks may book at once: the second must see what the first left to pay.
    session.refresh(invoice, with_for_update=True)
    if not invoice.is_unpaid:
        raise BillingRefused(f"Invoice {invoice.number} is {invoice.status}: nothing is left to pay.")
    if amount <= 0:
        raise BillingRefused("The amount must be more than zero.")
    if amount > invoice.amount_due:
        raise BillingRefused(f"Only {invoice.amount_due:.2f} {invoice.currency} is left to pay.")
    payment = Payment(invoice=invoice, amount=amount, method=method, recorded_by=by, paid_on=paid_on or today())
    session.add(payment)
    if invoice.amount_due == 0:
        invoice.status = InvoiceStatus.PAID
    restore(session, client=invoice.client)
    payment_recorded.send(Payment, payment=payment)
    return payment


def move_due_date(session: AnySession, *, invoice: Invoice, due_on: date, on: date | None = None) -> None:
    """Give an unpaid invoice another due date; one that lies ahead is no longer overdue."""
    if not invoice.is_unpaid:
        raise BillingRefused(f"Invoice {invoice.number} is {invoice.status}: its due date stays.")
    invoice.due_on = due_on
    invoice.status = _status_on(due_on, on or today())
    restore(session, client=invoice.client)


def cancel_invoice(session: AnySession, *, invoice: Invoice) -> None:
    """Ask for no more money. Raises BillingRefused where some has come in."""
    if not invoice.is_unpaid or invoice.payments:
        raise BillingRefused(f"Invoice {invoice.number} has been paid or cancelled already.")
    invoice.status = InvoiceStatus.CANCELLED
    restore(session, client=invoice.client)


def mark_overdue(session: AnySession, *, on: date) -> int:
    """The number of open invoices that turned overdue because their due date has passed."""
    late = session.scalars(select(Invoice).where(Invoice.status == InvoiceStatus.OPEN, Invoice.due_on < on))
    count = 0
    for invoice in late:
        invoice.status = InvoiceStatus.OVERDUE
        count += 1
    session.flush()
    return count


def _status_on(due_on: date, on: date) -> InvoiceStatus:
    return InvoiceStatus.OVERDUE if due_on < on else InvoiceStatus.OPEN
