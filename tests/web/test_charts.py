"""Charts are shapes within their drawing, told apart without colour, and say the same as their tables."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from sms_plugin.outbox.counting import LONGER
from sms_plugin.outbox.figures import Figures, Period
from sms_plugin.web.charts import BOTTOM, HEIGHT, LEFT, TOP, WIDTH, Series, ceiling, line, stacked
from sms_plugin.web.day_charts import charts, delays_told, sum_in_words
from sms_plugin.web.numbers import at_most, number, percent, short, span

TODAY = dt.date(2026, 11, 26)


def _period(*days: Figures) -> Period:
    dates = [TODAY - dt.timedelta(days=age) for age in reversed(range(len(days)))]
    return Period(days=dict(zip(dates, days, strict=True)), counted_at=None, missing=0)


@pytest.mark.parametrize(
    ("highest", "top"),
    [(0, 1), (1, 1), (2, 2), (3, 5), (7, 10), (42, 50), (101, 200), (1_000_000, 1_000_000), (0.03, 0.05), (0.5, 0.5)],
)
def test_an_axis_ends_at_a_round_number_that_holds_all(highest: float, top: float) -> None:
    assert ceiling(highest) == pytest.approx(top)


def test_bars_stand_upon_each_other_and_within_the_drawing() -> None:
    series = [
        Series(kind="delivered", label="Delivered", values=[8, 0, 5]),
        Series(kind="failed", label="Failed", values=[2, 0, None]),
    ]
    bars, down, along = stacked(series, names=["a", "b", "c"], every=1, written=lambda value: f"{value:g}")
    assert [(bar.kind, bar.told) for bar in bars] == [
        ("delivered", "a: Delivered 8"),
        ("failed", "a: Failed 2"),
        ("delivered", "c: Delivered 5"),
    ]
    lower, upper, last = bars
    assert lower.y + lower.height == pytest.approx(HEIGHT - BOTTOM, abs=0.02)
    assert upper.y + upper.height == pytest.approx(lower.y, abs=0.02)
    assert upper.y == pytest.approx(TOP, abs=0.02)
    assert last.x + last.width <= WIDTH
    assert lower.x >= LEFT
    assert [mark.words for mark in down] == ["0", "5", "10"]
    assert [mark.words for mark in along] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("most", "written"), [(1, ["0", "1"]), (2, ["0", "1", "2"]), (4, ["0", "5"]), (8, ["0", "5", "10"])]
)
def test_an_axis_of_counts_names_whole_ones_only(most: int, written: list[str]) -> None:
    series = [Series(kind="sent", label="Sent", values=[most])]
    _, down, _ = stacked(series, names=["a"], every=1, written=str, whole=True)
    assert [mark.words for mark in down] == written


def test_what_is_tiny_beside_the_others_can_still_be_seen() -> None:
    bars, _, _ = stacked(
        [Series(kind="sent", label="Sent", values=[1, 100_000])], names=["a", "b"], every=1, written=str
    )
    assert bars[0].height >= 1


def test_a_line_is_broken_where_nothing_is_known() -> None:
    runs, down, along = line([1.0, 0.5, None, 0.0], names=list("abcd"), every=2, written=percent)
    assert [len(run) for run in runs] == [2, 1]
    assert (runs[0][0].y, runs[1][0].y) == (TOP, HEIGHT - BOTTOM)
    assert [mark.words for mark in down] == ["0%", "50%", "100%"]
    assert [mark.words for mark in along] == ["b", "d"]


def test_every_chart_has_a_table_that_says_the_same() -> None:
    day = Figures(
        states={"delivered": 6, "sent": 2, "failed": 1, "undelivered": 1, "held": 3, "expired": 4, "received": 5},
        segments=12,
        cost={"EUR": Decimal("0.4"), "UAH": Decimal(7)},
        delays={5: 4, 60: 1, LONGER: 1},
    )
    made = {chart.key: chart for chart in charts(_period(Figures(), day))}
    assert list(made) == ["volume", "share", "delays", "cost-uah", "cost-eur"]
    assert made["volume"].table.rows == [["Thu 26 Nov", "6", "2", "2", "3", "4", "5"]]
    assert made["volume"].told == "17 messages in 2 days. Most on Thu 26 Nov: 17."
    assert made["share"].table.rows == [["Thu 26 Nov", "6", "10", "60%"]]
    assert [row[:2] for row in made["delays"].table.rows] == [
        ["5 s", "4"],
        ["15 s", "0"],
        ["1 min", "1"],
        ["5 min", "0"],
        ["30 min", "0"],
        ["2 hours", "0"],
        ["more", "1"],
    ]
    assert made["cost-eur"].table.rows == [["Thu 26 Nov", "12", "0.40 EUR"]]
    for chart in made.values():
        assert all(len(row) == len(chart.table.head) for row in chart.table.rows)


def test_what_nobody_told_is_not_drawn() -> None:
    assert [chart.key for chart in charts(_period(Figures(states={"sent": 3})))] == ["volume"]


def test_kinds_that_never_came_are_not_in_the_legend() -> None:
    (volume, *_) = charts(_period(Figures(states={"delivered": 1, "held": 2})))
    assert [each.kind for each in volume.legend] == ["delivered", "waiting"]


@pytest.mark.parametrize(
    ("delays", "told"),
    [
        ({}, ""),
        ({5: 99, 60: 1}, "95 in 100 arrived within 5 s."),
        ({5: 9, LONGER: 1}, "Half arrived within 5 s; one in twenty took more than 2 hours."),
        ({LONGER: 1}, "Half of them took more than 2 hours."),
    ],
)
def test_how_soon_texts_arrive_is_said_in_a_sentence(delays: dict[int, int], told: str) -> None:
    assert delays_told(Figures(delays=delays)) == told


def test_numbers_are_written_for_people() -> None:
    assert [number(12345), at_most(9_999, 9_999), at_most(10_000, 9_999)] == ["12,345", "9,999", "9,999+"]
    assert [short(each) for each in (0, 0.05, 500, 5_000, 20_000, 1_500_000)] == [
        "0",
        "0.05",
        "500",
        "5,000",
        "20k",
        "1.5M",
    ]
    assert [percent(None), percent(1), percent(0.8666)] == ["–", "100%", "86.7%"]
    assert [span(5), span(300), span(3600), span(7200)] == ["5 s", "5 min", "one hour", "2 hours"]


def test_what_much_costs_together_is_told_to_the_cent() -> None:
    assert [sum_in_words(Decimal(each), "EUR") for each in ("20.4183", "0.0415", "3")] == [
        "20.42 EUR",
        "0.0415 EUR",
        "3.00 EUR",
    ]
