"""What switching on leaves out: counted and shown beforehand, and sent by hand, each occurrence once (X5)."""

from __future__ import annotations

import datetime as dt

from sms_plugin.models import TriggerRow
from sms_plugin.states import MessageState
from sms_plugin.triggers.planned import Planned
from sms_plugin.triggers.sending import send
from sms_plugin.triggers.skipped import as_if_on, count_today, plan_today, sample
from tests.portal import Client, Portal
from tests.triggers.sweeping import at, due, november, swept

KEY = "charge_due_today"
NOON = at(21, 12)


def on(portal: Portal, now: dt.datetime = NOON) -> None:
    portal.use_kind("console", {}, name="console")
    portal.switch_on(KEY, text="Pay {invoice_number}", since=now)


def counted(portal: Portal, until: dt.datetime = NOON) -> int:
    with portal.fresh() as session:
        row = as_if_on(session.get(TriggerRow, KEY), KEY, now=until)
        return count_today(session, row, state=portal.state, until=until)


def planned(portal: Portal, most: int = 200) -> list[Planned]:
    with portal.fresh() as session:
        row = session.get_one(TriggerRow, KEY)
        return plan_today(session, row, state=portal.state, until=NOON, who="Eva", now=NOON, most=most)


def sent(portal: Portal, some: list[Planned]) -> int:
    with portal.fresh() as session, session.begin():
        return len(send(session, some, now=NOON))


def test_only_todays_that_came_due_before_are_counted(portal: Portal, ana: Client) -> None:
    due(portal, ana, november(20), november(21), november(21), november(22))
    assert counted(portal) == 2
    assert counted(portal, at(21, 9)) == 0


def test_a_trigger_that_was_never_set_up_is_counted_too_and_nothing_is_written(portal: Portal, ana: Client) -> None:
    due(portal, ana, november(21))
    assert counted(portal) == 1
    with portal.fresh() as session:
        assert session.get(TriggerRow, KEY) is None
    assert portal.messages() == []


def test_they_are_sent_once_whoever_asks_again_and_whatever_sweeps(portal: Portal, ana: Client) -> None:
    """X2"""
    due(portal, ana, november(21), november(21))
    on(portal)
    some = planned(portal)
    assert [each.draft.text for each in some if each.draft is not None] == ["Pay F1", "Pay F2"]
    assert (sent(portal, some), sent(portal, some)) == (2, 0)
    assert planned(portal) == []
    portal.switch_on(KEY, text="Pay {invoice_number}", since=at(20, 0))
    swept(portal, NOON)
    found = portal.messages()
    assert [(each.state, each.operator) for each in found] == [(MessageState.QUEUED, "Eva")] * 2


def test_no_more_are_sent_at_once_than_were_asked_for(portal: Portal, ana: Client) -> None:
    due(portal, ana, *[november(21)] * 5)
    on(portal)
    some = planned(portal, most=3)
    assert sent(portal, some) == 3
    assert len([each for each in planned(portal) if each.goes]) == 2


def test_what_was_paid_meanwhile_is_not_sent(portal: Portal, ana: Client) -> None:
    """Promise 4."""
    (invoice,) = due(portal, ana, november(21))
    on(portal)
    invoice.status = "paid"
    portal.session.commit()
    assert planned(portal) == []


def test_who_gets_nothing_is_told_from_the_first_that_come(portal: Portal, ana: Client) -> None:
    nobody = Client(name="Rui")
    portal.session.add(nobody)
    due(portal, ana, november(22))
    due(portal, nobody, november(23), november(30))
    on(portal)
    with portal.fresh() as session:
        found = sample(session, session.get_one(TriggerRow, KEY), state=portal.state, now=NOON)
    assert found.looked_at == 2
    assert [each.problem for each in found.left_out] == ["no_number"]
