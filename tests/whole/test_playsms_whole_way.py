"""playSMS from its page to the client's history: message, states and replies that are asked for, balance (P10)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.doubles.playsms import TOKEN, USER, PlaySmsServer
from tests.whole.asking import ask_for_receipts, ask_for_texts
from tests.whole.office import Office

NUMBER = "+380671234567"
TEXT = "Ваш рахунок № 4711: 250 ₴. Дякуємо! 👋"
REPLY = "Так, чекаю о 18:30, і, будь ласка, подзвоніть мені за пів години до того, як виїдете. 👍"


@pytest.fixture(params=[False, True], ids=["at once", "by the daemon"])
def server(office: Office, request: pytest.FixtureRequest) -> Iterator[PlaySmsServer]:
    """The double, which sends at once or by its daemon, set up as the active provider."""
    with PlaySmsServer(daemon=request.param) as server:
        office.set_up(
            "playsms",
            base_url=server.url,
            user=USER,
            token=TOKEN,
            message_type="promotional",
            type_parameters="promotional = smsc=promo",
            private_address="y",
        )
        yield server


def test_a_message_and_what_became_of_it(office: Office, server: PlaySmsServer) -> None:
    client = office.client("Олена", NUMBER)
    office.text(client, NUMBER, TEXT)
    server.process_queue()
    (line,) = server.log
    assert (line.dst, line.msg, line.extra) == ("380671234567", TEXT, {"smsc": "promo"})
    assert office.states() == ["sent"]
    line.status = "3"
    ask_for_receipts(office.portal)
    assert office.states() == ["delivered"]


def test_replies_are_asked_for_and_come_once(office: Office, server: PlaySmsServer) -> None:
    """Q5: the server writes the number as the network brings it, without a plus."""
    client = office.client("Олена", NUMBER)
    office.text(client, NUMBER, TEXT)
    server.receive("380671234567", REPLY)
    for _ in range(2):
        ask_for_texts(office.portal)
    server.receive(NUMBER, "Дякую")
    ask_for_texts(office.portal)
    assert office.conversation(client) == [TEXT, REPLY, "Дякую"]


def test_one_text_to_many_is_one_request(office: Office, server: PlaySmsServer) -> None:
    with office.portal.app.app_context():
        for at in range(9):
            office.portal.queue(number=f"+38067123456{at}", text=TEXT)
    before = len(server.requests)
    office.text(office.client("Олена", NUMBER), "+380671234569", TEXT)
    assert len(server.requests) - before == 1
    assert office.states() == ["sent"] * 10
    server.process_queue()
    for line in server.log:
        line.status = "2" if line.dst == "380671234563" else "3"
    ask_for_receipts(office.portal)
    assert sorted(office.states()) == ["delivered"] * 9 + ["failed"]


def test_the_balance_and_no_credit(office: Office, server: PlaySmsServer) -> None:
    """P17, P21."""
    assert "1000 credits" in office.press("playsms", "connect")
    server.credits = 0
    office.text(office.client("Олена", NUMBER), NUMBER, TEXT)
    assert office.states() == ["queued"]
    with office.portal.app.app_context():
        assert office.portal.provider("playsms").stopped_reason == "no_credit"
