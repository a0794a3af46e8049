"""MSG91 from its page to the message's end: texts by their flow, receipts of one request, the balance (P3)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from sms_plugin.models import Message
from sms_plugin.testing import drain
from tests.doubles import msg91
from tests.doubles.msg91 import AUTH_KEY, Msg91Double, Push
from tests.whole.office import Office

ANA, RUI = "+351912345678", "+351912345679"


@pytest.fixture
def vendor(office: Office) -> Iterator[Msg91Double]:
    """MSG91's double, set up as the active provider with one flow."""
    with Msg91Double({"5f1adue": "Dear ##name##, invoice ##no## is due."}) as vendor:
        office.set_up(
            "msg91",
            auth_key=AUTH_KEY,
            flows="5f1adue = Dear {contact_firstname=name}, invoice {invoice_number=no} is due.",
            batch_size="100",
            base_url=vendor.url,
        )
        yield vendor


def texted(office: Office, *texts: tuple[str, str]) -> dict[str, Message]:
    """All messages by their number, after these were written and let go together."""
    with office.portal.app.app_context():
        for number, text in texts:
            office.portal.queue(number=number, text=text)
        drain(office.portal.app)
        return {str(message.number): message for message in office.portal.messages()}


def pushed(office: Office, push: Push, *, to: str = "") -> int:
    """The status with which the portal answers a push."""
    headers = {"Content-Type": push.content_type}
    return office.called(to or office.webhook("msg91"), body=push.body, headers=headers).status_code


def test_texts_share_a_request_and_each_has_its_own_receipt(office: Office, vendor: Msg91Double) -> None:
    """X3: one id for both, and what was charged is on the message."""
    sent = texted(office, (ANA, "Dear Ana, invoice 4711 is due."), (RUI, "Dear Rui, invoice 4712 is due."))
    assert office.states() == ["sent", "sent"]
    assert {f"+{sms.number}": sms.text for sms in vendor.sms} == {to: each.text for to, each in sent.items()}
    assert len(vendor.requests) == 1
    ana, rui = sorted(vendor.sms, key=lambda sms: sms.number)
    for _ in range(2):
        assert pushed(office, msg91.as_form((ana, "1", "DELIVERED"), (rui, "9", "NDNC"))) == 204
    told = texted(office)
    assert (told[ANA].state, told[ANA].cost, told[ANA].currency) == ("delivered", Decimal(1), "credits")
    assert (told[RUI].state, told[RUI].reason) == ("failed", "do_not_disturb")


def test_what_no_flow_says_fails_with_the_reason_in_words(office: Office, vendor: Msg91Double) -> None:
    told = texted(office, (ANA, "Good evening, Ana."))
    assert (told[ANA].state, told[ANA].reason) == ("failed", "no_matching_flow")
    assert vendor.requests == []
    assert "None of the flows has these words" in office.press("msg91", "try", to=ANA, text="Is this on?")


def test_the_account_is_asked_for_its_balance(office: Office, vendor: Msg91Double) -> None:
    """P15, P17."""
    assert "It has 1000 credits left." in office.press("msg91", "connect")


def test_a_flow_that_is_written_wrongly_is_refused_at_its_field(office: Office) -> None:
    page = office.refused("msg91", auth_key=AUTH_KEY, flows="5f1adue = Dear ##name#, hello")
    assert "with a variable that is none" in page


def test_a_call_to_another_address_is_nobodys(office: Office, vendor: Msg91Double) -> None:
    """Nothing is signed: that nobody knows the address is all that protects it."""
    texted(office, (ANA, "Dear Ana, invoice 4711 is due."))
    guessed = "https://portal.example.com/sms/receipts/guessed"
    assert pushed(office, msg91.flat(vendor.sms[0], "1", "DELIVERED"), to=guessed) == 404
    assert office.states() == ["sent"]
