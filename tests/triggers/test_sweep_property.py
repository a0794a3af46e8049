"""Whatever the timezones, the years, the hours and the pauses of the scheduler: one occurrence per local date, always
inside the allowed hours, never lost, never twice (X6, T13, T22).

The first property models the sweep's marks and windows alone, over ten years and every timezone; the second sweeps a
portal on SQLite.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sms_plugin import after, before, on, yearly
from sms_plugin.host.when import Dated
from sms_plugin.hours import Hours
from sms_plugin.models import Mark, Message, TriggerRow
from sms_plugin.outbox.quiet import DEFER, FORWARD, IGNORE, Quiet, Slot
from sms_plugin.triggers.steps import Step
from sms_plugin.triggers.windows import Timing, Window
from tests.portal import Booking, Client, Invoice, Portal, make_portal
from tests.triggers.sweeping import LISBON, swept

ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
DAYS = st.dates(dt.date(2017, 1, 1), dt.date(2027, 12, 31))
DAY = dt.timedelta(days=1)
#: Hours of the day that are allowed, over midnight too; never none of them.
HOURS = st.builds(
    Hours,
    opens=st.integers(0, 23),
    closes=st.integers(0, 24),
    weekdays=st.sampled_from([0b111_1111, 0b001_1111, 0b010_0000, 0b101_0101]),
    holidays=st.frozensets(DAYS, max_size=3),
).filter(lambda hours: hours.opens != (hours.closes or 24))
WHENS = [
    before(Invoice.due_on, days=3),
    on(Invoice.due_on),
    after(Invoice.due_on, days=1),
    yearly(Client.born_on),
    on(Booking.starts_at),
    before(Booking.starts_at, hours=2),
    after(Booking.starts_at, minutes=90),
]


@dataclass
class Scheduler:
    """The sweep's mark and windows, with a dictionary in place of the messages."""

    when: Any
    quiet: Quiet
    hour: int
    since: dt.datetime
    validity: dt.timedelta
    portal: ZoneInfo
    mark: dt.datetime
    written: dict[tuple[dt.date, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    slots: dict[tuple[dt.date, str, str], list[tuple[dt.datetime, Slot]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def sweep(self, now: dt.datetime, values: Sequence[dt.date], people: Sequence[ZoneInfo]) -> None:
        window = self.window(max(self.since, min(self.mark, now - self.validity)), now)
        for value in values:
            timing = window.timing(value)
            if timing is None or self.written[value, timing.moment]:
                continue
            for zone in people:
                if timing.own(zone) > timing.after:
                    self.write(value, timing, zone, now)
        self.mark = now

    def write(self, value: dt.date, timing: Timing, zone: ZoneInfo, now: dt.datetime) -> None:
        own = timing.own(zone)
        slot = self.quiet.slot(own, zone, now=now, validity=self.validity, overtaken=timing.overtaken(zone))
        self.written[value, timing.moment].add(zone.key)
        self.slots[value, timing.moment, zone.key].append((own, slot))

    def window(self, after: dt.datetime, until: dt.datetime) -> Window:
        point = self.when.points[0] if isinstance(self.when, Dated) else None
        return Window(
            when=self.when,
            step=Step(
                name="yearly" if point is None else point.name,
                offset=dt.timedelta() if point is None else point.offset,
                by_day=point is None or point.by_day,
            ),
            after=after,
            until=self.quiet.ahead(until, portal=self.portal, everywhere=True),
            hour=self.hour,
            zone=self.portal,
        )


def _value(when: Any, day: dt.date, minute: int) -> dt.date:
    if when.at.key == "starts_at":
        return dt.datetime.combine(day, dt.time(minute // 60, minute % 60))
    return day


@settings(max_examples=300, deadline=None)
@given(
    when=st.sampled_from(WHENS),
    portal=ZONES,
    people=st.lists(ZONES, min_size=1, max_size=3, unique_by=lambda zone: zone.key),
    first=DAYS,
    dates=st.lists(st.tuples(st.integers(-2, 20), st.integers(0, 24 * 60 - 1)), min_size=1, max_size=4),
    hours=HOURS,
    policy=st.sampled_from([DEFER, FORWARD, IGNORE]),
    hour=st.integers(0, 23),
    validity=st.sampled_from([1, 24, 100]).map(lambda hours: dt.timedelta(hours=hours)),
    pauses=st.lists(st.integers(1, 5 * 24 * 60), min_size=1, max_size=25),
)
def test_each_date_is_told_once_to_each_at_an_hour_that_may_be_whatever_the_pauses(
    when: Any,
    portal: ZoneInfo,
    people: list[ZoneInfo],
    first: dt.date,
    dates: list[tuple[int, int]],
    hours: Hours,
    policy: str,
    hour: int,
    validity: dt.timedelta,
    pauses: list[int],
) -> None:
    since = dt.datetime.combine(first, dt.time(12), tzinfo=dt.UTC)
    quiet = Quiet(policy=policy, hours=hours)
    scheduler = Scheduler(when=when, quiet=quiet, hour=hour, since=since, validity=validity, portal=portal, mark=since)
    values = sorted({_value(when, first + days * DAY, minute) for days, minute in dates})
    now = since
    for pause in [*pauses, 60 * 24 * 3]:
        now += dt.timedelta(minutes=pause)
        scheduler.sweep(now, values, people)
    everything = scheduler.window(since, now)
    for value in values:
        whole = everything.timing(value)
        for zone in people:
            own = None if whole is None else whole.own(zone)
            if own is not None and since < own <= now:
                assert whole is not None
                assert len(scheduler.slots[value, whole.moment, zone.key]) == 1
    for (_, _, key), told in scheduler.slots.items():
        ((own, slot),) = told
        zone = ZoneInfo(key)
        assert own > since
        if not slot.too_late:
            assert policy == IGNORE or hours.allows(slot.due_at, zone)
            assert slot.due_at < slot.expires_at
            assert policy == FORWARD or slot.due_at >= own


@pytest.mark.one_database("sqlite", "the same property on the real tables; the dialects' own ways have tests of theirs")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zones=st.lists(ZONES, min_size=1, max_size=3),
    first=st.dates(dt.date(2026, 1, 1), dt.date(2027, 12, 1)),
    days=st.lists(st.integers(0, 12), min_size=1, max_size=3),
    pauses=st.lists(st.integers(30, 4 * 24 * 60), min_size=1, max_size=6),
    policy=st.sampled_from([DEFER, FORWARD]),
)
def test_so_it_does_on_a_portal(
    salon: Portal, zones: list[ZoneInfo], first: dt.date, days: list[int], pauses: list[int], policy: str
) -> None:
    since = dt.datetime.combine(first, dt.time(12), tzinfo=dt.UTC)
    _empty(salon)
    salon.switch_on("charge_due_today", "birthday_greeting", text="Text", since=since)
    with salon.fresh() as session, session.begin():
        for row in session.query(TriggerRow):
            row.quiet = policy
        for number, zone in enumerate(zones):
            born = first.replace(day=1) + 9 * DAY
            client = Client(name="A", phone=f"91234567{number}", timezone=zone.key, born_on=born.replace(year=1990))
            session.add_all(Invoice(client=client, due_on=first + day * DAY) for day in days)
    now = since
    for pause in [*pauses, 60 * 24 * 3]:
        now += dt.timedelta(minutes=pause)
        swept(salon, now)
    hours = Hours(opens=9, closes=21)
    with salon.fresh() as session:
        invoices = {str(each.id): each for each in session.query(Invoice)}
        told: dict[tuple[str | None, str | None], int] = defaultdict(int)
        for each in session.query(Message):
            told[each.trigger, each.record] += 1
            if each.state == "queued":
                assert hours.allows(each.due_at, ZoneInfo(each.timezone) if each.timezone else LISBON)
        assert set(told.values()) <= {1}
        for key, invoice in invoices.items():
            assert invoice.client is not None
            own = dt.datetime.combine(
                invoice.due_on or first, dt.time(10), tzinfo=ZoneInfo(str(invoice.client.timezone))
            )
            if since < own.astimezone(dt.UTC) <= now:
                assert told["charge_due_today", key] == 1


@pytest.fixture
def salon(database_url: str, tmp_path: Path) -> Any:
    """A portal that is quiet at night."""
    portal = make_portal(database_url, SMS_QUIET_HOURS="21-9")
    with portal.app.app_context():
        portal.use_kind("console", {}, name="console")
        yield portal
        portal.db.session.remove()
        portal.db.engine.dispose()


def _empty(portal: Portal) -> None:
    with portal.fresh() as session, session.begin():
        for model in (Message, Mark, TriggerRow, Invoice, Client):
            session.query(model).delete()
