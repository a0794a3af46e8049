"""Members of a collection: who is told of having been added, and who knows already (T14)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from sms_plugin import Entity, Hook, Person, Trigger, added, created
from tests.portal import Assignment, Portal, Staff, Task, make_portal

pytestmark = pytest.mark.one_database("sqlite", "what is noticed in the session, before any table is asked")

told = Trigger(key="told", section="task", label="Told", text={"en": "{task_name}"}, audience="staff", purpose="staff")


class Rule:
    """What the hook asks, set by each test."""

    def __init__(self) -> None:
        self.unless: Callable[[Any, Any], object] = lambda task, member: False


@pytest.fixture
def rule() -> Rule:
    return Rule()


@pytest.fixture
def office(database_url: str, rule: Rule) -> Iterator[Portal]:
    made = make_portal(
        database_url,
        Entity(Staff, "staff", person=Person(name="name", phones="phone")),
        Entity(
            Task,
            "task",
            shortcodes={"task_name": "name"},
            hooks=[Hook(told, added(Task.followers, unless=lambda task, member: rule.unless(task, member)))],
        ),
    )
    with made.app.app_context():
        made.use_kind("console", {}, name="console")
        made.switch_on("told")
        yield made
        made.db.session.remove()
        made.db.engine.dispose()


def _followed(office: Portal) -> list[tuple[str, str]]:
    """The state and the reason of each message after Zoe and Max began to follow a task."""
    people = [Staff(name="Zoe", phone="913000001"), Staff(name="Max", phone="913000002")]
    office.session.add(Task(name="Cable", followers=people))
    office.session.commit()
    return [(message.state, message.reason) for message in office.messages()]


def test_whoever_added_themself_is_told_nothing(office: Portal, rule: Rule) -> None:
    """T14: not by oneself."""
    rule.unless = lambda task, member: member.name == "Zoe"
    assert _followed(office) == [("queued", "")]
    (message,) = office.messages()
    assert message.number == "+351913000002"
    assert message.moment.startswith("followers ")  # the role is part of the occurrence


def test_an_association_object_is_an_entity_of_its_own(database_url: str) -> None:
    """T14: where being a member is a record, creating it fires; ``only`` leaves out whoever did so themself."""
    assigned = Trigger(
        key="assigned", section="assignment", label="Assigned", text={"en": "{task_name}"}, audience="staff"
    )
    portal = make_portal(
        database_url,
        Entity(Staff, "staff", person=Person(name="name", phones="phone")),
        Entity(
            Assignment,
            "assignment",
            to={"staff": "staff"},
            shortcodes={"task_name": "task.name"},
            hooks=[Hook(assigned, created(), only=Assignment.by_id.is_distinct_from(Assignment.staff_id))],
        ),
    )
    with portal.app.app_context():
        portal.use_kind("console", {}, name="console")
        portal.switch_on("assigned")
        zoe, max_ = Staff(name="Zoe", phone="913000001"), Staff(name="Max", phone="913000002")
        task = Task(name="Cable")
        portal.session.add_all([zoe, max_, task])
        portal.session.flush()
        portal.session.add_all(Assignment(task=task, staff=each, by_id=zoe.id) for each in (zoe, max_))
        portal.session.commit()
        assert [(each.number, each.state, each.text) for each in portal.messages()] == [
            ("+351913000002", "queued", "Cable")
        ]
        portal.db.session.remove()
        portal.db.engine.dispose()


def test_a_rule_that_raises_holds_its_messages_and_loses_nothing(office: Portal, rule: Rule) -> None:
    def broken(task: Task, member: Staff) -> bool:
        raise LookupError

    rule.unless = broken
    assert _followed(office) == [("held", "hook_failed")] * 2
    assert office.session.scalar(sa.select(sa.func.count()).select_from(Task)) == 1
