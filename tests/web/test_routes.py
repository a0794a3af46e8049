"""Every route of the plugin's pages, as somebody with each right and as nobody (X12; issue Pages, done when)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask_admin import Admin

from sms_plugin.web.base import Closed
from sms_plugin.web.permissions import Right
from tests.portal import Portal
from tests.web.conftest import Mounted

pytestmark = pytest.mark.one_database("sqlite", "nothing here is about tables")

RIGHTS: list[tuple[Right, ...]] = [(), *((each,) for each in Right), tuple(Right)]


def portal_for(mounted: Mounted, rights: tuple[Right, ...]) -> Portal:
    return mounted(mount=lambda app, db: {"admin": Admin(app), "allow": lambda right: right in rights})


def is_ours(view: Any) -> bool:
    return isinstance(view, Closed)


def routes(portal: Portal) -> Iterator[tuple[Any, str, str]]:
    """The page, the method and the address of each of our routes."""
    mounted_views = portal.app.extensions["admin"][0]._views
    views: dict[str, Any] = {str(view.endpoint): view for view in mounted_views if is_ours(view)}
    for rule in portal.app.url_map.iter_rules():
        view = views.get(rule.endpoint.partition(".")[0])
        if view is None or rule.endpoint.endswith(".static"):
            continue
        address = rule.rule
        for argument in rule.arguments:
            address = address.replace(f"<{argument}>", "csv")
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            yield view, method, address


@pytest.mark.parametrize("rights", RIGHTS, ids=lambda rights: "+".join(rights) or "nobody")
def test_a_route_is_closed_to_those_who_may_not_see_its_page(mounted: Mounted, rights: tuple[Right, ...]) -> None:
    """GET and POST, and nobody is answered with an error of ours."""
    portal = portal_for(mounted, rights)
    walked = list(routes(portal))
    assert len(walked) > 20
    client = portal.app.test_client()
    with portal.app.test_request_context():
        open_to = {view.endpoint for view, _, _ in walked if view.is_accessible()}
    assert rights or not open_to
    for view, method, address in walked:
        for query in ("", "?id=abc", "?name=nobody&kind=nothing"):
            status = client.open(address + query, method=method).status_code
            assert status == 403 if view.endpoint not in open_to else status < 500, (method, address + query, status)


def test_a_post_without_a_token_changes_nothing(mounted: Mounted) -> None:
    """Whoever one is."""
    portal = portal_for(mounted, tuple(Right))
    with portal.app.app_context():
        portal.use_kind("console", {}, name="one")
        message = portal.queue()
    client = portal.app.test_client()
    fields = {
        "name": "one",
        "id": str(message),
        "rowid": str(message),
        "confirmed": "1",
        "to": "912345678",
        "text": "x",
    }
    for _view, method, address in routes(portal):
        if method == "POST":
            client.post(address, data=fields)
    with portal.app.app_context():
        assert portal.provider("one").active == 1
        assert [each.state for each in portal.messages()] == ["queued"]
