"""The first page: a few figures of today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from flask.typing import ResponseReturnValue
from flask_admin import AdminIndexView, expose
from sqlalchemy import ColumnElement, SQLColumnExpression, extract, func, select
from sqlalchemy.orm import joinedload, selectinload

from host_demo.backoffice.base import Closed
from host_demo.backoffice.ending import soon_over
from host_demo.clock import today
from host_demo.database import db
from host_demo.formats import money
from host_demo.models import Client, Contact, Invoice, InvoiceStatus, Payment

SHOWN = 7


@dataclass(frozen=True, kw_only=True)
class Figure:
    label: str
    count: int
    sums: str
    href: str
    tone: str


class Home(Closed, AdminIndexView):
    @expose("/")
    def index(self) -> ResponseReturnValue:
        on = today()
        return self.render(
            "portal/home.html",
            today=on,
            figures=self._figures(on),
            late=_late_invoices(),
            payments=_latest_payments(),
            birthdays=_birthdays(on),
            ending=soon_over(self, on=on),
        )

    def _figures(self, on: date) -> list[Figure]:
        soon = on + timedelta(days=7)
        unpaid, paid = self.get_url("invoice.index_view"), self.get_url("payment.index_view")
        return [
            _invoices("Overdue", Invoice.status == InvoiceStatus.OVERDUE, tone="bad", href=_by_status(unpaid)),
            _invoices(
                "Due within 7 days",
                (Invoice.status == InvoiceStatus.OPEN) & Invoice.due_on.between(on, soon),
                tone="warm",
                href=f"{unpaid}?flt0_due_on_between={on}+to+{soon}&flt1_status_equals=open",
            ),
            _invoices(
                "Open in all",
                Invoice.is_unpaid,
                tone="calm",
                href=f"{unpaid}?flt0_status_in_list=open%2Coverdue",
            ),
            _received(on, href=f"{paid}?flt0_paid_on_between={on.replace(day=1)}+to+{on}"),
        ]


def _by_status(url: str) -> str:
    return f"{url}?flt0_status_equals=overdue"


def _invoices(label: str, which: SQLColumnExpression[bool], *, tone: str, href: str) -> Figure:
    paid = select(func.coalesce(func.sum(Payment.amount), 0)).where(Payment.invoice_id == Invoice.id)
    left = Invoice.total - paid.correlate(Invoice).scalar_subquery()
    rows = db.session.execute(
        select(Invoice.currency, func.count(), func.sum(left)).where(which).group_by(Invoice.currency)
    ).all()
    return Figure(
        label=label,
        count=sum(count for _, count, _ in rows),
        sums=_sums([(currency, amount) for currency, _, amount in rows]),
        href=href,
        tone=tone,
    )


def _received(on: date, *, href: str) -> Figure:
    rows = db.session.execute(
        select(Invoice.currency, func.count(), func.sum(Payment.amount))
        .join(Payment.invoice)
        .where(Payment.paid_on.between(on.replace(day=1), on))
        .group_by(Invoice.currency)
    ).all()
    return Figure(
        label="Paid this month",
        count=sum(count for _, count, _ in rows),
        sums=_sums([(currency, amount) for currency, _, amount in rows]),
        href=href,
        tone="good",
    )


def _sums(amounts: list[tuple[str, Decimal]]) -> str:
    own_currency_first = sorted(amounts, key=lambda pair: (pair[0] != "EUR", pair[0]))
    return " · ".join(money(Decimal(amount), currency) for currency, amount in own_currency_first)


def _late_invoices() -> list[Invoice]:
    late = select(Invoice).where(Invoice.status == InvoiceStatus.OVERDUE).order_by(Invoice.due_on, Invoice.id)
    return list(
        db.session.scalars(late.options(joinedload(Invoice.client), selectinload(Invoice.payments)).limit(SHOWN))
    )


def _latest_payments() -> list[Payment]:
    latest = select(Payment).order_by(Payment.paid_on.desc(), Payment.id.desc()).limit(SHOWN)
    return list(db.session.scalars(latest.options(joinedload(Payment.invoice).joinedload(Invoice.client))))


def _birthdays(on: date) -> list[Client | Contact]:
    def today_in(column: ColumnElement[date | None]) -> ColumnElement[bool]:
        return (extract("month", column) == on.month) & (extract("day", column) == on.day)

    clients = db.session.scalars(select(Client).where(today_in(Client.born_on.expression)))
    contacts = db.session.scalars(
        select(Contact).where(today_in(Contact.born_on.expression)).options(joinedload(Contact.client))
    )
    return [*clients, *contacts]
