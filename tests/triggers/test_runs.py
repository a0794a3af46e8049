"""When a trigger last wrote a message, and when it next looks for what has come due."""

from __future__ import annotations

import datetime as dt

from sms_plugin.models import TriggerRow
from sms_plugin.triggers.runs import Runs, runs
from tests.portal import Client, Invoice, Portal
from tests.triggers.sweeping import at, november, swept


def known(portal: Portal, now: dt.datetime) -> dict[str, Runs]:
    with portal.fresh() as session:
        rows = {row.key: row for row in session.query(TriggerRow)}
        return runs(session, rows, state=portal.state, now=now)


def test_the_last_message_is_the_newest_of_the_trigger(portal: Portal, ana: Client) -> None:
    portal.use_kind("console", {}, name="console")
    portal.switch_on("charge_created", "birthday_greeting")
    for number in ("F1", "F2"):
        portal.session.add(Invoice(client=ana, number=number))
        portal.session.commit()
    told = known(portal, dt.datetime.now(dt.UTC))
    last = told["charge_created"].last
    assert last is not None
    assert last.id == max(message.id for message in portal.messages())
    assert told["birthday_greeting"].last is None


def test_what_counts_in_days_looks_next_at_its_hour(portal: Portal) -> None:
    portal.switch_on("charge_due_soon", "charge_created", since=at(20, 9))
    told = known(portal, at(21, 9))
    assert told["charge_due_soon"].next_at == at(21, 10)
    assert known(portal, at(21, 10))["charge_due_soon"].next_at == at(22, 10)
    assert told["charge_created"].next_at is None


def test_what_counts_in_hours_looks_at_the_next_sweep(portal: Portal) -> None:
    portal.switch_on("seat_soon", since=at(20, 9))
    assert known(portal, at(21, 9))["seat_soon"].next_at == at(21, 9)


def test_an_inactive_trigger_has_no_next_look(portal: Portal) -> None:
    portal.switch_on("charge_due_soon")
    portal.switch_off("charge_due_soon")
    assert known(portal, at(21, 9))["charge_due_soon"].next_at is None


def test_a_sweep_says_how_far_it_came(portal: Portal, ana: Client) -> None:
    portal.session.add(Invoice(client=ana, due_on=november(24)))
    portal.session.commit()
    portal.switch_on("charge_due_soon", since=at(20, 9))
    swept(portal, at(21, 11))
    assert known(portal, at(21, 12))["charge_due_soon"].swept_until == at(21, 11)
