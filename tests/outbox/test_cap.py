"""The cap per number and day (X22): what is over it comes on the number's next day, or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from sms_plugin.gateways.contract import Outcome, Verdict
from sms_plugin.models import Event, Lease, Message, new_id
from sms_plugin.outbox.cap import LOOK_BACK
from sms_plugin.outbox.enqueue import BATCH, OWN_ACTION, REMINDER
from sms_plugin.testing.phone_server import PhoneServer
from tests.outbox.steps import claim_some, depart_with, settle_with
from tests.portal import Portal, make_portal

#: Noon in Lisbon, on a day of winter.
NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
NUMBER, OTHER = "+351912345678", "+351912345679"
HOUR = dt.timedelta(hours=1)
ACCEPTED = Verdict(outcome=Outcome.ACCEPTED, reference="R")


@pytest.fixture
def capped(database_url: str, phone: PhoneServer) -> Iterator[Portal]:
    """A portal that texts a number twice a day at most, never between nine and nine."""
    made = make_portal(database_url, SMS_DAILY_CAP=2, SMS_QUIET_HOURS="21-9")
    with made.app.app_context():
        made.use(phone)
        yield made
        made.db.session.remove()
        made.db.engine.dispose()


def _queue(portal: Portal, timezone: str = "", **fields: Any) -> UUID:
    message = portal.queue(**{"priority": REMINDER, "number": NUMBER, "due_at": NOON - 3 * HOUR, **fields})
    _set(portal, message, timezone=timezone)
    return message


def _set(portal: Portal, message: UUID, **values: Any) -> None:
    with portal.fresh() as session, session.begin():
        session.execute(sa.update(Message).where(Message.id == message).values(**values))


def _claimed(portal: Portal, at: dt.datetime = NOON) -> list[UUID]:
    return [each.id for each in claim_some(portal, at=at).messages]


def _sent(portal: Portal, at: dt.datetime = NOON, verdict: Verdict = ACCEPTED) -> list[UUID]:
    """Claim and send what may go; those that went."""
    gone = depart_with(portal, claim_some(portal, at=at).messages, at=at)
    for each in gone:
        settle_with(portal, each, verdict, at=at)
    return [each.id for each in gone]


def _stands(portal: Portal, message: UUID) -> tuple[str, str, dt.datetime]:
    found = portal.message(message)
    return found.state, found.reason, found.due_at


TOMORROW_NINE = dt.datetime(2026, 11, 21, 9, tzinfo=dt.UTC)


def test_what_is_over_the_cap_comes_on_the_next_day_after_the_night(capped: Portal) -> None:
    """Within one claim, in the order of P18."""
    first, second, third = (_queue(capped, due_at=NOON - n * HOUR) for n in (3, 2, 1))
    assert _claimed(capped) == [first, second]
    assert _stands(capped, third) == ("queued", "capped", TOMORROW_NINE)
    assert _claimed(capped, TOMORROW_NINE - HOUR) == []


@pytest.mark.one_database("sqlite", "what the settings make of a moment")
@pytest.mark.parametrize(("quiet", "hour"), [("off", 9), ("1-7", 9), ("8-12", 12), ("22-7", 7)])
def test_the_next_day_begins_in_the_morning_whatever_the_quiet_hours(database_url: str, quiet: str, hour: int) -> None:
    """Not at midnight; and what is good for a day from ten o'clock on is still worth sending then."""
    portal = make_portal(database_url, SMS_DAILY_CAP=1, SMS_QUIET_HOURS=quiet)
    with portal.app.app_context():
        portal.use_kind("console", {}, name="console")
        ten = NOON - 2 * HOUR
        first, second = (
            _queue(portal, due_at=ten - n * HOUR, expires_at=ten + 24 * HOUR + 3 * HOUR * (hour == 12)) for n in (1, 0)
        )
        assert _claimed(portal, ten + 3 * HOUR) == [first]
        morning = dt.datetime(2026, 11, 21, hour, tzinfo=dt.UTC)
        assert _stands(portal, second) == ("queued", "capped", morning)
        portal.db.session.remove()
        portal.db.engine.dispose()


def test_what_left_today_counts_over_claims(capped: Portal) -> None:
    sent = [_queue(capped), _queue(capped)]
    assert _sent(capped, NOON - HOUR) == sent
    third = _queue(capped)
    assert _claimed(capped) == []
    assert _stands(capped, third)[1] == "capped"
    assert _sent(capped, TOMORROW_NINE) == [third]


def test_what_another_claim_has_in_hand_counts_too(capped: Portal) -> None:
    """One process claims again before the last claim's messages left: it never exceeds the cap."""
    _queue(capped)
    _queue(capped)
    assert len(_claimed(capped)) == 2
    _queue(capped)
    assert _claimed(capped) == []


def test_what_left_yesterday_by_the_numbers_own_clock_does_not_count(capped: Portal) -> None:
    """Noon in Lisbon is one in the morning of the next day in Auckland: two hours ago was yesterday."""
    for _ in range(2):
        _queue(capped, timezone="Pacific/Auckland")
    assert len(_sent(capped, NOON - 2 * HOUR)) == 2
    there = _queue(capped, timezone="Pacific/Auckland")
    here = _queue(capped)
    assert _claimed(capped) == [there]
    assert _stands(capped, here)[1] == "capped"


def test_the_next_day_begins_by_the_numbers_own_clock(capped: Portal) -> None:
    """X22: nine in the morning of New York is 14:00 UTC; a timezone that does not exist is the portal's."""
    messages = [_queue(capped, timezone="America/New_York") for _ in range(3)]
    _claimed(capped)
    assert _stands(capped, messages[2])[2] == dt.datetime(2026, 11, 21, 14, tzinfo=dt.UTC)
    strange = [_queue(capped, number=OTHER, timezone="Mars/Olympus") for _ in range(3)]
    _claimed(capped)
    assert _stands(capped, strange[2])[2] == TOMORROW_NINE


def test_what_a_person_did_and_what_goes_to_staff_is_neither_stopped_nor_counted(capped: Portal) -> None:
    own = [_queue(capped, priority=OWN_ACTION) for _ in range(4)]
    staff = [_queue(capped, purpose="staff") for _ in range(4)]
    reminders = [_queue(capped), _queue(capped)]
    assert set(_sent(capped)) == {*own, *staff, *reminders}


def test_batches_count_with_reminders(capped: Portal) -> None:
    batch = [_queue(capped, priority=BATCH) for _ in range(2)]
    reminder = _queue(capped)
    assert _claimed(capped) == [reminder, batch[0]]


def test_other_numbers_have_their_own_day(capped: Portal) -> None:
    messages = [_queue(capped, number=number) for number in (NUMBER, OTHER) for _ in range(2)]
    assert sorted(_claimed(capped)) == sorted(messages)


def test_what_is_not_valid_tomorrow_is_dropped_with_the_reason(capped: Portal) -> None:
    for _ in range(2):
        _queue(capped)
    late = _queue(capped, expires_at=TOMORROW_NINE)
    later = _queue(capped, expires_at=TOMORROW_NINE + HOUR)
    assert len(_claimed(capped)) == 2
    assert _stands(capped, late)[:2] == ("suppressed", "capped")
    assert _stands(capped, later) == ("queued", "capped", TOMORROW_NINE)


def test_what_surely_did_not_go_does_not_count(capped: Portal) -> None:
    refused = Verdict(outcome=Outcome.REFUSED, reason="bad_number", for_good=True)
    for _ in range(2):
        _queue(capped)
    assert len(_sent(capped, verdict=refused)) == 2
    assert _sent(capped) == []
    after = _queue(capped)
    assert _claimed(capped) == [after]


def test_what_waits_is_told_and_nobodys(capped: Portal) -> None:
    """X20: the timeline says until when; another claim may take it on the next day."""
    messages = [_queue(capped) for _ in range(3)]
    _claimed(capped)
    with capped.fresh() as session:
        told = session.execute(sa.select(Event.message_id, Event.state, Event.reason, Event.detail)).one()
        leased = set(session.scalars(sa.select(Lease.message_id)))
    assert (told.message_id, told.state, told.reason) == (messages[2], "queued", "capped")
    assert told.detail == {"detail": TOMORROW_NINE.isoformat()}
    assert leased == set(messages[:2])


def test_what_was_decided_long_ago_is_not_counted(capped: Portal) -> None:
    """Bounded: a number's whole past is never read."""
    for _ in range(2):
        _set(capped, _queue(capped), id=new_id(NOON - LOOK_BACK - HOUR))
    assert len(_sent(capped)) == 2
    assert _claimed(capped, NOON + HOUR) == []
    fresh = _queue(capped)
    assert _claimed(capped, NOON + HOUR) == [fresh]


def test_no_cap_is_no_limit(sending: Portal) -> None:
    messages = [_queue(sending) for _ in range(5)]
    assert sorted(_claimed(sending)) == sorted(messages)


@pytest.mark.parametrize(("priority", "questions"), [(OWN_ACTION, 0), (REMINDER, 1)])
def test_a_claim_asks_once_and_not_at_all_for_own_actions(capped: Portal, priority: int, questions: int) -> None:
    """Speed: one query for all numbers of a claim, by their index."""
    for number in range(20):
        _queue(capped, priority=priority, number=f"+3519123456{number:02}")
    asked: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "departed_at" in statement:
            asked.append(statement)

    event.listen(capped.db.engine, "before_cursor_execute", listen)
    assert len(_claimed(capped)) == 20
    event.remove(capped.db.engine, "before_cursor_execute", listen)
    assert len(asked) == questions
