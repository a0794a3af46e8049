"""The sweep's run of a trigger on a day is held whole where it goes over the usual (X5)."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
import sqlalchemy as sa

from sms_plugin.jobs.due import run_job
from sms_plugin.models import TriggerRow
from sms_plugin.transactions import within
from sms_plugin.triggers import dues
from sms_plugin.triggers.groups import Group, decide, held_groups
from sms_plugin.triggers.volumes import learn
from tests.outbox.steps import now
from tests.portal import Client, Invoice, Portal
from tests.triggers.sweeping import at, due, november, swept

KEY, OVERDUE = "charge_due_today", "invoice_overdue_notice"
DAY = dt.timedelta(days=1)


@pytest.fixture
def office(sending: Portal) -> Portal:
    """A portal that is asked about more than four notices on one day."""
    sending.switch_on(KEY, since=at(1, 12))
    _change(sending, ceiling=4)
    return sending


def _change(portal: Portal, key: str = KEY, **values: object) -> None:
    with portal.fresh() as session, session.begin():
        session.execute(sa.update(TriggerRow).where(TriggerRow.key == key).values(**values))


def _states(portal: Portal) -> Counter[tuple[str, str]]:
    return Counter((message.state, message.reason) for message in portal.messages())


def _held(portal: Portal) -> list[Group]:
    with portal.fresh() as session:
        return held_groups(session)


def _decide(portal: Portal, *, approve: bool) -> None:
    (wanted,) = _held(portal)
    within(portal.state, lambda session: decide(session, wanted.id, approve=approve, who="Eva", now=now()))


def test_a_usual_run_goes(office: Portal, ana: Client) -> None:
    due(office, ana, *[november(20)] * 4)
    swept(office, at(20, 10))
    assert _states(office) == {("queued", ""): 4}


def test_a_run_above_the_ceiling_is_one_group_from_its_first_message_on(
    office: Portal, ana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not its tail: it is sized before the first page writes. Its steps and pages join one group."""
    monkeypatch.setattr(dues, "page_size", lambda session: 2)
    due(office, ana, *[november(20)] * 5)
    swept(office, at(20, 10))
    assert _states(office) == {("held", "surge"): 5}
    assert [(each.day, each.messages, each.ceiling) for each in _held(office)] == [(november(20), 5, 4)]


def test_days_are_runs_of_their_own(office: Portal, ana: Client) -> None:
    """Three days of downtime are three usual runs, and no surge."""
    office.switch_on(OVERDUE, since=at(1, 12))
    _change(office, OVERDUE, ceiling=4, validity_hours=96)
    due(office, ana, *[november(day) for day in (17, 18, 19) for _ in range(3)])
    swept(office, at(20, 10))
    assert Counter(each.state for each in office.messages() if each.trigger == OVERDUE) == {"queued": 9}


def test_the_steps_of_a_trigger_add_up_to_its_run(office: Portal, ana: Client) -> None:
    """Three of the first step and three of the second are a run of six, and one group."""
    steps: list[dict[str, object]] = [{"when": "after", "days": days, "texts": {}} for days in (1, 3)]
    office.switch_on(OVERDUE, since=at(1, 12))
    _change(office, OVERDUE, ceiling=4, steps=steps, validity_hours=12)
    due(office, ana, *[november(day) for day in (17, 19) for _ in range(3)])
    swept(office, at(20, 10))
    assert Counter(each.state for each in office.messages() if each.state != "expired") == {"held": 6}
    assert [each.messages for each in _held(office)] == [6]


def test_what_comes_later_on_that_day_joins_while_it_waits(office: Portal, ana: Client) -> None:
    due(office, ana, *[november(20)] * 5)
    swept(office, at(20, 10))
    due(office, ana, november(20))
    swept(office, at(20, 11))
    assert [each.messages for each in _held(office)] == [6]


def test_after_approval_the_rest_of_the_day_goes(office: Portal, ana: Client) -> None:
    due(office, ana, *[november(20)] * 5)
    swept(office, at(20, 10))
    _decide(office, approve=True)
    due(office, ana, november(20))
    swept(office, at(20, 11))
    assert _states(office) == {("held", "surge"): 5, ("queued", ""): 1}
    run_job(office.state, "surges", now=True)
    assert _states(office)[("held", "surge")] == 0


def test_after_a_drop_what_is_left_of_the_run_waits_anew(office: Portal, ana: Client) -> None:
    """Somebody drops it while the sweep still writes: nothing of it slips out."""
    due(office, ana, *[november(20)] * 5)
    swept(office, at(20, 10))
    _decide(office, approve=False)
    due(office, ana, november(20))
    swept(office, at(20, 11))
    assert [each.messages for each in _held(office)] == [1]


def test_a_run_of_a_day_that_is_usually_large_goes(office: Portal, ana: Client) -> None:
    """X5: it learns by day of month."""
    _change(office, ceiling=None)
    with office.fresh() as session, session.begin():
        days = {november(20) - DAY * n: 0 for n in range(1, 29)}
        learn(session, KEY, days | {dt.date(2026, 10, 20): 40})
    due(office, ana, *[november(20)] * 110)
    swept(office, at(20, 10))
    assert _states(office) == {("queued", ""): 110}


def test_a_run_far_above_a_learned_usual_waits(office: Portal, ana: Client) -> None:
    _change(office, ceiling=None)
    with office.fresh() as session, session.begin():
        learn(session, KEY, {november(20) - DAY * n: 2 for n in range(1, 29)})
    due(office, ana, *[november(20)] * 101)
    swept(office, at(20, 10))
    assert _states(office) == {("held", "surge"): 101}
    assert [(each.ceiling, each.usual) for each in _held(office)] == [(100, 2)]


def test_what_nobody_can_be_told_opens_no_group(office: Portal, ana: Client) -> None:
    ana.phone = None
    due(office, ana, *[november(20)] * 5)
    swept(office, at(20, 10))
    assert _states(office) == {("suppressed", "no_number"): 5}
    assert _held(office) == []


def test_what_came_due_before_the_trigger_was_on_does_not_make_the_run_large(office: Portal, ana: Client) -> None:
    """Nothing of it would be texted."""
    _change(office, on_since=at(20, 11), hour=10)
    due(office, ana, *[november(20)] * 5)
    swept(office, at(20, 12))
    assert _states(office) == {}


def test_paid_invoices_do_not_make_the_run_large(office: Portal, ana: Client) -> None:
    due(office, ana, *[november(20)] * 5)
    invoices = office.session.scalars(sa.select(Invoice)).all()
    for invoice in invoices[:2]:
        invoice.status = "paid"
    office.session.commit()
    swept(office, at(20, 10))
    assert _states(office) == {("queued", ""): 3}
