"""The real Kannel (P20, X3, Q5): texts out and in and reports back; and that its double does as it does."""

from __future__ import annotations

import re
import signal
import threading
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests

from sms_plugin.gateways.contract import About, Inbound, Outcome, WebRequest
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.kannel import KannelGateway, KannelSettings
from sms_plugin.gateways.settings import build
from sms_plugin.testing import drain
from sms_plugin.testing.gateway_contract import outgoing
from sms_plugin.testing.loopback import LoopbackServer, Received, Reply
from tests.demo_process import free_port
from tests.doubles.kannel import Kannel
from tests.kannel import boxes
from tests.kannel.boxes import PASSWORD, USER, Boxes, until
from tests.kannel.conftest import Texting
from tests.portal import Client, Portal

pytestmark = [pytest.mark.slow, pytest.mark.kannel, pytest.mark.timeout(180)]

NUMBER = "+380671234567"
SHORT = "Ваш рахунок № 4711: 250 ₴. Дякуємо! 👋"
LONG = "Шановна Олено, з’єднання у вашому будинку відновлять о 18:30. " * 3


def _states(portal: Portal) -> list[str]:
    with portal.app.app_context():
        return [message.state for message in portal.messages() if message.state != "received"]


def test_ukrainian_texts_arrive_whole_and_their_reports_move_the_messages(texting: Texting) -> None:
    portal = texting.portal
    texts = [SHORT, LONG, "Olà [5 €] {x}"]
    with portal.app.app_context():
        for text in texts:
            portal.queue(number=NUMBER, text=text)
        drain(portal.app)
    arrived = texting.boxes.arrived(len(texts), to=NUMBER)
    assert sorted(each.text for each in arrived) == sorted(texts)
    assert {each.sender for each in arrived} == {"Ixonn"}
    until(lambda: set(_states(portal)) == {"delivered"}, what="reports", log=texting.boxes.log)
    with portal.app.app_context():
        for message in portal.messages():
            (attempt,) = portal.attempts(message.id)
            assert attempt.verdict == "accepted"


def test_a_text_that_kannel_would_cut_fails_and_leaves_nothing(texting: Texting) -> None:
    """P19."""
    portal = texting.portal
    with portal.app.app_context():
        portal.queue(number=NUMBER, text="я" * (67 * boxes.MAX_MESSAGES + 1))
        portal.queue(number="+380671234568", text="я" * (67 * boxes.MAX_MESSAGES))
        drain(portal.app)
        assert sorted(message.state for message in portal.messages()) in (["failed", "sent"], ["delivered", "failed"])
    (whole,) = texting.boxes.arrived(to="+380671234568")
    assert whole.text == "я" * (67 * boxes.MAX_MESSAGES)
    assert texting.boxes._arrived(NUMBER) == []


def test_a_wrong_password_stops_the_provider_and_loses_nothing(texting: Texting) -> None:
    """P21."""
    portal, visitor = texting.portal, texting.visitor
    page = visitor.read("/admin/sms/provider/edit/?name=kannel")
    assert boxes.PASSWORD not in page
    with portal.app.app_context():
        given = {"base_url": texting.boxes.url, "username": boxes.USER, "password": "guessed", "private_address": "y"}
        portal.use_kind("kannel", given, name="wrong")
        portal.queue(number=NUMBER, text=SHORT)
        drain(portal.app)
        assert portal.provider("wrong").stopped_reason == "bad_credentials"
    assert _states(portal) == ["queued"]


def _conversation(texting: Texting, client: int) -> list[str]:
    page = texting.visitor.read(f"/admin/client/sms/?record={client}")
    return [unescape(text) for text in re.findall(r'class="sms-bubble-text">([^<]*)<', page)]


def test_a_reply_stands_in_the_clients_history_and_the_phone_gets_no_answer_of_kannels(texting: Texting) -> None:
    """Q5: Cyrillic and an emoji, whole."""
    portal, reply = texting.portal, "Так, чекаю о 18:30. 👍"
    with portal.app.app_context():
        client = Client(name="Олена", phone=NUMBER)
        portal.session.add(client)
        portal.session.commit()
        id = client.id
        whose = {
            "person_entity": "clients/Client",
            "person": str(id),
            "client_entity": "clients/Client",
            "client": str(id),
        }
        portal.queue(number=NUMBER, text=SHORT, **whose)
        drain(portal.app)
    texting.boxes.arrived(to=NUMBER)
    texting.boxes.text(NUMBER, reply)
    until(lambda: len(_conversation(texting, id)) == 2, what="reply", log=texting.boxes.log)
    assert _conversation(texting, id) == [SHORT, reply]
    assert [each.text for each in texting.boxes.arrived(to=NUMBER)] == [SHORT]


def test_a_no_is_confirmed_once_and_holds(texting: Texting) -> None:
    """X7."""
    portal = texting.portal
    texting.boxes.text(NUMBER, "СТОП")
    until(lambda: len(_states(portal)) == 1, what="confirmation", log=texting.boxes.log)
    with portal.app.app_context():
        drain(portal.app)
        portal.sms.send(to=NUMBER, text=SHORT)
        portal.session.commit()
        drain(portal.app)
    (confirmation,) = texting.boxes.arrived(to=NUMBER)
    assert confirmation.text != SHORT
    with portal.app.app_context():
        assert sorted(message.state for message in portal.messages())[-1] == "suppressed"


def _asking(boxes: Boxes, http: Http) -> KannelGateway:
    raw = {"base_url": boxes.url, "username": USER, "password": PASSWORD, "private_address": "y"}
    return KannelGateway(build(KannelSettings, raw), http)


def test_a_text_is_unknown_where_the_bearerbox_halts_over_it_and_arrives_once_it_goes_on(tmp_path: Path) -> None:
    """Promise 3: sent again, it would have arrived twice."""
    with Boxes(tmp_path) as boxes, Http(read_timeout=1.0, private=True) as http:
        boxes.tell("bearerbox", signal.SIGSTOP)
        (verdict,) = _asking(boxes, http).send([outgoing(to=NUMBER, text="Halted")])
        assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, "timeout")
        boxes.tell("bearerbox", signal.SIGCONT)
        assert [each.text for each in boxes.arrived(to=NUMBER)] == ["Halted"]


def test_a_text_is_unknown_where_the_smsbox_dies_over_it(tmp_path: Path) -> None:
    """X2; once nobody listens, it has surely not been taken."""
    with Boxes(tmp_path) as boxes, Http(read_timeout=20.0, private=True) as http:
        boxes.tell("smsbox", signal.SIGSTOP)
        killing = threading.Timer(0.5, boxes.tell, ("smsbox", signal.SIGKILL))
        killing.start()
        (verdict,) = _asking(boxes, http).send([outgoing(to=NUMBER, text="Killed")])
        killing.join()
        assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, "reset")
        (verdict,) = _asking(boxes, http).send([outgoing(to=NUMBER, text="Gone")])
        assert (verdict.outcome, verdict.about, verdict.for_good) == (Outcome.REFUSED, About.PROVIDER, False)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [({"password": "guessed"}, "bad_credentials"), ({"path": "/cgi-bin/none"}, "bad_address")],
)
def test_what_the_smsbox_does_not_let_in_is_the_account(tmp_path: Path, wrong: dict[str, str], reason: str) -> None:
    """P21."""
    with Boxes(tmp_path) as boxes, Http(private=True) as http:
        raw = {"base_url": boxes.url, "username": USER, "password": PASSWORD, "private_address": "y", **wrong}
        (verdict,) = KannelGateway(build(KannelSettings, raw), http).send([outgoing(to=NUMBER)])
    assert (verdict.outcome, verdict.about, verdict.reason) == (Outcome.REFUSED, About.ACCOUNT, reason)


def test_a_text_waits_while_the_portal_is_away_or_busy(tmp_path: Path) -> None:
    """As the form's help says: with http-request-retry."""
    port = free_port()
    with Boxes(tmp_path, get_url=f"http://127.0.0.1:{port}/r?text=%b&charset=%C&coding=%c&from=%p&id=%I") as real:
        real.text(NUMBER, SHORT)
        until(lambda: real.said("smsbox", "Socket not connected"), what="failed call", log=real.log)
        with Portals(port=port, busy=1) as portals:
            until(lambda: len(portals.calls) >= 2, what="second call", log=real.log)
        told = [_read(call) for call in portals.calls]
        assert {text.text for text in told} == {SHORT}
        assert len({text.reference for text in told}) == 1


@pytest.mark.parametrize("joins", [True, False])
def test_the_parts_of_a_text_come_joined_or_with_their_places(tmp_path: Path, joins: bool) -> None:
    """Q5."""
    with Portals() as portals:
        get_url = f"{portals.url}/r?text=%b&charset=%C&coding=%c&from=%p&id=%I&udh=%u"
        with Boxes(tmp_path, get_url=get_url, joins=joins) as real:
            for number, text in ((2, "second"), (1, "first")):
                real.part(NUMBER, number, 2, text)
                until(lambda: real.said("fakesmsc", "sent message 1"), what="part", log=real.log)
            until(lambda: len(portals.calls) >= (1 if joins else 2), what="call", log=real.log)
        told = [(text.text, text.part.number if text.part else None) for text in map(_read, portals.calls)]
    assert sorted(told) == ([("firstsecond", None)] if joins else [("first", 1), ("second", 2)])


class Portals(LoopbackServer):
    """One that keeps what it is told; its first answers are that it is busy."""

    def __init__(self, *, port: int = 0, busy: int = 0) -> None:
        super().__init__(port=port)
        self.busy = busy
        self.calls: list[Received] = []

    def answer(self, request: Received) -> Reply:
        self.calls.append(request)
        return Reply(status=503 if len(self.calls) <= self.busy else 200)


def _read(call: Received) -> Inbound:
    gateway = KannelGateway(build(KannelSettings, {"username": "u", "password": "p"}), Http())
    url = f"http://portal.example{call.target}"
    (text,) = gateway.read_webhook(WebRequest(method="GET", url=url, headers=call.headers, body=call.body))
    assert isinstance(text, Inbound)
    return text


def test_the_double_does_as_kannel_does(tmp_path: Path) -> None:
    """What it answers, and what arrives, to requests that a gateway must not make."""
    asked = [
        {"to": "+380671230001", "text": "Hello"},
        {"to": "+380671230002", "text": "Привіт"},
        {"to": "+380671230003", "text": "Привіт 👋", "coding": "2", "charset": "UTF-8"},
        {"to": "+380671230004 +380671230005", "text": "x"},
        {"to": "+380671230006", "text": "я" * 300, "coding": "2", "charset": "UTF-8"},
        {"to": "", "text": "x"},
        {"text": "x"},
        {"to": "+380671230007", "text": "x", "coding": "9"},
        {"to": "+380671230008", "text": "x", "password": "guessed"},
    ]

    def told(url: str) -> list[tuple[int, str]]:
        known = {"username": boxes.USER, "password": boxes.PASSWORD}
        queries = [urlencode({**known, **each}) for each in asked]
        answers = [requests.get(f"{url}/cgi-bin/sendsms?{query}", timeout=10) for query in queries]
        return [(answer.status_code, answer.text) for answer in answers]

    with Kannel() as double, Boxes(tmp_path) as real:
        double.max_messages = boxes.MAX_MESSAGES
        assert told(real.url) == told(double.url)
        assert [arrived.to for arrived in double.arrived] == [f"+38067123000{at}" for at in range(1, 7)]
        for expected in double.arrived:
            (arrived,) = real.arrived(to=expected.to)
            assert (arrived.sender, arrived.text) == (expected.sender, expected.text)
