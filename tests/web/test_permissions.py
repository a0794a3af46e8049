"""Closed, unless the host's own rule opens them (X12)."""

# mypy: allow-untyped-calls

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask, redirect
from flask.typing import ResponseReturnValue
from flask_admin import Admin, AdminIndexView
from flask_login import LoginManager, UserMixin, login_user
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import make_transient_to_detached

from sms_plugin.web.permissions import NOBODY, Right, actor, actor_id, allowed
from tests.portal import Portal, Staff
from tests.web.conftest import Mounted

PAGE = "/admin/sms/provider/"


pytestmark = pytest.mark.one_database("sqlite", "nothing here is about tables")


class _Ruled(AdminIndexView):
    """An index view with a rule: the door is open or not."""

    open = False

    def is_accessible(self) -> bool:
        return self.open

    def inaccessible_callback(self, name: str, **kwargs: Any) -> ResponseReturnValue:
        return redirect("/the-hosts-login")


class _Inherits(_Ruled):
    open = True


class _User(UserMixin):
    id = 7

    def __init__(self, name: str = "") -> None:
        self.name = name


def _with(**options: Any) -> Any:
    return lambda app, db: {"admin": Admin(app), **options}


def _status(portal: Portal, path: str = PAGE) -> int:
    return portal.app.test_client().get(path).status_code


def test_without_any_rule_pages_are_closed_and_say_how_to_open_them(mounted: Mounted) -> None:
    portal = mounted(TESTING=False, SMS_SCHEDULER="off")
    answer = portal.app.test_client().get(PAGE)
    assert answer.status_code == 403
    assert "allow=" in answer.text


@pytest.mark.parametrize("mode", ["TESTING", "DEBUG"])
def test_without_any_rule_they_are_open_while_a_portal_is_made(mounted: Mounted, mode: str) -> None:
    assert _status(mounted(**{"TESTING": False, "SMS_SCHEDULER": "off", mode: True})) == 200


@pytest.mark.parametrize(("view", "status"), [(_Ruled, 302), (_Inherits, 200)])
def test_the_index_views_rule_decides(mounted: Mounted, view: type[AdminIndexView], status: int) -> None:
    """Its own, or one of a class below it; a stranger is sent where the host sends strangers."""
    portal = mounted(TESTING=False, SMS_SCHEDULER="off", mount=lambda app, db: {"admin": Admin(app, index_view=view())})
    answer = portal.app.test_client().get(PAGE)
    assert (answer.status_code, answer.location) == (status, "/the-hosts-login" if status == 302 else None)


@pytest.mark.parametrize("right", list(Right))
def test_the_callable_is_asked_for_each_right(mounted: Mounted, right: Right) -> None:
    """To configure implies nothing else."""
    portal = mounted(mount=_with(allow=lambda asked: asked == right.value))
    with portal.app.test_request_context():
        assert [each for each in Right if allowed(each)] == [right]
    assert _status(portal) == (200 if right is Right.CONFIGURE else 403)


def test_the_callable_stands_above_the_index_views_rule(mounted: Mounted) -> None:
    portal = mounted(mount=lambda app, db: {"admin": Admin(app, index_view=_Inherits()), "allow": lambda right: False})
    assert _status(portal) == 403


@pytest.mark.parametrize("place", ["callable", "index view"])
def test_a_rule_that_raises_closes(mounted: Mounted, place: str, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_args: object) -> bool:
        raise LookupError("nobody is here")

    class Broken(AdminIndexView):
        is_accessible = broken

    def mount(app: Flask, _db: SQLAlchemy) -> Mapping[str, Any]:
        if place == "callable":
            return {"admin": Admin(app), "allow": broken}
        return {"admin": Admin(app, index_view=Broken())}

    portal = mounted(mount=mount)
    with caplog.at_level(logging.ERROR), portal.app.test_request_context():
        assert not allowed(Right.READ)
    assert "LookupError" in caplog.text


def test_what_is_closed_is_not_in_the_menu(mounted: Mounted) -> None:
    portal = mounted(mount=_with(allow=lambda right: False))
    assert "/sms/provider" not in portal.app.test_client().get("/admin/").text


def test_a_stranger_is_sent_to_flask_logins_page(mounted: Mounted) -> None:
    """Where the rule is a callable, and the index view has none."""

    def prepare(app: Flask) -> None:
        manager = LoginManager(app)
        manager.login_view = "login"
        manager.user_loader(lambda number: None)
        app.add_url_rule("/login", "login", lambda: "")

    portal = mounted(prepare=prepare, mount=_with(allow=lambda right: False))
    answer = portal.app.test_client().get(PAGE)
    assert answer.status_code == 302
    assert answer.location.startswith("/login")


@pytest.mark.parametrize(
    ("user", "name"),
    [
        (lambda: "Rita", "Rita"),
        (lambda: _User("Rita"), "Rita"),
        (lambda: _User(), "user 7"),
        (lambda: "R" * 200, "R" * 120),
        (lambda: None, NOBODY),
        (lambda: 1 / 0, NOBODY),
    ],
)
def test_the_actor_is_named_and_never_fails(mounted: Mounted, user: Any, name: str) -> None:
    portal = mounted(mount=_with(user=user))
    with portal.app.test_request_context():
        assert actor() == name


def _kept(record: Any) -> Any:
    """As it is once it was read from the database."""
    make_transient_to_detached(record)
    return record


@pytest.mark.parametrize(
    ("user", "id"),
    [
        (lambda: _User("Rita"), "7"),
        (lambda: _kept(Staff(id=3, name="Rita")), "Staff 3"),
        (lambda: "Rita", ""),
        (lambda: None, ""),
        (lambda: 1 / 0, ""),
    ],
)
def test_the_actor_is_told_apart_by_an_id_where_the_host_has_one(mounted: Mounted, user: Any, id: str) -> None:
    """X12"""
    portal = mounted(mount=_with(user=user))
    with portal.app.test_request_context():
        assert actor_id() == id


def test_the_actor_is_flask_logins_user(mounted: Mounted) -> None:
    def prepare(app: Flask) -> None:
        LoginManager(app).user_loader(lambda number: None)

    portal = mounted(prepare=prepare)
    with portal.app.test_request_context():
        assert (actor(), actor_id()) == (NOBODY, "")
        login_user(_User("Rita"))
        assert (actor(), actor_id()) == ("Rita", "7")
