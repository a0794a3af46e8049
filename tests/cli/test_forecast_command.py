"""``flask sms forecast`` (X4)."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from tests.cli.test_commands import run, told
from tests.portal import Client, Invoice, Portal

pytestmark = pytest.mark.one_database("sqlite", "what it asks is tested on all of them beside the functions")


@pytest.fixture
def owed(portal: Portal, ana: Client) -> Invoice:
    """An invoice that falls due in two days."""
    day = dt.datetime.now(portal.state.settings.zone).date() + dt.timedelta(days=2)
    invoice = Invoice(client=ana, number="F77", due_on=day)
    portal.session.add(invoice)
    portal.session.commit()
    return invoice


def test_totals_by_day_and_trigger_for_a_program_and_for_a_person(portal: Portal, owed: Invoice) -> None:
    portal.use_kind("console", {}, name="console")
    portal.switch_on("charge_due_today", text="Pay {invoice_number}")
    data = json.loads(told(portal, "forecast", "--days", "4", "--json"))
    assert [day["messages"] for day in data["days"]] == [0, 0, 1, 0]
    (of_trigger,) = data["days"][2]["triggers"]
    assert (of_trigger["trigger"], of_trigger["segments"], of_trigger["unpriced"]) == ("charge_due_today", 1, 1)
    assert "charge_due_today  1 messages, 1 segments" in told(portal, "forecast", "--days", "4")
    assert "Nothing is to be texted" in told(portal, "forecast", "--days", "1")


def test_every_message_a_line_with_its_text_and_without_its_number(portal: Portal, owed: Invoice) -> None:
    portal.switch_on("charge_due_today", text="Pay {invoice_number}")
    (line,) = told(portal, "forecast", "--texts").splitlines()
    message = json.loads(line)
    assert (message["text"], message["goes"]) == ("Pay F77", True)
    assert "912345678" not in line
    assert "No provider is active" in told(portal, "forecast")


def test_a_trigger_that_is_off_and_one_record_can_be_tried(portal: Portal, owed: Invoice) -> None:
    assert "charge_due_today  1 messages" in told(portal, "forecast", "--trigger", "charge_due_today")
    data = json.loads(told(portal, "forecast", "--record", "invoice/Invoice", str(owed.id), "--json"))
    found = {each["trigger"]: each for each in data["triggers"]}
    assert found["charge_due_today"]["off"]
    assert [each["text"] is not None for each in found["charge_due_today"]["messages"]] == [True]
    assert found["charge_created"]["messages"][0]["goes"]
    assert found["charge_due_soon"]["problem"] == "past"
    assert "(off)" in told(portal, "forecast", "--record", "invoice/Invoice", str(owed.id))


def test_nonsense_is_refused_in_words(portal: Portal, owed: Invoice) -> None:
    for words, said in (
        (["--days", "0"], "--days"),
        (["--trigger", "nothing"], "There is no trigger"),
        (["--record", "nothing/Nothing", "1"], "There is no entity"),
        (["--record", "invoice/Invoice", "99"], "There is no invoice/Invoice"),
        (["--record", "invoice/Invoice", "1", "--trigger", "seat_soon"], "not about such records"),
    ):
        result = run(portal, "forecast", *words)
        assert result.exit_code
        assert said in result.output
