"""Vonage from its page to the client's history: message, receipt, reply in parts, balance (P20)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal

import pytest

from sms_plugin.gateways.contract import Outcome
from tests.doubles.vonage import KEY, SECRET, SIGNATURE_SECRET, Vonage, form, receipt, signed, text_from
from tests.whole.office import Office

NUMBER = "+447700900123"
TEXT = "Ваш рахунок № 4711: 250 ₴. Дякуємо! 👋"
REPLY = ["Так, чекаю о 18:30. 👍 ", "І ще одне: ", "код домофону 4711"]


@pytest.fixture
def vonage(office: Office) -> Iterator[Vonage]:
    """Vonage's double, set up as the active provider, with signed webhooks."""
    with Vonage() as server:
        office.set_up(
            "vonage",
            base_url=server.url,
            api_key=KEY,
            api_secret=SECRET,
            sender="Ixonn",
            signature_secret=SIGNATURE_SECRET,
            signature_method="sha256",
        )
        yield server


def _signed(
    fields: dict[str, str], *, secret: str = SIGNATURE_SECRET, method: str = "sha256", age: int = 0
) -> dict[str, str]:
    return signed(fields, method=method, secret=secret, at=int(time.time()) - age)


def test_a_message_its_receipt_and_a_reply_in_parts(office: Office, vonage: Vonage) -> None:
    """X3, Q5, P17."""
    client = office.client("Олена", NUMBER)
    office.text(client, NUMBER, TEXT)
    (message,) = vonage.taken
    assert (message.to, message.sender, message.text) == ("447700900123", "Ixonn", TEXT)
    assert office.states() == ["sent"]
    webhook = office.webhook("vonage")
    assert message.callback == webhook
    for word in ("delivered", "accepted", "delivered"):
        told = _signed(receipt(message, word))
        assert office.called(webhook, body=form(told)).status_code == 204
    assert office.states() == ["delivered"]
    for at in (2, 1, 3, 1):
        part = text_from(
            sender="447700900123",
            text=REPLY[at - 1],
            id=f"0B0000000000000{at}",
            concat="true",
            **{"concat-ref": "54", "concat-total": "3", "concat-part": str(at)},
        )
        assert office.called(webhook, body=form(_signed(part))).status_code == 204
    assert office.conversation(client) == [TEXT, "".join(REPLY)]
    with office.portal.app.app_context():
        (sent, *_) = (each for each in office.portal.messages() if each.direction == "out")
        (attempt,) = office.portal.attempts(sent.id)
        assert attempt.verdict == Outcome.ACCEPTED.value
        assert sent.cost == Decimal("0.0333")


def test_a_forged_receipt_moves_nothing(office: Office, vonage: Vonage) -> None:
    client = office.client("Олена", NUMBER)
    office.text(client, NUMBER, TEXT)
    (message,) = vonage.taken
    forged = [
        receipt(message, "delivered"),
        _signed(receipt(message, "delivered"), secret="guessed"),
        _signed(receipt(message, "delivered"), method="md5hash"),
        _signed(receipt(message, "delivered"), age=26 * 3600),
    ]
    for fields in forged:
        assert office.called(office.webhook("vonage"), body=form(fields)).status_code == 403
    assert office.states() == ["sent"]


def test_the_balance_and_no_credit(office: Office, vonage: Vonage) -> None:
    """P17, P21: a message waits where the account is refused."""
    assert "3.14 EUR" in office.press("vonage", "connect")
    vonage.statuses["447700900123"] = ("9", "Quota Exceeded - rejected")
    office.text(office.client("Олена", NUMBER), NUMBER, TEXT)
    assert office.states() == ["queued"]
    with office.portal.app.app_context():
        assert office.portal.provider("vonage").stopped_reason == "no_credit"
