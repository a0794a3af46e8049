"""What stands beside the sentences is in the viewer's language too: languages, amounts, whom a trigger texts (X14)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask_admin import Admin
from flask_sqlalchemy import SQLAlchemy

from sms_plugin.gateways.contract import Balance
from sms_plugin.web.editing import language_names
from sms_plugin.web.verdicts import balance_in_words, cost_in_words
from tests.demo.visitor import Visitor
from tests.portal import Portal
from tests.web.conftest import Mounted

pytestmark = pytest.mark.one_database("sqlite", "what a page says is the same on each")

SAID = {
    "en": ("0.415 EUR", "12.50 EUR", "3.5 credits", {"pt": "Portuguese", "uk": "Ukrainian"}, "the client"),
    "pt": ("0,415 EUR", "12,50 EUR", "3,5 créditos", {"pt": "Português", "uk": "Ucraniano"}, "o cliente"),
    "uk": ("0,415 EUR", "12,50 EUR", "3,5 кредитів", {"pt": "Португальська", "uk": "Українська"}, "клієнт"),
}


@pytest.fixture(params=list(SAID))
def portal(request: pytest.FixtureRequest, mounted: Mounted) -> Portal:
    def mount(app: Flask, db: SQLAlchemy) -> dict[str, Any]:
        return {"admin": Admin(app), "allow": lambda right: True, "language": lambda: request.param}

    return mounted(mount=mount)


def test_amounts_languages_and_audiences(portal: Portal, request: pytest.FixtureRequest) -> None:
    small, round_, balance, names, whom = SAID[request.node.callspec.params["portal"]]
    with portal.app.test_request_context():
        assert cost_in_words(Decimal("0.4150"), "EUR") == small
        assert cost_in_words(Decimal("12.5"), "EUR") == round_
        assert balance_in_words(Balance(amount=Decimal("3.50"), unit="credits")) == balance
        assert language_names(["pt", "uk"]) == names
    page = Visitor(client=portal.app.test_client()).read("/admin/sms/trigger/edit/?key=charge_created")
    assert f"<dd>{whom}</dd>" in page
