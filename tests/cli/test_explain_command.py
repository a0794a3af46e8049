"""``flask sms explain`` (X20)."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from tests.cli.test_commands import run, told
from tests.portal import Client, Invoice, Portal

pytestmark = pytest.mark.one_database("sqlite", "what it asks is tested on all of them beside the functions")


def test_a_number_a_person_and_a_record_are_explained_without_texts_and_whole_numbers(
    portal: Portal, ana: Client
) -> None:
    portal.use_kind("console", {}, name="console")
    portal.switch_on("charge_created", "charge_due_today", text="Pay {invoice_number}")
    invoice = Invoice(client=ana, number="F77", due_on=dt.date.today() + dt.timedelta(days=3))
    portal.session.add(invoice)
    portal.session.commit()
    for whom in (["912345678"], ["clients/Client", str(ana.id)], ["invoice/Invoice", str(invoice.id)]):
        data = json.loads(told(portal, "explain", *whom, "--json"))
        (message,) = data["messages"]
        assert (message["state"], message["trigger"]) == ("queued", "charge_created")
        assert message["fired_by"]["kind"] == "created"
        assert {each["trigger"]: each["code"] for each in data["now"]}["charge_due_today"] == "would_go"
        assert "912345678" not in json.dumps(data)
        assert "Pay" not in json.dumps(data)
    printed = told(portal, "explain", "912345678", "--trigger", "charge_created")
    assert "fired by created" in printed
    assert "(mobile)" in printed


def test_nothing_decided_is_said_and_nonsense_is_refused(portal: Portal) -> None:
    assert "No message was decided." in told(portal, "explain", "912345678")
    for whom, words in (
        (["abc"], "is no number"),
        (["nothing/Nothing", "1"], "There is no entity"),
        (["912345678", "--trigger", "nothing"], "There is no trigger"),
        (["912345678", "--days", "0"], "--days"),
    ):
        result = run(portal, "explain", *whom)
        assert result.exit_code, whom
        assert words in result.output
