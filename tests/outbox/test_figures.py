"""What is said of days and of what waits: sums of what was counted, and nothing that grows with the messages."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa

from sms_plugin.models import Message
from sms_plugin.outbox import figures
from sms_plugin.outbox.counting import LONGER, Count, Counts, keep
from sms_plugin.outbox.enqueue import BATCH
from sms_plugin.outbox.figures import Figures, Period, Reason, oldest_due, period, reasons_to_wait
from sms_plugin.states import MessageState
from tests.outbox.steps import now
from tests.portal import Portal

TODAY = dt.date(2026, 11, 26)
NOON = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)


def _day(portal: Portal, day: dt.date, counts: Counts, *, at: dt.datetime = NOON) -> None:
    with portal.fresh() as session, session.begin():
        keep(session, day, counts, now=at)


def _count(states: dict[str, int], *, cost: str = "0", delays: dict[int, int] | None = None) -> Count:
    count = Count(segments=sum(states.values()), cost=Decimal(cost))
    count.states.update(states)
    count.delays.update(delays or {})
    return count


def _period(portal: Portal, days: int = 3) -> Period:
    with portal.fresh() as session:
        return period(session, last=TODAY, days=days)


def test_days_without_messages_are_there_and_empty(portal: Portal) -> None:
    _day(portal, TODAY, {(1, "EUR"): _count({"sent": 2})})
    found = _period(portal)
    assert [(day, each.written) for day, each in found.days.items()] == [
        (dt.date(2026, 11, 24), 0),
        (dt.date(2026, 11, 25), 0),
        (TODAY, 2),
    ]
    assert found.counted_at == NOON


def test_providers_add_up_and_currencies_stay_apart(portal: Portal) -> None:
    _day(
        portal,
        TODAY,
        {
            (1, "EUR"): _count({"delivered": 3, "sent": 1}, cost="0.2", delays={5: 3}),
            (2, "EUR"): _count({"delivered": 1}, cost="0.1", delays={60: 1}),
            (2, "UAH"): _count({"sent": 5}, cost="6.5"),
            (0, ""): _count({"held": 2, "received": 4}),
        },
    )
    _day(portal, TODAY - dt.timedelta(days=1), {(1, "EUR"): _count({"failed": 1}, cost="0")})
    total = _period(portal).total
    assert total.states == {"delivered": 4, "sent": 6, "failed": 1, "held": 2, "received": 4}
    assert total.cost == {"EUR": Decimal("0.3"), "UAH": Decimal("6.5")}
    assert total.delays == {5: 3, 60: 1}
    assert (total.written, total.segments) == (13, 17)


def test_before_the_first_count_nothing_is_known(portal: Portal) -> None:
    portal.queue()
    found = _period(portal)
    assert (found.counted_at, found.total.written, found.missing) == (None, 0, 0)


def test_days_that_are_still_to_be_counted_are_told(portal: Portal) -> None:
    message = portal.queue()
    with portal.fresh() as session, session.begin():
        session.execute(sa.update(Message).where(Message.id == message).values(created_at=NOON - dt.timedelta(days=20)))
    _day(portal, TODAY, {})
    _day(portal, TODAY - dt.timedelta(days=1), {})
    assert _period(portal, days=30).missing == 19
    assert _period(portal, days=3).missing == 1


@pytest.mark.parametrize(
    ("states", "share"),
    [
        ({}, None),
        ({"sent": 10}, None),  # a provider that never tells
        ({"sent": 1, "delivered": 2, "undelivered": 1}, 0.5),
        ({"delivered": 3, "failed": 1, "held": 7, "received": 9}, 0.75),
        ({"undelivered": 2}, 0.0),
    ],
)
def test_the_share_delivered_is_of_what_left(states: dict[str, int], share: float | None) -> None:
    assert Figures(states=states).delivered_share == share


@pytest.mark.parametrize(
    ("delays", "share", "limit"),
    [
        ({}, 0.5, None),
        ({5: 1}, 0.5, 5),
        ({5: 5, 60: 5}, 0.5, 5),
        ({5: 4, 60: 6}, 0.5, 60),
        ({5: 94, 15: 5, LONGER: 1}, 0.95, 15),
        ({5: 9, LONGER: 1}, 0.95, LONGER),
    ],
)
def test_times_to_delivery_are_told_by_their_limits(delays: dict[int, int], share: float, limit: int | None) -> None:
    assert Figures(delays=delays).within(share) == limit


def test_the_oldest_that_is_due_is_found_in_every_rank(portal: Portal) -> None:
    at = now()
    with portal.fresh() as session:
        assert oldest_due(session, now=at) is None
    portal.queue(due_at=at + dt.timedelta(hours=1))
    with portal.fresh() as session:
        assert oldest_due(session, now=at) is None
    portal.queue(due_at=at - dt.timedelta(hours=1))
    portal.queue(due_at=at - dt.timedelta(hours=2), priority=BATCH)
    with portal.fresh() as session:
        assert oldest_due(session, now=at) == at - dt.timedelta(hours=2)


def test_reasons_to_wait_come_with_their_numbers_the_most_first(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for state, reason, number in (("held", "budget", 1), ("held", "missing_value", 3), ("unknown", "timeout", 2)):
        for _ in range(number):
            portal.queue(state=MessageState(state), reason=reason)
    portal.queue()
    with portal.fresh() as session:
        assert reasons_to_wait(session) == [
            Reason(state="held", reason="missing_value", messages=3),
            Reason(state="unknown", reason="timeout", messages=2),
            Reason(state="held", reason="budget", messages=1),
        ]
        monkeypatch.setattr(figures, "LOOK_AT", 2)
        assert sum(each.messages for each in reasons_to_wait(session)) == 4
