"""Who and what can be chosen in a form, found by a few letters."""

from __future__ import annotations

from typing import Any

from flask_admin.contrib.sqla.ajax import QueryAjaxModelLoader
from sqlalchemy import select

from host_demo.database import db
from host_demo.models import Client, Lead, Staff

CLIENT_FIELDS = ("first_name", "last_name", "company", "email")


def clients() -> QueryAjaxModelLoader:
    """The clients, by name, company or e-mail."""
    return QueryAjaxModelLoader(
        "client", db, Client, fields=CLIENT_FIELDS, placeholder="Name, company or e-mail", page_size=12
    )


def leads() -> QueryAjaxModelLoader:
    """The leads, by name or company."""
    return QueryAjaxModelLoader("lead", db, Lead, fields=("name", "company"), placeholder="Name or company")


def _staff() -> Any:
    """The members who still work here, as the options of a select."""
    return db.session.scalars(select(Staff).where(Staff.active).order_by(Staff.name))


#: What makes a field of a form a choice among them.
AMONG_STAFF: Any = {"query_factory": _staff, "blank_text": "Nobody"}
