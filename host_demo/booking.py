"""The rules of bookings: what can be booked, when, and how often one number and one address may ask (X24).

Each function works in the session it is given and leaves the commit to its caller.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address

from sqlalchemy import func, select

from host_demo.clock import now
from host_demo.database import AnySession
from host_demo.models import Booking, BookingStatus
from host_demo.refusals import Refused
from sms_plugin.text.phones import parse_phone

REGION = "PT"
#: Whose numbers may book: each text abroad costs, and a stranger chooses the number.
COUNTRIES = frozenset({"PT", "GB", "UA", "BR"})
MOST_PER_NUMBER, MOST_PER_ADDRESS = 2, 5
WITHIN = timedelta(days=1)
DAYS_AHEAD = 21
HOURS = tuple(range(9, 18))
SUNDAY = 6

SERVICES: Mapping[str, Mapping[str, str]] = {
    "installation": {"en": "Installation", "pt": "Instalação", "uk": "Підключення"},
    "visit": {"en": "Technician's visit", "pt": "Visita do técnico", "uk": "Візит майстра"},
    "advice": {"en": "Advice in the shop", "pt": "Atendimento na loja", "uk": "Консультація в магазині"},
}
PLACES: Mapping[str, str] = {
    "braga": "Braga, Rua do Souto 12",
    "porto": "Porto, Rua de Cedofeita 80",
    "viana": "Viana do Castelo, Praça da Erva 3",
}


class BookingRefused(Refused):
    """A booking that the rules do not allow; the public page says why in its own words, by ``code``."""


def digest(address: str, *, key: str) -> str:
    """What is kept of the address that a form came from: enough to know it again, and not to read it.

    A household has a whole /64 of the new addresses: they count as one.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        parsed = None
    if isinstance(parsed, IPv6Address):
        address = parsed.ipv4_mapped.compressed if parsed.ipv4_mapped else parsed.exploded[:19]
    return hmac.new(key.encode(), address.encode(), lambda: blake2b(digest_size=16)).hexdigest()


def book(
    session: AnySession,
    *,
    service: str,
    place: str,
    starts_at: datetime,
    name: str,
    phone: str,
    language: str,
    sender: str,
    at: datetime | None = None,
) -> Booking:
    """A flushed booking that somebody asked for on the public page.

    Raises BookingRefused (``country``, ``closed``, ``too_many``), and the plugin's ``PhoneError`` for a number that
    cannot be texted.
    """
    at = at or now()
    found = parse_phone(phone, region=REGION)
    if found.region not in COUNTRIES:
        raise BookingRefused("Numbers of this country cannot book.", code="country")
    if starts_at.date() not in days(at.date()) or starts_at.time() not in times() or starts_at <= at:
        raise BookingRefused("This time cannot be booked.", code="closed")
    for asked, most in ((Booking.phone == found.e164, MOST_PER_NUMBER), (Booking.sender == sender, MOST_PER_ADDRESS)):
        recent = select(func.count()).select_from(Booking).where(asked, Booking.created_at > at - WITHIN)
        if (session.scalar(recent) or 0) >= most:
            raise BookingRefused("There were several bookings today already.", code="too_many")
    booking = Booking(
        service=service,
        place=place,
        starts_at=starts_at,
        name=name,
        phone=found.e164,
        language=language,
        sender=sender,
        created_at=at,
    )
    session.add(booking)
    session.flush()
    return booking


def days(on: date) -> list[date]:
    """The days that can still be booked: from tomorrow on, never a Sunday."""
    ahead = (on + timedelta(days=number) for number in range(1, DAYS_AHEAD + 1))
    return [day for day in ahead if day.weekday() != SUNDAY]


def times() -> list[time]:
    """The times of day that can be booked."""
    return [time(hour) for hour in HOURS]


def confirm(booking: Booking) -> None:
    """Promise the visit. Raises BookingRefused where it is over or called off."""
    if booking.status != BookingStatus.REQUESTED:
        raise BookingRefused(f"It is {booking.status} already.", code="settled")
    booking.status = BookingStatus.CONFIRMED
