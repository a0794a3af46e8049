"""Sensitive shortcodes: sent whole, shown masked, and gone from the stored text once the message is over (M10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from sms_plugin import Section, SmsError
from sms_plugin.gateways.contract import About, refused
from sms_plugin.models import Message
from sms_plugin.outbox.decisions import Choice, choose
from sms_plugin.outbox.export import Layout, export
from sms_plugin.outbox.history import about_number, history
from sms_plugin.outbox.search import Wanted, search
from sms_plugin.states import MessageState
from sms_plugin.testing import drain
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.wording.sensitive import sensitive_in
from tests.outbox.steps import send_off, settle_with
from tests.portal import Client, Invoice, Portal, make_portal
from tests.portal.app import declarations

SECRET = "AB123456"
TEXT = "{invoice_number}: passport {company_passport}"
MASKED = "F1: passport ****"


@pytest.fixture
def portal(database_url: str) -> Iterator[Portal]:
    """A portal whose company has a passport."""
    values = {"company_name": lambda: "Acme", "company_passport": lambda: SECRET}
    kept = [each for each in declarations() if not isinstance(each, Section)]
    made = make_portal(database_url, *kept, Section("company", values))
    with made.app.app_context():
        yield made
        made.db.session.remove()
        made.db.engine.dispose()


@pytest.fixture
def billed(portal: Portal, phone: PhoneServer, ana: Client) -> Portal:
    """A message with the passport waits to be sent."""
    portal.use(phone)
    portal.switch_on("charge_created", text=TEXT)
    portal.session.add(Invoice(client=ana, number="F1"))
    portal.session.commit()
    return portal


def only(portal: Portal) -> Message:
    (message,) = portal.messages()
    return message


def test_it_reaches_the_phone_whole_and_is_gone_from_the_stored_text_once_accepted(
    billed: Portal, phone: PhoneServer
) -> None:
    assert only(billed).text == f"F1: passport {SECRET}"
    drain(billed.app)
    assert [each["text"] for each in phone.ledger()] == [f"F1: passport {SECRET}"]
    assert (only(billed).state, only(billed).text) == (MessageState.SENT, MASKED)


def test_while_it_waits_it_is_masked_in_lists_histories_searches_and_files(billed: Portal) -> None:
    number = only(billed).number
    assert number is not None
    assert only(billed).shown_text == MASKED
    with billed.fresh() as session:
        page = history(session, of=about_number(number))
        assert [row.text for row in page.messages] == [MASKED]
        for words, found in ((SECRET, 0), ("passport", 1)):
            assert len(search(session, Wanted(number=number, words=words), most=5).messages) == found
    layout = Layout(zone=billed.state.settings.zone)
    file = b"".join(export(billed.fresh, of=about_number(number), layout=layout, registry=billed.state.registry))
    assert MASKED in file.decode()
    assert SECRET not in file.decode()


def test_a_cancelled_one_keeps_no_value(billed: Portal) -> None:
    now = dt.datetime.now(dt.UTC)
    with billed.fresh() as session, session.begin():
        choose(session, Choice.CANCEL, only(billed).id, state=billed.state, who="Eva", now=now)
    assert only(billed).text == MASKED


def test_one_that_failed_is_worded_anew_when_it_is_tried_again(billed: Portal, phone: PhoneServer) -> None:
    id = only(billed).id
    settle_with(billed, send_off(billed, id), refused("bad_number", about=About.RECIPIENT))
    assert (only(billed).state, only(billed).text) == (MessageState.FAILED, MASKED)
    with billed.fresh() as session, session.begin():
        choose(session, Choice.RETRY, id, state=billed.state, who="Eva", now=dt.datetime.now(dt.UTC))
    drain(billed.app)
    assert [each["text"] for each in phone.ledger()] == [f"F1: passport {SECRET}"]
    assert only(billed).text == MASKED


def test_what_a_person_wrote_is_not_tried_again_once_its_value_is_gone(portal: Portal, phone: PhoneServer) -> None:
    portal.use(phone)
    id = portal.queue(text=f"Hi {SECRET}", redacted="Hi ****")
    settle_with(portal, send_off(portal, id), refused("bad_number", about=About.RECIPIENT))
    assert portal.message(id).text == "Hi ****"
    with portal.fresh() as session, session.begin(), pytest.raises(SmsError) as refusal:
        choose(session, Choice.RETRY, id, state=portal.state, who="Eva", now=dt.datetime.now(dt.UTC))
    assert refusal.value.code == "redacted"


def test_other_messages_keep_their_text(portal: Portal, phone: PhoneServer) -> None:
    portal.use(phone)
    id = portal.queue(text="Hello")
    drain(portal.app)
    assert (portal.message(id).text, portal.message(id).redacted) == ("Hello", None)


def test_a_filter_does_not_let_it_out(portal: Portal, ana: Client) -> None:
    portal.use_kind("console", {}, name="console")
    portal.switch_on("charge_created", text='{company_passport|default("none")}')
    portal.session.add(Invoice(client=ana, number="F1"))
    portal.session.commit()
    assert (only(portal).text, only(portal).shown_text) == (SECRET, "****")


def test_the_sensitive_shortcodes_of_texts_are_named_once() -> None:
    texts = {"en": "{company_passport} {CLI_PASS}", "pt": "{company_passport}", "uk": "", "xx": "stray {"}
    assert sensitive_in(texts) == ("company_passport", "CLI_PASS")
    assert sensitive_in({"en": "{invoice_number}"}) == ()
