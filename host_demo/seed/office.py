"""A week in the office and the workshop: tasks, reminders, meetings, bookings and repairs around a date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from random import Random

from host_demo.database import AnySession
from host_demo.models import (
    Booking,
    BookingStatus,
    Client,
    Meeting,
    Reminder,
    RepairStatus,
    Staff,
    Task,
)
from host_demo.repairs import save, take_in

#: Service, place, days from today, hour, name, number, language, status.
BOOKINGS = (
    ("installation", "braga", 1, 10, "Rita Salgado", "+351910000101", "pt", BookingStatus.CONFIRMED),
    ("visit", "porto", 2, 15, "Nelson Faria", "+351910000102", "pt", BookingStatus.REQUESTED),
    ("advice", "viana", 3, 11, "Olena Marchuk", "+380500000103", "uk", BookingStatus.REQUESTED),
    ("visit", "braga", -1, 9, "Kate Wills", "+447400000104", "en", BookingStatus.DONE),
    ("advice", "porto", 4, 16, "Jorge Leal", "+351910000105", "pt", BookingStatus.CANCELLED),
)
#: The client's place in the list, item, serial number, fault, days ago, status.
REPAIRS = (
    (3, "Router da padaria", "NF-88213", "Reinicia sozinho", 6, RepairStatus.IN_REPAIR),
    (4, "Telemóvel", "IMEI 3526", "Não carrega", 3, RepairStatus.TAKEN_IN),
    (12, "Repetidor", "NF-70455", "Sem luz", 12, RepairStatus.FINISHED),
    (29, "Laptop", "GH-2290", "Broken screen", 20, RepairStatus.COLLECTED),
)


def open_the_office(session: AnySession, *, staff: Sequence[Staff], clients: Sequence[Client], today: date) -> None:
    """Add what the staff has before it this week, and what the workshop has on its bench. Flushes."""
    helena, rui, oksana = staff[:3]
    _tasks(session, helena=helena, rui=rui, oksana=oksana, clients=clients, today=today)
    _reminders(session, helena=helena, rui=rui, clients=clients, today=today)
    _meetings(session, helena=helena, rui=rui, clients=clients, today=today)
    chance = Random(22)  # noqa: S311 -- the same draw every time is the point
    for service, place, days, hour, name, phone, language, status in BOOKINGS:
        session.add(
            Booking(
                service=service,
                place=place,
                starts_at=_at(today, days=days, hour=hour),
                name=name,
                phone=phone,
                language=language,
                status=status,
                created_at=_at(today, days=min(days, 0) - 2, hour=20),
                public_id=f"{chance.getrandbits(64):016x}",
            )
        )
    for place_in_list, item, serial, fault, days_ago, stage in REPAIRS:
        repair = take_in(
            session,
            client=clients[place_in_list],
            item=item,
            serial=serial,
            fault=fault,
            received_on=today - timedelta(days=days_ago),
        )
        save(repair, status=stage, message="Entregue ao balcão.", by=rui)
        for message in repair.messages:
            message.written_at = _at(today, days=-days_ago, hour=10)
    session.flush()


def _at(today: date, *, days: int, hour: int) -> datetime:
    return datetime.combine(today + timedelta(days=days), time(hour))


def _tasks(
    session: AnySession, *, helena: Staff, rui: Staff, oksana: Staff, clients: Sequence[Client], today: date
) -> None:
    session.add_all(
        Task(
            name=name,
            client=client,
            due_on=today + timedelta(days=days),
            done=done,
            created_by=helena,
            created_at=_at(today, days=-2, hour=9),
            assignees=assignees,
            followers=followers,
        )
        for name, client, days, done, assignees, followers in (
            ("Trocar o cabo na padaria", clients[3], 1, False, [rui], [helena]),
            ("Call Northgate about the second line", clients[33], 2, False, [oksana, rui], []),
            ("Order twenty routers", None, 5, False, [helena], [rui]),
            ("Inspect the cabinet in Gualtar", None, -1, True, [rui], []),
        )
    )


def _reminders(session: AnySession, *, helena: Staff, rui: Staff, clients: Sequence[Client], today: date) -> None:
    session.flush()
    session.add_all(
        [
            Reminder(
                staff=rui,
                description="Ask the bakery for the signed contract",
                remind_at=_at(today, days=1, hour=9),
                about="client",
                about_id=clients[3].id,
            ),
            Reminder(staff=helena, description="Renew the shop's insurance", remind_at=_at(today, days=6, hour=11)),
            Reminder(
                staff=rui,
                description="Bring the ladder back",
                remind_at=_at(today, days=-3, hour=17),
                done=True,
            ),
        ]
    )


def _meetings(session: AnySession, *, helena: Staff, rui: Staff, clients: Sequence[Client], today: date) -> None:
    bakery, clinic = clients[3], clients[12]
    session.add_all(
        [
            Meeting(
                client=bakery,
                subject="Segunda linha",
                starts_at=_at(today, days=1, hour=15),
                place="Padaria Carvalho",
                remind_minutes=120,
                contacts=list(bakery.contacts),
                staff=[rui],
            ),
            Meeting(
                client=clinic,
                subject="Contrato de 2027",
                starts_at=_at(today, days=4, hour=11),
                place="Clínica do Minho",
                remind_minutes=1440,
                contacts=list(clinic.contacts[:2]),
                staff=[helena, rui],
            ),
        ]
    )
