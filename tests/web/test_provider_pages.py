"""The provider pages: set up, tried, activated, paced, stopped and taken away (P12–P18, P21)."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_admin import Admin
from flask_sqlalchemy import SQLAlchemy
from werkzeug.test import TestResponse

from sms_plugin.models import Change, Provider
from sms_plugin.outbox.trial import PURPOSE
from sms_plugin.people.consent import opt_out
from sms_plugin.providers.settings import settings_of
from sms_plugin.secrets import new_key
from sms_plugin.states import MessageState
from sms_plugin.testing import drain
from sms_plugin.testing.phone_server import PhoneServer
from tests.demo.visitor import TOKEN, Visitor
from tests.portal import Portal
from tests.web.conftest import Mounted

HOME = "/admin/sms/provider/"
ONE = f"{HOME}edit/?name=phone"
SECRET = "correct-horse-battery-staple"


@pytest.fixture
def pages(mounted: Mounted) -> Portal:
    """A portal whose pages know that Rita is there."""

    def mount(app: Flask, _db: SQLAlchemy) -> dict[str, Any]:
        return {"admin": Admin(app), "user": lambda: "Rita"}

    return mounted(mount=mount)


@pytest.fixture
def saved(pages: Portal, visitor: Visitor, phone: PhoneServer) -> Portal:
    """A portal with a provider that was made on its page, and is not active."""
    answer = visitor.send(f"{HOME}new/?kind=phone", **_typed(phone))
    assert "is saved" in answer.text
    return pages


def _typed(phone: PhoneServer, **more: str) -> dict[str, str]:
    return {
        "name": "phone",
        "setting_base_url": phone.url,
        "setting_token": phone.token,
        "setting_receipt_secret": phone.receipt_secret,
        "setting_batch_size": "1",
        **more,
    }


def press(visitor: Visitor, what: str, **fields: str) -> TestResponse:
    """The answer to one of the buttons of the provider's page, where it leads to."""
    token = TOKEN.search(visitor.read(ONE))
    assert token
    data = {"csrf_token": token[1], "name": "phone", "to_one": "1", **fields}
    return visitor.client.post(f"{HOME}{what}/", data=data, follow_redirects=True)


def provider(portal: Portal, name: str = "phone") -> Provider:
    with portal.app.app_context():
        return portal.provider(name)


def settings(portal: Portal, name: str = "phone") -> Any:
    with portal.app.app_context():
        return settings_of(portal.provider(name), state=portal.state)


def told(html: str) -> str:
    """What the page flashes."""
    return " ".join(re.findall(r'<div class="alert[^>]*>\s*<button.*?</button>(.*?)</div>', html, re.DOTALL)).strip()


def changes(portal: Portal) -> list[tuple[str, str]]:
    with portal.app.app_context(), portal.fresh() as session:
        return [(each.who, each.action) for each in session.scalars(sa.select(Change).order_by(Change.at, Change.id))]


def test_without_a_provider_the_list_says_what_to_do(visitor: Visitor) -> None:
    html = visitor.read(HOME)
    assert "No provider yet" in html
    assert f'href="{HOME}new/"' in html


def test_every_gateway_is_offered_and_has_a_form_of_its_own(pages: Portal, visitor: Visitor) -> None:
    """P20: also those that other distributions bring."""
    html = visitor.read(f"{HOME}new/")
    for kind in pages.state.gateways:
        assert f"?kind={kind}" in html
        assert 'type="submit"' in visitor.read(f"{HOME}new/?kind={kind}")
    assert "There is no such gateway" in visitor.read(f"{HOME}new/?kind=nope")


def test_a_new_one_is_saved_and_not_active(saved: Portal, visitor: Visitor) -> None:
    """P14: saved and active are different things, shown apart."""
    assert provider(saved).active is None
    html = visitor.read(HOME)
    assert "saved, not active" in html
    assert "No provider is active" in html
    assert changes(saved) == [("Rita", "added")]


def test_no_secret_is_ever_on_a_page(saved: Portal, visitor: Visitor, phone: PhoneServer) -> None:
    """P14: write-only; the page says only that there is one."""
    html = visitor.read(HOME) + visitor.read(ONE)
    assert phone.token not in html
    assert phone.receipt_secret not in html
    assert "never shown again" in html


def test_a_secret_left_empty_is_kept_and_one_that_is_typed_replaces_it(
    saved: Portal, visitor: Visitor, phone: PhoneServer
) -> None:
    fields = _typed(phone, setting_token="", setting_receipt_secret=SECRET, setting_batch_size="7")
    assert "is saved" in visitor.send(ONE, **fields, seen=_seen(visitor)).text
    now = settings(saved)
    assert (now.token, now.receipt_secret, now.batch_size) == (phone.token, SECRET, 7)
    assert changes(saved)[-1] == ("Rita", "changed batch_size, receipt_secret")


def test_an_optional_secret_can_be_taken_away(pages: Portal, visitor: Visitor) -> None:
    generic = {
        "name": "phone",
        "setting_host": "sms.example.com",
        "setting_port": "443",
        "setting_ssl": "y",
        "setting_url": "/send?to={d}&msg={m}",
        "setting_password": SECRET,
        "setting_success": "status",
    }
    visitor.send(f"{HOME}new/?kind=generic", **_choices(visitor, "generic"), **generic)
    assert settings(pages).password == SECRET
    shown = _shown(visitor)
    visitor.send(ONE, **shown | {"forget_password": "y"})
    assert settings(pages).password == ""
    assert settings(pages).url == "/send?to={d}&msg={m}"


def test_a_switch_that_the_command_line_wrote_as_a_word_is_shown_as_it_is_meant(
    pages: Portal, visitor: Visitor
) -> None:
    given = {"host": "sms.example.com", "url": "/send?to={d}&msg={m}", "success": "status", "ssl": "no", "accents": "1"}
    with pages.app.app_context():
        pages.use_kind("generic", given, name="phone")
    shown = _shown(visitor)
    assert ("setting_ssl" in shown, "setting_accents" in shown) == (False, True)


def test_what_is_missing_or_wrong_is_said_at_its_field_and_nothing_typed_is_lost(visitor: Visitor) -> None:
    answer = visitor.send(f"{HOME}new/?kind=twilio", name="main", setting_account_sid="AC1", setting_auth_token=SECRET)
    assert "This is not AC and 32 hexadecimal digits." in answer.text
    assert "Nothing is saved yet" in answer.text
    assert 'value="AC1"' in answer.text
    assert SECRET not in answer.text
    missing = visitor.send(f"{HOME}new/?kind=twilio", name="main", setting_account_sid="", setting_auth_token="")
    assert missing.text.count("This field is required") == 2


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "=HYPERLINK(1)", "ünïcödé 😀", 'a"b/c?d&e'])
def test_a_provider_may_be_called_anything(pages: Portal, visitor: Visitor, phone: PhoneServer, name: str) -> None:
    answer = visitor.send(f"{HOME}new/?kind=phone", **_typed(phone, name=name))
    assert answer.status_code == 200
    assert provider(pages, name).kind == "phone"
    assert "<script>alert" not in answer.text + visitor.read(HOME)


def test_a_name_that_is_taken_is_refused(saved: Portal, visitor: Visitor, phone: PhoneServer) -> None:
    assert "There is a provider" in told(visitor.send(f"{HOME}new/?kind=phone", **_typed(phone)).text)


@pytest.mark.parametrize("name", ["nobody", "", "%00", "n" * 500])
def test_a_provider_that_there_is_not_leads_back_in_words(saved: Portal, visitor: Visitor, name: str) -> None:
    answer = visitor.client.get(f"{HOME}edit/?name={name}", follow_redirects=True)
    assert (answer.status_code, answer.request.path) == (200, HOME)
    assert "There is no" in told(answer.text)


def test_one_is_activated_and_deactivated(saved: Portal, visitor: Visitor) -> None:
    """P13."""
    press(visitor, "activate")
    assert provider(saved).active == 1
    press(visitor, "deactivate")
    assert provider(saved).active is None
    assert changes(saved)[1:] == [("Rita", "activated"), ("Rita", "deactivated")]


def test_a_stopped_one_says_why_and_can_be_resumed(saved: Portal, visitor: Visitor, phone: PhoneServer) -> None:
    """P21: and what waited goes."""
    press(visitor, "activate")
    phone.set(mode="refuse")
    with saved.app.app_context():
        message = saved.queue()
        assert drain(saved.app).closed == "stopped"
    html = visitor.read(HOME)
    assert "active, but stopped" in html
    assert "no credit left" in html
    phone.set(mode="accept")
    press(visitor, "resume")
    with saved.app.app_context():
        drain(saved.app)
        assert saved.message(message).state == MessageState.SENT


def test_one_stands_by_and_no_longer(saved: Portal, visitor: Visitor) -> None:
    """X9."""
    assert "saved, not active" in visitor.read(ONE)
    assert "It sends while the active provider cannot be reached" in press(visitor, "standby").text
    assert provider(saved).standby == 1
    assert "stands by" in visitor.read(HOME)
    press(visitor, "no-standby")
    assert provider(saved).standby is None
    assert "stands by" not in visitor.read(HOME)


def test_the_active_one_stands_by_for_nobody(saved: Portal, visitor: Visitor) -> None:
    """X9."""
    press(visitor, "activate")
    assert "Have it stand by" not in visitor.read(ONE)
    assert "is active" in press(visitor, "standby").text
    assert provider(saved).standby is None


def test_an_outage_is_shown_and_somebody_can_have_it_tried_at_once(
    saved: Portal, visitor: Visitor, phone: PhoneServer
) -> None:
    """X9."""
    press(visitor, "activate")
    phone.stop()
    with saved.app.app_context():
        saved.queue()
        assert drain(saved.app).closed == "outage"
    assert "active, cannot be reached" in visitor.read(HOME)
    assert "messages keep their turn" in visitor.read(ONE)
    assert "cannot be reached. The next message tries:" in visitor.read("/admin/sms/queue/")
    assert "Try again now" in visitor.read(ONE)
    press(visitor, "resume")
    assert provider(saved).open_since is None
    assert "cannot be reached" not in visitor.read(HOME)


def test_the_rate_is_set_and_taken_away(saved: Portal, visitor: Visitor) -> None:
    """P18."""
    press(visitor, "rate", count="5", seconds="5")
    assert (provider(saved).rate_count, provider(saved).rate_seconds) == (5, 5)
    assert "5 in 5 s" in visitor.read(HOME)
    press(visitor, "rate", count="", seconds="")
    assert provider(saved).rate_count is None


@pytest.mark.parametrize(("count", "seconds"), [("5", ""), ("x", "5"), ("-1", "5"), ("5", "99999999999")])
def test_a_rate_that_is_none_is_refused_in_words(saved: Portal, visitor: Visitor, count: str, seconds: str) -> None:
    assert told(press(visitor, "rate", count=count, seconds=seconds).text)
    assert provider(saved).rate_count is None


def test_the_connection_is_tested(saved: Portal, visitor: Visitor, phone: PhoneServer) -> None:
    """P15, P17: the account's balance proves it; a wrong address is said in words."""
    assert "The account answers." in press(visitor, "connect").text
    assert phone.ledger() == []
    fields = _typed(phone, setting_base_url="http://127.0.0.1:9", setting_token="", setting_receipt_secret="")
    visitor.send(ONE, **fields, seen=_seen(visitor))
    assert "Nobody listens there" in press(visitor, "connect").text


def test_a_test_message_goes_through_an_inactive_provider_and_is_marked(
    saved: Portal, visitor: Visitor, phone: PhoneServer
) -> None:
    """P15."""
    answer = press(visitor, "try", to="912 345 678", text="Is this on?")
    assert "took the test message" in told(answer.text)
    assert [each["text"] for each in phone.ledger()] == ["Is this on?"]
    with saved.app.app_context():
        (message,) = saved.messages()
        assert (message.state, message.purpose, message.operator) == ("sent", PURPOSE, "Rita")
        assert [attempt.verdict for attempt in saved.attempts(message.id)] == ["accepted"]
    assert provider(saved).active is None


@pytest.mark.parametrize(
    ("mode", "state", "words"),
    [
        ("refuse", "failed", "has no credit left"),
        ("throttle", "failed", "asks us to go slower"),
        ("reset_after", "unknown", "Nobody can say"),
        ("garbage", "unknown", "made no sense"),
    ],
)
def test_what_the_provider_says_to_a_test_is_said_in_words_and_stops_nothing(
    saved: Portal, visitor: Visitor, phone: PhoneServer, mode: str, state: str, words: str
) -> None:
    """It is not tried again, either."""
    phone.set(mode=mode)
    assert words in told(press(visitor, "try", to="912345678", text="Hi").text)
    with saved.app.app_context():
        assert [message.state for message in saved.messages()] == [state]
    assert provider(saved).stopped_at is None


@pytest.mark.parametrize(("to", "text"), [("12", "Hi"), ("912345678", " "), ("", "Hi"), ("=cmd|x", "Hi")])
def test_a_test_that_cannot_be_sent_keeps_what_was_typed_out_of_the_address(
    saved: Portal, visitor: Visitor, phone: PhoneServer, to: str, text: str
) -> None:
    answer = press(visitor, "try", to=to, text=text)
    assert told(answer.text)
    assert f'value="{to}"' in answer.text
    assert "to=" not in answer.request.query_string.decode()
    assert phone.ledger() == []


def test_a_number_that_wants_no_texts_gets_no_test(saved: Portal, visitor: Visitor, phone: PhoneServer) -> None:
    """Promise 8."""
    with saved.app.app_context(), saved.fresh() as session, session.begin():
        opt_out(session, "+351912345678", source="test", now=provider(saved).created_at)
    assert "wants no texts" in told(press(visitor, "try", to="912345678", text="Hi").text)
    assert phone.ledger() == []


def test_one_that_was_never_used_can_be_deleted_after_a_question(saved: Portal, visitor: Visitor) -> None:
    assert "Delete the provider" in press(visitor, "delete").text
    assert provider(saved).name == "phone"
    press(visitor, "delete", confirmed="1")
    assert "No provider yet" in visitor.read(HOME)
    assert changes(saved)[-1] == ("Rita", "removed")


@pytest.mark.parametrize("use", ["activate", "try"])
def test_one_that_was_used_stays(saved: Portal, visitor: Visitor, use: str) -> None:
    """Its messages and their receipts need it."""
    press(visitor, use, to="912345678", text="Hi")
    press(visitor, "deactivate")
    assert "has been used" in told(press(visitor, "delete", confirmed="1").text)
    assert provider(saved).name == "phone"


def test_credentials_in_clear_are_warned_of(pages: Portal, visitor: Visitor) -> None:
    """P12."""
    fields = {"setting_host": "sms.example.com", "setting_port": "80", "setting_url": "/send?to={d}&msg={m}"}
    visitor.send(
        f"{HOME}new/?kind=generic", **_choices(visitor, "generic"), **fields, name="phone", setting_success="status"
    )
    assert "travel in clear" in visitor.read(ONE).split('class="sms-columns"')[0]


def test_the_address_for_receipts_is_ready_to_copy(saved: Portal, visitor: Visitor) -> None:
    assert f"https://portal.example.com/sms/receipts/{provider(saved).token}" in visitor.read(ONE)


def test_with_a_key_that_is_gone_the_credentials_are_asked_for_again(
    saved: Portal, mounted: Mounted, phone: PhoneServer
) -> None:
    """The page opens, says so, and takes them."""
    other = mounted(SMS_SECRET_KEYS=new_key())
    visitor = Visitor(client=other.app.test_client())
    html = visitor.read(ONE)
    assert "cannot be read with SMS_SECRET_KEYS" in html
    assert "cannot be read" in told(press(visitor, "connect").text)
    assert "is saved" in visitor.send(ONE, **_typed(phone), seen=_seen(visitor)).text
    assert settings(other).token == phone.token


def test_the_second_of_two_tabs_is_told_and_can_overrule(saved: Portal, visitor: Visitor, phone: PhoneServer) -> None:
    fields = _typed(phone, setting_token="", setting_receipt_secret="")
    old = _seen(visitor)
    visitor.send(ONE, **fields | {"setting_batch_size": "2"}, seen=old)
    late = visitor.send(ONE, **fields | {"setting_batch_size": "3"}, seen=old)
    assert "Somebody has changed this provider" in told(late.text)
    assert settings(saved).batch_size == 2
    fresh = re.search(r'name="seen"[^>]*value="(\d+)"', late.text)
    assert fresh
    visitor.send(ONE, **fields | {"setting_batch_size": "3"}, seen=fresh[1])
    assert settings(saved).batch_size == 3


@pytest.mark.parametrize(
    "what", ["activate", "deactivate", "resume", "rate", "delete", "connect", "try", "edit", "new"]
)
def test_without_a_token_nothing_is_done(saved: Portal, visitor: Visitor, phone: PhoneServer, what: str) -> None:
    before = changes(saved)
    fields = {"name": "phone", "confirmed": "1", "to": "912345678", "text": "Hi", "count": "1", "seconds": "1"}
    path = f"{HOME}{what}/?name=phone&kind=phone"
    answer = visitor.client.post(path, data=fields | _typed(phone, setting_batch_size="9"), follow_redirects=True)
    assert answer.status_code == 200
    assert "please try again" in told(answer.text)
    assert changes(saved) == before
    assert phone.ledger() == []


def test_a_failed_save_shows_neither_sql_nor_secret(
    saved: Portal, visitor: Visitor, phone: PhoneServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Promise 9: on the page and in the log."""
    fields = _typed(phone, setting_token=SECRET)
    seen = _seen(visitor)
    token = TOKEN.search(visitor.read(ONE))
    assert token
    with saved.app.app_context(), saved.db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE sms_change RENAME TO sms_gone")
    with caplog.at_level(logging.DEBUG):
        answer = visitor.client.post(ONE, data={"csrf_token": token[1], **fields, "seen": seen})
    assert answer.status_code == 200
    assert "flask sms upgrade" in told(answer.text)
    for where in (answer.text, caplog.text):
        assert SECRET not in where
        assert "INSERT" not in where


def _seen(visitor: Visitor) -> str:
    found = re.search(r'name="seen"[^>]*value="(\d+)"', visitor.read(ONE))
    assert found
    return found[1]


def _choices(visitor: Visitor, kind: str) -> dict[str, str]:
    """What the selects of a new form stand on."""
    html = visitor.read(f"{HOME}new/?kind={kind}")
    found = re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', html, re.DOTALL)
    chosen = {name: re.search(r'<option selected value="([^"]*)"', options) for name, options in found}
    return {name: each[1] for name, each in chosen.items() if each and name != "setting_success"}


def _shown(visitor: Visitor) -> dict[str, str]:
    """What the form of the saved provider would send as it is opened."""
    form = visitor.read(ONE).partition('<form method="post" class="sms-panel sms-form"')[2].partition("</form>")[0]
    inputs = [each for each in re.findall(r"<input[^>]*>", form) if "checkbox" not in each or " checked" in each]
    found = [re.search(r'name="(setting_\w+|seen)"[^>]*value="([^"]*)"', each) for each in inputs]
    fields = {each[1]: each[2] for each in found if each}
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option selected value="([^"]*)"', options)
        fields[name] = chosen[1] if chosen else ""
    return fields
