"""In Chromium, under a strict policy and Flask-Admin's own list: what selected rows get (S9, issue Desk 11)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import Flask, Response
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_sqlalchemy import SQLAlchemy
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server

from sms_plugin import SMSRecord
from tests.portal import Client, Portal
from tests.web.conftest import Mounted
from tests.web.hosts import storage

pytestmark = [pytest.mark.browser, pytest.mark.one_database("sqlite", "nothing here is about tables")]
POLICY = "default-src 'self'; script-src 'nonce-n0nce'; style-src 'self' 'nonce-n0nce'; img-src 'self' data:"


class ClientAdmin(SMSRecord, ModelView):
    """As it comes: with Flask-Admin's own list."""


@pytest.fixture(params=[POLICY, ""], ids=["a strict policy", "no policy"])
def address(mounted: Mounted, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where a portal is served that has one client."""

    def mount(app: Flask, db: SQLAlchemy) -> Mapping[str, Any]:
        admin = Admin(app, csp_nonce_generator=lambda: "n0nce")
        admin.add_view(ClientAdmin(Client, storage(db)))

        @app.after_request
        def told(response: Response) -> Response:
            if request.param:
                response.headers["Content-Security-Policy"] = request.param
            return response

        return {"admin": admin, "allow": lambda right: True}

    portal: Portal = mounted(mount=mount)
    with portal.app.app_context():
        portal.session.add(Client(name="Ana", phone="+351912345678"))
        portal.session.commit()
        portal.db.session.remove()
    server = make_server("127.0.0.1", 0, portal.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_selected_rows_are_texted_once_asked_for(chrome: Browser, address: str) -> None:
    """The handler in the list does it; where a policy stops that, ours does."""
    page = chrome.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    page.goto(f"{address}/admin/client/")
    page.check("input.action-checkbox[name=rowid]")
    page.click("text=With selected")
    page.click(".dropdown-menu a:has-text('Send SMS')")
    expect(page).to_have_title("Send SMS - Admin")
    page.close()
    assert asked == [f"{address}/admin/client/action/"]
