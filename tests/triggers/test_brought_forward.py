"""A meeting whose reminder would fall into the night is told the evening before, as was foreseen (T12, X4, X6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from sms_plugin import Entity, Hook, Person, before, on
from sms_plugin.gateways.contract import Outcome, Verdict
from sms_plugin.triggers.forecast import Wanted, forecast
from sms_plugin.triggers.lookahead import Look
from tests.outbox.steps import claim_some, depart_with, settle_with
from tests.portal import Booking, Client, Invoice, Portal, make_portal
from tests.triggers.sweeping import at, due, november, swept

MINUTE = dt.timedelta(minutes=1)
#: Eleven o'clock on the 14th; reminded of three hours before, when nobody is texted yet.
ELEVEN = dt.datetime(2026, 11, 14, 11)


@pytest.fixture
def portal(database_url: str) -> Iterator[Portal]:
    """Quiet from 21 to 9, with meetings that each say how many minutes ahead somebody is reminded of them; and with
    invoices, declared behind them.
    """
    meeting = Entity(
        Booking,
        "meeting",
        to={"participant": Person(name="guest", phones="guest_phone")},
        hooks=[Hook("meeting_reminder", before(Booking.starts_at, minutes=Booking.remind_hours))],
    )
    invoice = Entity(Invoice, "invoice", to={"client": "client"}, hooks=[Hook("charge_due_today", on(Invoice.due_on))])
    client = Entity(Client, "clients", person=Person(name="name", phones="phone"))
    made = make_portal(database_url, meeting, invoice, client, SMS_QUIET_HOURS="21-9", SMS_DAILY_CAP=3)
    with made.app.app_context():
        made.use_kind("console", {}, name="console")
        made.switch_on("meeting_reminder", "charge_due_today", text="Soon", since=at(1, 12))
        yield made
        made.db.session.remove()
        made.db.engine.dispose()


def _meet(portal: Portal, starts_at: dt.datetime = ELEVEN, *, minutes: int = 180) -> Booking:
    booking = Booking(guest="Rui", guest_phone="912345678", starts_at=starts_at, remind_hours=minutes)
    portal.session.add(booking)
    portal.session.commit()
    return booking


def _foreseen(portal: Portal, *, day: int, now: dt.datetime) -> list[dt.datetime]:
    """When the messages of a day go, as the evening before says."""
    with portal.fresh() as session:
        wanted = Wanted(most=100, day=november(day))
        found = forecast(session, Look(days=2), state=portal.state, now=now, wanted=wanted)
    return [each.due_at for each in found.entries if each.goes]


def _lived(portal: Portal, begin: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
    """When messages left, with a sweep and a claim a minute."""
    left: list[dt.datetime] = []
    while begin <= end:
        swept(portal, begin)
        left += [begin for _ in claim_some(portal, at=begin).messages]
        begin += MINUTE
    return left


def _told(portal: Portal) -> list[tuple[str, str, dt.datetime]]:
    return [(each.state, each.reason, each.due_at) for each in portal.messages()]


def test_it_goes_in_the_last_minute_of_the_evening_as_the_day_before_foresaw(portal: Portal) -> None:
    _meet(portal)
    assert _foreseen(portal, day=13, now=at(12, 22, 30)) == [at(13, 20, 59)]
    assert _lived(portal, at(13, 20, 20), at(13, 21, 5)) == [at(13, 20, 59)]
    assert _lived(portal, at(14, 8, 55), at(14, 9, 5)) == []


def test_a_look_within_the_last_minute_still_sends_it(portal: Portal) -> None:
    """Nobody looked from half past eight on; texts may go until nine."""
    _meet(portal)
    now = at(13, 20, 59) + dt.timedelta(seconds=40)
    swept(portal, at(13, 20))
    assert _foreseen(portal, day=13, now=now) == [now]
    swept(portal, now)
    assert _told(portal) == [("queued", "quiet_hours", now)]
    assert len(claim_some(portal, at=now).messages) == 1


def test_one_that_is_entered_in_the_night_goes_in_the_morning_where_that_is_early_enough(portal: Portal) -> None:
    _meet(portal)
    _meet(portal, dt.datetime(2026, 11, 14, 8, 30))
    assert _foreseen(portal, day=14, now=at(13, 22)) == [at(14, 9)]
    assert _lived(portal, at(13, 22), at(13, 22, 5)) == []
    assert sorted(_told(portal)) == [
        ("expired", "quiet_hours", at(14, 9)),
        ("queued", "quiet_hours", at(14, 9)),
    ]
    assert _lived(portal, at(14, 8, 55), at(14, 9, 5)) == [at(14, 9)]


def test_one_that_nobody_looked_for_in_the_evening_goes_in_the_morning(portal: Portal) -> None:
    _meet(portal)
    swept(portal, at(13, 20))
    assert _foreseen(portal, day=14, now=at(13, 23)) == [at(14, 9)]
    assert _lived(portal, at(14, 0), at(14, 0, 1)) == []
    assert _lived(portal, at(14, 9), at(14, 9, 1)) == [at(14, 9)]


def test_one_that_was_drafted_and_did_not_leave_in_the_evening_goes_in_the_morning(portal: Portal) -> None:
    _meet(portal)
    swept(portal, at(13, 20, 40))
    assert not claim_some(portal, at=at(13, 22)).messages
    assert _told(portal) == [("queued", "quiet_hours", at(14, 9))]
    assert _foreseen(portal, day=14, now=at(13, 22, 30)) == [at(14, 9)]
    assert len(claim_some(portal, at=at(14, 9)).messages) == 1


def test_one_that_is_moved_in_the_evening_is_told_at_its_new_time(portal: Portal) -> None:
    """To the afternoon, after its text was written: what no longer holds does not go, and the new one does."""
    booking = _meet(portal)
    swept(portal, at(13, 20, 40))
    booking.starts_at = dt.datetime(2026, 11, 14, 15)
    portal.session.commit()
    assert _lived(portal, at(13, 20, 41), at(13, 21, 1)) == []
    assert _lived(portal, at(14, 11, 58), at(14, 12, 2)) == [at(14, 12)]


def test_one_that_is_moved_into_the_morning_goes_the_evening_before(portal: Portal) -> None:
    booking = _meet(portal, dt.datetime(2026, 11, 14, 15))
    swept(portal, at(13, 20, 40))
    booking.starts_at = ELEVEN
    portal.session.commit()
    assert _lived(portal, at(13, 20, 41), at(13, 21, 1)) == [at(13, 20, 59)]


@pytest.mark.parametrize("minutes", [121, 240, 720])
def test_however_far_ahead_what_falls_into_the_night_goes_before_it(portal: Portal, minutes: int) -> None:
    _meet(portal, minutes=minutes)
    assert _foreseen(portal, day=13, now=at(12, 22, 30)) == [at(13, 20, 59)]
    assert _lived(portal, at(13, 20, 20), at(13, 21)) == [at(13, 20, 59)]


def test_the_last_minute_of_a_day_that_is_full_is_too_late_in_the_forecast_too(portal: Portal) -> None:
    """X22: three invoices fall due at ten, so that the reminder waits for the morning, whichever is declared first."""
    _meet(portal)
    due(portal, Client(name="Rui", phone="912345678"), *[november(13)] * 3)
    assert _foreseen(portal, day=13, now=at(12, 22, 30)) == [at(13, 10)] * 3
    swept(portal, at(13, 10))
    left = depart_with(portal, claim_some(portal, at=at(13, 10)).messages, at=at(13, 10))
    for each in left:
        settle_with(portal, each, Verdict(outcome=Outcome.ACCEPTED), at=at(13, 10))
    assert len(left) == 3
    assert _lived(portal, at(13, 20, 55), at(13, 21)) == []
    assert _foreseen(portal, day=14, now=at(13, 22, 30)) == [at(14, 9)]
    assert _lived(portal, at(14, 9), at(14, 9)) == [at(14, 9)]
