"""SMS Gateway for Android from its page to the client's history: message, signed receipts, reply (P8)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.doubles.android import KEY, PASSWORD, USER, AndroidServer, Call, called, texted
from tests.whole.office import Office

NUMBER = "+380671234567"
TEXT = "Ваш рахунок № 4711: 250 ₴. Дякуємо! 👋"
REPLY = "Так, чекаю о 18:30, і, будь ласка, подзвоніть мені за пів години до того, як виїдете. 👍"


@pytest.fixture(params=["cloud", "private", "local"])
def phone(office: Office, request: pytest.FixtureRequest) -> Iterator[AndroidServer]:
    """The double in each of its modes, set up as the active provider."""
    with AndroidServer(local=request.param == "local") as server:
        office.set_up(
            "android",
            mode=request.param,
            base_url=server.url,
            user=USER,
            password=PASSWORD,
            signing_key=KEY,
            private_address="y",
        )
        yield server


def tell(office: Office, call: Call) -> int:
    """The portal's answer to the phone."""
    return office.called(office.webhook("android"), body=call.body, headers=call.headers).status_code


def test_a_message_its_receipts_and_a_reply(office: Office, phone: AndroidServer) -> None:
    """X3, Q5."""
    client = office.client("Олена", NUMBER)
    office.text(client, NUMBER, TEXT)
    ((id, held),) = phone.messages.items()
    assert (held.number, held.text) == (NUMBER, TEXT)
    assert office.states() == ["sent"]
    delivered = phone.report(id, "sms:delivered", deliveredAt="2026-11-20T10:00:08.000+02:00")
    sent = phone.report(id, "sms:sent", partsCount=1, sentAt="2026-11-20T10:00:05.000+02:00")
    for call in (delivered, sent, delivered):
        assert tell(office, call) == 204
    assert office.states() == ["delivered"]
    for _ in range(2):
        assert tell(office, texted(NUMBER, REPLY)) == 204
    assert office.conversation(client) == [TEXT, REPLY]


def test_what_the_phone_did_not_sign_now_is_not_taken(office: Office, phone: AndroidServer) -> None:
    office.text(office.client("Олена", NUMBER), NUMBER, TEXT)
    payload = {"messageId": next(iter(phone.messages)), "recipient": NUMBER}
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    assert tell(office, called("sms:delivered", payload, key="guessed")) == 403
    assert tell(office, called("sms:delivered", payload, at=an_hour_ago)) == 403
    assert office.states() == ["sent"]


def test_a_refused_login_stops_the_provider_and_not_the_message(office: Office, phone: AndroidServer) -> None:
    """P21."""
    phone.accounts.clear()
    office.text(office.client("Олена", NUMBER), NUMBER, TEXT)
    assert office.states() == ["queued"]
    with office.portal.app.app_context():
        assert office.portal.provider("android").stopped_reason == "bad_credentials"
