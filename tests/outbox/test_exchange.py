"""What came back is settled and what is ready is let go together; on PostgreSQL in one statement as a rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from math import inf

import pytest
import sqlalchemy as sa

from sms_plugin.gateways.contract import Outcome, ReceiptStatus, Report, Verdict
from sms_plugin.jobs.claiming import Claiming
from sms_plugin.jobs.exchanging import Exchanging
from sms_plugin.models import Attempt, Provider
from sms_plugin.models.clock import CarriedClock
from sms_plugin.outbox.claim import Claimed, claim
from sms_plugin.outbox.depart import Departed
from sms_plugin.outbox.exchange import Exchanged, Express, Order, exchange
from sms_plugin.outbox.settle import Finished
from sms_plugin.outbox.tallies import counts_by_state
from sms_plugin.states import MessageState
from sms_plugin.transactions import Hurried
from sms_plugin.web.apart import reading
from tests.outbox.steps import LEASE, UNKNOWN, claim_some, depart_with, now, provider, report, send_off
from tests.portal import Portal

on_postgresql = pytest.mark.one_database("postgresql", "the statement is PostgreSQL's")


def _accepted(gone: Departed, portal: Portal, *, reference: str = "P1") -> Finished:
    verdict = Verdict(outcome=Outcome.ACCEPTED, reference=reference)
    return Finished(id=gone.id, attempt=gone.attempt, provider_id=provider(portal), verdict=verdict)


def _order(portal: Portal, *finished: Finished, going: tuple[Claimed, ...] = ()) -> Order:
    return Order(finished=finished, going=going, provider_id=provider(portal))


def _step_by_step(portal: Portal, order: Order) -> Exchanged:
    with portal.fresh() as session, session.begin():
        return exchange(session, order, settings=portal.state.settings, now=now())


@pytest.fixture
def express(sending: Portal) -> Iterator[Express]:
    """The express of the portal that sends."""
    made = Express(sending.state)
    yield made
    made.close()


def test_what_came_back_is_settled_and_what_is_ready_departs(sending: Portal) -> None:
    first = sending.queue()
    gone = send_off(sending, first)
    second = sending.queue()
    exchanged = _step_by_step(sending, _order(sending, _accepted(gone, sending), going=claim_some(sending).messages))
    assert [each.id for each in exchanged.departed] == [second]
    assert sending.message(first).state == MessageState.SENT
    assert sending.message(second).state == MessageState.SENDING


@pytest.mark.parametrize("failures", [0, 3])
def test_a_provider_is_asked_after_only_where_its_breaker_counts(sending: Portal, failures: int) -> None:
    """X9: by whichever process; an acceptance says that it can be reached."""
    hurried = Hurried(sending.state)
    exchanging = Exchanging(sending.state, CarriedClock(), hurried)
    gone = send_off(sending, sending.queue())
    with sending.fresh() as session, session.begin():
        session.execute(sa.update(Provider).values(failures=failures))
    sending.queue()
    got = Claiming(sending.state, CarriedClock(), hurried).claim(lead=dt.timedelta(), want=1)
    assert got.troubled == (failures > 0)
    order = _order(sending, _accepted(gone, sending), going=got.claim.messages)
    asked: list[str] = []
    sa.event.listen(sending.db.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    assert len(exchanging.exchange(replace(order, troubled=got.troubled)).departed) == 1
    assert any("FROM sms_provider" in text for text in asked) == (failures > 0)
    with sending.fresh() as session:
        assert session.scalar(sa.select(Provider.failures)) == 0
    exchanging.close()
    hurried.close()


@on_postgresql
def test_the_usual_exchange_is_one_statement(sending: Portal, express: Express) -> None:
    """Promise 3: the same as step by step, the count of what was sent included."""
    first = sending.queue()
    gone = send_off(sending, first)
    second = sending.queue()
    asked: list[str] = []
    order = _order(sending, _accepted(gone, sending), going=claim_some(sending).messages)
    sa.event.listen(sending.db.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    express._planned_until = inf  # its plans are a moment old
    found = express.exchange(order, now=now())
    assert found is not None
    assert len(asked) == 1
    assert [each.id for each in found[0].departed] == [second]
    assert not found[1]
    assert (sending.message(first).state, sending.message(second).state) == ("sent", "sending")
    assert [each.reference for each in sending.attempts(first)] == ["P1"]
    assert [each.id for each in sending.attempts(second)] == [found[0].departed[0].attempt]
    with sending.fresh() as session:
        assert counts_by_state(session)["sent"] == 1


@on_postgresql
def test_its_plan_is_made_again_as_the_tables_grow(
    sending: Portal, express: Express, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is kept from when they were empty reads all of them for each exchange (promise 10)."""
    told: list[str] = []
    sa.event.listen(sending.db.engine, "before_cursor_execute", lambda *given: told.append(given[2]))

    def once() -> None:
        sending.queue()
        (gone,) = depart_with(sending, claim_some(sending).messages)
        sending.queue()
        order = _order(sending, _accepted(gone, sending), going=claim_some(sending).messages)
        assert express.exchange(order, now=now()) is not None

    once()
    once()
    assert told.count("DISCARD PLANS") == 1
    monkeypatch.setattr("sms_plugin.outbox.exchange.PLANNED_FOR", 0.0)
    express._planned_until = 0.0
    once()
    once()
    assert told.count("DISCARD PLANS") == 3


@on_postgresql
def test_a_claim_and_a_page_are_planned_for_what_the_tables_hold_now(sending: Portal) -> None:
    """Promise 10: in their own transactions alone."""
    asked = sa.text("SHOW plan_cache_mode")
    with sending.fresh() as session:
        claim(session, state=sending.state, provider_id=provider(sending), want=1, now=now(), lease=LEASE)
        assert session.scalar(asked) == "force_custom_plan"
        session.rollback()
        assert session.scalar(asked) == "auto"
    with sending.app.test_request_context(), reading(sending.state) as session:
        assert session.scalar(asked) == "force_custom_plan"


@on_postgresql
def test_where_a_message_is_not_as_expected_nothing_of_the_statement_stands(sending: Portal, express: Express) -> None:
    """A receipt was quicker: that is settled step by step, and what was to go has not gone."""
    first = sending.queue()
    gone = send_off(sending, first)
    report(sending, Report(status=ReceiptStatus.DELIVERED, reference="P1"), about=first)
    second = sending.queue()
    order = _order(sending, _accepted(gone, sending), going=claim_some(sending).messages)
    assert express.exchange(order, now=now()) is None
    assert sending.attempts(second) == []
    assert [each.id for each in _step_by_step(sending, order).departed] == [second]
    assert sending.message(first).state == MessageState.DELIVERED


@on_postgresql
def test_a_receipt_that_waits_for_the_reference_is_told(sending: Portal, express: Express) -> None:
    """X3"""
    gone = send_off(sending, sending.queue())
    report(sending, Report(status=ReceiptStatus.DELIVERED, reference="P1"))
    sending.queue()
    found = express.exchange(_order(sending, _accepted(gone, sending), going=claim_some(sending).messages), now=now())
    assert found is not None
    assert found[1]


@on_postgresql
@pytest.mark.parametrize("kind", ["nothing to settle", "nothing to let go", "a doubt", "the same message in both"])
def test_anything_else_is_done_step_by_step(kind: str, sending: Portal, express: Express) -> None:
    message = sending.queue()
    gone = send_off(sending, message)
    sending.queue()
    going = claim_some(sending).messages
    finished = _accepted(gone, sending)
    orders = {
        "nothing to settle": _order(sending, going=going),
        "nothing to let go": _order(sending, finished),
        "a doubt": _order(
            sending,
            Finished(id=gone.id, attempt=gone.attempt, provider_id=finished.provider_id, verdict=UNKNOWN),
            going=going,
        ),
        "the same message in both": _order(
            sending,
            Finished(id=going[0].id, attempt=gone.attempt, provider_id=finished.provider_id, verdict=finished.verdict),
            going=going,
        ),
    }
    assert express.exchange(orders[kind], now=now()) is None
    assert sending.message(message).state == MessageState.SENDING


def test_a_departure_whose_commit_was_not_heard_of_is_taken_up_under_its_attempt(sending: Portal) -> None:
    """Promise 3: nobody else can have sent it, so it is not left in doubt."""
    message = sending.queue()
    claimed = claim_some(sending).messages
    (first,) = depart_with(sending, claimed)
    (again,) = depart_with(sending, claimed)
    assert again == first
    assert sending.message(message).attempts == 1
    assert len(sending.attempts(message)) == 1


def test_a_departure_that_has_a_verdict_is_not_taken_up(sending: Portal) -> None:
    message = sending.queue()
    claimed = claim_some(sending).messages
    (gone,) = depart_with(sending, claimed)
    with sending.fresh() as session, session.begin():
        session.get_one(Attempt, gone.attempt).verdict = Outcome.UNKNOWN.value
    assert depart_with(sending, claimed, at=now() + dt.timedelta(seconds=1)) == []
    assert sending.message(message).attempts == 1
