"""``flask sms trigger set`` and ``show``: the same fields as the page, refused in the same words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.test_commands import run, told
from tests.portal import Portal

pytestmark = pytest.mark.one_database("sqlite", "what it writes is tested on all of them beside the functions")
KEY = "charge_due_soon"


def shown(portal: Portal) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(told(portal, "trigger", "show", KEY, "--json"))
    return found


def test_a_trigger_that_nobody_set_up_is_shown_as_it_is_declared(portal: Portal) -> None:
    found = shown(portal)
    assert (found["on"], found["steps"], found["purpose"], found["hours"]) == (False, ["before:3d"], "billing", "0-24")
    assert found["versions"] == []


def test_all_fields_are_set_and_shown(portal: Portal) -> None:
    told(
        portal,
        *("trigger", "set", KEY, "--purpose", "service", "--quiet", "ignore", "--hours", "10-18"),
        *("--weekdays", "mon-wed,fri", "--no-holidays", "--ceiling", "50", "--gather", "--hour", "8"),
        *("--step", "before:7d", "--step", "before:3d,every:2,most:2"),
    )
    found = shown(portal)
    assert (found["purpose"], found["quiet"], found["hours"]) == ("service", "ignore", "10-18")
    assert (found["weekdays"], found["holidays"], found["ceiling"]) == ("mon,tue,wed,fri", False, 50)
    assert found["steps"] == ["before:7d", "before:3d,every:2,most:2"]
    listed = {each["key"]: each for each in json.loads(told(portal, "trigger", "list", "--json"))}
    assert (listed[KEY]["purpose"], listed[KEY]["hours"]) == ("service", "10-18")
    assert "before:7d before:3d,every:2,most:2" in told(portal, "trigger", "list")


def test_what_is_not_given_stays_and_usual_takes_away(portal: Portal) -> None:
    told(portal, "trigger", "set", KEY, "--hours", "10-18", "--ceiling", "50", "--step", "before:7d")
    told(portal, "trigger", "set", KEY, "--hour", "8")
    assert (shown(portal)["hours"], shown(portal)["ceiling"], shown(portal)["hour"]) == ("10-18", 50, 8)
    told(portal, "trigger", "set", KEY, "--hours", "usual", "--ceiling", "0", "--step", "usual")
    found = shown(portal)
    assert (found["hours"], found["ceiling"], found["steps"]) == ("0-24", None, ["before:3d"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--step", "before:10000d"], "10000 days"),
        (["--step", "soon"], "is no step"),
        (["--step", "after:1d"], "Step 1"),
        (["--hours", "9-9"], "no minute"),
        (["--hours", "nine"], "two whole hours"),
        (["--weekdays", "someday"], "Give days"),
    ],
)
def test_what_cannot_be_is_refused(portal: Portal, words: list[str], says: str) -> None:
    result = run(portal, "trigger", "set", KEY, *words)
    assert result.exit_code != 0
    assert says in result.output


def test_a_step_is_given_a_text_of_its_own_and_shown_with_it(portal: Portal) -> None:
    """T3"""
    told(portal, "trigger", "set", KEY, "--step", "before:7d", "--step", "before:1d")
    told(portal, "trigger", "text", KEY, "Pay {invoice_number}")
    assert "before:7d (en)" in told(portal, "trigger", "text", KEY, "Soon {invoice_number}", "--step", "before:7d")
    assert shown(portal)["step_texts"] == {"before:7d": {"en": "Soon {invoice_number}"}}
    assert shown(portal)["texts"]["en"] == "Pay {invoice_number}"
    assert "before:7d: \n    en: Soon {invoice_number}" in told(portal, "trigger", "show", KEY)
    told(portal, "trigger", "text", KEY, "", "--step", "before:7d")
    assert shown(portal)["step_texts"] == {}


def test_a_declared_step_is_given_a_text_of_its_own_too(portal: Portal) -> None:
    told(portal, "trigger", "text", KEY, "Soon {invoice_number}", "--step", "before:3d")
    assert (shown(portal)["steps"], list(shown(portal)["step_texts"])) == (["before:3d"], ["before:3d"])


@pytest.mark.parametrize(
    ("step", "text", "says"),
    [
        ("before:9d", "Soon", "Its steps: before:3d."),
        ("before:3d", "Soon {contact_iban}", "contact_iban"),
    ],
)
def test_a_text_of_a_step_that_cannot_be_is_refused(portal: Portal, step: str, text: str, says: str) -> None:
    result = run(portal, "trigger", "text", KEY, text, "--step", step)
    assert result.exit_code != 0
    assert says in result.output


def test_overlapping_triggers_are_told_of_when_one_is_switched_on_and_by_check(portal: Portal) -> None:
    """X22"""
    assert "same thing" not in told(portal, "trigger", "on", "charge_created")
    assert "same thing as charge_created" in told(portal, "trigger", "on", KEY)
    assert "charge_created, charge_due_soon are on and tell of the same thing" in run(portal, "check").output


def test_the_versions_are_shown_with_who(portal: Portal) -> None:
    told(portal, "trigger", "text", KEY, "Pay {invoice_number}")
    told(portal, "trigger", "text", KEY, "Pay now {invoice_number}")
    assert [each["number"] for each in shown(portal)["versions"]] == [2, 1]
    assert "command line" in told(portal, "trigger", "show", KEY)
