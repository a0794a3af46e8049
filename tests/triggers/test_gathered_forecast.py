"""What one run tells a person in one message is one message of the forecast, too, in the same words (X4, X5, X21)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sms_plugin.outbox.gathering import GATHERED
from sms_plugin.triggers.forecast import Forecast, Wanted, forecast
from sms_plugin.triggers.lookahead import Look
from tests.outbox.steps import claim_some
from tests.portal import Portal
from tests.triggers.owing import KEY, TEN, a_client, change, owe
from tests.triggers.sweeping import at, november, swept

EVENING = at(19, 22)
DAY = november(20)


def _foreseen(portal: Portal, *, now: Any = EVENING, most: int | None = None) -> Forecast:
    with portal.fresh() as session:
        wanted = Wanted(most=100, day=DAY)
        return forecast(session, Look(days=2), state=portal.state, now=now, wanted=wanted, most=most)


def _texts(found: Forecast) -> list[str]:
    return sorted(each.text for each in found.entries if each.goes)


def _sent(portal: Portal) -> list[tuple[str, int, str | None]]:
    swept(portal, TEN)
    return sorted((each.text or "", each.segments, each.record) for each in portal.messages() if each.state == "queued")


def _steps(portal: Portal, *texts: dict[str, str]) -> None:
    """A step a day after the date, one two days after, and so on, each with its own texts."""
    change(portal, steps=[{"when": "after", "days": n, "texts": own} for n, own in enumerate(texts, 1)])


def test_debts_of_all_steps_are_one_message_to_each_person_as_the_sweep_writes_it(debts: Portal) -> None:
    ana, rui = a_client(debts), a_client(debts, "Rui", phone="912 345 679")
    owe(debts, ana, 10, 20)
    owe(debts, ana, 5, since=18)
    owe(debts, rui, 30)
    found = _foreseen(debts)
    assert _texts(found) == [
        "Ana: 3 for €35.00, oldest 18 Nov 2026, F5",
        "Rui: 1 for €30.00, oldest 19 Nov 2026, F30",
    ]
    assert {each.step for each in found.entries} == {GATHERED}
    assert sorted((each.text, each.segments, each.record) for each in found.entries) == _sent(debts)
    assert found.cells[DAY, KEY].messages == 2


def test_pages_add_to_one_message(debts: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sms_plugin.triggers.dues.page_size", lambda session: 2)
    owe(debts, a_client(debts), 1, 2, 3, 4, 5)
    assert _texts(_foreseen(debts)) == ["Ana: 5 for €15.00, oldest 19 Nov 2026, F1"]


def test_each_currency_is_a_message_of_its_own(debts: Portal) -> None:
    ana = a_client(debts)
    owe(debts, ana, 10, 20)
    owe(debts, ana, 7, currency="BRL")
    assert [each.partition(",")[0] for each in _texts(_foreseen(debts))] == ["Ana: 1 for R$7.00", "Ana: 2 for €30.00"]


def test_what_waits_already_is_still_true_and_there_once(debts: Portal) -> None:
    ana = a_client(debts)
    owe(debts, ana, 10, 20)
    swept(debts, TEN)
    found = _foreseen(debts, now=TEN)
    assert [(each.text, each.problem) for each in found.entries] == [("Ana: 2 for €30.00, oldest 19 Nov 2026, F10", "")]


def test_a_debt_that_joins_what_waits_is_no_further_message(debts: Portal) -> None:
    ana = a_client(debts)
    owe(debts, ana, 10)
    swept(debts, TEN)
    owe(debts, ana, 20)
    found = _foreseen(debts, now=TEN)
    assert (found.cells[DAY, KEY].messages, found.cells[DAY, KEY].queued) == (1, 1)


def test_what_waits_and_was_paid_meanwhile_goes_to_nobody(debts: Portal) -> None:
    (invoice,) = owe(debts, a_client(debts), 10)
    swept(debts, TEN)
    invoice.status = "paid"
    debts.session.commit()
    assert _foreseen(debts, now=TEN).cells[DAY, KEY].left_out == {"no_longer_true": 1}


def test_a_text_with_a_hole_is_told_with_its_reason(debts: Portal) -> None:
    first, _second = owe(debts, a_client(debts), 10, 20)
    first.number = ""
    debts.session.commit()
    assert _foreseen(debts).cells[DAY, KEY].left_out == {"missing_value": 1}


def test_a_run_is_as_large_as_its_debts_and_is_told_to_wait_for_approval(debts: Portal) -> None:
    """One message of three debts is over a ceiling of two, as the sweep counts."""
    owe(debts, a_client(debts), 10, 20, 30)
    change(debts, ceiling=3)
    assert not _foreseen(debts).is_held(DAY, KEY)
    change(debts, ceiling=2)
    assert _foreseen(debts).is_held(DAY, KEY)
    swept(debts, TEN)
    assert [each.reason for each in debts.messages() if each.state != "expired"] == ["surge"]


def test_so_many_debts_that_not_all_are_looked_at_are_told_as_a_beginning(debts: Portal) -> None:
    owe(debts, a_client(debts), *range(1, 8))
    assert _foreseen(debts, most=7).whole
    assert not _foreseen(debts, most=3).whole


def test_the_daily_cap_leaves_out_by_message_not_by_debt(debts: Portal) -> None:
    """X22: three a day are room for one message of five debts."""
    owe(debts, a_client(debts), 1, 2, 3, 4, 5)
    found = _foreseen(debts)
    assert (found.cells[DAY, KEY].messages, dict(found.cells[DAY, KEY].left_out)) == (1, {})


class TestWords:
    """Which words tell of several debts: their step's own where they have one in common, else the trigger's."""

    def test_debts_of_one_step_are_told_in_its_own_words(self, debts: Portal) -> None:
        _steps(debts, {"en": "First: {debt_total}"}, {"en": "Second: {debt_total}"})
        owe(debts, a_client(debts), 10, 20)
        assert _texts(_foreseen(debts)) == ["First: €30.00"]
        assert [text for text, *_ in _sent(debts)] == ["First: €30.00"]

    def test_debts_of_several_steps_are_told_in_the_triggers_words(self, debts: Portal) -> None:
        _steps(debts, {"en": "First: {debt_total}"}, {"en": "Second: {debt_total}"})
        ana = a_client(debts)
        owe(debts, ana, 10)
        owe(debts, ana, 20, since=18)
        expected = ["Ana: 2 for €30.00, oldest 18 Nov 2026, F20"]
        assert _texts(_foreseen(debts)) == expected
        assert [text for text, *_ in _sent(debts)] == expected

    def test_what_is_left_of_one_step_is_told_in_its_words_at_the_claim(self, debts: Portal) -> None:
        """Promise 4: the debt of the other step was paid meanwhile."""
        _steps(debts, {"en": "First: {debt_total}"}, {"en": "Second: {debt_total}"})
        ana = a_client(debts)
        owe(debts, ana, 10)
        (paid,) = owe(debts, ana, 20, since=18)
        swept(debts, TEN)
        paid.status = "paid"
        debts.session.commit()
        assert [each.text for each in claim_some(debts, at=TEN).messages] == ["First: €10.00"]

    def test_the_cost_is_that_of_what_is_said(self, debts: Portal) -> None:
        change(debts, texts={"en": "{debt_total} " + "x" * 200})
        owe(debts, a_client(debts), 10, 20)
        cell = _foreseen(debts).cells[DAY, KEY]
        assert (cell.messages, cell.segments, cell.cost) == (1, 2, Decimal(0))
