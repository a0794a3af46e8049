"""Every field of a form of the plugin says in one line what to enter (Desk 12: help where one stands)."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from sms_plugin.testing.phone_server import PhoneServer
from tests.web import routes, staged
from tests.web.conftest import Mounted
from tests.web.routes import RIGHTS, ROUTES

pytestmark = pytest.mark.one_database("sqlite", "what a page says is the same on each")

#: Their label is the whole of it, or they are not shown.
PLAIN = {"hidden", "submit", "button", "radio", "checkbox", "file"}
#: Forms that depend on what they are about.
MORE = [
    ("GET sms_trigger.edit_view", {"key": "charge_due_soon"}),
    ("GET sms_group.create_view", {"of": "clients/Client"}),
    ("GET sms_provider.create_view", {"kind": "generic"}),
]
EMPTY = {"input", "br", "img", "link", "meta", "hr", "col", "wbr"}


class Fields(HTMLParser):
    """The fields of a page's forms that write, each with what describes it, and what every element with an id says."""

    def __init__(self) -> None:
        super().__init__()
        self.described: dict[str, list[str]] = {}
        self.says: dict[str, str] = {}
        self._open: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in EMPTY:
            self._open.append((tag, given))
        field = tag in {"input", "select", "textarea"} and given.get("type") not in PLAIN
        if field and "name" in given and self._writes():
            around = [each for name, each in self._open if name == "fieldset"]
            named = " ".join(each.get("aria-describedby", "") for each in [given, *around])
            self.described[given["name"]] = named.split()

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for _, given in self._open:
            if "id" in given:
                self.says[given["id"]] = self.says.get(given["id"], "") + data.strip()

    def _writes(self) -> bool:
        return any(tag == "form" and given.get("method") == "post" for tag, given in self._open)

    @property
    def silent(self) -> set[str]:
        """The names of those that nothing describes."""
        return {name for name, ids in self.described.items() if not any(self.says.get(each) for each in ids)}


def test_every_field_of_every_form_has_a_line_that_says_what_to_enter(mounted: Mounted, phone: PhoneServer) -> None:
    stage = staged.stage(mounted, phone)
    patterns = routes.patterns(stage.portal.app)
    stage.may(RIGHTS)
    seen: set[str] = set()
    silent: dict[str, set[str]] = {}
    asked = [(name, route.query(stage)) for name, route in ROUTES.items() if name.startswith("GET")]
    for name, query in [*asked, *MORE]:
        address = routes.address(patterns[name], ROUTES[name])
        page = Fields()
        page.feed(stage.send(address, method="GET", query=query, form={}, token=False).text)
        seen |= set(page.described)
        silent |= {name: page.silent} if page.silent else {}
    assert {"text", "subject", "to", "name", "description", "setting_base_url", "hour", "prices"} <= seen
    assert silent == {}
