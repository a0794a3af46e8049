"""A trigger's steps, hours and rules on its page (T22, X5, X6)."""

from __future__ import annotations

import re

import pytest

from tests.demo.visitor import Visitor
from tests.portal import Portal
from tests.web.trigger_forms import EDIT, one_kind, row, save


def steps_of(portal: Portal) -> list[tuple[str, int | None, dict[str, str]]]:
    stored = row(portal)
    assert stored is not None
    return [(each["when"], each["days"], each["texts"]) for each in stored.steps]


def step(place: int, amount: str, **more: str) -> dict[str, str]:
    """The fields of one step before a date."""
    given = {"when": "before", "amount": amount, "unit": "days", **more}
    return {f"step-{place}-{name}": value for name, value in given.items()}


@one_kind
class TestSteps:
    """T22: several steps for one trigger, each with its own text; everything works without a script."""

    def test_the_declared_step_stands_in_the_form(self, visitor: Visitor) -> None:
        assert re.search(r'name="step-0-amount"[^>]*value="3"', visitor.read(EDIT))

    def test_steps_with_texts_of_their_own_are_kept_and_told(self, pages: Portal, visitor: Visitor) -> None:
        own = {"step-1-text-en": "Tomorrow: {invoice_number}"}
        html = save(visitor, **step(0, "7"), **step(1, "1", every="", most=""), **own)
        assert "Invoice: 7 days before “due on”." in html
        assert "Invoice: 1 day before “due on”." in html
        assert steps_of(pages) == [("before", 7, {}), ("before", 1, {"en": "Tomorrow: {invoice_number}"})]

    def test_zero_is_off(self, pages: Portal, visitor: Visitor) -> None:
        html = save(visitor, **step(0, "0"), **step(1, "2"))
        assert "0 days before" not in html
        assert "2 days before" in html

    def test_one_more_is_asked_for_and_nothing_that_was_typed_is_lost(self, pages: Portal, visitor: Visitor) -> None:
        html = save(visitor, do="add-step", ceiling="77", **step(0, "7"), **{"text-en": "Typed"})
        assert 'name="step-1-amount"' in html
        assert "Typed" in html
        assert 'value="77"' in html
        assert row(pages) is None

    def test_one_is_taken_away(self, pages: Portal, visitor: Visitor) -> None:
        html = save(visitor, do="remove-step-0", **step(0, "7"), **step(1, "5"))
        assert re.search(r'name="step-0-amount"[^>]*value="5"', html)
        assert 'name="step-1-amount"' not in html
        assert row(pages) is None

    @pytest.mark.parametrize(
        ("fields", "says", "field"),
        [
            (step(0, "-1"), "Step 1", "step-0-amount"),
            (step(0, "10000"), "10000 days", "step-0-amount"),
            (step(0, "soon"), "“soon” is no whole number.", "step-0-amount"),
            (step(0, ""), "neither days nor hours", "step-0-amount"),
            (step(0, "3", when="after"), "Step 1", "step-0-amount"),
            (step(0, "3", most="4"), "comes several times", "step-0-amount"),
            (step(0, "3") | step(1, "3"), "stands there twice", "steps"),
            (step(0, "3") | {"step-0-text-en": "{task_name}"}, "{task_name}", "step-0-text-en"),
        ],
    )
    def test_what_cannot_be_is_named_beside_its_field(
        self, pages: Portal, visitor: Visitor, fields: dict[str, str], says: str, field: str
    ) -> None:
        html = save(visitor, **fields)
        beside = re.search(rf'id="{field}-problem">([^<]*)<', html)
        assert beside
        assert says in beside[1]
        assert fields["step-0-amount"] in html
        assert row(pages) is None


@one_kind
class TestHoursAndRules:
    """X6, X12"""

    def test_they_are_kept_and_told_in_a_few_words(self, pages: Portal, visitor: Visitor) -> None:
        given = {"opens": "10", "closes": "18", "weekdays": "1", "quiet": "forward", "purpose": "service"}
        html = save(visitor, **given, weekday="0", ceiling="50", gathers="1")
        stored = row(pages)
        assert stored is not None
        kept = (stored.opens, stored.closes, stored.weekdays, stored.quiet, stored.purpose, stored.ceiling)
        assert kept == (10, 18, 1, "forward", "service", 50)
        assert stored.gathers
        assert "service · 10:00–18:00 · Mon · at most 50 at once · several in one message" in html

    def test_another_purpose_is_warned_of(self, visitor: Visitor) -> None:
        assert "Its purpose was “billing” and is “marketing” now" in save(visitor, purpose="marketing")

    @pytest.mark.parametrize(
        ("fields", "says", "field"),
        [
            ({"opens": "9", "closes": "9"}, "leaves no minute", "opens"),
            ({"opens": "9"}, "One end of its hours is missing.", "opens"),
            ({"weekdays": "1"}, "Without a weekday", "weekdays"),
            ({"purpose": "fun"}, "'fun' is none of the choices.", "purpose"),
            ({"quiet": "loud"}, "'loud' is none of the choices.", "quiet"),
            ({"ceiling": "0"}, "0 is no ceiling.", "ceiling"),
            ({"ceiling": "many"}, "“many” is no whole number.", "ceiling"),
        ],
    )
    def test_what_leaves_no_minute_or_is_unknown_is_refused(
        self, pages: Portal, visitor: Visitor, fields: dict[str, str], says: str, field: str
    ) -> None:
        html = save(visitor, **fields)
        beside = re.search(rf'id="{field}-problem">([^<]*)<', html)
        assert beside
        assert says in beside[1]
        assert row(pages) is None
