"""SmsGateway.me from its page to the client's history: message, callback, reply (P8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.doubles.smsgateway_me import DEVICE, SECRET, TOKEN, SmsGatewayMeServer, posted, texted
from tests.whole.office import Office

NUMBER = "+351912345678"
TEXT = "A sua fatura 4711: 250 €. Obrigado! 👋"
REPLY = "Já paguei ontem, às 18:30. 👍"


@pytest.fixture
def vendor(office: Office) -> Iterator[SmsGatewayMeServer]:
    """The vendor's double, set up as the active provider."""
    with SmsGatewayMeServer() as server:
        office.set_up("smsgateway_me", base_url=server.url, token=TOKEN, device_id=str(DEVICE), secret=SECRET)
        yield server


def tell(office: Office, told: dict[str, Any], *, form: bool = False) -> int:
    """The portal's answer to a callback."""
    kind, body = posted(told, form=form)
    return office.called(office.webhook("smsgateway_me"), body=body, headers={"Content-Type": kind}).status_code


@pytest.mark.parametrize("form", [False, True])
def test_a_message_its_receipt_and_a_reply(office: Office, vendor: SmsGatewayMeServer, form: bool) -> None:
    """X3, Q5."""
    client = office.client("Ana", NUMBER)
    office.text(client, NUMBER, TEXT)
    ((id, held),) = vendor.messages.items()
    assert (held["phone_number"], held["message"]) == (NUMBER, TEXT)
    assert tell(office, vendor.report(id, "sent"), form=form) == 204
    assert office.states() == ["sent"]
    for _ in range(2):
        assert tell(office, texted(NUMBER, REPLY), form=form) == 204
    assert office.conversation(client) == [TEXT, REPLY]
    assert tell(office, vendor.report(id, "failed"), form=form) == 204
    assert office.states() == ["failed"]


def test_a_callback_with_another_secret_is_not_taken(office: Office, vendor: SmsGatewayMeServer) -> None:
    client = office.client("Ana", NUMBER)
    office.text(client, NUMBER, TEXT)
    told = {**vendor.report(next(iter(vendor.messages)), "failed"), "secret": "guessed"}
    assert tell(office, told) == 403
    assert tell(office, texted(NUMBER, REPLY, secret="guessed")) == 403
    assert office.states() == ["sent"]
    assert office.conversation(client) == [TEXT]
