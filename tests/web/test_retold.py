"""What was written down in English when it happened is told in the viewer's language (X14)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from flask_admin import Admin
from flask_sqlalchemy import SQLAlchemy

from sms_plugin.outbox.lengths import told_too_long
from sms_plugin.states import MessageState
from sms_plugin.web.translation import retold
from tests.portal import Portal
from tests.web.conftest import Mounted

pytestmark = pytest.mark.one_database("sqlite", "what a page says is the same on each")

SHORTER = "Make it shorter, or send it in two."


@pytest.fixture
def portal(mounted: Mounted) -> Portal:
    """A portal whose viewers tell their language by a header."""

    def mount(app: Flask, db: SQLAlchemy) -> dict[str, Any]:
        viewers = {"language": lambda: request.headers.get("X-Language")}
        return {"admin": Admin(app), "allow": lambda right: True, **viewers}

    return mounted(mount=mount)


@pytest.mark.parametrize(
    ("language", "stored", "told"),
    [
        ("en", told_too_long("x" * 145, 144), "It has 145 characters, the provider takes 144."),
        ("pt", told_too_long("x" * 145, 144), "Tem 145 caracteres, o fornecedor aceita 144."),
        ("uk", told_too_long("x" * 145, 144), "У ньому символів: 145, провайдер приймає 144."),
        ("uk", SHORTER, "Скоротіть його або надішліть двома."),
        ("pt", "There is no entity 'a%(b)s/c'.", "Não existe a entidade 'a%(b)s/c'."),
        ("pt", "KeyError", "KeyError"),
        ("pt", "Ana", "Ana"),
        ("pt", "", ""),
        ("xx", "It has 145 characters, the provider takes 144.", "It has 145 characters, the provider takes 144."),
    ],
)
def test_known_words_are_told_again_with_their_values(portal: Portal, language: str, stored: str, told: str) -> None:
    with portal.app.test_request_context(headers={"X-Language": language}):
        assert retold(str.__str__(stored)) == told
        assert retold(stored[:40]) == (stored[:40] if len(stored) > 40 else told)  # as a column may have cut it


def test_of_several_sentences_each_is_told(portal: Portal) -> None:
    both = f"{told_too_long('x' * 145, 144)} {SHORTER} Foreign words."
    with portal.app.test_request_context(headers={"X-Language": "pt"}):
        first, *rest = retold(both).split(". ")
        assert first == "Tem 145 caracteres, o fornecedor aceita 144"
        assert rest[-1] == "Foreign words."
        assert SHORTER not in retold(both)


def test_a_messages_page_tells_its_detail_in_the_viewers_language(portal: Portal) -> None:
    detail = told_too_long("x" * 145, 144)
    with portal.app.app_context():
        message = portal.queue(state=MessageState.HELD, reason="text_too_long", detail=detail)
    visitor: FlaskClient = portal.app.test_client()
    page = visitor.get(f"/admin/sms/message/details/?id={message}", headers={"X-Language": "pt"}).text
    assert "Tem 145 caracteres, o fornecedor aceita 144." in page
    assert detail not in page
