"""Steps, hours and rules of a trigger, as an admin sets them: what cannot be is refused, what changes is recorded."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from sms_plugin import SmsError
from sms_plugin.models import Change, TriggerRow, Wording
from sms_plugin.triggers.arranging import Arrangement, RefusedStep, arrange, arranged
from sms_plugin.triggers.overlaps import overlapping, overlaps
from sms_plugin.triggers.switching import switch_on
from tests.portal import Portal

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)
KEY = "charge_due_soon"


def step(when: str = "before", days: int | None = 3, **more: Any) -> dict[str, Any]:
    return {"when": when, "days": days, "hours": None, "every": None, "most": None, "texts": {}, **more}


def wanted(portal: Portal, *, now: dt.datetime = NOW, **fields: Any) -> TriggerRow:
    """The trigger as it stands, with these fields changed."""
    with portal.fresh() as session, session.begin():
        row = session.get(TriggerRow, KEY)
        given = {**vars(arranged(row)), **fields}
        seen = None if row is None else row.changed_at
        registry = portal.state.registry
        arrange(session, KEY, Arrangement(**given), seen=seen, registry=registry, who="Eva", now=now)
    with portal.fresh() as session:
        return session.get_one(TriggerRow, KEY)


def begun(row: TriggerRow) -> dict[int, str | None]:
    """From when each step counts, by its days."""
    return {each["days"]: each["since"] for each in row.steps}


def test_hours_days_purpose_ceiling_and_gathering_are_kept_and_recorded(portal: Portal) -> None:
    """X6, X12"""
    fields: dict[str, Any] = {
        "purpose": "service",
        "quiet": "forward",
        "opens": 10,
        "closes": 18,
        "weekdays": 31,
        "holidays": False,
        "ceiling": 50,
        "gathers": True,
    }
    row = wanted(portal, **fields)
    assert {name: getattr(row, name) for name in fields} == fields
    with portal.fresh() as session:
        said = session.scalars(sa.select(Change)).one()
    assert (said.who, said.detail["weekdays"], said.detail["quiet"]) == ("Eva", [None, 31], [None, "forward"])


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"opens": 9, "closes": 9}, "bad_hours"),
        ({"opens": 9}, "bad_hours"),
        ({"opens": 24, "closes": 8}, "bad_hours"),
        ({"opens": 0, "closes": 25}, "bad_hours"),
        ({"weekdays": 0}, "bad_weekdays"),
        ({"weekdays": 128}, "bad_weekdays"),
        ({"purpose": "fun"}, "bad_purpose"),
        ({"quiet": "shout"}, "bad_quiet"),
        ({"ceiling": 0}, "bad_ceiling"),
        ({"ceiling": 10**9}, "bad_ceiling"),
        ({"steps": [step(days=-1)]}, "bad_step"),
        ({"steps": [step(days=10_000)]}, "bad_step"),
        ({"steps": [step("after")]}, "bad_step"),
        ({"steps": [step(), step()]}, "bad_step"),
    ],
)
def test_what_leaves_no_minute_or_cannot_be_is_refused(portal: Portal, fields: dict[str, Any], code: str) -> None:
    """Quiet hours that leave no minute, an offset of −1 or 10,000 days, an unknown purpose."""
    with pytest.raises(SmsError) as refused:
        wanted(portal, **fields)
    assert refused.value.code == code
    with portal.fresh() as session:
        assert session.get(TriggerRow, KEY) is None


def test_a_step_that_cannot_be_is_named_by_its_place(portal: Portal) -> None:
    with pytest.raises(RefusedStep, match="Step 2") as refused:
        wanted(portal, steps=[step(days=7), step(days=10_000)])
    assert refused.value.place == 1


def test_a_text_of_a_steps_own_is_checked_as_the_triggers(portal: Portal) -> None:
    """M5"""
    with pytest.raises(RefusedStep, match=r"Step 1.*payment_amount") as refused:
        wanted(portal, steps=[step(texts={"pt": "{payment_amount}"})])
    assert (refused.value.place, refused.value.language) == (0, "pt")


def test_the_declared_steps_are_not_copied(portal: Portal) -> None:
    assert wanted(portal, steps=[step()], hour=8).steps == []


def test_a_new_step_counts_from_the_moment_that_it_was_added(portal: Portal) -> None:
    """X5: what it finds behind that is never texted."""
    row = wanted(portal, steps=[step(), step(days=1)])
    assert begun(row) == {3: None, 1: NOW.isoformat()}
    row = wanted(portal, steps=[step(), step(days=1), step(days=7)], now=LATER)
    assert begun(row) == {3: None, 1: NOW.isoformat(), 7: LATER.isoformat()}


def test_a_step_that_comes_back_counts_from_then(portal: Portal) -> None:
    """X5"""
    wanted(portal, steps=[step(days=1)])
    assert begun(wanted(portal, steps=[], now=LATER)) == {3: LATER.isoformat()}


def test_a_steps_own_text_is_a_new_version(portal: Portal) -> None:
    wanted(portal, steps=[step(), step(days=1, texts={"en": "Tomorrow"})])
    wanted(portal, steps=[step(), step(days=1, texts={"en": "Tomorrow!"})], now=LATER)
    wanted(portal, ceiling=5, now=LATER + dt.timedelta(hours=1))
    with portal.fresh() as session:
        found = session.scalars(sa.select(Wording).order_by(Wording.number)).all()
    assert [each.steps for each in found] == [{"before:1d": {"en": "Tomorrow"}}, {"before:1d": {"en": "Tomorrow!"}}]


def test_switching_on_keeps_the_steps(portal: Portal) -> None:
    wanted(portal, steps=[step(days=7)])
    with portal.fresh() as session, session.begin():
        assert switch_on(session, KEY, registry=portal.state.registry, who="Eva", now=LATER).steps[0]["days"] == 7


def test_triggers_that_tell_of_the_same_thing_are_named() -> None:
    """X22"""
    on = {"charge_created", "charge_due_today", "invoice_overdue_notice"}
    assert overlapping("charge_due_soon", on) == ["charge_created", "charge_due_today"]
    assert overlapping("service_block_warning", on) == ["invoice_overdue_notice"]
    assert overlapping("birthday_greeting", on) == []
    assert overlaps(on) == [("charge_created", "charge_due_today")]
