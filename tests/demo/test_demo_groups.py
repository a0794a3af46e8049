"""Groups at the demo: a saved filter of S2's fields, fixed members, and what is wrong with what was typed (S6)."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from host_demo.database import db
from sms_plugin.models import Change, Group
from tests.demo.visitor import Visitor

LIST = "/admin/sms/group/"
NEW = "/admin/sms/group/new/?of=clients/Client"
FIXED = "/admin/sms/group/new/?of=fixed"


def edit(id: int) -> str:
    return f"/admin/sms/group/edit/?id={id}"


def groups(portal: Flask) -> list[Group]:
    with portal.app_context():
        found = list(db.session.scalars(sa.select(Group).order_by(Group.id)))
        db.session.expunge_all()
        return found


def save(visitor: Visitor, path: str = NEW, /, **fields: Any) -> str:
    """The page after a group's form was sent; ``_`` in a field's name stands for ``-``."""
    given = {name.replace("_", "-") if name.startswith("f_") else name: value for name, value in fields.items()}
    return unescape(visitor.send(path, **{"name": "Some", "do": "save", **given}).text)


def district(page: str) -> list[str]:
    """What can be chosen as a district."""
    return re.findall(r'name="f-district" value="([^"]+)"', page)


def names(page: str) -> list[str]:
    return re.findall(r'<td data-label="Name"><a [^>]*>([^<]+)</a>', page)


def test_an_empty_list_leads_to_the_first_group(admin: Visitor) -> None:
    page = admin.read(LIST)
    assert "No group yet" in page
    assert "/admin/sms/group/new/" in page
    assert "of=clients/Client" in admin.read("/admin/sms/group/new/")


def test_a_filter_on_city_and_charges_is_saved_told_and_asked(portal: Flask, admin: Visitor) -> None:
    """S2: what is asked of charges holds for one charge; an empty day is today, each time anew."""
    page = save(
        admin,
        f_lead="city",
        f_city="Barcelos",
        **{"f-charge_status": ["OVERDUE"], "f-due-op": "before", "f-charge_type": ["INTERNET", "SUPPORT"]},
    )
    assert "The group “Some” is saved." in page
    (kept,) = groups(portal)
    assert kept.conditions == [
        {"filter": "city", "op": "is", "value": "Barcelos"},
        {"filter": "charge_type", "op": "in", "value": ["INTERNET", "SUPPORT"]},
        {"filter": "charge_status", "op": "is", "value": "OVERDUE"},
        {"filter": "due", "op": "before", "value": "today"},
    ]
    assert sorted(names(page)) == ["Amélia Dias", "Miguel Antunes"]
    assert "2 members" in page
    listed = unescape(admin.read(LIST))
    assert "Due: before today" in listed
    assert "Charge status: Overdue" in listed


def test_only_the_leading_filter_that_was_chosen_counts(portal: Flask, admin: Visitor) -> None:
    save(admin, f_lead="server", f_city="Porto", **{"f-server": "3"})
    (kept,) = groups(portal)
    assert kept.conditions == [{"filter": "server", "op": "is", "value": "3"}]


def test_districts_are_those_of_the_chosen_city(admin: Visitor) -> None:
    waiting = admin.read(NEW)
    assert "choose “City” first" in waiting
    page = save(admin, f_lead="city", f_city="Porto", refresh="1")
    assert district(page)
    assert set(district(page)) <= {"Cedofeita", "Foz"}
    assert "is saved" not in page


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"f_lead": "city"}, "City: nothing is chosen."),
        ({"f_lead": "city", "f-city": "Paris"}, "City: “Paris” is not on offer."),
        ({"f_lead": "plan", "f-plan": "99999"}, "Plan: “99999” is not on offer."),
        ({"f_lead": "plan", "f-plan-typed": "Fibra"}, "Plan: several begin so: "),
        ({"f-district": "Sé"}, "District: choose “City” first."),
        ({"f-due-op": "on", "f-due": "soon"}, "Due: “soon” is no day."),
        ({"f-due-op": "ago", "f-due-days": "x"}, "Due: “x” is no number of days."),
        ({"f-due-op": "between", "f-due": "2026-01-01"}, "Due: nothing is chosen."),
        ({"f-branch": "abc"}, "Branch office: “abc” is not on offer."),
    ],
)
def test_what_is_wrong_is_told_by_name_and_all_that_was_typed_stays(
    portal: Flask, admin: Visitor, fields: dict[str, str], says: str
) -> None:
    page = save(admin, name="Kept name", description="kept words", **fields)
    assert says in page
    assert "Nothing is saved yet" in page
    assert groups(portal) == []
    assert 'value="Kept name"' in page
    assert 'value="kept words"' in page
    for value in fields.values():
        assert f'value="{value}"' in page or value in {"Paris", "99999", "abc", "Sé"}


def test_a_name_typed_whole_chooses_a_record(portal: Flask, admin: Visitor) -> None:
    save(admin, f_lead="plan", **{"f-plan-typed": "Fibra 500"})
    (kept,) = groups(portal)
    assert [each["filter"] for each in kept.conditions] == ["plan"]


def test_members_are_searched_added_and_taken_out_and_that_is_kept_as_changes(portal: Flask, admin: Visitor) -> None:
    save(admin, FIXED, name="Friends")
    (kept,) = groups(portal)
    found = admin.read(f"{edit(kept.id)}&kind=clients/Client&words=Carvalho")
    (ref,) = re.findall(r'name="ref"[^>]*value="(clients/Client\|[0-9]+)"', found)
    page = admin.post(edit(kept.id), "/admin/sms/group/members/", id=str(kept.id), do="add", ref=ref).text
    assert "Inês Carvalho" in page
    page = admin.post(edit(kept.id), "/admin/sms/group/members/", id=str(kept.id), do="add", ref=ref).text
    assert "they were in the group already" in page
    page = admin.post(edit(kept.id), "/admin/sms/group/members/", id=str(kept.id), do="remove", ref=ref).text
    assert "Nobody is in it yet" in page
    with portal.app_context():
        told = db.session.scalars(sa.select(Change.action).where(Change.what == "group Friends").order_by(Change.id))
        assert list(told) == ["created", "changed", "changed"]


def test_members_come_in_pages_without_a_count_of_them_all(portal: Flask, admin: Visitor) -> None:
    page = save(admin, **{"f-status": ["ENABLED"]})
    seen = names(page)
    assert len(seen) == 25
    after = re.search(r'rel="next" href="([^"#]+)', page)
    assert after is not None
    rest = names(unescape(admin.read(unescape(after[1]))))
    assert rest
    assert not set(seen) & set(rest)


def test_a_filter_that_is_gone_is_named_and_dropped_only_on_purpose(portal: Flask, admin: Visitor) -> None:
    save(admin, **{"f-status": ["ENABLED"]})
    (kept,) = groups(portal)
    with portal.app_context():
        group = db.session.get_one(Group, kept.id)
        group.conditions = [*group.conditions, {"filter": "colour", "op": "is", "value": "red"}]
        db.session.commit()
    page = unescape(admin.read(edit(kept.id)))
    assert "does not offer the filter “colour” any more" in page
    assert "Cannot be asked" in admin.read(LIST)
    refused = save(admin, edit(kept.id), **{"f-status": ["ENABLED"], "f-gone": "colour"})
    assert "Nothing is saved yet" in refused
    saved = save(admin, edit(kept.id), **{"f-status": ["ENABLED"], "f-gone": "colour", "f-drop": "1"})
    assert "is saved" in saved
    assert groups(portal)[0].conditions == kept.conditions


def test_a_group_is_deleted_once_it_was_asked(portal: Flask, admin: Visitor) -> None:
    save(admin, FIXED)
    (kept,) = groups(portal)
    asked = admin.post(edit(kept.id), "/admin/sms/group/delete/", id=str(kept.id)).text
    assert "This cannot be undone" in asked
    admin.post(edit(kept.id), "/admin/sms/group/delete/", id=str(kept.id), confirmed="1")
    assert groups(portal) == []
