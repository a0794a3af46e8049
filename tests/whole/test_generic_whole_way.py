"""A provider that is on no list, described on the page: message, receipt, reply, balance (P11)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest

from sms_plugin.testing.loopback import LoopbackServer, Received, Reply, json_reply
from tests.whole.asking import ask_for_receipts
from tests.whole.office import Office

NUMBER = "+351912345678"
TEXT = "A sua fatura 4711 vence amanhã 👋"
REPLY = "Já paguei & obrigado 👍"
SECRET = "secret-of-the-callbacks"


class SomeProvider(LoopbackServer):
    """A provider as there are many: JSON in, JSON out, a key in a header."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, str]] = []
        self.status = "PENDING"

    def answer(self, request: Received) -> Reply:
        if request.headers.get("x-api-key") != "the-key":
            return json_reply({"error": {"code": 7}}, status=403)
        if request.path == "/credit":
            return json_reply({"data": {"eur": "12.40"}})
        if request.path == "/sms/m-1":
            return json_reply({"state": self.status})
        self.sent.append(request.json())
        return json_reply({"error": {"code": 0}, "id": "m-1"})


@pytest.fixture
def provider(office: Office) -> Iterator[SomeProvider]:
    """Described on its page, and active."""
    with SomeProvider() as server:
        at = urlsplit(server.url)
        office.set_up(
            "generic",
            host=str(at.hostname),
            port=str(at.port),
            ssl="",
            private_address="y",
            url="/sms",
            method="POST",
            body_format="json",
            body='{"to": "{d}", "text": "{m}", "callback": "{c}", "mine": "{r}"}',
            headers="X-Api-Key: {t}",
            token="the-key",
            accents="y",
            success="json",
            success_at="error.code",
            success_values="0",
            reference_by="json",
            reference_at="id",
            errors="7 = account bad_credentials",
            balance_url="/credit",
            balance_at="data.eur",
            balance_unit="EUR",
            status_url="/sms/{i}",
            status_at="state",
            status_words="SENT = sent\nDONE = delivered\nGONE = undelivered unreachable",
            receipt_status="state",
            receipt_reference="id",
            receipt_own="mine",
            inbound_from="msisdn",
            inbound_text="message",
            inbound_reference="id",
            webhook_secret_at="secret",
            webhook_secret=SECRET,
            webhook_answer="OK",
        )
        yield server


def told(office: Office, url: str, **fields: str) -> tuple[int, bytes]:
    """The portal's answer to a call of the provider's."""
    answer = office.called(url, body=urlencode(fields).encode())
    return answer.status_code, answer.data


def test_a_message_its_receipt_and_a_reply(office: Office, provider: SomeProvider) -> None:
    """P11, X3, Q5."""
    ana = office.client("Ana", NUMBER)
    office.text(ana, NUMBER, TEXT)
    (sent,) = provider.sent
    assert (sent["to"], sent["text"]) == ("351912345678", TEXT)
    assert office.states() == ["sent"]
    receipt = {"state": "done", "id": "m-1", "mine": sent["mine"]}
    assert told(office, sent["callback"], **receipt)[0] == 403
    assert told(office, sent["callback"], **receipt, secret="guessed")[0] == 403
    assert office.states() == ["sent"]
    assert told(office, sent["callback"], **receipt, secret=SECRET) == (200, b"OK")
    assert office.states() == ["delivered"]
    reply = {"msisdn": "351912345678", "message": REPLY, "id": "in-1", "secret": SECRET}
    for _ in range(2):
        assert told(office, office.webhook("generic"), **reply) == (200, b"OK")
    assert office.conversation(ana) == [TEXT, REPLY]


def test_a_receipt_that_never_comes_is_asked_for(office: Office, provider: SomeProvider) -> None:
    office.text(office.client("Ana", NUMBER), NUMBER, TEXT)
    provider.status = "GONE"
    ask_for_receipts(office.portal, minutes=10)
    assert office.states() == ["undelivered"]


def test_the_balance_is_told_on_the_page(office: Office, provider: SomeProvider) -> None:
    """P17."""
    assert "12.4 EUR" in office.press("generic", "connect")


def test_a_mistake_stands_under_its_field(office: Office) -> None:
    """P11: nothing is saved that cannot work."""
    page = office.visitor.send(
        "/admin/sms/provider/new/?kind=generic",
        name="mine",
        setting_host="api.example.com",
        setting_url="/send?to={d}&msg={m}",
        setting_success="status",
        setting_status_words="DONE = arrived",
    ).text
    assert "unknown status" in page
