"""Quiet hours: what is decided at night waits, goes early or goes, and the claim asks again (X6, promise 6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from sms_plugin import ConfigurationError
from sms_plugin.host.bound import Reason
from sms_plugin.hours import Hours
from sms_plugin.models import Event, Message, TriggerRow
from sms_plugin.outbox.claim import claim
from sms_plugin.outbox.quiet import DEFER, FORWARD, IGNORE, Quiet, quiet_of
from sms_plugin.settings import read
from sms_plugin.states import MessageState
from tests.portal import Booking, Client, Invoice, Portal, make_portal
from tests.portal.app import KEY
from tests.triggers.sweeping import LISBON, at, november, swept

DAY = dt.timedelta(days=1)
HOURS = Hours(opens=9, closes=21)


@pytest.fixture
def portal(database_url: str) -> Iterator[Portal]:
    """The tests' portal, which is quiet from 21 to 9 as portals are, with a provider that writes to the console."""
    made = make_portal(database_url, SMS_QUIET_HOURS="21-9", SMS_HOLIDAYS="PT")
    with made.app.app_context():
        made.use_kind("console", {}, name="console")
        yield made
        made.db.session.remove()
        made.db.engine.dispose()


def _claimed(portal: Portal, now: dt.datetime) -> list[UUID]:
    with portal.fresh() as session, session.begin():
        got = claim(
            session,
            state=portal.state,
            provider_id=portal.provider("console").id,
            want=10,
            now=now,
            lease=dt.timedelta(minutes=1),
        )
        return [each.id for each in got.messages]


def _set(portal: Portal, trigger: str, **values: object) -> None:
    with portal.fresh() as session, session.begin():
        session.execute(sa.update(TriggerRow).where(TriggerRow.key == trigger).values(**values))


def _queued(portal: Portal, **fields: Any) -> UUID:
    """A message of a trigger that is on, due on 13 November at 23:00 in Lisbon."""
    return portal.queue(trigger="seat_confirmed", due_at=at(13, 23), **fields)


def _told(portal: Portal, id: UUID) -> tuple[str, str, dt.datetime]:
    message = portal.message(id)
    return message.state, message.reason, message.due_at


class TestSlots:
    """When a message goes whose own moment is known, without a database."""

    def _slot(self, policy: str, own: dt.datetime, **given: Any) -> tuple[dt.datetime, dt.datetime, str]:
        slot = Quiet(policy=policy, hours=HOURS).slot(own, LISBON, **{"now": at(13, 12), "validity": DAY, **given})
        return slot.due_at, slot.expires_at, slot.reason

    def test_what_may_go_at_its_moment_goes_then(self) -> None:
        for policy in (DEFER, FORWARD, IGNORE):
            assert self._slot(policy, at(14, 10)) == (at(14, 10), at(15, 10), "")

    def test_what_waits_is_not_made_late_by_waiting(self) -> None:
        short = dt.timedelta(hours=2)
        assert self._slot(DEFER, at(13, 22), validity=short) == (at(14, 9), at(14, 11), "quiet_hours")

    def test_what_is_overtaken_meanwhile_is_over(self) -> None:
        assert self._slot(DEFER, at(14, 6), overtaken=at(14, 8)) == (at(14, 9), at(14, 8), "quiet_hours")
        assert self._slot(DEFER, at(14, 6), overtaken=at(14, 10)) == (at(14, 9), at(14, 10), "quiet_hours")

    def test_what_is_brought_forward_goes_in_the_last_minute_before(self) -> None:
        """T12, T20."""
        assert self._slot(FORWARD, at(14, 6), overtaken=at(14, 8)) == (at(13, 20, 59), at(14, 8), "quiet_hours")

    def test_what_cannot_be_brought_forward_any_more_waits_where_it_may(self) -> None:
        late = {"now": at(13, 22)}
        assert self._slot(FORWARD, at(14, 6), overtaken=at(14, 10), **late) == (at(14, 9), at(14, 10), "quiet_hours")
        assert self._slot(FORWARD, at(14, 6), overtaken=at(14, 8), **late)[2] == "quiet_hours"

    def test_what_was_missed_goes_as_soon_as_it_may(self) -> None:
        assert self._slot(DEFER, at(13, 10), now=at(13, 23)) == (at(14, 9), at(14, 10), "quiet_hours")
        assert self._slot(DEFER, at(12, 10), now=at(13, 12)) == (at(13, 12), at(13, 10), "too_late")

    def test_what_ignores_them_goes_at_night(self) -> None:
        assert self._slot(IGNORE, at(14, 3)) == (at(14, 3), at(15, 3), "")

    def test_hours_that_leave_no_minute_send_nothing(self) -> None:
        slot = Quiet(policy=DEFER, hours=Hours(opens=9, closes=9)).slot(
            at(14, 10), LISBON, now=at(13, 12), validity=DAY
        )
        assert (slot.too_late, slot.reason) == (True, "quiet_hours")


class TestRules:
    """The row's own hours, else the portal's; its policy, else the declared one."""

    REASON = Reason(
        key="x", section="x", audience="client", purpose="service", label={}, text={}, help={}, quiet=FORWARD
    )

    def _quiet(self, row: TriggerRow | None, **config: object) -> Quiet:
        return quiet_of(row, self.REASON, settings=read({"SMS_SECRET_KEYS": KEY, **config}))

    def test_the_portals_hours_are_those_that_are_not_quiet(self) -> None:
        assert self._quiet(None) == Quiet(policy=FORWARD, hours=HOURS)
        assert self._quiet(None, SMS_QUIET_HOURS="off").hours == Hours()

    def test_a_row_says_otherwise(self) -> None:
        row = TriggerRow(key="x", quiet=DEFER, opens=8, closes=20, weekdays=0b001_1111)
        assert self._quiet(row) == Quiet(policy=DEFER, hours=Hours(opens=8, closes=20, weekdays=0b001_1111))
        assert self._quiet(TriggerRow(key="x", closes=18)).hours == Hours(opens=9, closes=18)

    def test_holidays_of_the_country_are_kept_where_the_row_asks_for_it(self) -> None:
        christmas = dt.datetime(2026, 12, 25, 12, tzinfo=LISBON)
        for given, allowed in ((False, False), (None, True), (True, True)):
            quiet = self._quiet(TriggerRow(key="x", holidays=given), SMS_HOLIDAYS="PT")
            assert quiet.hours.allows(christmas, LISBON) is allowed
        assert self._quiet(TriggerRow(key="x", holidays=False)).hours.allows(christmas, LISBON)

    def test_a_country_whose_holidays_nobody_knows_is_refused(self) -> None:
        with pytest.raises(ConfigurationError) as raised:
            read({"SMS_SECRET_KEYS": KEY, "SMS_HOLIDAYS": "ZZ"})
        assert raised.value.code == "bad_setting"


class TestClaim:
    """Whatever brought it back to the queue."""

    @pytest.fixture(autouse=True)
    def _on(self, portal: Portal) -> None:
        portal.switch_on("seat_confirmed")

    def test_what_is_due_at_night_waits_for_the_morning_and_its_timeline_says_why(self, portal: Portal) -> None:
        message = _queued(portal)
        assert _claimed(portal, at(13, 23)) == []
        assert _told(portal, message) == ("queued", "quiet_hours", at(14, 9))
        with portal.fresh() as session:
            assert session.scalars(sa.select(Event.reason).where(Event.message_id == message)).all() == ["quiet_hours"]
        assert _claimed(portal, at(14, 8, 59)) == []
        assert _claimed(portal, at(14, 9)) == [message]

    def test_the_hour_is_the_recipients(self, portal: Portal) -> None:
        """23:00 in Lisbon is 20:00 in São Paulo and noon of the next day in Auckland."""
        there = [_queued(portal, timezone=zone) for zone in ("America/Sao_Paulo", "Pacific/Auckland")]
        here = _queued(portal)
        assert sorted(_claimed(portal, at(13, 23))) == sorted(there)
        assert _told(portal, here)[1] == "quiet_hours"

    def test_what_is_over_by_the_morning_is_expired(self, portal: Portal) -> None:
        message = _queued(portal, expires_at=at(14, 8))
        assert _claimed(portal, at(13, 23)) == []
        assert _told(portal, message)[:2] == ("expired", "quiet_hours")

    def test_what_a_person_fired_and_what_is_of_no_trigger_goes_at_night(self, portal: Portal) -> None:
        fired = _queued(portal, operator="ana")
        sent = portal.queue(due_at=at(13, 23))
        hurried = _queued(portal, reason="sent_now")
        assert sorted(_claimed(portal, at(13, 23))) == sorted([fired, sent, hurried])

    def test_a_trigger_that_ignores_them_goes_at_night(self, portal: Portal) -> None:
        _set(portal, "seat_confirmed", quiet="ignore")
        message = _queued(portal)
        assert _claimed(portal, at(13, 23)) == [message]

    def test_its_own_hours_weekdays_and_holidays_count(self, portal: Portal) -> None:
        """Saturday 14 November; 1 December is a holiday in Portugal."""
        _set(portal, "seat_confirmed", opens=8, closes=23, weekdays=0b001_1111, holidays=False)
        weekend, holiday = _queued(portal), portal.queue(trigger="seat_confirmed", due_at=at(1, 12, month=12))
        assert _claimed(portal, at(14, 12)) == []
        assert _told(portal, weekend)[2] == at(16, 8)
        assert _claimed(portal, at(16, 8)) == [weekend]
        assert _claimed(portal, at(1, 12, month=12)) == []
        assert _told(portal, holiday)[2] == at(2, 8, month=12)

    def test_hours_that_leave_no_minute_drop_it(self, portal: Portal) -> None:
        _set(portal, "seat_confirmed", weekdays=0)
        message = _queued(portal)
        assert _claimed(portal, at(13, 23)) == []
        assert _told(portal, message)[:2] == ("expired", "quiet_hours")

    def test_a_claim_of_many_triggers_asks_for_their_hours_once(self, portal: Portal) -> None:
        portal.switch_on("charge_created", "seat_soon")
        for trigger in ("seat_confirmed", "charge_created", "seat_soon"):
            for _ in range(3):
                portal.queue(trigger=trigger, due_at=at(13, 12))
        asked: list[str] = []
        engine = portal.db.engine
        sa.event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        assert len(_claimed(portal, at(13, 12))) == 9
        assert len([each for each in asked if "FROM sms_trigger" in each]) == 1


class TestDecided:
    """What is decided at night."""

    def _sleepless(self, portal: Portal) -> dt.datetime:
        """A moment at which the portal sleeps: the hours around the tests' own are closed."""
        hour = dt.datetime.now(LISBON).hour
        opens, closes = (hour + 4) % 24, (hour + 20) % 24
        for trigger in ("seat_confirmed", "charge_created", "invoice_overdue_notice"):
            _set(portal, trigger, opens=opens, closes=closes)
        return dt.datetime.now(LISBON)

    @pytest.fixture(autouse=True)
    def _on(self, portal: Portal) -> None:
        portal.switch_on("seat_confirmed", "charge_created", "invoice_overdue_notice", text="Text")

    def test_what_an_event_fires_waits_and_stays_worth_sending(self, portal: Portal) -> None:
        now = self._sleepless(portal)
        portal.session.add(Invoice(client=Client(name="Rui", phone="912345678")))
        portal.session.commit()
        (message,) = portal.messages()
        assert (message.state, message.reason, message.timezone) == ("queued", "quiet_hours", "")
        assert dt.timedelta(hours=2) < message.due_at - now < dt.timedelta(hours=6)
        assert message.expires_at == message.due_at + DAY

    def test_a_text_that_waited_says_what_is_true_when_it_goes(self, portal: Portal) -> None:
        """Promise 4: the amount changed overnight; one that was settled overnight goes no more."""
        portal.switch_on("charge_created", text="{invoice_total}")
        self._sleepless(portal)
        client = Client(name="Rui", phone="912345678", language="en")
        changed, settled = (Invoice(client=client, number=number, total=10) for number in ("F1", "F2"))
        for invoice in (changed, settled):
            portal.session.add(invoice)
            portal.session.commit()
        changed.total, settled.status = Decimal(25), "paid"
        portal.session.commit()
        morning = portal.messages()[0].due_at
        assert len(_claimed(portal, morning)) == 1
        told = [(str(each.record), each.state, each.reason, each.text) for each in portal.messages()]
        assert sorted(told) == [
            (str(changed.id), "queued", "quiet_hours", "€25.00"),
            (str(settled.id), "suppressed", "no_longer_true", "€10.00"),
        ]

    def test_what_a_person_fires_does_not_wait(self, portal: Portal) -> None:
        self._sleepless(portal)
        invoice = Invoice(client=Client(name="Rui", phone="912345678"))
        portal.session.add(invoice)
        portal.session.flush()
        portal.sms.fire("invoice_overdue_notice", invoice, operator="ana")
        portal.session.commit()
        told = {each.trigger: each.reason for each in portal.messages()}
        assert told == {"charge_created": "quiet_hours", "invoice_overdue_notice": ""}

    def test_what_the_host_sends_itself_does_not_wait(self, portal: Portal) -> None:
        self._sleepless(portal)
        portal.sms.send(to="+351912345678", text="Hello")
        portal.session.commit()
        assert [(each.state, each.reason) for each in portal.messages()] == [("queued", "")]

    def test_whoever_lives_elsewhere_is_kept_with_their_timezone(self, portal: Portal) -> None:
        client = Client(name="Rui", phone="912345678", timezone="America/Sao_Paulo")
        portal.session.add(Invoice(client=client))
        portal.session.commit()
        assert [each.timezone for each in portal.messages()] == ["America/Sao_Paulo"]


class TestSwept:
    """Dates whose moment lies in the night."""

    def _book(self, portal: Portal, starts_at: dt.datetime) -> None:
        portal.session.add(Booking(guest="Rui", guest_phone="912345678", starts_at=starts_at))
        portal.session.commit()

    def test_a_reminder_is_brought_forward_to_the_last_minute_of_the_evening(self, portal: Portal) -> None:
        """T20: a booking at eight, two hours before it; the sweep looks ahead while texts may still go."""
        portal.switch_on("seat_soon", since=at(1, 12))
        _set(portal, "seat_soon", quiet="forward")
        self._book(portal, dt.datetime(2026, 11, 14, 8))
        swept(portal, at(13, 20))
        assert portal.messages() == []
        swept(portal, at(13, 20, 35))
        (message,) = portal.messages()
        assert (message.due_at, message.expires_at) == (at(13, 20, 59), at(14, 8))
        assert _claimed(portal, at(13, 20, 59)) == [message.id]

    def test_without_that_rule_it_waits_and_is_told_to_be_too_late(self, portal: Portal) -> None:
        portal.switch_on("seat_soon", since=at(1, 12))
        self._book(portal, dt.datetime(2026, 11, 14, 8))
        self._book(portal, dt.datetime(2026, 11, 14, 10))
        swept(portal, at(14, 6, 30))
        swept(portal, at(14, 8, 30))
        told = [(each.record, each.state, each.reason, each.due_at) for each in portal.messages()]
        assert told == [
            ("1", "expired", "quiet_hours", at(14, 9)),
            ("2", "queued", "quiet_hours", at(14, 9)),
        ]

    def test_the_day_of_each_recipient_has_one_hour_and_each_is_told_once(self, portal: Portal) -> None:
        """T23 for one in Lisbon, one in Auckland and one in Honolulu."""
        portal.switch_on("charge_due_today", text="Today", since=at(1, 12))
        zones = (None, "Pacific/Auckland", "Pacific/Honolulu")
        for number, zone in enumerate(zones):
            client = Client(name=str(number), phone=f"91234567{number}", timezone=zone)
            portal.session.add(Invoice(client=client, due_on=november(13)))
        portal.session.commit()
        for day in (12, 13, 14):
            for hour in (6, 12, 20):
                swept(portal, at(day, hour))
        told = sorted((each.timezone, each.due_at) for each in portal.messages())
        assert told == [
            ("", at(13, 10)),
            ("Pacific/Auckland", at(12, 21)),
            ("Pacific/Honolulu", at(13, 20)),
        ]

    def test_nobody_is_told_whose_own_moment_was_before_the_trigger_was_on(self, portal: Portal) -> None:
        """X5: on since noon in Lisbon, when ten had passed in Auckland and Lisbon, not in Honolulu."""
        portal.switch_on("charge_due_today", text="Today", since=at(13, 12))
        for number, zone in enumerate((None, "Pacific/Auckland", "Pacific/Honolulu")):
            client = Client(name=str(number), phone=f"91234567{number}", timezone=zone)
            portal.session.add(Invoice(client=client, due_on=november(13)))
        portal.session.commit()
        swept(portal, at(13, 12, 1))
        swept(portal, at(14, 12))
        assert [each.timezone for each in portal.messages()] == ["Pacific/Honolulu"]


def test_a_message_that_was_put_off_is_no_other_one(portal: Portal) -> None:
    """It keeps its key, its text and its place in the history."""
    portal.switch_on("seat_confirmed")
    message = _queued(portal, occurrence=b"0123456789abcdef")
    _claimed(portal, at(13, 23))
    with portal.fresh() as session:
        found = session.get_one(Message, message)
        assert (found.occurrence, found.text, found.state) == (b"0123456789abcdef", "Hello", MessageState.QUEUED)
