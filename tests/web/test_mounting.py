"""The pages in the host's admin, however it is made (issue Pages, 1)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_admin import Admin, AdminIndexView
from flask_admin.contrib.sqla import ModelView
from flask_admin.theme import Bootstrap4Theme
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from jinja2 import DictLoader, StrictUndefined
from sqlalchemy.orm import Mapped, mapped_column

from sms_plugin import SMS, ConfigurationError
from sms_plugin.web.mounting import PAGES, page_url
from tests.demo.visitor import Visitor
from tests.portal import Base, Client, Portal, make_portal
from tests.web.conftest import Mounted
from tests.web.hosts import storage

pytestmark = pytest.mark.one_database("sqlite", "nothing here is about tables")


class Room(Base):
    """A record of the host's under a UUID."""

    __tablename__ = "room"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)


class Seat(Base):
    """One under a key of two columns."""

    __tablename__ = "seat"

    row: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(sa.String(20), default="")


def read(portal: Portal, path: str = "/admin/sms/provider/") -> str:
    return Visitor(client=portal.app.test_client()).read(path)


def categories(html: str) -> list[str]:
    """The names of the menu's categories."""
    found = re.findall(r'class="dropdown-toggle[^>]*>(.*?)</a>', html, re.DOTALL)
    return [re.sub(r"<[^>]*>", "", each).strip().splitlines()[0] for each in found]


@pytest.mark.parametrize("late", [False, True], ids=["admin on the app", "admin initialised later"])
@pytest.mark.parametrize("first", [False, True], ids=["after the host's views", "before the host's views"])
def test_pages_are_mounted_whatever_the_order(mounted: Mounted, late: bool, first: bool) -> None:
    admins: list[Admin] = []

    def mount(app: Flask, db: SQLAlchemy) -> Mapping[str, Any]:
        admin = Admin() if late else Admin(app)
        admins.append(admin)
        if not first:
            admin.add_view(ModelView(Client, storage(db), category="People"))
        return {"admin": admin}

    portal = mounted(mount=mount)
    if first:
        admins[0].add_view(ModelView(Client, storage(portal.db), category="People"))
    if late:
        admins[0].init_app(portal.app)
    html = read(portal)
    assert categories(html) == (["SMS", "People"] if first else ["People", "SMS"])
    assert "/admin/client/" in html


def test_the_hosts_own_category_takes_the_pages_in(mounted: Mounted) -> None:
    def mount(app: Flask, db: SQLAlchemy) -> Mapping[str, Any]:
        admin = Admin(app)
        admin.add_view(ModelView(Client, storage(db), category="Clients"))
        return {"admin": admin, "category": "Clients"}

    assert categories(read(mounted(mount=mount))) == ["Clients"]


def test_two_admins_of_one_app_have_pages_of_their_own(mounted: Mounted) -> None:
    def mount(app: Flask, _db: SQLAlchemy) -> Mapping[str, Any]:
        other = Admin(app, index_view=AdminIndexView(endpoint="office", url="/office"))
        return {"admin": [Admin(app), other]}

    portal = mounted(mount=mount)
    assert "/office/sms/" not in read(portal)
    assert "/admin/sms/" not in read(portal, "/office/sms/provider/")
    with portal.app.test_request_context():
        main, office = portal.app.extensions["admin"][::-1]
        assert page_url(portal.app, main, "provider") == "/admin/sms/provider/"
        assert page_url(portal.app, office, "provider") == "/office/sms/provider/"


def test_two_apps_share_an_admin_of_the_module(mounted: Mounted) -> None:
    admin, db = Admin(), SQLAlchemy(model_class=Base)

    def mount(app: Flask, _db: SQLAlchemy) -> Mapping[str, Any]:
        return {"admin": admin}

    for portal in (mounted(mount=mount, db=db), mounted(mount=mount, db=db)):
        admin.init_app(portal.app)
        assert "Providers" in read(portal)


def test_an_admin_at_the_root_of_the_site(mounted: Mounted) -> None:
    portal = mounted(mount=lambda app, db: {"admin": Admin(app, index_view=AdminIndexView(url="/"))})
    assert "Providers" in read(portal, "/sms/provider/")


def test_without_an_admin_there_are_no_pages(database_url: str) -> None:
    """But for the one of a text's reader."""
    portal = make_portal(database_url, tables=False)
    endpoints = {rule.endpoint for rule in portal.app.url_map.iter_rules()}
    assert {each for each in endpoints if each.startswith("sms")} == {
        "sms_webhooks.receipts",
        "sms_webhooks.inbound",
        "sms_optout.page",
        "sms_optout.static",
    }


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"admin": "admin"}, "bad_admin"),
        ({"admin": [Flask("portal")]}, "bad_admin"),
        ({"allow": "send"}, "bad_allow"),
        ({"allow": lambda: True}, "bad_allow"),
    ],
)
def test_what_cannot_be_mounted_is_refused_at_once(given: dict[str, Any], code: str) -> None:
    """Else it would show as pages that are closed to all, with a traceback in the log for each menu."""
    with pytest.raises(ConfigurationError) as raised:
        SMS().init_app(Flask("portal"), db=SQLAlchemy(), **given)
    assert raised.value.code == code


def test_a_strict_host_with_keys_of_every_kind(mounted: Mounted) -> None:
    """StrictUndefined, CSRFProtect, UUID and composite keys."""

    def mount(app: Flask, db: SQLAlchemy) -> Mapping[str, Any]:
        app.jinja_env.undefined = StrictUndefined
        CSRFProtect(app)
        admin = Admin(app)
        admin.add_view(ModelView(Room, storage(db)))
        admin.add_view(ModelView(Seat, storage(db)))
        return {"admin": admin}

    portal = mounted(mount=mount)
    for page in PAGES:
        if page.in_menu:
            read(portal, f"/admin/sms/{page.page}/")
    for path in ("/admin/room/", "/admin/seat/"):
        read(portal, path)


def test_the_hosts_theme_is_kept(mounted: Mounted) -> None:
    """Base template and swatch; a template of the host's under our name wins."""

    def mount(app: Flask, _db: SQLAlchemy) -> Mapping[str, Any]:
        mine = "{% extends 'admin/base.html' %}{% block head_tail %}<!-- of the host -->{% endblock %}"
        app.jinja_loader = DictLoader({"mine.html": mine, "sms/broken.html": "{% extends 'sms/refused.html' %}"})
        return {"admin": Admin(app, theme=Bootstrap4Theme(base_template="mine.html", swatch="flatly"))}

    html = read(mounted(mount=mount))
    assert "<!-- of the host -->" in html
    assert "swatch/flatly/" in html


def test_every_script_and_stylesheet_carries_the_hosts_nonce(mounted: Mounted) -> None:
    """A strict policy: no inline handler, no inline style, no script address."""
    portal = mounted(mount=lambda app, db: {"admin": Admin(app, csp_nonce_generator=lambda: "n0nce")})
    with portal.app.app_context():
        portal.use_kind("console", {}, name="one")
    html = read(portal)
    body = html[html.index('<div class="sms">') : html.index("<script")]
    assert not re.search(r"\son\w+=|\sstyle=|javascript:", body)
    for tag in re.findall(r"<script[^>]*>|<link[^>]*/sms/static[^>]*>", html):
        assert 'nonce="n0nce"' in tag, tag
    assert "/sms/static/sms/sms.js" in html


def test_an_admin_at_our_prefix_keeps_its_files_and_leaves_us_ours(mounted: Mounted) -> None:
    portal = mounted(mount=lambda app, db: {"admin": Admin(app, index_view=AdminIndexView(url="/sms"))})
    html = read(portal, "/sms/sms/provider/")
    files = sorted(set(re.findall(r'(?:src|href)="(/[^"?#]+\.(?:js|css))', html)))
    assert {"/sms/static/sms/sms.js", "/sms/static/bootstrap/bootstrap4/css/bootstrap.min.css"} <= set(files)
    for path in files:
        with portal.app.test_client().get(path) as answer:
            assert answer.status_code == 200, path


@pytest.mark.parametrize("name", ["sms.js", "sms.css"])
def test_our_files_are_served_below_our_prefix(mounted: Mounted, name: str) -> None:
    portal = mounted(SMS_URL_PREFIX="/texts")
    with portal.app.test_client().get(f"/texts/static/sms/{name}") as answer:
        assert answer.status_code == 200
