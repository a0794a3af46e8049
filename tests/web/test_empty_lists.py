"""An empty list says what to do next, with one button for it; a list with rows has the button above them."""

from __future__ import annotations

import datetime as dt

import pytest

from sms_plugin.models import Group, Template
from tests.demo.visitor import Visitor
from tests.portal import Portal
from tests.web.conftest import Mounted
from tests.web.hosts import host

pytestmark = pytest.mark.one_database("sqlite", "what a page shows is the same on each")

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
#: The list, where its button leads, and one row of it.
LISTS = [
    (
        "/admin/sms/group/",
        "/admin/sms/group/new/",
        Group(name="Regulars", description="", created_at=NOW, changed_at=NOW),
    ),
    (
        "/admin/sms/template/",
        "/admin/sms/template/new/",
        Template(name="Due", description="", texts={"en": "x"}, enabled=True, created_at=NOW, changed_at=NOW),
    ),
    ("/admin/sms/bulk/", "/admin/sms/bulk/new/", None),
    ("/admin/sms/provider/", "/admin/sms/provider/new/", None),
]


@pytest.fixture
def portal(mounted: Mounted) -> Portal:
    return mounted(mount=host())


@pytest.mark.parametrize(("page", "new", "row"), LISTS, ids=[page for page, _, _ in LISTS])
def test_a_list_has_one_button_that_makes_a_new_one(portal: Portal, page: str, new: str, row: object) -> None:
    visitor = Visitor(client=portal.app.test_client())
    assert visitor.read(page).count(f'href="{new}"') == 1
    assert '<div class="sms-empty">' in visitor.read(page)
    if row is not None:
        with portal.app.app_context(), portal.fresh() as session, session.begin():
            session.add(row)
        assert visitor.read(page).count(f'href="{new}"') == 1
        assert '<div class="sms-empty">' not in visitor.read(page)


def test_a_search_that_finds_nothing_keeps_the_button_and_offers_all(portal: Portal) -> None:
    visitor = Visitor(client=portal.app.test_client())
    for page, new, row in LISTS[:2]:
        assert row is not None
        found = visitor.read(f"{page}?search=nobody")
        assert found.count(f'href="{new}"') == 1
        assert "Nothing matches." in found
