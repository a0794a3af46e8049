"""Views of a host's with the mixin, and what a visitor reads on them."""

# mypy: allow-untyped-calls

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from importlib.metadata import version
from typing import Any
from uuid import UUID

from flask import Flask
from flask_admin import Admin
from flask_admin.actions import action
from flask_admin.contrib.sqla import ModelView
from flask_admin.model.template import LinkRowAction
from flask_sqlalchemy import SQLAlchemy
from jinja2 import StrictUndefined
from markupsafe import escape

from sms_plugin import SMSRecord
from sms_plugin.models import Batch, new_id
from tests.portal import Booking, Client, Invoice, Parcel, Portal, Shelf, Task

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def storage(db: SQLAlchemy) -> Any:
    """What Flask-Admin's views keep records in: the extension since 2.1, its session before."""
    older = tuple(map(int, version("flask-admin").split(".")[:2])) < (2, 1)
    return db.session if older else db


class ClientAdmin(SMSRecord, ModelView):
    """With a row action and an action of its own, and clients that it does not show."""

    can_view_details = True
    column_extra_row_actions = [LinkRowAction("fa fa-star", "/own-row-action")]  # noqa: RUF012
    form_columns = ("name", "phone")

    def get_query(self) -> Any:
        return super().get_query().filter(Client.name != "hidden")

    @action("own", "Own action")
    def own_action(self, ids: list[str]) -> None:
        """The host's."""


class NoDetails(SMSRecord, ModelView):
    """Without a details page, as views are by default."""

    form_columns = ("number", "status")


class Plain(SMSRecord, ModelView):
    """For models of any key."""


class ByOne(SMSRecord, ModelView):
    """Hides records by ``get_one`` alone."""

    def get_one(self, id: Any) -> Any:
        found = super().get_one(id)
        return None if found is None or found.guest == "hidden" else found


def host(*, rights: set[str] | None = None, declared: bool = True) -> Callable[[Flask, SQLAlchemy], dict[str, Any]]:
    """A host's admin with views of every kind; whoever comes has the rights, by default all of them."""

    def mount(app: Flask, db: SQLAlchemy) -> dict[str, Any]:
        app.jinja_env.undefined = StrictUndefined
        admin = Admin(app)
        admin.add_view(ClientAdmin(Client, storage(db)))
        admin.add_view(NoDetails(Invoice, storage(db)))
        admin.add_view(Plain(Parcel, storage(db)))
        admin.add_view(Plain(Shelf, storage(db)))
        admin.add_view(Plain(Task, storage(db)))
        admin.add_view(ByOne(Booking, storage(db)))
        return {"admin": admin, "allow": lambda right: rights is None or right in rights}

    return mount


def token(page: str) -> str:
    """The token that a page carries."""
    found = TOKEN.search(page)
    assert found, "the page carries no token"
    return found[1]


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', page)
    assert found, f"the page has no {name}"
    return found[1]


def links(page: str, part: str) -> list[str]:
    """The addresses on a page that hold a part."""
    return [each.replace("&amp;", "&") for each in re.findall(r'href="([^"]+)"', page) if part in each]


def shows(page: str, words: str) -> bool:
    """Whether the words stand on the page, made harmless."""
    return str(escape(words)) in page


def a_batch(portal: Portal, name: str, **values: Any) -> UUID:
    """A send to many as it stands in the table; built of nothing."""
    at = dt.datetime.now(dt.UTC)
    given = {"state": "done", "purpose": "marketing", "stop_share": 20, "created_at": at, "changed_at": at, **values}
    id = new_id(at)
    with portal.app.app_context(), portal.fresh() as session, session.begin():
        session.add(Batch(id=id, name=name, once=id.hex, **given))
    return id
