"""The steps of date hooks: as declared, as the admin sets them, and what cannot be."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from sms_plugin import ConfigurationError, Entity, Hook, Person, SmsError, after, before, on, yearly
from sms_plugin.catalog.loader import load
from sms_plugin.host.bound import BoundHook
from sms_plugin.host.registry import Registry
from sms_plugin.host.resolve import resolve
from sms_plugin.models import TriggerRow
from sms_plugin.triggers.steps import check_steps, declared, since_now, steps_of
from tests.portal import Booking, Client, Invoice

NOW = dt.datetime(2026, 11, 13, 12, tzinfo=dt.UTC)


def _registry(*hooks: Hook[Any], model: type[Any] = Invoice) -> Registry:
    to: Any = "client" if model is Invoice else Person(name="guest", phones="guest_phone")
    entities = [
        Entity(Client, "clients", person=Person(name="name", phones="phone")),
        Entity(model, "invoice", to={"client": to}, hooks=hooks),
    ]
    return resolve(entities, catalogue=load(), same_bind=lambda model: True)


def _hooks(*whens: Any, model: type[Any] = Invoice) -> tuple[BoundHook, ...]:
    registry = _registry(*(Hook[Any]("charge_due_soon", when) for when in whens), model=model)
    assert registry.problems == ()
    return registry.hooks


def _row(*steps: dict[str, Any]) -> TriggerRow:
    return TriggerRow(key="charge_due_soon", steps=list(steps))


def _names(hook: BoundHook, *steps: dict[str, Any]) -> list[str]:
    return [step.name for step in steps_of(hook, _row(*steps))]


def test_several_offsets_are_several_steps() -> None:
    (hook,) = _hooks(before(Invoice.due_on, days=(7, 3, 1)))
    assert _names(hook) == ["before:7d", "before:3d", "before:1d"]


def test_a_step_that_comes_again_is_as_many() -> None:
    """Again every N days until settled, at most M times; before a date it ends with the date."""
    (hook,) = _hooks(after(Invoice.due_on, days=1, every=7, most=3))
    assert _names(hook) == ["after:1d", "after:8d", "after:15d"]
    (hook,) = _hooks(before(Invoice.due_on, days=7, every=3))
    assert _names(hook) == ["before:7d", "before:4d", "before:1d"]


def test_minutes_hours_and_days_name_their_steps() -> None:
    (hook,) = _hooks(before(Booking.starts_at, hours=(2, 1.5)), model=Booking)
    assert _names(hook) == ["before:120m", "before:90m"]
    (hook,) = _hooks(before(Booking.starts_at, minutes=30), model=Booking)
    assert _names(hook) == ["before:30m"]
    (hook,) = _hooks(before(Booking.starts_at, hours=Booking.remind_hours), model=Booking)
    assert _names(hook) == ["before:own"]


def test_the_admins_steps_take_the_place_of_the_declared_ones() -> None:
    earlier, later = _hooks(before(Invoice.due_on, days=3), after(Invoice.due_on, days=1))
    wanted = [{"when": "before", "days": 10}, {"when": "before", "days": 5, "texts": {"en": "Soon"}}]
    assert _names(earlier, *wanted) == ["before:10d", "before:5d"]
    assert _names(later, *wanted) == []
    assert [dict(step.texts) for step in steps_of(earlier, _row(*wanted))] == [{}, {"en": "Soon"}]


def test_of_two_hooks_in_one_direction_the_first_has_the_admins_steps() -> None:
    first, second = _hooks(before(Invoice.due_on, days=3), before(Invoice.due_on, days=1))
    assert (_names(first), _names(second)) == (["before:3d"], ["before:1d"])
    assert (_names(first, {"when": "before", "days": 5}), _names(second, {"when": "before", "days": 5})) == (
        ["before:5d"],
        [],
    )


def test_an_amount_of_0_is_off() -> None:
    """T22: X days before it falls due, 0 = off."""
    (hook,) = _hooks(before(Invoice.due_on, days=3))
    assert _names(hook, {"when": "before", "days": 0}) == []


def test_anniversaries_have_one_step_that_nobody_moves() -> None:
    registry = _registry(Hook("birthday_greeting", yearly(Invoice.due_on)))
    assert _names(registry.hooks[0], {"when": "before", "days": 3}) == ["yearly"]
    assert declared(registry.hooks) == []


def test_what_is_declared_is_the_list_that_an_admin_begins_with() -> None:
    hooks = _hooks(
        before(Invoice.due_on, days=(7, 3)), on(Invoice.due_on), after(Invoice.due_on, days=1, every=7, most=3)
    )
    entries = declared(hooks)
    assert [(each["when"], each["days"], each["every"], each["most"]) for each in entries] == [
        ("before", 7, None, None),
        ("before", 3, None, None),
        ("on", None, None, None),
        ("after", 1, 7, 3),
    ]
    check_steps(entries, hooks)
    assert [_names(hook, *entries) for hook in hooks] == [_names(hook) for hook in hooks]


@pytest.mark.parametrize(
    "wanted",
    [
        [{"when": "before", "days": -1}],
        [{"when": "before", "days": 10_000}],
        [{"when": "before", "days": 2.5}],
        [{"when": "before", "days": True}],
        [{"when": "before", "days": 3}, {"when": "before", "days": 3}],
        pytest.param(
            [{"when": "after", "days": 8}, {"when": "after", "days": 1, "every": 7, "most": 2}], id="met again"
        ),
        [{"when": "on"}],
        [{"when": "never", "days": 1}],
        [{"days": 1}],
        [{"when": "before"}],
        [{"when": "before", "days": 1, "hours": 1}],
        pytest.param([{"when": "before", "hours": 2}], id="hours of a day"),
        [{"when": "after", "days": 1, "every": 7}],
        [{"when": "after", "days": 1, "every": 7, "most": 1000}],
        [{"when": "after", "days": 1, "every": 0.5, "most": 2}],
        [{"when": "after", "days": 1, "most": 2}],
        [{"when": "before", "days": 3650, "every": 1}],
    ],
)
def test_steps_that_cannot_be_are_refused(wanted: list[dict[str, Any]]) -> None:
    """An offset of -1 or of 10,000 days, the same twice, a direction that no hook looks in, no end."""
    hooks = _hooks(before(Invoice.due_on, days=3), after(Invoice.due_on, days=1))
    with pytest.raises(SmsError) as raised:
        check_steps(wanted, hooks)
    assert raised.value.code == "bad_step"
    assert raised.value.hint


def test_a_new_step_begins_now_and_one_that_stood_goes_on() -> None:
    """X5: what lies behind a new step is never texted."""
    hooks = _hooks(before(Invoice.due_on, days=3))
    wanted = [{"when": "before", "days": 3}, {"when": "before", "days": 7}]
    first = since_now(wanted, None, hooks, now=NOW)
    assert [each["since"] for each in first] == [None, NOW.isoformat()]
    later = since_now(first, _row(*first), hooks, now=NOW + dt.timedelta(days=1))
    assert [each["since"] for each in later] == [None, NOW.isoformat()]
    assert [step.since for step in steps_of(hooks[0], _row(*later))] == [None, NOW]


@pytest.mark.parametrize(
    "when",
    [
        lambda: before(Invoice.due_on, days=()),
        lambda: before(Invoice.due_on, days=(3, 0)),
        lambda: before(Invoice.due_on, days="3"),  # type: ignore[arg-type]
        lambda: before(Booking.starts_at, hours=Booking.remind_hours, every=1),
        lambda: after(Invoice.due_on, days=1, every=7),
        lambda: after(Invoice.due_on, days=1, most=3),
        lambda: after(Invoice.due_on, days=1, every=7, most=51),
        lambda: after(Invoice.due_on, minutes=1, days=1),
    ],
)
def test_offsets_that_do_not_say_when_are_refused_where_they_are_written(when: Any) -> None:
    with pytest.raises(ConfigurationError) as raised:
        when()
    assert raised.value.code == "bad_offset"


def test_a_lead_time_that_is_no_number_is_refused() -> None:
    (problem,) = _registry(Hook[Any]("charge_due_soon", before(Invoice.due_on, days=Invoice.number))).problems
    assert (problem.code, "lead time" in problem.message) == ("bad_offset", True)


def test_a_lead_time_of_another_table_is_refused() -> None:
    hook = Hook[Any]("charge_due_soon", before(Invoice.due_on, days=Booking.remind_hours))
    (problem,) = _registry(hook).problems
    assert problem.code == "bad_offset"
    assert "'booking'" in problem.message


def test_steps_of_one_direction_that_ask_for_different_records_are_refused() -> None:
    """Which of them would an admin's step mean?"""
    hooks = [
        Hook[Invoice]("charge_due_soon", before(Invoice.due_on, days=3), only=Invoice.status == "open"),
        Hook[Invoice]("charge_due_soon", before(Invoice.due_on, days=1), only=Invoice.status == "late"),
    ]
    (problem,) = _registry(*hooks).problems
    assert problem.code == "steps_apart"


def test_conditions_that_are_written_alike_are_one() -> None:
    hooks = [
        Hook[Invoice]("charge_due_soon", before(Invoice.due_on, days=days), only=Invoice.status == "open")
        for days in (3, 1)
    ]
    assert _registry(*hooks).problems == ()
