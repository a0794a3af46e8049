"""Visits and repairs of a day."""

from __future__ import annotations

from datetime import datetime

from host_demo.booking import PLACES, SERVICES, book, confirm, days, digest, times
from host_demo.day.deeds import Day
from host_demo.models import Booking, BookingStatus, Repair, RepairStatus
from host_demo.repairs import save, take_in

VISITORS = (
    ("Nuno Esteves", "pt"),
    ("Lídia Campos", "pt"),
    ("Ruth Palmer", "en"),
    ("Марія Гнатюк", "uk"),
    ("Óscar Vale", "pt"),
)
THINGS = (
    ("Router", "Does not start"),
    ("Telemóvel", "Ecrã partido"),
    ("Comando", "Não responde"),
    ("Switch", "Port 3 is dead"),
)
NEWS = ("A peça foi encomendada.", "O técnico já viu: falta uma peça, chega na terça.", "Precisamos do carregador.")
READY = "Estimado Cliente, pode vir levantar o seu {item}, o mesmo encontra-se reparado."


def ask_for_a_visit(day: Day) -> str:
    """A stranger fills in the public form."""
    name, language = day.chance.choice(VISITORS)
    service, place = day.chance.choice(list(SERVICES)), day.chance.choice(list(PLACES))
    booking = book(
        day.session,
        service=service,
        place=place,
        starts_at=datetime.combine(day.chance.choice(days(day.on)), day.chance.choice(times())),
        name=name,
        phone=f"910 000 {day.chance.randrange(200, 300)}",
        language=language,
        sender=digest(f"198.51.100.{day.chance.randrange(1, 255)}", key="a day"),
        at=day.at,
    )
    return f"{booking.name} asked for {SERVICES[service]['en'].lower()} on {booking.starts_at:%d/%m at %H:%M}"


def confirm_a_visit(day: Day) -> str:
    booking = day.one(Booking, Booking.status == BookingStatus.REQUESTED, Booking.starts_at > day.at)
    if booking is None:
        return ""
    confirm(booking)
    return f"Booking of {booking} confirmed"


def take_in_a_repair(day: Day) -> str:
    client = day.client()
    item, fault = day.chance.choice(THINGS)
    repair = take_in(day.session, client=client, item=item, fault=fault, received_on=day.on)
    return f"Repair {repair}: {client} left a thing: {item}"


def write_about_a_repair(day: Day) -> str:
    """News, for the log or for the client's phone."""
    repair = day.one(Repair, Repair.status.in_([RepairStatus.TAKEN_IN, RepairStatus.IN_REPAIR]))
    if repair is None:
        return ""
    by_sms = day.chance.random() < 0.6
    save(
        repair,
        status=RepairStatus.IN_REPAIR,
        message=day.chance.choice(NEWS),
        by_sms=by_sms,
        by=day.somebody(),
    )
    return f"Repair {repair}: a message {'to ' + str(repair.client) if by_sms else 'for the log'}"


def finish_a_repair(day: Day) -> str:
    """With words of one's own, or leaving it to the trigger."""
    repair = day.one(Repair, Repair.status == RepairStatus.IN_REPAIR)
    if repair is None:
        return ""
    own = day.chance.random() < 0.4
    message = READY.format(item=repair.item) if own else ""
    save(repair, status=RepairStatus.FINISHED, message=message, by_sms=own, by=day.somebody())
    return f"Repair {repair} of {repair.client} finished{', told in our own words' if own else ''}"
