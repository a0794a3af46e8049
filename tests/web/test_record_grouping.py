"""From the host's own list into a group: selected rows, shown, added once, never one that the view hides (S6, S9)."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa

from sms_plugin.batches.groups import AT_ONCE
from sms_plugin.models import Change, Group, GroupMember
from tests.demo.visitor import Visitor
from tests.portal import Client, Invoice, Portal, Shelf
from tests.web.conftest import Mounted
from tests.web.hosts import host, shows, token

ADD = "/admin/client/sms/group/"


@pytest.fixture
def rights() -> set[str]:
    return {"read", "send", "bulk"}


@pytest.fixture
def portal(mounted: Mounted, rights: set[str]) -> Portal:
    """Three clients, of whom the view hides one, an invoice, and two groups: fixed members, and a saved filter."""
    made = mounted(mount=host(rights=rights))
    with made.app.app_context():
        made.session.add_all(
            [
                Client(id=1, name="Ana", phone="912 345 678"),
                Client(id=2, name="Rui", phone="913 333 333"),
                Client(id=3, name="hidden", phone="914 444 444"),
                Invoice(id=1, client_id=1, number="F1"),
            ]
        )
        made.session.commit()
        at = dt.datetime.now(dt.UTC)
        for name, entity in (("Friends", None), ("Filtered", "clients/Client")):
            made.session.add(Group(name=name, entity=entity, created_at=at, changed_at=at))
            made.session.commit()
    return made


@pytest.fixture
def visitor(portal: Portal) -> Visitor:
    return Visitor(client=portal.app.test_client())


def _chosen(visitor: Visitor, *keys: object, view: str = "client") -> Any:
    """The page after rows were selected and the action was chosen."""
    return visitor.client.post(f"/admin/{view}/action/", data={"action": "sms_group", "rowid": list(keys)})


def _add(visitor: Visitor, *keys: object, path: str = ADD, **form: object) -> str:
    """The page after the form was sent, with its token."""
    visitor.read("/admin/sms/queue/")
    given = {"csrf_token": token(visitor.read("/admin/sms/individual/")), "record": list(keys), **form}
    return str(visitor.client.post(path, data=given, follow_redirects=True).text)


def _members(portal: Portal) -> list[tuple[str, str, str]]:
    with portal.app.app_context(), portal.fresh() as session:
        rows = session.execute(
            sa.select(Group.name, GroupMember.entity, GroupMember.record)
            .join(GroupMember, GroupMember.group_id == Group.id)
            .order_by(Group.name, GroupMember.entity, GroupMember.record)
        )
        return [(row.name, row.entity, row.record) for row in rows]


def test_selected_people_are_shown_with_the_groups_that_they_can_be_put_into(portal: Portal, visitor: Visitor) -> None:
    assert shows(visitor.read("/admin/client/"), "Add to an SMS group")
    page = _chosen(visitor, 1, 2).text
    assert shows(page, "Ana, Rui")
    assert shows(page, "2 rows")
    assert shows(page, "Friends")
    assert "Filtered" not in page
    assert _members(portal) == []


def test_they_are_added_once_and_it_is_said_how_many_were_in_it(portal: Portal, visitor: Visitor) -> None:
    assert shows(_add(visitor, 1, group=1), "One is in the group “Friends” now.")
    page = _add(visitor, 1, 2, 2, group=1)
    assert shows(page, "One is in the group “Friends” now. One was in the group “Friends” already.")
    assert shows(_add(visitor, 1, 2, group=1), "2 were in the group “Friends” already.")
    assert _members(portal) == [("Friends", "clients/Client", "1"), ("Friends", "clients/Client", "2")]
    with portal.app.app_context(), portal.fresh() as session:
        told = session.execute(sa.select(Change.what, Change.action, Change.detail).order_by(Change.id)).all()
    assert [(each.what, each.action, each.detail["members"][1]) for each in told] == [
        ("group Friends", "changed", "+clients/Client 1"),
        ("group Friends", "changed", "+clients/Client 2"),
    ]


def test_a_new_group_is_made_with_them(portal: Portal, visitor: Visitor) -> None:
    assert shows(_add(visitor, 1, 2, group="new", name=" Neighbours "), "2 more are in the group “Neighbours” now.")
    assert _members(portal) == [("Neighbours", "clients/Client", "1"), ("Neighbours", "clients/Client", "2")]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"group": "new", "name": "Friends"}, "There is a group 'Friends' already."),
        ({"group": "new", "name": "Filtered"}, "There is a group 'Filtered' already."),
        ({"group": "new", "name": " "}, "Choose a group, or give a new one a name."),
        ({"group": "new", "name": "x" * 81}, "A group needs a name of at most 80 characters"),
        ({"group": "2"}, "The group 'Filtered' finds its members by a saved filter."),
        ({"group": "4711"}, "This group is not there any more."),
        ({"group": "1; drop"}, "Choose a group, or give a new one a name."),
        ({}, "Choose a group, or give a new one a name."),
    ],
)
def test_what_cannot_be_is_said_and_what_was_chosen_stays(
    portal: Portal, visitor: Visitor, form: dict[str, str], words: str
) -> None:
    page = _add(visitor, 1, 2, **form)
    assert shows(page, words)
    assert 'name="record" value="1"' in page
    assert 'name="record" value="2"' in page
    assert _members(portal) == []


def test_a_row_that_the_view_hides_is_not_added_by_a_forged_form(portal: Portal, visitor: Visitor) -> None:
    page = _chosen(visitor, 1, 3).text
    assert shows(page, "One of the chosen rows is not there any more.")
    assert re.findall(r'name="record" value="([^"]*)"', page) == ["1"]
    _add(visitor, 1, 3, "4711", "abc", "\0", group=1)
    assert _members(portal) == [("Friends", "clients/Client", "1")]
    assert shows(_add(visitor, 3, group=1), "None of the chosen rows is there any more.")
    assert _members(portal) == [("Friends", "clients/Client", "1")]


def test_more_than_are_added_at_once_are_refused_whole(portal: Portal, visitor: Visitor) -> None:
    keys = range(1, AT_ONCE + 2)
    page = visitor.client.post(
        "/admin/client/action/", data={"action": "sms_group", "rowid": list(keys)}, follow_redirects=True
    ).text
    assert shows(page, "At most 500 rows can be added at once: choose fewer.")
    assert shows(_add(visitor, *keys, group=1), "At most 500 rows can be added at once: choose fewer.")
    assert _members(portal) == []


def test_whoever_may_not_send_to_many_is_offered_nothing_and_refused(
    portal: Portal, visitor: Visitor, rights: set[str]
) -> None:
    """X12"""
    rights.discard("bulk")
    assert not shows(visitor.read("/admin/client/"), "Add to an SMS group")
    answer = _chosen(visitor, 1)
    assert answer.status_code == 302
    given = {"csrf_token": token(visitor.read("/admin/sms/individual/")), "record": "1", "group": "1"}
    assert visitor.client.post(ADD, data=given).status_code == 403
    assert _members(portal) == []


def test_a_form_without_its_token_adds_nobody(portal: Portal, visitor: Visitor) -> None:
    page = visitor.client.post(ADD, data={"record": "1", "group": "1"}).text
    assert shows(page, "Ana")
    assert _members(portal) == []


def test_rows_that_are_no_people_have_no_group(portal: Portal, visitor: Visitor) -> None:
    assert shows(visitor.read("/admin/invoice/"), "Send SMS")
    assert not shows(visitor.read("/admin/invoice/"), "Add to an SMS group")
    given = {"csrf_token": token(visitor.read("/admin/sms/individual/")), "record": "1", "group": "1"}
    assert visitor.client.post("/admin/invoice/sms/group/", data=given).status_code == 404
    assert _members(portal) == []


def test_people_of_a_key_of_two_columns_are_added_by_it(portal: Portal, visitor: Visitor) -> None:
    with portal.app.app_context():
        portal.session.add(Shelf(row=3, place='a,"b', name="A shelf's", phone="912 345 678"))
        portal.session.commit()
    (rowid,) = re.findall(r'name="rowid"[^>]*value="([^"]*)"', visitor.read("/admin/shelf/"))
    page = _chosen(visitor, unescape(rowid), view="shelf").text
    assert shows(page, "A shelf's")
    (key,) = re.findall(r'name="record" value="([^"]*)"', page)
    _add(visitor, unescape(key), path="/admin/shelf/sms/group/", group=1)
    assert _members(portal) == [("Friends", "shelves/Shelf", '["3","a,\\"b"]')]


def test_the_way_back_leads_to_the_list_as_it_was(portal: Portal, visitor: Visitor) -> None:
    given = {"csrf_token": token(visitor.read("/admin/sms/individual/")), "record": "1", "group": "1"}
    for url, back in (("/admin/client/?page=2", "/admin/client/?page=2"), ("https://evil.example/", "/admin/client/")):
        answer = visitor.client.post(ADD, query_string={"url": url}, data=given)
        assert answer.status_code == 303
        assert answer.location.endswith(back)
