"""A portal that really listens, and a real Kannel that it texts by and that calls it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests.demo.visitor import TOKEN, Visitor
from tests.kannel.boxes import PASSWORD, USER, Boxes
from tests.portal import Portal, make_portal
from tests.web.hosts import host

HOME = "/admin/sms/provider/"
KEY = "the-key-of-the-webhook"


@dataclass(frozen=True, kw_only=True)
class Texting:
    """Both ends of the line."""

    portal: Portal
    visitor: Visitor
    boxes: Boxes


@pytest.fixture
def listening(database_url: str) -> Iterator[Portal]:
    """A portal with an admin, at its own public address."""
    server = make_server("127.0.0.1", 0, Flask("not yet"), threaded=True)
    portal = make_portal(database_url, SMS_PUBLIC_URL=f"http://127.0.0.1:{server.server_port}", mount=host())
    server.app = portal.app
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield portal
    server.shutdown()
    thread.join()
    server.server_close()
    with portal.app.app_context():
        portal.db.session.remove()
        portal.db.engine.dispose()


@pytest.fixture
def texting(listening: Portal, tmp_path: Path) -> Iterator[Texting]:
    """Kannel as the active provider, set up on its page as an admin does: first the provider, then Kannel's get-url."""
    visitor = Visitor(client=listening.app.test_client())
    fields = {
        "name": "kannel",
        "setting_username": USER,
        "setting_password": PASSWORD,
        "setting_webhook_key": KEY,
        "setting_sender": "Ixonn",
        "setting_max_parts": "3",
        "setting_plus": "y",
        "setting_path": "/cgi-bin/sendsms",
        "setting_private_address": "y",
    }
    folder = tmp_path / "kannel"
    folder.mkdir()
    answer = visitor.send(f"{HOME}new/?kind=kannel", **fields, setting_base_url="http://127.0.0.1:13013")
    assert "is saved" in answer.text
    with listening.app.app_context():
        address = f"{listening.state.settings.public_url}/sms/receipts/{listening.provider('kannel').token}"
    get_url = f"{address}?from=%p&to=%P&text=%b&coding=%c&charset=%C&ts=%T&id=%I&udh=%u&key={KEY}"
    with Boxes(folder, get_url=get_url) as boxes:
        page = visitor.read(f"{HOME}edit/?name=kannel")
        seen = page.partition('name="seen"')[2].partition('value="')[2].partition('"')[0]
        saved = visitor.send(f"{HOME}edit/?name=kannel", **fields, setting_base_url=boxes.url, seen=seen)
        assert "is saved" in saved.text
        token = TOKEN.search(visitor.read(f"{HOME}edit/?name=kannel"))
        assert token
        pressed = {"csrf_token": token[1], "name": "kannel", "to_one": "1"}
        visitor.client.post(f"{HOME}activate/", data=pressed, follow_redirects=True)
        yield Texting(portal=listening, visitor=visitor, boxes=boxes)
