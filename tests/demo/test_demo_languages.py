"""The staff choose the language of the SMS pages in the demo's header, with Flask-Babel and without (X14)."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from host_demo.languages import LANGUAGES
from tests.demo.visitor import Visitor

TITLES = {"en": "Queue", "pt": "Fila", "pt_BR": "Fila", "uk": "Черга"}


def choose(visitor: Visitor, language: str, *, back: str = "/admin/sms/queue/") -> TestResponse:
    """The answer, followed to the page that the choice leads back to."""
    return visitor.post("/admin/sms/queue/", "/language", language=language, back=back)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_follow_the_choice(admin: Visitor, language: str) -> None:
    html = choose(admin, language).text
    assert f">{TITLES[language]}</h1>" in html
    assert f'value="{language}" lang="{language.replace("_", "-")}" aria-current="true">{LANGUAGES[language]}<' in html


def test_brazil_says_otherwise_what_it_says_otherwise(admin: Visitor) -> None:
    said = {}
    for language in ("pt", "pt_BR"):
        choose(admin, language)
        said[language] = admin.read("/admin/sms/provider/new/?kind=twilio")
    assert "Guardar" in said["pt"]
    assert "Salvar" in said["pt_BR"]
    assert "Token de autenticação" in said["pt"]


def test_what_is_wrong_with_a_form_is_said_in_the_language(admin: Visitor) -> None:
    choose(admin, "uk")
    answer = admin.send(
        "/admin/sms/provider/new/?kind=twilio",
        name="x",
        setting_account_sid="wrong",
        setting_auth_token="t",
        setting_validity="soon",
        setting_base_url="https://api.twilio.com",
    )
    assert "Значення — це не ціле число." in answer.text


def test_english_is_spoken_until_somebody_chooses(admin: Visitor) -> None:
    assert ">Queue</h1>" in admin.read("/admin/sms/queue/")


def test_a_language_that_there_is_not_is_refused(admin: Visitor) -> None:
    assert choose(admin, "xx").status_code == 400
    assert ">Queue</h1>" in admin.read("/admin/sms/queue/")


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", ""])
def test_the_way_back_stays_on_the_portal(admin: Visitor, back: str) -> None:
    answer = choose(admin, "pt", back=back)
    assert answer.request.url == "http://localhost/admin/"


def test_the_page_says_in_which_language_it_is(admin: Visitor) -> None:
    """By the script that all pages share: Flask-Admin's base has a bare ``<html>``."""
    choose(admin, "pt_BR")
    assert "sms.js?lang=pt-BR" in admin.read("/admin/sms/queue/")
