"""The receipts' poll: what became of a message is asked at set times after it left, ever less often (issue 5, 3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

import pytest
import sqlalchemy as sa

from sms_plugin import signals
from sms_plugin.gateways.contract import Capabilities, ReceiptStatus, Report, Sent, accepted
from sms_plugin.jobs import polling as job
from sms_plugin.jobs.due import run_job
from sms_plugin.models import Attempt, Job, Message, Receipt
from sms_plugin.outbox.polling import POINTS, WHERE_PUSHED, Progress, progress, spans
from sms_plugin.states import MessageState
from tests.asked import Script, use_asked
from tests.outbox.steps import send_off, settle_with
from tests.portal import Portal

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


def _ago(minutes: float) -> dt.datetime:
    return dt.datetime.now(dt.UTC) - dt.timedelta(minutes=minutes)


def _sent(portal: Portal, *, minutes: float, reference: str) -> UUID:
    """A message that left so long ago and was accepted."""
    message = portal.queue()
    gone = send_off(portal, message)
    settle_with(portal, gone, accepted(reference))
    with portal.fresh() as session, session.begin():
        session.execute(sa.update(Attempt).where(Attempt.id == gone.attempt).values(departed_at=_ago(minutes)))
    return message


def _poll(portal: Portal) -> int | None:
    return run_job(portal.state, "receipts", now=True)


def _since(portal: Portal, *, minutes: float) -> None:
    """As if the last run had ended so long ago."""
    with portal.fresh() as session, session.begin():
        at = _ago(minutes)
        session.merge(Job(name="receipts", version=1, due_at=at, error="", cursor=str(Progress(since=at, until=at))))


def _delivered(sent: Sent) -> Report:
    return Report(status=ReceiptStatus.DELIVERED, reference=sent.reference)


def test_what_became_due_is_asked_about_in_batches_and_moves(portal: Portal) -> None:
    script = use_asked(portal, reports=_delivered)
    messages = [_sent(portal, minutes=1 + number / 100, reference=f"R{number}") for number in range(5)]
    _since(portal, minutes=1)
    heard: list[UUID] = []

    def hear(_app: object, messages: list[UUID]) -> None:
        heard.extend(messages)

    with signals.messages_reported.connected_to(hear):
        assert _poll(portal) == 5
    assert sorted(len(each) for each in script.asked) == [1, 2, 2]
    assert sorted(heard) == sorted(messages)
    assert {portal.message(each).state for each in messages} == {MessageState.DELIVERED}


def test_what_has_an_end_or_is_between_two_times_is_not_asked_about(portal: Portal) -> None:
    script = use_asked(portal, reports=_delivered, can=Capabilities(polled=10))
    _since(portal, minutes=0.5)
    between = _sent(portal, minutes=2, reference="between")
    ended = _sent(portal, minutes=1.2, reference="ended")
    with portal.fresh() as session, session.begin():
        session.execute(sa.update(Message).where(Message.id == ended).values(state="delivered"))
    assert _poll(portal) == 0
    assert script.asked == []
    assert portal.message(between).state == MessageState.SENT


@pytest.mark.parametrize(("minutes", "asked"), [(3.2, True), (30.2, True), (6000.0, False)])
def test_it_is_asked_again_at_each_time_until_no_receipt_can_come(portal: Portal, minutes: float, asked: bool) -> None:
    script = use_asked(portal, can=Capabilities(polled=10))
    _sent(portal, minutes=minutes, reference="R")
    _since(portal, minutes=0.5)
    _poll(portal)
    assert bool(script.asked) is asked


def test_where_the_provider_calls_by_itself_it_is_asked_later_only(portal: Portal) -> None:
    script = use_asked(portal, can=Capabilities(polled=10, receipts=True))
    _sent(portal, minutes=1.2, reference="early")
    _sent(portal, minutes=10.2, reference="late")
    _since(portal, minutes=0.5)
    _poll(portal)
    assert script.asked == [["late"]]


def test_after_an_outage_each_message_is_asked_about_once(portal: Portal) -> None:
    script = use_asked(portal, can=Capabilities(polled=100))
    _sent(portal, minutes=45, reference="R")
    _since(portal, minutes=300)
    _poll(portal)
    assert script.asked == [["R"]]


def test_a_provider_that_cannot_be_asked_is_left_alone_until_the_next_time(
    portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    script = use_asked(portal, failure="no_connection", can=Capabilities(polled=1))
    for number in range(3):
        _sent(portal, minutes=1.1 + number / 100, reference=f"R{number}")
    _since(portal, minutes=0.5)
    assert _poll(portal) == 0
    assert len(script.asked) == 1
    assert "cannot be asked for receipts: no_connection" in caplog.text
    assert "+351" not in caplog.text


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Runs that end after one batch."""
    monkeypatch.setattr(job, "FOR", -1.0)
    return iter(())


def test_a_run_that_lasts_too_long_goes_on_where_it_stood(portal: Portal, hasty: object) -> None:
    script = use_asked(portal, can=Capabilities(polled=1))
    for number in range(3):
        _sent(portal, minutes=1.4 - number / 100, reference=f"R{number}")
    _since(portal, minutes=0.5)
    for _ in range(4):
        _poll(portal)
    assert script.asked == [["R0"], ["R1"], ["R2"]]


def test_a_price_and_the_parts_are_taken_along_also_where_the_end_was_known(portal: Portal) -> None:
    """P17: what was charged, in place of what was expected."""

    def priced(sent: Sent) -> Report:
        price = Decimal("0.043")
        return Report(status=ReceiptStatus.DELIVERED, reference=sent.reference, price=price, currency="USD", segments=2)

    script = use_asked(portal, reports=_delivered, can=Capabilities(polled=10, prices=True))
    message = _sent(portal, minutes=10.2, reference="R")
    _since(portal, minutes=0.5)
    assert _poll(portal) == 1
    script.reports = priced
    _since(portal, minutes=0.5)
    assert _poll(portal) == 0
    found = portal.message(message)
    assert (found.cost, found.currency, found.charged, found.segments) == (Decimal("0.043"), "USD", True, 2)
    _since(portal, minutes=0.5)
    _poll(portal)
    assert len(script.asked) == 2


def test_the_way_is_asked_for_where_there_are_several_and_no_receipt_told_it(portal: Portal) -> None:
    """P5: the history shows the channel."""

    def by_viber(sent: Sent) -> Report:
        return Report(status=ReceiptStatus.DELIVERED, reference=sent.reference, channel="viber")

    script = use_asked(portal, reports=_delivered, can=Capabilities(polled=10, channels=("viber", "sms")))
    message = _sent(portal, minutes=10.2, reference="R")
    _since(portal, minutes=0.5)
    assert _poll(portal) == 1
    script.reports = by_viber
    for _ in range(2):
        _since(portal, minutes=0.5)
        assert _poll(portal) == 0
    assert portal.message(message).channel == "viber"
    assert script.asked == [["R"], ["R"]]


def test_the_same_answer_twice_costs_no_row(portal: Portal) -> None:
    use_asked(
        portal,
        reports=lambda sent: Report(status=ReceiptStatus.SENT, reference=sent.reference),
        can=Capabilities(polled=10),
    )
    _sent(portal, minutes=1.2, reference="R")
    for _ in range(2):
        _since(portal, minutes=0.5)
        _poll(portal)
    with portal.fresh() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Receipt)) == 1


def test_a_provider_without_that_ability_is_never_asked(portal: Portal) -> None:
    script: Script = use_asked(portal, can=Capabilities())
    _sent(portal, minutes=1.2, reference="R")
    _since(portal, minutes=0.5)
    _poll(portal)
    assert script.asked == []


def test_spans_follow_each_other_without_a_gap_and_never_overlap() -> None:
    first = Progress(since=NOW, until=NOW + dt.timedelta(seconds=30))
    second = Progress(since=first.until, until=first.until + dt.timedelta(seconds=30))
    for points in (POINTS, WHERE_PUSHED):
        one, two = list(spans(first, points)), list(spans(second, points))
        assert len(one) == len(points)
        assert [each.until for each in one] == [each.after for each in two]
    (whole,) = spans(Progress(since=NOW - dt.timedelta(days=5), until=NOW), POINTS)
    assert whole.until == NOW - POINTS[0]


def test_a_clock_that_was_put_back_and_a_cursor_of_nonsense_start_anew() -> None:
    every = dt.timedelta(seconds=30)
    ahead = Progress(since=NOW, until=NOW + dt.timedelta(hours=1))
    assert progress(str(ahead), now=NOW, every=every) == Progress(since=NOW, until=NOW)
    for nonsense in (None, "", "x", "1 2 3"):
        assert progress(nonsense, now=NOW, every=every) == Progress(since=NOW - every, until=NOW)
