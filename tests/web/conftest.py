"""Portals with an admin that the pages are mounted in. No app context is open around a request, as in real life."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_admin import Admin
from flask_sqlalchemy import SQLAlchemy

from sms_plugin.models import Template
from tests.demo.visitor import Visitor
from tests.portal import Portal, make_portal

Mounted = Callable[..., Portal]


@pytest.fixture
def mounted(database_url: str) -> Iterator[Mounted]:
    """Makes portals; each is closed at the end. Without ``mount`` they have a stock admin."""
    made: list[Portal] = []

    def make(**options: Any) -> Portal:
        options.setdefault("mount", _stock)
        declared = options.pop("declared", ())
        made.append(make_portal(database_url, *declared, tables=not made, **options))
        return made[-1]

    yield make
    for portal in made:
        with portal.app.app_context():
            portal.db.session.remove()
            portal.db.engine.dispose()


def _stock(app: Flask, _db: SQLAlchemy) -> dict[str, Any]:
    return {"admin": Admin(app)}


@pytest.fixture
def pages(mounted: Mounted) -> Portal:
    """A portal with a stock admin; under test its pages are open."""
    return mounted()


@pytest.fixture
def visitor(pages: Portal) -> Visitor:
    """Somebody at those pages."""
    return Visitor(client=pages.app.test_client())


@pytest.fixture
def template(pages: Portal, visitor: Visitor) -> int:
    """A template that the trigger can use."""
    fields = {"name": "Due", "section": "invoice", "text-en": "T {invoice_number}", "enabled": "1"}
    visitor.send("/admin/sms/template/new/", **fields)
    with pages.app.app_context(), pages.fresh() as session:
        return session.scalars(sa.select(Template.id)).one()
