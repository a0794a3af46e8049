"""The balance: asked for by a job, kept, and told to the host where it falls too low (P17)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from sms_plugin import signals
from sms_plugin.gateways.contract import Balance, Capabilities
from sms_plugin.jobs.due import run_job
from sms_plugin.models import Provider
from tests.asked import use_asked
from tests.portal import Portal


def _ask(portal: Portal) -> list[dict[str, Any]]:
    """Run the job; what the host heard."""
    heard: list[dict[str, Any]] = []

    def hear(_app: object, **told: Any) -> None:
        heard.append(told)

    with signals.balance_low.connected_to(hear):
        run_job(portal.state, "balance", now=True)
    return heard


def _low(portal: Portal, level: str) -> None:
    with portal.fresh() as session, session.begin():
        session.execute(sa.update(Provider).values(balance_low=Decimal(level)))


def test_the_balance_is_kept_and_is_no_change_of_the_provider(portal: Portal) -> None:
    use_asked(portal, balance=Balance(amount=Decimal("12.34"), unit="USD"))
    before = portal.provider("asked").changed_at
    assert _ask(portal) == []
    found = portal.provider("asked")
    assert (found.balance, found.balance_unit, found.changed_at) == (Decimal("12.34"), "USD", before)
    assert found.balance_at is not None


def test_one_that_falls_below_the_level_is_told_once(portal: Portal) -> None:
    script = use_asked(portal, balance=Balance(amount=Decimal(50), unit="EUR"))
    _low(portal, "20")
    assert _ask(portal) == []
    script.balance = Balance(amount=Decimal(19), unit="EUR")
    assert _ask(portal) == [{"provider": "asked", "amount": Decimal(19), "unit": "EUR"}]
    assert _ask(portal) == []
    script.balance = Balance(amount=Decimal(60), unit="EUR")
    _ask(portal)
    script.balance = Balance(amount=Decimal(1), unit="EUR")
    assert len(_ask(portal)) == 1


def test_an_account_that_does_not_answer_keeps_what_it_told_last(
    portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    script = use_asked(portal, balance=Balance(amount=Decimal(5), unit="credits"))
    _ask(portal)
    script.failure = "timeout"
    _ask(portal)
    assert portal.provider("asked").balance == Decimal(5)
    assert "does not tell its balance: timeout" in caplog.text


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1e20"])
def test_a_balance_that_cannot_be_is_not_kept(portal: Portal, amount: str) -> None:
    use_asked(portal, balance=Balance(amount=Decimal(amount), unit="EUR"))
    _ask(portal)
    assert portal.provider("asked").balance is None


def test_a_gateway_that_tells_none_and_one_that_sends_nothing_are_not_asked(portal: Portal) -> None:
    script = use_asked(portal, can=Capabilities())
    _ask(portal)
    assert portal.provider("asked").balance is None
    script.can = Capabilities(balance=True)
    with portal.fresh() as session, session.begin():
        session.execute(sa.update(Provider).values(active=None))
    _ask(portal)
    assert portal.provider("asked").balance is None
