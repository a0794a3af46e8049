"""What providers write as numbers, moments and proofs, the absurd included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from sms_plugin.gateways.values import is_same, moment_in, number_in, whole_in

HUGE = "9" * 5_000


@pytest.mark.parametrize(
    ("told", "number"),
    [("-0.00750", Decimal("-0.0075")), (3.14, Decimal("3.14")), (100, Decimal(100)), (" 12 ", Decimal(12))],
)
def test_a_number_is_read_however_it_is_written(told: object, number: Decimal) -> None:
    assert number_in(told) == number


@pytest.mark.parametrize(
    "told", [None, True, "", "ND", "NaN", "sNaN", float("inf"), "1e999999999", "1e15", 10**400, HUGE, [1], "\ud800"]
)
def test_what_is_no_number_of_an_ordinary_size_is_none(told: object) -> None:
    """P17: it would be kept as a balance, or be a price."""
    assert number_in(told) is None


@pytest.mark.parametrize(("told", "whole"), [("007", 7), (7, 7), (0, 0)])
def test_a_whole_number_is_read_however_it_is_written(told: object, whole: int) -> None:
    assert whole_in(told) == whole


@pytest.mark.parametrize("told", [HUGE, "-1", -1, 10**400, "²", "٣", "", "1.0", 1.0, True, None])
def test_what_is_no_whole_number_is_none(told: object) -> None:
    assert whole_in(told) is None


def test_a_moment_is_in_utc_and_in_the_providers_zone_where_it_says_none() -> None:
    ten = datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert moment_in("2026-11-20T12:00:00+02:00") == ten
    assert moment_in("2026-11-20T07:00:00", zone=timezone(timedelta(hours=-3))) == ten


@pytest.mark.parametrize(
    "told", ["", "soon", "2026-11-20T12:00:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", None, 7]
)
def test_what_is_no_moment_of_this_century_is_none(told: object) -> None:
    assert moment_in(told) is None


@pytest.mark.parametrize(("given", "same"), [("geheim", True), ("Geheim", False), ("", False), ("\ud800", False)])
def test_a_proof_is_the_expected_one_or_not(given: str, same: bool) -> None:
    """X3: half of a surrogate pair, which JSON can write, is a forgery as any other."""
    assert is_same(given, "geheim") is same
