"""Bookings: asked for on the public page, confirmed in the office, remembered in time (T18-T20, X24)."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from host_demo.booking import MOST_PER_ADDRESS, MOST_PER_NUMBER, days, digest
from host_demo.clock import today
from host_demo.models import Booking, BookingStatus
from tests.demo.office import Office
from tests.demo.visitor import Visitor

NUMBER = "+351910000150"
FORM = "/book?lang=en"
WISH = {"service": "visit", "place": "braga", "at": "10:00", "name": "Nuno Sá", "phone": "910 000 150"}


def _day() -> str:
    return days(today())[2].isoformat()


def _ask(office: Office, *, address: str = "198.51.100.7", **changed: str) -> tuple[int, str]:
    """A stranger fills in the form: the status and the page."""
    visitor = Visitor(client=office.app.test_client())
    visitor.client.environ_base["REMOTE_ADDR"] = address
    answer = visitor.send(FORM, **(WISH | {"on": _day()} | changed))
    return answer.status_code, answer.text


def _bookings(office: Office) -> list[Booking]:
    with office.session() as session:
        found = list(session.scalars(select(Booking).where(Booking.sender != "").order_by(Booking.id)))
        session.expunge_all()
        return found


def test_a_booking_on_the_public_page_is_answered_at_once(office: Office) -> None:
    """T18, X24: to the number in the form, in the page's language, with nothing in it that the visitor wrote freely."""
    office.switch_on("booking_submitted")
    status, page = _ask(office, name="Win http://evil.example now")
    assert status == 200
    assert "Thank you" in page
    ((to, text),) = office.texts()
    assert to == NUMBER
    assert "Technician's visit" in text
    assert "evil" not in text
    assert "evil" not in page


def test_the_page_of_a_booking_tells_neither_name_nor_number(office: Office) -> None:
    _ask(office)
    (booking,) = _bookings(office)
    page = Visitor(client=office.app.test_client()).read(f"/b/{booking.public_id}")
    assert "Requested" in page
    assert "Nuno" not in page
    assert "910" not in page


def test_a_confirmed_booking_is_told_once(office: Office) -> None:
    """T19: by the button on its page; a second click finds it settled."""
    office.switch_on("booking_confirmed")
    _ask(office)
    (booking,) = _bookings(office)
    details = f"/admin/booking/details/?id={booking.id}"
    office.admin.post(details, "/admin/booking/confirm/", id=str(booking.id))
    ((to, text),) = office.texts()
    assert to == NUMBER
    assert "Confirmed" in text
    answer = office.admin.post(details, "/admin/booking/confirm/", id=str(booking.id))
    assert "It is confirmed already" in answer.text
    assert office.texts() == []


def test_a_booking_that_the_office_writes_is_not_answered_as_a_request(office: Office) -> None:
    office.switch_on("booking_submitted", "booking_confirmed")
    fields = WISH | {"starts_at": f"{_day()} 10:00:00", "language": "pt", "status": "requested", "remind_hours": "2"}
    office.admin.send("/admin/booking/new/", **fields)
    assert office.texts() == []
    with office.session() as session:
        booking = session.scalars(select(Booking).where(Booking.phone == NUMBER)).one()
        assert (booking.status, booking.remind_hours) == (BookingStatus.REQUESTED, 2)


def test_a_reminder_comes_the_bookings_own_hours_before_it(office: Office) -> None:
    """T20: two bookings of one day, each with its own lead time; the third is for nobody."""
    office.switch_on("booking_reminder")
    day = days(today())[4]
    for place, hours in ((0, "4"), (1, "2"), (2, "0")):
        fields = WISH | {"phone": f"91000015{place}", "status": "confirmed", "language": "pt", "remind_hours": hours}
        office.admin.send("/admin/booking/new/", **fields, starts_at=f"{day} 15:00:00")
    came: list[list[str]] = []
    for hour in (10, 12, 14, 16):
        office.wait_until(day, hour)
        came.append([to for to, _ in office.texts() if to.startswith("+35191000015")])
    assert came == [[], ["+351910000150"], ["+351910000151"], []]


def test_a_booking_that_is_called_off_is_not_remembered(office: Office) -> None:
    """T20, promise 4."""
    office.switch_on("booking_reminder")
    day = days(today())[4]
    with office.session() as session:
        seeded = session.scalars(select(Booking).where(Booking.status == BookingStatus.CONFIRMED)).one()
        seeded.starts_at = dt.datetime.combine(day, dt.time(15))
        session.commit()
        seeded.status = BookingStatus.CANCELLED
        session.commit()
    office.wait_until(day, 14)
    assert office.texts() == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"phone": "253 000 418"}, "landline"),
        ({"phone": "91 000"}, "not complete"),
        ({"phone": "+34 612 345 678"}, "Portugal, the United Kingdom, Ukraine and Brazil only"),
        ({"name": ""}, "Please fill this in"),
        ({"on": "2020-01-01"}, "Not a valid choice"),
        ({"service": "=cmd"}, "Not a valid choice"),
    ],
)
def test_a_wrong_form_is_answered_and_books_nothing(office: Office, changed: dict[str, str], told: str) -> None:
    """X24: allowed countries only."""
    status, page = _ask(office, **changed)
    assert status == 422
    assert told in page
    assert _bookings(office) == []


def test_one_number_may_ask_so_often_a_day(office: Office) -> None:
    """X24: whatever address it comes from, and however it is written."""
    answers = [
        _ask(office, address=f"198.51.100.{count}", phone=("910000150", "+351 910 000 150", "00351910000150")[count])[0]
        for count in range(MOST_PER_NUMBER + 1)
    ]
    assert answers == [200] * MOST_PER_NUMBER + [429]
    office.wait_until(today() + dt.timedelta(days=2))
    assert _ask(office)[0] == 200


def test_one_address_may_ask_so_often_a_day(office: Office) -> None:
    """X24: a household's whole network counts as one."""
    asked = [
        _ask(office, address=f"2001:db8::{count:x}", phone=f"9100001{count:02}")[0]
        for count in range(MOST_PER_ADDRESS + 1)
    ]
    assert asked == [200] * MOST_PER_ADDRESS + [429]
    assert _ask(office, address="2001:db8:1::1", phone="910000199")[0] == 200
    assert all("2001" not in booking.sender for booking in _bookings(office))


def test_whoever_fills_in_the_trap_is_thanked_and_books_nothing(office: Office) -> None:
    status, page = _ask(office, website="http://spam.example")
    assert status == 200
    assert "Thank you" in page
    assert _bookings(office) == []


def test_the_form_needs_its_token(office: Office) -> None:
    assert office.app.test_client().post(FORM, data=WISH).status_code == 400


@pytest.mark.parametrize(("language", "title"), [("pt", "Marcar uma visita"), ("uk", "Записатися на візит")])
def test_the_page_speaks_three_languages(office: Office, language: str, title: str) -> None:
    assert title in Visitor(client=office.app.test_client()).read(f"/book?lang={language}")


def test_an_address_is_kept_as_a_digest_that_its_key_makes() -> None:
    assert digest("192.0.2.1", key="a") == digest("::ffff:192.0.2.1", key="a")
    assert digest("192.0.2.1", key="a") != digest("192.0.2.1", key="b")
    assert digest("2001:db8::1", key="a") == digest("2001:db8::ffff", key="a") != digest("2001:db8:0:1::1", key="a")
    assert len(digest("no address", key="a")) == 32
