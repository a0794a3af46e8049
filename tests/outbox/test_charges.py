"""What messages cost: expected when they are written, counted at the claim, corrected by what is told (P17, X10)."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from sms_plugin.gateways.contract import ReceiptStatus, Report, accepted, refused
from sms_plugin.models import Message, Provider, Spend
from sms_plugin.outbox.charges import charge, charges_of, let_go
from sms_plugin.outbox.settle import Finished
from sms_plugin.providers.budget import budget_of, today
from sms_plugin.states import MessageState
from sms_plugin.testing import drain
from tests.asked import use_asked
from tests.outbox.steps import claim_some, depart_with, now, provider, report, settle_with
from tests.portal import Portal


def _priced(portal: Portal, **values: Any) -> None:
    given = {"currency": "EUR", "prices": {"": "0.10", "351": "0.03"}, **values}
    with portal.fresh() as session, session.begin():
        session.execute(sa.update(Provider).values(given))


def _queue(portal: Portal, **fields: Any) -> UUID:
    return portal.queue(**{"segments": 1, "encoding": "GSM-7", **fields})


def _spent(portal: Portal) -> Decimal:
    with portal.fresh() as session:
        return sum(session.scalars(sa.select(Spend.amount)), Decimal(0))


def _held(portal: Portal, *messages: UUID) -> list[bool]:
    found = [portal.message(each) for each in messages]
    return [(each.state, each.reason) == (MessageState.HELD, "budget") for each in found]


def test_a_message_knows_what_it_is_expected_to_cost(sending: Portal) -> None:
    _priced(sending)
    cheap, dear = _queue(sending, segments=2), _queue(sending, number="+447400000012")
    assert (sending.message(cheap).cost, sending.message(cheap).currency) == (Decimal("0.06"), "EUR")
    assert sending.message(dear).cost == Decimal("0.1")
    assert sending.message(cheap).charged is None


def test_without_prices_nobody_knows(sending: Portal) -> None:
    assert sending.message(_queue(sending)).cost is None


def test_without_a_budget_nothing_is_counted(sending: Portal) -> None:
    _priced(sending)
    _queue(sending)
    assert len(claim_some(sending).messages) == 1
    assert _spent(sending) == 0


def test_what_the_budget_has_no_room_for_is_held_and_not_lost(sending: Portal) -> None:
    """X10."""
    _priced(sending, budget_day=Decimal("0.07"))
    messages = [_queue(sending, due_at=now() - dt.timedelta(minutes=5 - number)) for number in range(4)]
    claimed = claim_some(sending).messages
    assert [each.id for each in claimed] == messages[:2]
    assert _held(sending, *messages) == [False, False, True, True]
    assert _spent(sending) == Decimal("0.06")


def test_one_that_is_claimed_again_costs_nothing_more(sending: Portal) -> None:
    _priced(sending, budget_day=Decimal("0.03"))
    message = _queue(sending)
    assert claim_some(sending).messages
    with sending.fresh() as session, session.begin():
        session.execute(sa.text("DELETE FROM sms_lease"))
    assert [each.id for each in claim_some(sending).messages] == [message]
    assert _spent(sending) == Decimal("0.03")


def test_the_month_counts_its_days_and_no_other(sending: Portal) -> None:
    _priced(sending, budget_month=Decimal("1"))
    day = today(sending.state.settings, now())
    with sending.fresh() as session, session.begin():
        before = day.replace(day=1) - dt.timedelta(days=1)
        session.add(Spend(provider_id=provider(sending), day=before, amount=Decimal("50")))
        others = {day.replace(day=1), day.replace(day=2), day.replace(day=3)} - {day}
        session.add_all(
            Spend(provider_id=provider(sending), day=each, amount=Decimal("0.48")) for each in list(others)[:2]
        )
    with sending.fresh() as session:
        budget = budget_of(session, provider(sending), day=day)
    assert budget is not None
    assert (budget.this_month, budget.left) == (Decimal("0.96"), Decimal("0.04"))
    first, second = _queue(sending), _queue(sending)
    claim_some(sending)
    assert _held(sending, first, second) == [False, True]


def test_two_claims_at_once_keep_the_budget_together(sending: Portal) -> None:
    """The day's row is locked: whoever comes second sees what the first has counted."""
    _priced(sending, budget_day=Decimal("0.30"))
    for _ in range(20):
        _queue(sending)
    together, got = threading.Barrier(2, timeout=30), []

    def run() -> None:
        with sending.app.app_context():
            together.wait()
            got.append(len(claim_some(sending, want=10).messages))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(got) + len(claim_some(sending).messages) == 10
    assert _spent(sending) == Decimal("0.30")


def test_once_there_is_room_again_what_is_valid_goes_and_the_rest_is_too_late(sending: Portal) -> None:
    _priced(sending, budget_day=Decimal("0"))
    valid, late = _queue(sending), _queue(sending, expires_at=now() + dt.timedelta(minutes=1))
    claim_some(sending)
    assert _held(sending, valid, late) == [True, True]
    _priced(sending, budget_day=Decimal("1"))
    with sending.fresh() as session, session.begin():
        session.execute(sa.update(Message).where(Message.id == late).values(expires_at=now() - dt.timedelta(1)))
    with sending.fresh() as session, session.begin():
        assert let_go(session, most=100, who="Rita", now=now()) == (1, 1)
    assert sending.message(late).state == MessageState.EXPIRED
    assert [each.id for each in claim_some(sending).messages] == [valid]


def test_a_price_from_a_verdict_takes_the_place_of_the_expected_one(portal: Portal) -> None:
    """P17: by the flush, which writes it beside its own statement."""
    use_asked(portal, verdict=lambda message: accepted("R", price=Decimal("0.05"), currency="EUR", segments=2))
    _priced(portal, budget_day=Decimal("5"))
    message = _queue(portal)
    drain(portal.app)
    found = portal.message(message)
    assert (found.cost, found.charged, found.segments) == (Decimal("0.05"), True, 2)
    assert _spent(portal) == Decimal("0.05")


def test_a_price_in_another_currency_stands_on_the_message_and_the_day_stays_as_expected(portal: Portal) -> None:
    use_asked(portal, verdict=lambda message: accepted("R", price=Decimal("0.9"), currency="USD"))
    _priced(portal, budget_day=Decimal("5"))
    message = _queue(portal)
    drain(portal.app)
    assert (portal.message(message).cost, portal.message(message).currency) == (Decimal("0.9"), "USD")
    assert _spent(portal) == Decimal("0.03")


def test_what_was_refused_for_good_costs_nothing(portal: Portal) -> None:
    use_asked(portal, verdict=lambda message: refused("bad_number"))
    _priced(portal, budget_day=Decimal("5"))
    message = _queue(portal)
    drain(portal.app)
    assert portal.message(message).state == MessageState.FAILED
    assert _spent(portal) == 0


@pytest.mark.parametrize("price", ["NaN", "Infinity", "-1", "1e30"])
def test_a_price_that_cannot_be_is_none(price: str) -> None:
    verdict = accepted("R", price=Decimal(price), currency="EUR")
    assert charges_of([Finished(id=UUID(int=1), attempt=UUID(int=2), provider_id=1, verdict=verdict)]) == []


def test_saying_a_price_twice_changes_nothing_more(sending: Portal) -> None:
    _priced(sending, budget_day=Decimal("5"))
    message = _queue(sending)
    claim_some(sending)
    verdict = accepted("R", price=Decimal("0.04"), currency="EUR")
    charges = charges_of([Finished(id=message, attempt=UUID(int=2), provider_id=provider(sending), verdict=verdict)])
    for _ in range(2):
        with sending.fresh() as session, session.begin():
            charge(session, charges)
    assert _spent(sending) == Decimal("0.04")


def test_a_provider_for_which_nothing_was_counted_gets_no_sum(sending: Portal) -> None:
    """As after a standby has sent what another provider's budget had counted."""
    _priced(sending, budget_day=Decimal("5"))
    message = _queue(sending)
    claim_some(sending)
    other = provider(sending) + 1
    verdict = accepted("R", price=Decimal("0.01"), currency="EUR")
    charges = charges_of([Finished(id=message, attempt=UUID(int=2), provider_id=other, verdict=verdict)])
    with sending.fresh() as session, session.begin():
        charge(session, charges)
    assert sending.message(message).cost == Decimal("0.01")
    with sending.fresh() as session:
        assert list(session.scalars(sa.select(Spend.provider_id))) == [provider(sending)]


def test_a_receipt_tells_the_price_the_parts_and_the_way(sending: Portal) -> None:
    _priced(sending, budget_day=Decimal("5"))
    message = _queue(sending)
    (gone,) = depart_with(sending, claim_some(sending).messages)
    told = Report(
        status=ReceiptStatus.DELIVERED, reference="R", price=Decimal("0.07"), currency="EUR", segments=2, channel="sms"
    )
    report(sending, told)  # before the answer that brings its reference
    settle_with(sending, gone, accepted("R"))
    found = sending.message(message)
    assert (found.state, found.cost, found.segments, found.channel) == ("delivered", Decimal("0.07"), 2, "sms")
    assert _spent(sending) == Decimal("0.07")


def test_the_way_that_a_receipt_tells_decides_what_was_expected_too_dear(sending: Portal) -> None:
    """P5: beforehand the dearest way, afterwards the one that it went."""
    _priced(sending, prices={"": "0.10", "viber:": "0.02"}, budget_day=Decimal("5"))
    message = _queue(sending)
    (gone,) = depart_with(sending, claim_some(sending).messages)
    settle_with(sending, gone, accepted("R"))
    report(sending, Report(status=ReceiptStatus.READ, reference="R", channel="viber"))
    found = sending.message(message)
    assert (found.channel, found.cost, found.charged) == ("viber", Decimal("0.02"), None)
    assert _spent(sending) == Decimal("0.02")


def test_the_lock_tells_what_stands_now_whatever_the_transaction_has_read_before(sending: Portal) -> None:
    _priced(sending, budget_day=Decimal("0.30"))
    _queue(sending)
    claim_some(sending)
    day = today(sending.state.settings, now())
    with sending.fresh() as session, session.begin():
        assert session.scalar(sa.select(sa.func.count()).select_from(Spend)) == 1  # on MariaDB its view begins here
        if sending.db.engine.dialect.name != "sqlite":  # where whoever reads and then writes has to wait, or fails
            with sending.fresh() as other, other.begin():
                other.execute(sa.update(Spend).values(amount=Decimal("0.25")))
        budget = budget_of(session, provider(sending), day=day, lock=True)
    assert budget is not None
    assert budget.today == Decimal("0.03" if sending.db.engine.dialect.name == "sqlite" else "0.25")
