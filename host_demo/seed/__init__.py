"""The first day's records: the same ones for the same date, on any machine."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random

from sqlalchemy import select

from host_demo.database import AnySession
from host_demo.models import Client, Contact, PhoneNumber, Staff
from host_demo.seed.invoices import bill
from host_demo.seed.lines import lay_lines
from host_demo.seed.office import open_the_office
from host_demo.seed.people import CLIENTS, STAFF, Known
from host_demo.seed.sales import sell


def is_empty(session: AnySession) -> bool:
    """Whether nobody works here yet."""
    return session.scalar(select(Staff.id).limit(1)) is None


def sow(session: AnySession, *, today: date) -> None:
    """Fill an empty portal around a date: staff, clients, invoices, payments, lines, a week's work. Does not commit."""
    staff = [_staff(*row) for row in STAFF]
    session.add_all(staff)
    chance = Random(20)  # noqa: S311 -- the same draw every time is the point
    clients = [_client(known, today=today, place=place) for place, known in enumerate(CLIENTS)]
    session.add_all(clients)
    session.flush()
    plans = [known.plan for known in CLIENTS]
    bill(session, clients=clients, plans=plans, cashier=staff[1], today=today, chance=chance)
    session.flush()
    sell(session, clients=clients, staff=staff, today=today, chance=chance)
    lay_lines(session, clients=clients, today=today)
    open_the_office(session, staff=staff, clients=clients, today=today)


def _staff(login: str, name: str, role: str, phone: str, password: str, active: bool) -> Staff:
    member = Staff(login=login, name=name, role=role, phone=phone, active=active)
    member.set_password(password)
    return member


def _client(known: Known, *, today: date, place: int) -> Client:
    joined = today - timedelta(days=1400 - 31 * place)
    client = Client(
        first_name=known.first,
        last_name=known.last,
        company=known.company,
        language=known.language,
        region=known.region,
        timezone=known.timezone,
        city=known.city,
        email=known.email,
        born_on=_born(known.born, today=today),
        accepts_billing=known.billing,
        accepts_service=known.service,
        accepts_marketing=known.marketing,
        created_at=datetime.combine(joined, time(9 + place % 9, 15)),
    )
    for number, label, flags in known.numbers:
        client.numbers.append(
            PhoneNumber(number=number, label=label, main="m" in flags, billing="b" in flags, marketing="o" in flags)
        )
    for at, (name, job_title, phone, born) in enumerate(known.contacts):
        client.contacts.append(
            Contact(
                name=name,
                job_title=job_title,
                phone=phone,
                born_on=_born(born, today=today),
                is_primary=at == 0,
            )
        )
    return client


def _born(word: str, *, today: date) -> date | None:
    """A birthday: a date, ``today`` or ``tomorrow``, or none."""
    if not word:
        return None
    if word in ("today", "tomorrow"):
        day = today + timedelta(days=word == "tomorrow")
        # 1988 was a leap year, so that every day of the calendar exists in it.
        return day.replace(year=1988)
    return date.fromisoformat(word)
