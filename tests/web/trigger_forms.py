"""What the tests of the triggers' pages send, and what they find stored."""

from __future__ import annotations

import re
from html import unescape

import pytest

from sms_plugin.models import TriggerRow
from tests.demo.visitor import TOKEN, Visitor
from tests.portal import Portal

LIST = "/admin/sms/trigger/"
SWITCH = "/admin/sms/trigger/switch/"
KEY = "charge_due_soon"
EDIT = f"/admin/sms/trigger/edit/?key={KEY}"

one_kind = pytest.mark.one_database("sqlite", "what is written is tested on all of them beside the functions")


def row(portal: Portal, key: str = KEY) -> TriggerRow | None:
    with portal.app.app_context(), portal.fresh() as session:
        return session.get(TriggerRow, key)


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', page)
    assert found
    return unescape(found[1])


def save(visitor: Visitor, **fields: str) -> str:
    """The page after the trigger was saved."""
    given = {"text-en": "Due: {invoice_number}", "seen": seen(visitor.read(EDIT)), **fields}
    return unescape(visitor.send(EDIT, **given).text)


def switch(visitor: Visitor, key: str = KEY, *, on: bool = True, **fields: str) -> str:
    token = TOKEN.search(visitor.read(LIST))
    assert token
    data = {"csrf_token": token[1], "key": key, "on": "1" if on else "0", **fields}
    return unescape(visitor.client.post(SWITCH, data=data, follow_redirects=True).text)


def pages_use_console(portal: Portal) -> None:
    with portal.app.app_context():
        portal.use_kind("console", {}, name="console")
