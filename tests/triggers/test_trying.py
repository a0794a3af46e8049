"""What one record would send, on or off: "what would this invoice send?" (X4)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from sms_plugin.errors import SmsError
from sms_plugin.people.consent import opt_out
from sms_plugin.triggers.trying import Trial, Tried, try_out
from tests.portal import Booking, Client, Portal, Staff, Task
from tests.triggers.sweeping import at, due, november

ANA = "+351912345678"
NOW = at(21, 12)


def tried(portal: Portal, entity: str, record: Any, *, trigger: str | None = None) -> dict[str, Tried]:
    return {each.trigger: each for each in trial(portal, entity, record, trigger=trigger).tried}


def trial(portal: Portal, entity: str, record: Any, *, trigger: str | None = None) -> Trial:
    key = record if isinstance(record, str) else str(record.id)
    with portal.fresh() as session:
        return try_out(session, entity, key, state=portal.state, now=NOW, trigger=trigger)


def test_dates_say_when_and_events_what_they_would_say_whether_on_or_off(portal: Portal, ana: Client) -> None:
    portal.use_kind("console", {}, name="console")
    portal.switch_on("charge_due_today", text="{contact_firstname}, {invoice_number} is due.")
    (invoice,) = due(portal, ana, november(23))
    found = tried(portal, "invoice/Invoice", invoice)
    (today,) = found["charge_due_today"].expected
    assert (today.due_at, today.text, today.number) == (at(23, 10), "Ana, F1 is due.", ANA)
    assert (found["charge_due_today"].off, found["charge_created"].off) == (False, True)
    assert found["charge_created"].expected[0].goes
    assert found["charge_due_soon"].problem == "past"
    assert portal.messages() == []


def test_why_it_would_send_nothing_is_told(portal: Portal, ana: Client) -> None:
    paid, none = due(portal, ana, november(23), None)
    paid.status = "paid"
    portal.session.commit()
    assert tried(portal, "invoice/Invoice", paid)["charge_due_today"].problem == "not_true"
    assert tried(portal, "invoice/Invoice", none)["charge_due_today"].problem == "no_date"
    portal.switch_on("charge_created", text="New: {invoice_number}")
    with portal.fresh() as session, session.begin():
        opt_out(session, ANA, source="reply", now=NOW)
    assert tried(portal, "invoice/Invoice", none)["charge_created"].expected[0].problem == "opted_out"
    portal.switch_on("charge_created", text=" ")
    assert tried(portal, "invoice/Invoice", none)["charge_created"].problem == "no_text"


@pytest.mark.one_database("sqlite", "reads declarations, whatever keeps the rows")
def test_members_and_people_inside_a_record_are_reached(portal: Portal) -> None:
    task = Task(name="Call", followers=[Staff(name="Rui", phone="912 345 000")])
    booking = Booking(guest="Eva", guest_phone="912 345 001", confirmed=True, starts_at=dt.datetime(2026, 11, 22, 15))
    portal.session.add_all([task, booking])
    portal.session.commit()
    (followed,) = tried(portal, "task/Task", task, trigger="task_followed")["task_followed"].expected
    assert (followed.number, followed.text) == ("+351912345000", "You follow Call now.")
    found = tried(portal, "booking/Booking", booking)
    assert found["seat_confirmed"].expected[0].text == "Eva, see you!"
    assert found["seat_soon"].expected[0].due_at == at(22, 13)


def test_what_is_not_there_is_refused(portal: Portal, ana: Client) -> None:
    (invoice,) = due(portal, ana, None)
    for entity, key, trigger, code in (
        ("nothing/Nothing", "1", None, "unknown_entity"),
        ("invoice/Invoice", "99", None, "unknown_record"),
        ("invoice/Invoice", "abc", None, "unknown_record"),
        ("invoice/Invoice", str(invoice.id), "nothing", "unknown_trigger"),
        ("invoice/Invoice", str(invoice.id), "seat_soon", "not_offered"),
    ):
        with pytest.raises(SmsError) as refused:
            trial(portal, entity, key, trigger=trigger)
        assert refused.value.code == code
