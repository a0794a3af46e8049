"""Jasmin from its page to the client's history: message, receipts, reply, balance (P20)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.doubles.jasmin import PASSWORD, USER, Jasmin, receipt, text_from
from tests.whole.office import Office

NUMBER = "+380671234567"
TEXT = "Ваш рахунок № 4711: 250 ₴. Дякуємо! 👋"
REPLY = "Так, чекаю о 18:30. 👍"
KEY = "the-key-of-the-webhook"


@pytest.fixture
def jasmin(office: Office) -> Iterator[Jasmin]:
    """Jasmin's double, set up as the active provider."""
    with Jasmin() as server:
        office.set_up(
            "jasmin",
            base_url=server.url,
            username=USER,
            password=PASSWORD,
            sender="Ixonn",
            webhook_key=KEY,
            private_address="y",
        )
        yield server


def test_a_message_its_receipts_and_a_reply(office: Office, jasmin: Jasmin) -> None:
    """X3, Q5: answered so that Jasmin does not call again."""
    client = office.client("Олена", NUMBER)
    office.text(client, NUMBER, TEXT)
    (message,) = jasmin.submitted
    assert (message.to, message.sender, message.text) == ("380671234567", "Ixonn", TEXT)
    assert office.states() == ["sent"]
    for body in (receipt(message, "DELIVRD", level=2), receipt(message, "ESME_ROK", level=1)):
        answer = office.called(message.receipt_url, body=body)
        assert (answer.status_code, answer.data) == (200, b"ACK/Jasmin")
    assert office.states() == ["delivered"]
    webhook = f"{office.webhook('jasmin')}?key={KEY}"
    reply = text_from(sender="380671234567", content=REPLY.encode("utf-16-be"), coding=8)
    for _ in range(2):
        answer = office.called(webhook, body=reply)
        assert (answer.status_code, answer.data) == (200, b"ACK/Jasmin")
    assert office.conversation(client) == [TEXT, REPLY]


def test_without_the_key_nothing_is_taken(office: Office, jasmin: Jasmin) -> None:
    client = office.client("Олена", NUMBER)
    office.text(client, NUMBER, TEXT)
    (message,) = jasmin.submitted
    assert office.called(office.webhook("jasmin"), body=receipt(message, "DELIVRD", level=2)).status_code == 403
    assert office.states() == ["sent"]


def test_the_balance_and_a_refused_login(office: Office, jasmin: Jasmin) -> None:
    """P17, P21: a message waits where the account is refused, and a credit without a limit is no failure."""
    assert "100 credits" in office.press("jasmin", "connect")
    jasmin.credit = "ND"
    assert "The address answers" in office.press("jasmin", "connect")
    jasmin.errors["380671234567"] = (403, "Cannot charge submit_sm, check RouterPB log file for details")
    office.text(office.client("Олена", NUMBER), NUMBER, TEXT)
    assert office.states() == ["queued"]
    with office.portal.app.app_context():
        assert office.portal.provider("jasmin").stopped_reason == "no_credit"
