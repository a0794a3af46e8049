"""Groups: what they are, who is in them on a day, and that a send that needs one keeps it (S6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from sms_plugin import Entity, Filter, Person, SmsError
from sms_plugin.batches import groups
from sms_plugin.batches.groups import Size, Wanted
from sms_plugin.host.identity import RecordRef
from sms_plugin.models import Batch, Change, Group, GroupMember
from sms_plugin.states import BatchState
from tests.portal import Client, Invoice, Portal, make_portal

NOW = dt.datetime(2026, 11, 26, 10, tzinfo=dt.UTC)
TODAY = NOW.date()
CLIENTS = "clients/Client"
DUE = Filter("due", Invoice.due_on, through=Client.invoices)
GONE = {"filter": "cty", "op": "is", "value": "1"}
NO_DAY = {"filter": "due", "op": "on", "value": "x"}
TODAYS = {"filter": "due", "op": "on", "value": "today"}
PORTUGUESE = {"filter": "language", "op": "is", "value": "pt"}


def office_at(url: str, *filters: Filter) -> Portal:
    person: Person[Client] = Person(name="name", phones="phone")
    return make_portal(url, Entity(Client, "clients", person=person, filters=filters))


@pytest.fixture
def office(database_url: str) -> Iterator[Portal]:
    made = office_at(database_url, Filter("language", Client.language), DUE)
    with made.app.app_context():
        yield made
        made.db.session.remove()
        made.db.engine.dispose()


def keep(office: Portal, wanted: Wanted) -> int:
    with office.fresh() as session, session.begin():
        return groups.create(session, wanted, state=office.state, who="Rita", now=NOW).id


def change(office: Portal, id: int, wanted: Wanted, *, seen: dt.datetime | None = None) -> None:
    with office.fresh() as session, session.begin():
        held = groups.locked(session, id)
        groups.change(session, held, wanted, seen=seen, state=office.state, who="Rita", now=NOW)


def add(office: Portal, id: int, *keys: str) -> int:
    refs = [RecordRef(entity=CLIENTS, key=key) for key in keys]
    with office.fresh() as session, session.begin():
        return groups.add(session, groups.locked(session, id), refs, who="Rita", now=NOW)


def remove(office: Portal, id: int, *keys: str) -> int:
    refs = [RecordRef(entity=CLIENTS, key=key) for key in keys]
    with office.fresh() as session, session.begin():
        return groups.remove(session, groups.locked(session, id), refs, who="Rita", now=NOW)


def size(office: Portal, id: int, **options: Any) -> Size:
    with office.fresh() as session:
        return groups.size(session, session.get_one(Group, id), state=office.state, today=TODAY, **options)


def changes(office: Portal) -> list[tuple[str, str, str]]:
    with office.fresh() as session:
        rows = session.scalars(sa.select(Change).where(Change.what.startswith("group ")).order_by(Change.id))
        return [(row.what, row.action, row.who) for row in rows]


def batch(office: Portal, state: BatchState, group: object) -> None:
    with office.fresh() as session, session.begin():
        session.add(
            Batch(
                id=UUID(int=list(BatchState).index(state) + 1),
                name=f"{state} one",
                state=state.value,
                once=state.value.ljust(32, "x"),
                purpose="service",
                audience={"sources": [{"kind": "group", "group": group}]},
                stop_share=30,
                created_at=NOW,
                changed_at=NOW,
            )
        )


def test_members_are_added_once_and_taken_out(office: Portal) -> None:
    id = keep(office, Wanted(name="Regulars"))
    assert add(office, id, "1", "2", "2") == 2
    assert add(office, id, "2", "3") == 1
    assert remove(office, id, "1", "9") == 1
    with office.fresh() as session:
        assert [ref.key for ref in groups.fixed(session, id, most=10)] == ["2", "3"]
    assert changes(office) == [("group Regulars", "created", "Rita"), *[("group Regulars", "changed", "Rita")] * 3]


def test_fixed_members_come_in_pages(office: Portal) -> None:
    id = keep(office, Wanted(name="Regulars"))
    add(office, id, "1", "2", "3", "4", "5")
    found: list[str] = []
    after = None
    with office.fresh() as session:
        while page := groups.fixed(session, id, after=after, most=2):
            found += [ref.key for ref in page]
            after = page[-1]
    assert found == ["1", "2", "3", "4", "5"]


def test_a_saved_filter_is_asked_anew_each_time(office: Portal) -> None:
    id = keep(office, Wanted(name="Here", entity=CLIENTS, conditions=[PORTUGUESE]))
    assert size(office, id) == Size(number=0)
    office.session.add_all([Client(name="Ana", language="pt"), Client(name="Bo", language="en")])
    office.session.commit()
    assert size(office, id) == Size(number=1)


def test_a_group_is_counted_up_to_a_number_only(office: Portal) -> None:
    office.session.add_all(Client(name=f"C{number}", language="pt") for number in range(5))
    office.session.commit()
    id = keep(office, Wanted(name="Here", entity=CLIENTS, conditions=[PORTUGUESE]))
    assert size(office, id, most=3) == Size(number=3, more=True)
    assert size(office, id, most=5) == Size(number=5)


def test_no_fixed_member_joins_a_saved_filter(office: Portal) -> None:
    id = keep(office, Wanted(name="Here", entity=CLIENTS, conditions=[PORTUGUESE]))
    with pytest.raises(SmsError, match="saved filter"):
        add(office, id, "1")


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (Wanted(name=" "), "bad_name"),
        (Wanted(name="x" * 81), "bad_name"),
        (Wanted(name="Taken"), "name_taken"),
        (Wanted(name="New", entity="clients/Nobody"), "unknown_entity"),
        (
            Wanted(name="New", entity=CLIENTS, conditions=[GONE]),
            "unknown_filter",
        ),
        (Wanted(name="New", entity=CLIENTS, conditions=[NO_DAY]), "bad_day"),
    ],
)
def test_a_group_that_cannot_be_is_refused(office: Portal, wanted: Wanted, code: str) -> None:
    keep(office, Wanted(name="Taken"))
    with pytest.raises(SmsError) as caught:
        keep(office, wanted)
    assert (caught.value.code, bool(caught.value.hint)) == (code, True)


def test_what_somebody_else_saved_meanwhile_is_not_lost_unseen(office: Portal) -> None:
    id = keep(office, Wanted(name="Regulars"))
    with pytest.raises(SmsError, match="meanwhile"):
        change(office, id, Wanted(name="Others"), seen=NOW - dt.timedelta(seconds=1))
    change(office, id, Wanted(name="Others"), seen=NOW)
    assert changes(office)[-1] == ("group Regulars", "changed", "Rita")


@pytest.mark.parametrize("state", [BatchState.DRAFT, BatchState.READY, BatchState.WAITING, BatchState.RUNNING])
def test_a_group_that_a_send_needs_is_not_deleted_and_the_send_is_named(office: Portal, state: BatchState) -> None:
    id = keep(office, Wanted(name="Regulars"))
    batch(office, state, id)
    with pytest.raises(SmsError, match=f"{state} one"), office.fresh() as session, session.begin():
        groups.delete(session, groups.locked(session, id), who="Rita", now=NOW)


def test_a_group_of_no_send_or_of_one_that_is_over_is_deleted_with_its_members(office: Portal) -> None:
    id = keep(office, Wanted(name="Regulars"))
    add(office, id, "1")
    batch(office, BatchState.DONE, id)
    batch(office, BatchState.DRAFT, id + 1)
    with office.fresh() as session, session.begin():
        groups.delete(session, groups.locked(session, id), who="Rita", now=NOW)
    with office.fresh() as session:
        assert session.scalars(sa.select(GroupMember)).all() == []
    assert changes(office)[-1] == ("group Regulars", "deleted", "Rita")


def test_a_filter_that_the_host_took_away_is_told_with_the_groups_name(database_url: str) -> None:
    before, after = office_at(database_url, DUE), office_at(database_url)
    with before.app.app_context():
        id = keep(before, Wanted(name="Late", entity=CLIENTS, conditions=[TODAYS]))
    with after.app.app_context(), pytest.raises(SmsError, match=r"'Late'.*'due'"):
        size(after, id)
    for each in (before, after):
        with each.app.app_context():
            each.db.engine.dispose()
