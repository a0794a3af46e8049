"""What providers call: verified, bounded, counted where forged, and out of the host's CSRF protection (X3)."""

from __future__ import annotations

import io
import json
import sqlite3
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask, Response, request
from flask_wtf import CSRFProtect
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from sms_plugin import signals
from sms_plugin.gateways.contract import Gateway, ReceiptStatus, Report, WebRequest, accepted
from sms_plugin.gateways.twilio_signature import signature as twilio_signature
from sms_plugin.models import OptOut, database_now
from sms_plugin.outbox.claim import claim
from sms_plugin.outbox.depart import depart
from sms_plugin.outbox.receipts import FORGED, take
from sms_plugin.outbox.tallies import totals
from sms_plugin.secrets import new_key
from sms_plugin.states import MessageState
from sms_plugin.testing import drain
from sms_plugin.testing.phone_receipts import SIGNATURE_HEADER, TIMESTAMP_HEADER, signature
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.web.webhooks import LARGEST
from tests.portal import Client, Portal, make_portal


@pytest.fixture
def sent(portal: Portal, phone: PhoneServer) -> tuple[Portal, UUID]:
    """A portal with a message that the phone server accepted, and that it says nothing more about."""
    phone.set(mode="no_receipts")
    portal.use(phone)
    message = portal.queue()
    drain(portal.app)
    return portal, message


SECRET = "phone-receipts"


def database_clock(portal: Portal) -> datetime:
    with portal.fresh() as session:
        return database_now(session)


def _told(message: UUID, status: str = "delivered") -> bytes:
    told = {"id": str(message), "reference": "P00000001", "to": "+351912345678", "status": status}
    return json.dumps({**told, "at": "2026-11-21T12:00:00+00:00"}).encode()


def _post(portal: Portal, body: bytes, *, secret: str = SECRET, path: str | None = None, **more: Any) -> TestResponse:
    headers = {TIMESTAMP_HEADER: "1", SIGNATURE_HEADER: signature(body, timestamp="1", secret=secret)}
    address = path or f"/sms/receipts/{portal.provider().token}"
    return portal.app.test_client().post(address, data=body, headers=headers, content_type="application/json", **more)


def _forged(portal: Portal) -> int:
    with portal.fresh() as session:
        return totals(session).get(FORGED, 0)


def test_a_receipt_moves_its_message_and_tells_the_host(sent: tuple[Portal, UUID]) -> None:
    portal, message = sent
    heard: list[object] = []

    def hear(sender: object, messages: object) -> None:
        heard.append(messages)

    with signals.messages_reported.connected_to(hear):
        assert _post(portal, _told(message)).status_code == 204
        assert _post(portal, _told(message)).status_code == 204
    assert portal.message(message).state == MessageState.DELIVERED
    assert heard == [[message]]


def _text(words: str, *, reference: str = "T1", sender: str = "+351912345678", **more: Any) -> bytes:
    told = {"from": sender, "text": words, "reference": reference, "at": "2026-11-21T12:00:00+00:00"}
    return json.dumps({**told, **more}).encode()


@pytest.mark.parametrize("name", ["receipts", "inbound"])
def test_a_text_from_a_phone_is_kept_and_told_to_the_host(sent: tuple[Portal, UUID], name: str) -> None:
    """Q5: at the address for receipts as at the one for replies."""
    portal, _ = sent
    heard: list[dict[str, Any]] = []

    def hear(sender: object, **told: Any) -> None:
        heard.append(told)

    path = f"/sms/{name}/{portal.provider().token}"
    with signals.message_received.connected_to(hear):
        assert _post(portal, _text("Olá, é às nove?"), path=path).status_code == 204
        assert _post(portal, _text("Olá, é às nove?"), path=path).status_code == 204
    (kept,) = [each for each in portal.messages() if each.direction == "in"]
    assert heard == [
        {"messages": [kept.id], "number": "+351912345678", "text": "Olá, é às nove?", "said": "", "people": []}
    ]


@pytest.mark.parametrize("odd", ["P\0001", "P\ud800", "9" * 5_000], ids=["NUL", "half a pair", "huge"])
def test_what_no_database_can_hold_is_taken_all_the_same(sent: tuple[Portal, UUID], odd: str) -> None:
    """X3: JSON can write it; answered with an error, it would come again and again."""
    portal, message = sent
    told = {"id": str(message), "reference": odd, "to": odd, "status": "delivered", "at": "2026-11-21T12:00:00+00:00"}
    assert _post(portal, json.dumps(told).encode()).status_code == 204
    assert _post(portal, json.dumps({**told, "id": str(uuid4())}).encode()).status_code == 204
    assert portal.message(message).state == MessageState.DELIVERED
    for sender in ("+351912345678", f"A{odd}"):
        assert _post(portal, _text(f"Olá {odd}", reference=f"{sender}{odd}", sender=sender)).status_code == 204
    assert len([each for each in portal.messages() if each.direction == "in"]) == 2


def test_a_host_that_fails_over_a_text_costs_no_text(
    sent: tuple[Portal, UUID], caplog: pytest.LogCaptureFixture
) -> None:
    portal, _ = sent

    def fail(sender: object, **told: Any) -> None:
        raise RuntimeError(told["text"])

    with signals.message_received.connected_to(fail):
        assert _post(portal, _text("secret words")).status_code == 204
    assert [each.text for each in portal.messages() if each.direction == "in"] == ["secret words"]
    assert "secret words" not in caplog.text


def test_stop_reaches_what_a_claim_has_in_hand(sent: tuple[Portal, UUID]) -> None:
    """Promise 8: leased already, and never sent."""
    portal, _ = sent
    waiting = portal.queue()
    now = database_clock(portal)
    with portal.fresh() as session, session.begin():
        claimed = claim(
            session,
            state=portal.state,
            provider_id=portal.provider().id,
            want=10,
            now=now,
            lease=timedelta(seconds=60),
        )
    assert [each.id for each in claimed.messages] == [waiting]
    assert _post(portal, _text("STOP")).status_code == 204
    with portal.fresh() as session, session.begin():
        went = depart(
            session,
            claimed.messages,
            provider_id=portal.provider().id,
            now=now,
            until=now + timedelta(seconds=60),
        )
    assert went == []
    assert portal.message(waiting).reason == "opted_out"


def test_a_receipt_that_the_number_wants_no_texts_is_kept_as_its_word(sent: tuple[Portal, UUID]) -> None:
    portal, message = sent
    with portal.fresh() as session, session.begin():
        report = Report(status=ReceiptStatus.UNDELIVERED, message_id=message, reason="opted_out")
        take(session, [report], provider_id=portal.provider().id, about=None, now=database_now(session))
    with portal.fresh() as session:
        (row,) = session.scalars(sa.select(OptOut))
        assert (row.number, row.source) == ("+351912345678", "provider")


def test_a_forged_receipt_is_refused_and_counted(sent: tuple[Portal, UUID]) -> None:
    """X3, promise 9: and the log does not quote it."""
    portal, message = sent
    assert _post(portal, _told(message), secret="guessed").status_code == 403
    assert portal.message(message).state == MessageState.SENT
    assert _forged(portal) == 1


def test_a_flood_of_forged_requests_is_told_once_and_counted_whole(
    sent: tuple[Portal, UUID], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand a second cost one write a second, and one line; nothing of them stands in the log."""
    portal, message = sent
    at = [1000.0]
    monkeypatch.setattr("sms_plugin.web.refusals.clock", lambda: at[0])
    for _ in range(100):
        assert _post(portal, _told(message), secret="guessed").status_code == 403
    assert _forged(portal) == 1
    at[0] += 1.5
    assert _post(portal, _told(message)).status_code == 204
    assert _forged(portal) == 100
    assert portal.message(message).state == MessageState.DELIVERED
    (line,) = [each for each in caplog.messages if "forged" in each]
    assert "+351912345678" not in line
    at[0] += 60
    _post(portal, _told(message), secret="guessed")
    assert "99 more like it" in caplog.messages[-1]


def test_a_provider_that_is_gone_is_told_of_once(sent: tuple[Portal, UUID], caplog: pytest.LogCaptureFixture) -> None:
    portal, message = sent
    for number in range(3):
        assert _post(portal, _told(message), path=f"/sms/receipts/gone{number}").status_code == 404
    (line,) = [each for each in caplog.messages if "unknown address" in each]
    assert "gone" not in line


def test_an_unknown_address_is_not_found(sent: tuple[Portal, UUID]) -> None:
    portal, message = sent
    assert _post(portal, _told(message), path="/sms/receipts/guessed").status_code == 404
    assert _post(portal, _told(message), path="/sms/receipts").status_code == 404


@pytest.mark.parametrize("token", ["%00", "a%00b", "a" * 5000, "%ed%a0%80"])
def test_an_address_that_no_database_can_hold_is_not_found(portal: Portal, token: str) -> None:
    """Anybody may call it: what they write there costs neither a 500 nor a traceback in the log."""
    assert portal.app.test_client().post(f"/sms/receipts/{token}", data=b"").status_code == 404


def test_a_flood_is_too_large(sent: tuple[Portal, UUID]) -> None:
    portal, message = sent
    assert _post(portal, _told(message).ljust(LARGEST + 1)).status_code == 413
    assert _post(portal, _told(message).ljust(LARGEST)).status_code == 204


def test_ten_megabytes_are_refused_unread(sent: tuple[Portal, UUID], caplog: pytest.LogCaptureFixture) -> None:
    portal, message = sent
    assert _post(portal, _told(message).ljust(10_000_000)).status_code == 413
    assert [each for each in caplog.messages if "too large" in each] != []
    assert portal.message(message).state == MessageState.SENT


class _Unread(io.RawIOBase):
    """A body that counts what is read of it."""

    taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.taken += len(buffer)
        return len(buffer)


def test_of_ten_megabytes_whose_length_is_told_not_a_byte_is_read(sent: tuple[Portal, UUID]) -> None:
    portal, _ = sent
    body = _Unread()
    length = {"CONTENT_LENGTH": "10000000", "wsgi.input": io.BufferedReader(body)}
    address = f"/sms/receipts/{portal.provider().token}"
    answer = portal.app.test_client().post(address, environ_overrides=length)
    assert answer.status_code == 413
    assert body.taken == 0


def test_of_a_body_whose_length_nobody_tells_no_more_than_that_is_read(sent: tuple[Portal, UUID]) -> None:
    portal, _ = sent
    body = _Unread()
    endless = {"wsgi.input_terminated": True, "wsgi.input": io.BufferedReader(body), "CONTENT_LENGTH": ""}
    address = f"/sms/receipts/{portal.provider().token}"
    answer = portal.app.test_client().post(address, environ_overrides=endless)
    assert answer.status_code == 413
    assert body.taken < 2 * LARGEST


def test_what_cannot_be_read_is_told_so(sent: tuple[Portal, UUID]) -> None:
    portal, _ = sent
    assert _post(portal, b"{}").status_code == 400
    assert _forged(portal) == 0


def test_a_receipt_for_a_message_of_nobody_is_taken_and_moves_nothing(sent: tuple[Portal, UUID]) -> None:
    """The provider shall not send it again."""
    portal, message = sent
    stray = _told(uuid4()).replace(b"P00000001", b"P7")
    assert _post(portal, stray).status_code == 204
    assert portal.message(message).state == MessageState.SENT


def test_receipts_of_an_inactive_provider_are_still_taken(sent: tuple[Portal, UUID], phone: PhoneServer) -> None:
    """P13."""
    portal, message = sent
    portal.use(phone, name="another")
    assert _post(portal, _told(message)).status_code == 204
    assert portal.message(message).state == MessageState.DELIVERED


def test_while_a_key_is_wrong_the_provider_is_asked_to_come_again(sent: tuple[Portal, UUID], database_url: str) -> None:
    portal, message = sent
    wrong = make_portal(database_url, tables=False, SMS_SECRET_KEYS=new_key())
    path = f"/sms/receipts/{portal.provider().token}"
    assert _post(wrong, _told(message), path=path).status_code == 503
    with wrong.app.app_context():
        wrong.db.engine.dispose()


def test_a_host_that_reads_the_body_first_does_not_take_it_away(sent: tuple[Portal, UUID]) -> None:
    portal, message = sent
    portal.app.before_request_funcs.setdefault(None, []).append(lambda: (request.get_data(), None)[1])
    assert _post(portal, _told(message)).status_code == 204


class _Plain(Gateway):
    """Takes a receipt from the query, signed by the address itself."""

    kind, label = "plain", "Plain"

    def send(self, messages: Any) -> Any:
        return [accepted(str(message.id)) for message in messages]

    def read_webhook(self, request: WebRequest) -> list[Report]:
        return [Report(status=ReceiptStatus(dict(request.query)["status"]))]


def test_a_receipt_may_come_as_a_get(portal: Portal) -> None:
    """The message is the one whose own address was called."""
    gateways: Any = portal.state.gateways
    gateways["plain"] = _Plain
    portal.use_kind("plain", {}, name="plain")
    message = portal.queue()
    drain(portal.app)
    path = f"/sms/receipts/{portal.provider('plain').token}/{message}?status=delivered"
    assert portal.app.test_client().get(path).status_code == 204
    assert portal.message(message).state == MessageState.DELIVERED


def test_the_public_address_is_what_was_signed_whatever_the_host_header_says(portal: Portal) -> None:
    """Twilio signs the address that it called; a proxy in between shows another one to the app."""
    given = {"account_sid": "AC" + "0" * 32, "auth_token": "secret", "sender": "+15005550006"}
    portal.use_kind("twilio", given, name="twilio")
    path = f"/sms/receipts/{portal.provider('twilio').token}/{uuid4()}"
    form = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "delivered"}
    for base, status in (("https://portal.example.com", 204), ("http://inner:8000", 403)):
        signed = twilio_signature(base + path, list(form.items()), token="secret")
        answer = portal.app.test_client().post(
            path, data=form, headers={"X-Twilio-Signature": signed}, base_url="http://inner:8000"
        )
        assert answer.status_code == status


@pytest.mark.parametrize("protected", ["before", "after"])
def test_the_hosts_csrf_protection_lets_receipts_through(protected: str, database_url: str, phone: PhoneServer) -> None:
    """Whether the host protects itself before or after it mounts the plugin; its own pages stay protected."""
    phone.set(mode="no_receipts")
    portal = make_portal(database_url, prepare=CSRFProtect if protected == "before" else lambda app: None)
    if protected == "after":
        CSRFProtect(portal.app)
    portal.app.add_url_rule("/form", "form", lambda: "taken", methods=["POST"])
    with portal.app.app_context():
        portal.use(phone)
        message = portal.queue()
        drain(portal.app)
        assert _post(portal, _told(message)).status_code == 204
        assert portal.app.test_client().post("/form").status_code == 400
        portal.db.session.remove()
        portal.db.engine.dispose()


BEGINNINGS = ["", "BEGIN", "BEGIN IMMEDIATE"]


@pytest.mark.parametrize("beginning", BEGINNINGS, ids=["driver's", "deferred", "immediate"])
@pytest.mark.parametrize("before", [False, True], ids=["registered after", "registered before"])
def test_a_receipt_does_not_wait_for_its_own_request(
    before: bool, beginning: str, database_url: str, phone: PhoneServer
) -> None:
    """X1: a function of the host's that runs before each request has written, and commits when the request ends."""
    made: list[Portal] = []

    def note_visit() -> None:
        client = made[0].db.session.get(Client, 1)
        assert client is not None
        client.name = "seen"
        made[0].db.session.flush()

    def keep(response: Response) -> Response:
        made[0].db.session.commit()
        return response

    portal = make_portal(database_url, prepare=lambda app: before and app.before_request(note_visit))
    made.append(portal)
    if not before:
        portal.app.before_request(note_visit)
    portal.app.after_request(keep)
    with portal.app.app_context():
        if beginning:
            portal.begin_first(beginning)
        portal.db.session.add(Client(name="Ana", phone="912 345 678", language="en"))
        portal.db.session.commit()
        phone.set(mode="no_receipts")
        portal.use(phone)
        message = portal.queue()
        drain(portal.app)
        token = portal.provider().token
        portal.db.session.remove()
    headers = {TIMESTAMP_HEADER: "1", SIGNATURE_HEADER: signature(_told(message), timestamp="1", secret=SECRET)}
    answer = portal.app.test_client().post(f"/sms/receipts/{token}", data=_told(message), headers=headers)
    with portal.app.app_context():
        assert (answer.status_code, portal.message(message).state) == (204, MessageState.DELIVERED)
        assert portal.session.get_one(Client, 1).name == "seen"
        portal.db.session.remove()
        portal.db.engine.dispose()


@pytest.mark.one_database("sqlite", "locks the file")
def test_while_the_database_stays_busy_the_provider_is_asked_to_come_again(
    tmp_path: Path, phone: PhoneServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X1: "database is locked" is no error of a page's, and the receipt is not lost: it comes again."""
    url = f"sqlite:///{tmp_path / 'portal.db'}"
    portal = make_portal(url, SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"timeout": 0}})
    monkeypatch.setattr("sms_plugin.transactions.time.sleep", lambda seconds: None)
    with portal.app.app_context():
        portal.use(phone)
        message = portal.queue()
        other = sqlite3.connect(tmp_path / "portal.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert _post(portal, _told(message)).status_code == 503
        other.execute("ROLLBACK")
        other.close()
        assert _post(portal, _told(message)).status_code == 204
        portal.db.session.remove()
        portal.db.engine.dispose()


@pytest.fixture
def open_portal(database_url: str, phone: PhoneServer) -> Iterator[Portal]:
    """A portal that really listens, at its own public address."""
    server = make_server("127.0.0.1", 0, Flask("not yet"), threaded=True)
    portal = make_portal(database_url, SMS_PUBLIC_URL=f"http://127.0.0.1:{server.server_port}")
    server.app = portal.app
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with portal.app.app_context():
        portal.use(phone)
        yield portal
        server.shutdown()
        thread.join()
        server.server_close()
        portal.db.session.remove()
        portal.db.engine.dispose()


def test_the_phone_server_reports_over_real_http(open_portal: Portal, phone: PhoneServer) -> None:
    """The whole way back: accepted, sent, delivered."""
    phone.set(sent_after=0.0, delivered_after=0.05)
    messages = [open_portal.queue() for _ in range(5)]
    drain(open_portal.app)
    pause = threading.Event()
    while {open_portal.message(message).state for message in messages} != {MessageState.DELIVERED}:
        pause.wait(0.01)


def test_a_receipt_that_overtakes_the_answer_is_not_too_early(open_portal: Portal, phone: PhoneServer) -> None:
    """X3: the receipts are posted while the answer is still on its way."""
    phone.set(sent_after=0.0, delivered_after=0.0, latency_ms=400)
    message = open_portal.queue()
    drain(open_portal.app)
    pause = threading.Event()
    while open_portal.message(message).state != MessageState.DELIVERED:
        pause.wait(0.01)
    assert [attempt.verdict for attempt in open_portal.attempts(message)] == ["accepted"]
