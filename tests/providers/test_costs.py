"""Prices by the digits that a number begins with, and by the way (P17, P5)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sms_plugin.errors import SmsError
from sms_plugin.providers.costs import Tariff, read_prices, written

PRICES = Tariff(currency="EUR", prices=read_prices("* 0.10\n351 0.03\n35191 0.02\nviber 380 0,01\n380 0.05"))


@pytest.mark.parametrize(
    ("number", "segments", "cost"),
    [
        ("+351912345678", 1, "0.02"),
        ("+351210000000", 3, "0.09"),
        ("+447400000012", 2, "0.20"),
        ("+380500000012", 1, "0.05"),
    ],
)
def test_the_longest_prefix_decides_and_segments_count(number: str, segments: int, cost: str) -> None:
    assert PRICES.cost(number, segments) == Decimal(cost)


def test_of_several_ways_the_dearest_is_expected_and_one_that_is_known_counts_alone() -> None:
    """P5: a Viber message is billed whole."""
    assert PRICES.cost("+380500000012", 3) == Decimal("0.15")
    assert PRICES.cost("+380500000012", 3, way="viber") == Decimal("0.01")
    dear = Tariff(currency="EUR", prices=read_prices("380 0.01\nviber * 0.50"))
    assert dear.cost("+380500000012", 1) == Decimal("0.50")


def test_nobody_knows_a_cost_without_a_price_a_number_or_a_text() -> None:
    some = Tariff(currency="EUR", prices={"351": "0.03"})
    assert some.cost("+447400000012", 1) is None
    assert some.cost(None, 1) is None
    assert some.cost("+351912345678", 0) is None
    assert (some.knows_every_number, PRICES.knows_every_number) == (False, True)


def test_prices_are_written_as_they_were_read_those_for_every_number_last() -> None:
    assert written(PRICES.prices) == "351 0.03\n35191 0.02\n380 0.05\n* 0.10\nviber 380 0.01"
    assert read_prices(written(PRICES.prices)) == PRICES.prices


@pytest.mark.parametrize(
    "line", ["351", "351 -1", "351 1e9", "x y z", "351 0.03 EUR", "1" * 16 + " 1", "* 99999999", "* ."]
)
def test_a_line_that_is_no_price_is_named(line: str) -> None:
    with pytest.raises(SmsError) as refused:
        read_prices(f"* 0.05\n{line}")
    assert refused.value.code == "bad_price"
    assert line[:20] in refused.value.message
