"""The express message: at the foot of every page of the host's admin, to those who may send (S8)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask_admin import Admin, AdminIndexView, BaseView, expose
from flask_admin.theme import Bootstrap4Theme
from flask_sqlalchemy import SQLAlchemy
from jinja2 import DictLoader, StrictUndefined

from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.web.express import FOOT, absent_because
from tests.demo.visitor import Visitor
from tests.portal import Client, Portal
from tests.web.conftest import Mounted
from tests.web.hosts import ClientAdmin, host, shows, storage, token

PANEL = "/admin/sms/express/"
BUTTON = "data-sms-express"


class Own(BaseView):
    """A page of the host's own making."""

    @expose("/")
    def index(self) -> str:
        return str(self.render("own.html"))


def _own_base(base: str = "{% extends 'admin/base.html' %}") -> Any:
    """A host with two admins, one of them with a base template of its own."""

    def mount(app: Flask, db: SQLAlchemy) -> dict[str, Any]:
        app.jinja_env.undefined = StrictUndefined
        templates = {
            "hosts_base.html": base,
            "own.html": "{% extends 'admin/master.html' %}{% block body %}Own page{% endblock %}",
        }
        loader: Any = app.jinja_env.loader
        app.jinja_loader = DictLoader(templates)
        assert loader is not None
        first = Admin(app, theme=Bootstrap4Theme(base_template="hosts_base.html", swatch="flatly"))
        desk = AdminIndexView(endpoint="desk", url="/desk")
        second = Admin(app, endpoint="desk", url="/desk", index_view=desk, name="Desk")
        first.add_view(ClientAdmin(Client, storage(db)))
        first.add_view(Own(name="Own", endpoint="own"))
        return {"admin": [first, second], "allow": lambda right: right in app.config.get("RIGHTS", {"send", "read"})}

    return mount


@pytest.fixture
def portal(mounted: Mounted, phone: PhoneServer) -> Portal:
    made = mounted(mount=host())
    with made.app.app_context():
        made.use(phone)
        made.session.add(Client(id=1, name="Ana", phone="912 345 678"))
        made.session.commit()
    return made


@pytest.fixture
def visitor(portal: Portal) -> Visitor:
    return Visitor(client=portal.app.test_client())


@pytest.mark.one_database("sqlite", "no page of it reads a table")
def test_every_page_of_every_admin_has_the_button_and_the_hosts_own_base(mounted: Mounted) -> None:
    base = "{% extends 'admin/base.html' %}{% block brand %}The host's brand{% endblock %}"
    made = mounted(mount=_own_base(base))
    visitor = Visitor(client=made.app.test_client())
    for path in ("/admin/", "/admin/client/", "/admin/client/new/", "/admin/own/", "/admin/sms/queue/"):
        page = visitor.read(path)
        assert page.count(BUTTON) == 1, path
        assert 'href="/admin/sms/individual/"' in page
        assert "The host's brand" in page, path
        assert "flatly" in page
    desk = visitor.read("/desk/")
    assert desk.count(BUTTON) == 1
    assert 'href="/desk/sms/individual/"' in desk
    assert "The host's brand" not in desk


@pytest.mark.one_database("sqlite", "no page of it reads a table")
def test_whoever_may_not_send_sees_no_button_and_loads_nothing_for_it(mounted: Mounted) -> None:
    made = mounted(mount=_own_base())
    made.app.config["RIGHTS"] = {"read"}
    page = Visitor(client=made.app.test_client()).read("/admin/")
    assert BUTTON not in page
    assert "express.js" not in page
    assert made.app.test_client().get(PANEL).status_code == 403
    assert made.app.test_client().post(f"{PANEL}send/").status_code == 403


@pytest.mark.one_database("sqlite", "no page of it reads a table")
def test_a_base_without_the_block_goes_without_the_button_and_the_check_says_so(mounted: Mounted) -> None:
    made = mounted(mount=_own_base("<html><body>{% block body %}{% endblock %}</body></html>"))
    answer = made.app.test_client().get("/admin/own/")
    assert answer.status_code == 200
    assert BUTTON not in answer.text
    result = made.app.test_cli_runner().invoke(args=["sms", "check"])
    assert "no express message: its base template hosts_base.html has no block 'tail'" in result.output


@pytest.mark.one_database("sqlite", "no page of it reads a table")
def test_a_theme_that_was_changed_later_goes_without_it(mounted: Mounted) -> None:
    made = mounted(mount=_own_base())
    (admin, *_) = made.app.extensions["admin"]
    assert admin.theme.base_template == FOOT
    assert absent_because(made.app, admin) == ""
    admin.theme = replace(admin.theme, base_template="hosts_base.html")
    assert "names no base template" in absent_because(made.app, admin)
    assert made.app.test_client().get("/admin/own/").status_code == 200


@pytest.mark.one_database("sqlite", "no page of it reads a table")
def test_a_rule_of_the_hosts_that_fails_costs_the_page_nothing_but_the_button(mounted: Mounted) -> None:
    def mount(app: Flask, db: SQLAlchemy) -> dict[str, Any]:
        def fails(right: str) -> bool:
            raise RuntimeError(right)

        return {"admin": Admin(app), "allow": fails}

    answer = mounted(mount=mount).app.test_client().get("/admin/")
    assert answer.status_code == 200
    assert BUTTON not in answer.text


def _form(visitor: Visitor) -> dict[str, str]:
    page = visitor.read(PANEL)
    once = re.search(r'name="once" value="([0-9a-f]+)"', page)
    assert once
    return {"csrf_token": token(page), "once": once[1], "text": "Hello", "sure": "1", "step": "send"}


def test_the_panel_sends_once_and_leads_to_the_message(portal: Portal, visitor: Visitor) -> None:
    form = _form(visitor)
    for _ in range(2):
        answer = visitor.client.post(f"{PANEL}send/", data={**form, "to": "912 345 678"})
        assert answer.status_code == 200
    with portal.app.app_context():
        (message,) = portal.messages()
    assert (message.text, message.client, message.number) == ("Hello", "1", "+351912345678")
    assert message.operator
    assert f"/admin/sms/message/details/?id={message.id}" in answer.text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"to": "12"}, "too short"),
        ({"to": "Ana"}, "Choose one of those who are found."),
        ({"to": "912345678", "sure": ""}, "Tick that it may go."),
        ({"to": "912345678", "text": ""}, "The text is empty."),
        ({"to": "912345678", "csrf_token": "forged"}, ""),
    ],
)
def test_what_cannot_go_comes_back_with_what_was_typed(
    portal: Portal, visitor: Visitor, fields: dict[str, str], words: str
) -> None:
    answer = visitor.client.post(f"{PANEL}send/", data={**_form(visitor), **fields})
    assert answer.status_code == 200
    assert shows(answer.text, words)
    assert f'value="{fields["to"]}"' in answer.text
    with portal.app.app_context():
        assert portal.messages() == []
