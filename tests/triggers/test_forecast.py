"""What the next days will bring: as the sweep will write it and the claim will let it go, with nothing written (X4)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from sms_plugin import Entity, Hook, Person, on
from sms_plugin.errors import SmsError
from sms_plugin.models import Message, Provider, Template, TriggerRow
from sms_plugin.people.consent import opt_out
from sms_plugin.triggers.forecast import Forecast, Wanted, forecast
from sms_plugin.triggers.lookahead import Look
from tests.portal import Client, Invoice, Portal, make_portal
from tests.triggers.sweeping import at, due, november, swept

ANA = "+351912345678"
SINCE = at(1, 0)
NOW = at(21, 12)


@pytest.fixture
def priced(portal: Portal) -> Portal:
    """With a provider whose segment costs five cents."""
    portal.use_kind("console", {}, name="console")
    prices(portal, budget_day=None)
    return portal


def prices(portal: Portal, **values: Any) -> None:
    with portal.fresh() as session, session.begin():
        session.execute(sa.update(Provider).values(currency="EUR", prices={"": "0.05"}, **values))


def look(
    portal: Portal,
    *,
    days: int = 7,
    trigger: str | None = None,
    now: dt.datetime = NOW,
    most: int | None = None,
    **wanted: Any,
) -> Forecast:
    with portal.fresh() as session:
        before = session.scalar(sa.select(sa.func.count()).select_from(Message))
        found = forecast(
            session,
            Look(days=days, trigger=trigger),
            state=portal.state,
            now=now,
            wanted=Wanted(**{"most": 1000, **wanted}),
            most=most,
        )
        assert session.scalar(sa.select(sa.func.count()).select_from(Message)) == before
        return found


def told(found: Forecast) -> list[tuple[str | None, str | None, str]]:
    return [(each.trigger, each.record, each.problem) for each in found.entries]


def totals(found: Forecast) -> dict[tuple[int, str], tuple[int, int, Decimal]]:
    return {
        (day.day, trigger): (cell.messages, cell.segments, cell.cost) for (day, trigger), cell in found.cells.items()
    }


def test_each_day_and_trigger_has_its_messages_segments_and_cost_with_the_text_for_each_person(
    priced: Portal, ana: Client
) -> None:
    priced.switch_on("charge_due_today", text="{contact_firstname}, {invoice_number} is due.", since=SINCE)
    priced.switch_on("invoice_overdue_notice", text="x" * 200, since=SINCE)
    first, second = due(priced, ana, november(23), november(24))
    found = look(priced)
    assert totals(found) == {
        (23, "charge_due_today"): (1, 1, Decimal("0.05")),
        (24, "charge_due_today"): (1, 1, Decimal("0.05")),
        (24, "invoice_overdue_notice"): (1, 2, Decimal("0.10")),
        (25, "invoice_overdue_notice"): (1, 2, Decimal("0.10")),
    }
    assert [day.day for day in found.days] == list(range(21, 28))
    assert (found.total.messages, found.total.cost, found.currency) == (4, Decimal("0.30"), "EUR")
    entry = found.entries[0]
    assert (entry.number, entry.text, entry.due_at) == (ANA, "Ana, F1 is due.", at(23, 10))
    assert [each.record for each in found.entries[:2]] == [str(first.id), str(second.id)]


def test_what_waits_in_the_queue_is_part_of_it_and_no_occurrence_is_there_twice(priced: Portal, ana: Client) -> None:
    priced.switch_on("charge_due_today", text="Due", since=SINCE)
    due(priced, ana, november(21), november(22))
    swept(priced, at(21, 11))
    priced.queue(number=ANA, text="By hand", due_at=at(22, 15))
    priced.queue(number=ANA, text="Late", due_at=at(20, 15))
    priced.queue(number=ANA, text="Beyond", due_at=at(29, 15))
    found = look(priced)
    assert {key: (cell.messages, cell.queued) for key, cell in found.cells.items()} == {
        (november(21), ""): (1, 1),
        (november(21), "charge_due_today"): (1, 1),
        (november(22), ""): (1, 1),
        (november(22), "charge_due_today"): (1, 0),
    }


def test_whoever_gets_nothing_is_counted_by_the_reason(priced: Portal, ana: Client) -> None:
    priced.switch_on("charge_due_today", text="{invoice_note} {contact_firstname}", since=SINCE)
    nobody = Client(name="Nobody", phone=None)
    out = Client(name="Out", phone="912 345 600")
    priced.session.add_all([nobody, out])
    priced.session.commit()
    due(priced, nobody, november(23))
    hole, paid = due(priced, ana, november(23), november(23))
    (opted,) = due(priced, out, november(23))
    paid.status, opted.note = "paid", "Note"
    priced.session.commit()
    with priced.fresh() as session, session.begin():
        opt_out(session, "+351912345600", source="reply", now=NOW)
    found = look(priced)
    (cell,) = found.cells.values()
    assert cell.messages == 0
    assert dict(cell.left_out) == {"no_number": 1, "missing_value": 1, "opted_out": 1}
    assert (hole.id, "missing_value") in {(int(each.record or 0), each.problem) for each in found.entries}


def test_a_queued_message_that_is_no_longer_true_or_too_late_will_not_go(priced: Portal, ana: Client) -> None:
    priced.switch_on("charge_due_today", text="Due", since=SINCE)
    (invoice,) = due(priced, ana, november(21))
    swept(priced, at(21, 11))
    priced.queue(number=ANA, due_at=at(22, 15), expires_at=at(22, 14))
    invoice.status = "paid"
    priced.session.commit()
    found = look(priced)
    assert [each.problem for each in found.entries] == ["no_longer_true", "too_late"]


def test_a_trigger_that_is_off_is_looked_at_as_if_it_were_switched_on_now(priced: Portal, ana: Client) -> None:
    due(priced, ana, november(20), november(21), november(23))
    assert look(priced).cells == {}
    found = look(priced, trigger="charge_due_today")
    assert list(found.cells) == [(november(23), "charge_due_today")]
    with priced.fresh() as session:
        assert session.get(TriggerRow, "charge_due_today") is None
    priced.switch_on("charge_due_today", text=" ")
    priced.switch_off("charge_due_today")
    with pytest.raises(SmsError) as silent:
        look(priced, trigger="charge_due_today")
    assert silent.value.code == "no_text"


def test_a_template_speaks_for_a_trigger_that_is_off_page_after_page(priced: Portal, ana: Client) -> None:
    due(priced, ana, *[november(23)] * 60)
    with priced.fresh() as session, session.begin():
        template = Template(
            name="Due", section="invoice", texts={"en": "T {invoice_number}"}, created_at=NOW, changed_at=NOW
        )
        session.add(template)
        session.flush()
        session.add(TriggerRow(key="charge_due_today", on=False, template_id=template.id, changed_at=NOW))
    found = look(priced, trigger="charge_due_today")
    assert {each.text for each in found.entries} == {f"T F{n}" for n in range(1, 61)}


def test_quiet_hours_and_the_clocks_of_the_recipient_say_on_which_day_it_goes(database_url: str) -> None:
    portal = make_portal(database_url, SMS_QUIET_HOURS="21-9")
    with portal.app.app_context():
        portal.use_kind("console", {}, name="console")
        portal.switch_on("charge_due_today", text="Due", since=SINCE)
        with portal.fresh() as session, session.begin():
            session.get_one(TriggerRow, "charge_due_today").hour = 22
        lisbon = Client(name="Ana", phone="912 345 678")
        auckland = Client(name="Kiri", phone="+64 21 123 4567", timezone="Pacific/Auckland")
        portal.session.add_all([lisbon, auckland])
        portal.session.commit()
        due(portal, lisbon, november(23))
        due(portal, auckland, november(23))
        found = look(portal, days=5)
        times = {each.number: each.due_at for each in found.entries}
        assert times == {
            ANA: at(24, 9),
            "+64211234567": at(23, 20),
        }  # 9 in the morning of the 24th, each where they live
        assert [day.day for day, _ in found.cells] == [23, 24]


def test_over_the_cap_a_message_waits_for_the_next_day_or_is_dropped(database_url: str) -> None:
    """A reminder of the day itself is worth nothing on the next one."""
    portal = make_portal(database_url, SMS_DAILY_CAP=1)
    with portal.app.app_context():
        portal.use_kind("console", {}, name="console")
        ana = Client(name="Ana", phone="912 345 678")
        portal.session.add(ana)
        portal.session.commit()
        portal.switch_on("charge_due_today", text="Due", since=SINCE)
        due(portal, ana, november(23), november(23), november(24))
        times = [(each.due_at, each.problem) for each in look(portal).entries]
        assert times == [(at(23, 10), ""), (at(23, 10), "capped"), (at(24, 10), "")]
        portal.switch_off("charge_due_today")
        portal.switch_on("invoice_overdue_notice", text="Overdue", since=SINCE)
        times = [(each.due_at, each.problem) for each in look(portal).entries]
        assert times == [(at(24, 10), ""), (at(25, 9), ""), (at(26, 9), "")]


def test_beyond_the_budget_of_a_day_and_of_a_month_messages_are_held(priced: Portal, ana: Client) -> None:
    priced.switch_on("charge_due_today", text="Due", since=SINCE)
    due(priced, ana, november(23), november(23), november(23), november(24))
    prices(priced, budget_day=Decimal("0.10"))
    assert [each.problem for each in look(priced).entries] == ["", "", "budget", ""]
    prices(priced, budget_day=None, budget_month=Decimal("0.05"))
    assert [each.problem for each in look(priced).entries] == ["", "budget", "budget", "budget"]


def test_messages_are_listed_in_pages_that_hold_whatever_the_order_of_keys(priced: Portal, ana: Client) -> None:
    priced.switch_on("charge_due_today", text="Due", since=SINCE)
    invoices = due(priced, ana, *[november(23)] * 60)
    seen: list[str | None] = []
    after: str | None = None
    for _ in range(4):
        found = _page(priced, after)
        assert len(found.entries) <= 25
        seen += [each.record for each in found.entries]
        after = found.next
        if after is None:
            break
    assert sorted(map(str, seen)) == sorted(str(invoice.id) for invoice in invoices)
    assert _page(priced, "d gone").lost


def _page(portal: Portal, after: str | None) -> Forecast:
    with portal.fresh() as session:
        wanted = Wanted(most=25, day=november(23), after=after)
        return forecast(session, Look(days=5), state=portal.state, now=NOW, wanted=wanted)


def test_a_look_that_is_cut_short_says_so(priced: Portal, ana: Client) -> None:
    priced.switch_on("charge_due_today", text="Due", since=SINCE)
    due(priced, ana, *[november(23)] * 3)
    assert look(priced).whole
    found = look(priced, most=2)
    assert (found.whole, found.total.messages) == (False, 2)


def test_without_a_provider_the_texts_are_foreseen_and_it_is_said(portal: Portal, ana: Client) -> None:
    portal.switch_on("charge_due_today", text="Due", since=SINCE)
    due(portal, ana, november(23))
    found = look(portal)
    assert (found.provided, found.total.messages, found.total.unpriced) == (False, 1, 1)


def test_days_and_triggers_that_cannot_be_are_refused(portal: Portal) -> None:
    for days in (0, 32):
        with pytest.raises(SmsError) as refused:
            look(portal, days=days)
        assert refused.value.code == "bad_days"
    with pytest.raises(SmsError) as unknown:
        look(portal, trigger="nothing")
    assert unknown.value.code == "unknown_trigger"


def test_a_hook_that_the_database_cannot_ask_costs_no_other_its_forecast(database_url: str) -> None:
    broken = sa.func.no_such_function(Invoice.id) == 1
    portal = make_portal(
        database_url,
        Entity(Client, "clients", person=Person(name="name", phones="phone")),
        Entity(
            Invoice,
            "invoice",
            to={"client": "client"},
            hooks=[
                Hook("charge_due_soon", on(Invoice.due_on), only=broken),
                Hook("charge_due_today", on(Invoice.due_on)),
            ],
        ),
    )
    with portal.app.app_context():
        portal.use_kind("console", {}, name="console")
        portal.switch_on("charge_due_soon", "charge_due_today", text="Due", since=SINCE)
        ana = Client(name="Ana", phone="912 345 678")
        portal.session.add(ana)
        portal.session.commit()
        due(portal, ana, november(22))
        found = look(portal, days=2)
        assert ("charge_due_today", "") in {(each.trigger, each.problem) for each in found.entries}
        assert ("charge_due_soon", "truth_failed") in {(each.trigger, each.problem) for each in found.entries}


def test_nothing_of_what_the_hosts_attributes_change_is_kept(priced: Portal, ana: Client) -> None:
    priced.switch_on("charge_due_today", text="Due", since=SINCE)
    due(priced, ana, november(23))
    before = [(each.id, each.state) for each in priced.messages()]
    look(priced)
    assert [(each.id, each.state) for each in priced.messages()] == before
