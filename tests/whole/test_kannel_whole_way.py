"""Kannel from its page to the client's history: message, reports, reply (P20). ``tests/kannel`` has the real one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.doubles.kannel import PASSWORD, USER, Kannel, report, text_from
from tests.whole.office import Office

NUMBER = "+380671234567"
TEXT = "Ваш рахунок № 4711: 250 ₴. Дякуємо! 👋"
REPLY = "Так, чекаю о 18:30. 👍"
KEY = "the-key-of-the-webhook"
ASKED = "?from=%p&to=%P&text=%b&coding=%c&charset=%C&ts=%T&id=%I&udh=%u"


@pytest.fixture
def kannel(office: Office) -> Iterator[Kannel]:
    """Kannel's double, set up as the active provider."""
    with Kannel() as server:
        office.set_up(
            "kannel",
            base_url=server.url,
            username=USER,
            password=PASSWORD,
            sender="Ixonn",
            webhook_key=KEY,
            private_address="y",
        )
        yield server


def test_a_message_its_reports_and_a_reply(office: Office, kannel: Kannel) -> None:
    """X3, Q5: "delivered" comes before "accepted", each with another id of Kannel's."""
    client = office.client("Олена", NUMBER)
    office.text(client, NUMBER, TEXT)
    (arrived,) = kannel.arrived
    assert (arrived.to, arrived.sender, arrived.text) == (NUMBER, "Ixonn", TEXT)
    assert office.states() == ["sent"]
    for value, id in ((1, "cda51f41"), (8, ""), (1, "db67fd3c")):
        answer = office.called(report(arrived, value, id=id))
        assert (answer.status_code, answer.data) == (200, b"")
    assert office.states() == ["delivered"]
    get_url = f"{office.webhook('kannel')}{ASKED}&key={KEY}"
    reply = text_from(get_url, sender=NUMBER, text=REPLY.encode("utf-16-be"), coding=2, charset="UTF-16BE")
    for _ in range(2):
        answer = office.called(reply)
        assert (answer.status_code, answer.data) == (200, b"")
    assert office.conversation(client) == [TEXT, REPLY]


def test_a_report_moves_only_the_message_of_its_address(office: Office, kannel: Kannel) -> None:
    """X3."""
    client = office.client("Олена", NUMBER)
    office.text(client, NUMBER, TEXT, "Друге")
    by_text = {arrived.text: arrived for arrived in kannel.arrived}
    assert office.called(report(by_text["Друге"], 16, answer="NACK/11/")).status_code == 200
    assert office.states() == ["sent", "failed"]


def test_without_the_key_nothing_is_taken(office: Office, kannel: Kannel) -> None:
    client = office.client("Олена", NUMBER)
    office.text(client, NUMBER, TEXT)
    forged = report(kannel.arrived[0], 1).replace(KEY, "guessed")
    assert office.called(forged).status_code == 403
    reply = text_from(office.webhook("kannel") + ASKED, sender=NUMBER, text=b"STOP", coding=0, charset="UTF-8")
    assert office.called(reply).status_code == 403
    assert office.states() == ["sent"]
    assert office.conversation(client) == [TEXT]


def test_a_wrong_password_stops_the_provider_and_not_the_message(office: Office, kannel: Kannel) -> None:
    """P21, P15: what a test of the connection can and cannot tell."""
    assert "only a test message can tell" in office.press("kannel", "connect")
    kannel.answers[NUMBER] = (403, "Authorization failed for sendsms")
    office.text(office.client("Олена", NUMBER), NUMBER, TEXT)
    assert office.states() == ["queued"]
    with office.portal.app.app_context():
        assert office.portal.provider("kannel").stopped_reason == "bad_credentials"
