from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import phonenumbers
import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from host_demo.database import Base
from host_demo.models import Client, Contact, Invoice, InvoiceStatus, Payment, PhoneNumber
from host_demo.seed import is_empty, sow

pytestmark = pytest.mark.one_database("sqlite", "the demo's own records")

DAYS = [date(2026, 11, 21), date(2027, 1, 1), date(2028, 2, 29), date(2027, 3, 31)]
TODAY = DAYS[0]


@contextmanager
def _sown(today: date) -> Iterator[Session]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        assert is_empty(session)
        sow(session, today=today)
        yield session
    engine.dispose()


def _rows(session: Session) -> list[tuple[object, ...]]:
    return [
        tuple(row)
        for table in Base.metadata.sorted_tables
        for row in session.execute(
            select(*[column for column in table.c if column.name != "password_hash"]).order_by(*table.primary_key)
        )
    ]


def _is_mobile(number: PhoneNumber) -> bool:
    try:
        parsed = phonenumbers.parse(number.number, number.client.region)
    except phonenumbers.NumberParseException:
        return False
    mobile = phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.MOBILE
    return mobile and phonenumbers.is_valid_number(parsed)


def test_the_same_day_gives_the_same_records() -> None:
    with _sown(TODAY) as one, _sown(TODAY) as other:
        assert _rows(one) == _rows(other)


@pytest.mark.parametrize("today", DAYS)
def test_invoices_of_every_kind_stand_around_any_day(today: date) -> None:
    with _sown(today) as session:
        due = {
            (invoice.status.value, (invoice.due_on - today).days)
            for invoice in session.scalars(select(Invoice).where(Invoice.is_unpaid))
        }
        assert {("open", 0), ("open", 3), ("open", 7), ("open", 12), ("overdue", -1), ("overdue", -20)} <= due
        assert {invoice.status for invoice in session.scalars(select(Invoice))} == set(InvoiceStatus)


def test_money_adds_up() -> None:
    with _sown(TODAY) as session:
        for invoice in session.scalars(select(Invoice)):
            assert invoice.status != InvoiceStatus.PAID or invoice.amount_paid == invoice.total
            assert not invoice.is_unpaid or invoice.amount_due > 0
            assert (invoice.status == InvoiceStatus.OVERDUE) == (invoice.is_unpaid and invoice.due_on < TODAY)
        assert all(payment.paid_on <= TODAY for payment in session.scalars(select(Payment)))


def test_clients_come_from_four_countries_in_three_languages() -> None:
    with _sown(TODAY) as session:
        clients = session.scalars(select(Client)).all()
        assert len(clients) == 40
        assert {client.region for client in clients} == {"PT", "UA", "GB", "BR"}
        assert {client.language for client in clients} == {"pt", "uk", "en"}
        assert {client.accepts_marketing for client in clients} == {True, False, None}


def test_most_numbers_are_mobiles_and_some_are_wrong() -> None:
    with _sown(TODAY) as session:
        numbers = session.scalars(select(PhoneNumber)).all()
        wrong = [number.number for number in numbers if number.main and not _is_mobile(number)]
        assert sum(map(_is_mobile, numbers)) > len(numbers) / 2
        assert {"91 000 00 1", "910 000 01O", "253 000 418", "(19) 9000-0014", ""} <= set(wrong)


def test_some_numbers_are_missing_and_some_are_shared() -> None:
    with _sown(TODAY) as session:
        mobiles = [client.mobile for client in session.scalars(select(Client))]
        assert None in mobiles
        assert mobiles.count("913 000 118") == 3


@pytest.mark.parametrize("today", DAYS)
def test_somebody_has_a_birthday_today_and_on_the_29th_of_february(today: date) -> None:
    """T13"""
    with _sown(today) as session:
        for kind in (Client, Contact):
            days = {
                (born.month, born.day)
                for born in session.scalars(select(kind.born_on).where(kind.born_on.is_not(None)))
                if born
            }
            assert (today.month, today.day) in days
            assert (2, 29) in days


def test_numbers_of_invoices_follow_their_dates() -> None:
    with _sown(TODAY) as session:
        by_number = session.scalars(select(Invoice).order_by(Invoice.number)).all()
        assert [one.issued_on for one in by_number] == sorted(one.issued_on for one in by_number)
        assert all(one.due_on - one.issued_on == timedelta(days=15) for one in by_number)
