"""SMS Gateway for Android against a double of its server and its phone (P8)."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from sms_plugin.errors import ForgedRequest, SmsError
from sms_plugin.gateways.android import AndroidGateway, AndroidSettings
from sms_plugin.gateways.contract import About, Inbound, Outcome, ReceiptStatus, Report, Sent, WebRequest
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.settings import BadSettings, build
from sms_plugin.testing.gateway_contract import SINCE, GatewayContract, outgoing, sent
from sms_plugin.testing.loopback import Reply, json_reply
from tests.doubles.android import KEY, PASSWORD, USER, AndroidServer, Call, called, texted
from tests.doubles.troubled import Trouble

NOW = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
NOWHERE = "http://127.0.0.1:9"
FIRST = "00000000-0000-0000-0000-000000000001"


def web(call: Call, *, came_at: datetime | None = None) -> WebRequest:
    """The call as the portal's door gives it on."""
    headers = {name.lower(): value for name, value in call.headers.items()}
    url = "https://portal.example.com/sms/receipts/t"
    return WebRequest(method="POST", url=url, headers=headers, body=call.body, came_at=came_at)


class TestAndroid(GatewayContract):
    gateway = AndroidGateway
    accepted = json_reply({"id": FIRST, "state": "Pending", "recipients": [{"state": "Pending"}]}, status=202)
    refused_recipient = json_reply({"message": "invalid phone number in row 1"}, status=400)
    refused_account = json_reply({"message": "Unauthorized"}, status=401)
    throttled = json_reply({"message": "queue limit exceeded"}, status=503)

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {"base_url": url, "user": "android-user", "password": "android-password", "signing_key": KEY}

    def receipt(self, settings: Any) -> WebRequest:
        payload = {"messageId": FIRST, "recipient": "+5511987650001", "deliveredAt": "2026-11-20T10:00:08.000+07:00"}
        return web(called("sms:delivered", payload, at=NOW), came_at=NOW)

    def inbound(self, settings: Any) -> WebRequest:
        return web(texted("+5511987650001", "Olá 👋"))

    def signed_anew(self, request: WebRequest, settings: Any) -> WebRequest:
        whole = request.body + request.headers["x-timestamp"].encode()
        signed = hmac.new(KEY.encode(), whole, "sha256").hexdigest()
        return replace(request, headers={**request.headers, "x-signature": signed})

    def polled(self, asked: Sequence[Sent]) -> Sequence[Reply]:
        return [json_reply({"id": one.reference, "recipients": [{"state": "Sent"}]}) for one in asked]


@pytest.fixture
def server() -> Iterator[AndroidServer]:
    with AndroidServer() as server:
        yield server


@pytest.fixture
def http() -> Iterator[Http]:
    with Http(read_timeout=0.5, private=True) as http:
        yield http


def made(url: str, http: Http, **more: object) -> AndroidGateway:
    """The gateway at the server."""
    raw = {"base_url": url, "user": USER, "password": PASSWORD, "signing_key": KEY, **more}
    return AndroidGateway(build(AndroidSettings, raw), http)


def test_a_message_goes_to_the_cloud_with_its_own_id(server: AndroidServer, http: Http) -> None:
    (verdict,) = made(server.url, http, sim=2).send([outgoing(text="Привіт 👋")])
    assert (verdict.outcome, verdict.reference) == (Outcome.ACCEPTED, FIRST)
    held = server.messages[FIRST]
    assert (held.text, held.number) == ("Привіт 👋", "+5511987650001")
    assert (held.told["simNumber"], held.told["ttl"], held.told["withDeliveryReport"]) == (2, 3600, True)


@pytest.mark.parametrize("old", [False, True])
def test_a_phone_of_ones_own_network_is_spoken_with_directly(http: Http, old: bool) -> None:
    with AndroidServer(local=True, old=old) as phone:
        gateway = made(phone.url, http, mode="local", old_version=old, private_address=True)
        assert gateway.send([outgoing()])[0].outcome is Outcome.ACCEPTED
        assert list(phone.messages) == [FIRST]


@pytest.mark.parametrize("mode", ["private", "local"])
def test_a_mode_with_an_address_of_its_own_asks_for_it(mode: str) -> None:
    with pytest.raises(BadSettings) as raised:
        build(AndroidSettings, {"mode": mode, "user": USER, "password": PASSWORD, "signing_key": KEY})
    assert set(raised.value.problems) == {"base_url"}


def test_the_same_message_twice_is_taken_once(server: AndroidServer, http: Http) -> None:
    """Its id is the key: the second answer says that it was taken before."""
    gateway = made(server.url, http)
    assert [gateway.send([outgoing()])[0].reference for _ in range(2)] == [FIRST] * 2
    assert len(server.messages) == 1


def test_what_failed_on_the_phone_is_tried_anew_under_another_id(server: AndroidServer, http: Http) -> None:
    """Somebody has a failed message tried again: the used id would be answered as taken, and nothing sent."""
    gateway = made(server.url, http)
    gateway.send([outgoing()])
    server.messages[FIRST].state = "Failed"
    (verdict,) = gateway.send([outgoing()])
    assert verdict.outcome is Outcome.ACCEPTED
    assert verdict.reference not in {FIRST, None}
    assert list(server.messages) == [FIRST, verdict.reference]
    assert gateway.send([outgoing()])[0].reference == verdict.reference
    (found,) = gateway.look_up(outgoing(), reference=None, since=SINCE)
    assert (found.reference, found.status) == (verdict.reference, ReceiptStatus.ACCEPTED)


@pytest.mark.parametrize(
    ("raw", "to", "reason", "about"),
    [
        ({"password": "guessed"}, "+5511987650001", "bad_credentials", About.ACCOUNT),
        ({"device_id": "another"}, "+5511987650001", "no_device", About.ACCOUNT),
        ({"mode": "local"}, "+5511987650001", "bad_address", About.ACCOUNT),
        ({"ttl": 1}, "+5511987650001", "account_refused", About.ACCOUNT),
        ({}, "+0", "bad_number", About.RECIPIENT),
    ],
)
def test_what_the_server_refuses(
    server: AndroidServer, http: Http, raw: dict[str, object], to: str, reason: str, about: About
) -> None:
    (verdict,) = made(server.url, http, **raw).send([outgoing(to=to)])
    assert (verdict.outcome, verdict.reason, verdict.about) == (Outcome.REFUSED, reason, about)
    assert server.messages == {}


def test_a_full_queue_of_a_sleeping_phone_makes_the_provider_pause(server: AndroidServer, http: Http) -> None:
    server.queue_limit = 1
    first, second = made(server.url, http).send([outgoing(1), outgoing(2)])
    assert first.outcome is Outcome.ACCEPTED
    assert (second.reason, second.for_good, second.retry_after) == ("throttled", False, 120.0)


@pytest.mark.parametrize(
    ("trouble", "held"),
    [
        (Trouble.LOST_BEFORE, 0),
        (Trouble.LOST_AFTER, 1),
        (Trouble.RESET_AFTER, 1),
        (Trouble.CUT, 1),
        (Trouble.HTML, 0),
        (Trouble.DOWN, 0),
    ],
)
def test_in_trouble_nobody_knows_until_the_server_is_asked(
    server: AndroidServer, http: Http, trouble: Trouble, held: int
) -> None:
    """X2."""
    gateway = made(server.url, http)
    server.trouble = trouble
    (verdict,) = gateway.send([outgoing()])
    assert verdict.outcome is Outcome.UNKNOWN
    server.trouble = Trouble.NONE
    assert len(gateway.look_up(outgoing(), reference=None, since=SINCE)) == held


def test_receipts_are_asked_for_one_by_one(server: AndroidServer, http: Http) -> None:
    gateway = made(server.url, http)
    verdicts = gateway.send([outgoing(number) for number in range(1, 5)])
    references = [verdict.reference or "" for verdict in verdicts]
    for reference, state in zip(references, ["Pending", "Sent", "Delivered", "Failed"], strict=True):
        server.messages[reference].state = state
    server.messages[references[3]].error = "RESULT_ERROR_NO_SERVICE"
    asked = [sent(number, reference=reference) for number, reference in enumerate([*references, "gone"], start=1)]
    reports = gateway.poll(asked)
    assert [(report.message_id, report.status, report.provider_code) for report in reports] == [
        (UUID(int=2), ReceiptStatus.SENT, ""),
        (UUID(int=3), ReceiptStatus.DELIVERED, ""),
        (UUID(int=4), ReceiptStatus.FAILED, "RESULT_ERROR_NO_SERVICE"),
    ]


@pytest.mark.parametrize(
    ("event", "more", "status"),
    [
        ("sms:sent", {"partsCount": 3, "sentAt": "2026-11-20T10:00:08.000-03:00"}, ReceiptStatus.SENT),
        ("sms:delivered", {"deliveredAt": "2026-11-20T10:00:08.000-03:00"}, ReceiptStatus.DELIVERED),
        ("sms:failed", {"failedAt": "2026-11-20T10:00:08.000-03:00", "reason": "No service"}, ReceiptStatus.FAILED),
        ("sms:cancelled", {"cancelledAt": "2026-11-20T10:00:08.000-03:00"}, ReceiptStatus.FAILED),
    ],
)
def test_a_receipt_names_our_message(
    server: AndroidServer, http: Http, event: str, more: dict[str, object], status: ReceiptStatus
) -> None:
    gateway = made(server.url, http)
    gateway.send([outgoing()])
    (report,) = gateway.read_webhook(web(server.report(FIRST, event, **more)))
    assert isinstance(report, Report)
    assert (report.status, report.reference, report.message_id) == (status, FIRST, UUID(int=1))
    assert report.occurred_at == datetime(2026, 11, 20, 13, 0, 8, tzinfo=UTC)
    assert report.segments == more.get("partsCount")
    assert report.provider_code == more.get("reason", "")


def test_an_old_apps_receipt_names_the_other_side_differently(http: Http) -> None:
    call = called("sms:delivered", {"messageId": "m-1", "phoneNumber": "+5511987650001"})
    (report,) = made(NOWHERE, http).read_webhook(web(call))
    assert isinstance(report, Report)
    assert (report.number, report.message_id, report.reference) == ("+5511987650001", None, "m-1")


def test_a_text_is_read_with_its_emoji_and_its_time(http: Http) -> None:
    long = "Не пишіть мені більше 🙅 " * 12
    (text,) = made(NOWHERE, http).read_webhook(web(texted("+380501234567", long)))
    assert isinstance(text, Inbound)
    assert (text.sender, text.text) == ("+380501234567", long)
    assert text.received_at == datetime(2026, 11, 20, 13, 0, tzinfo=UTC)


def test_the_same_words_at_another_time_are_another_text(http: Http) -> None:
    """The app's own id is made from what a text says."""
    gateway = made(NOWHERE, http)
    calls = [texted("+380501234567", "OK"), texted("+380501234567", "OK", at="2026-11-21T10:00:00.000-03:00")]
    texts = [gateway.read_webhook(web(call))[0] for call in calls]
    assert len({text.reference for text in texts}) == 2


@pytest.mark.parametrize("event", ["app:started", "system:ping", "mms:received", "sms:data-received"])
def test_an_event_that_is_neither_is_taken_and_nothing_comes_of_it(http: Http, event: str) -> None:
    assert made(NOWHERE, http).read_webhook(web(called(event, {"simCards": []}))) == []


@pytest.mark.parametrize(("late", "is_taken"), [(-299, True), (299, True), (301, False), (-301, False)])
def test_a_signature_holds_for_five_minutes(http: Http, late: int, is_taken: bool) -> None:
    """X3: a call that somebody kept cannot be repeated later."""
    request = web(called("system:ping", {}, at=NOW), came_at=NOW + timedelta(seconds=late))
    if is_taken:
        assert made(NOWHERE, http).read_webhook(request) == []
    else:
        with pytest.raises(ForgedRequest):
            made(NOWHERE, http).read_webhook(request)


def test_another_key_is_a_forgery(http: Http) -> None:
    with pytest.raises(ForgedRequest):
        made(NOWHERE, http).read_webhook(web(called("system:ping", {}, key="guessed")))


def test_a_text_of_an_older_app_has_no_id(http: Http) -> None:
    """Q5: as the project's client for JavaScript has it."""
    told = {"message": "Olá", "phoneNumber": "+5511987650001", "receivedAt": "2026-11-20T10:00:00.000-03:00"}
    (text,) = made(NOWHERE, http).read_webhook(web(called("sms:received", told)))
    assert isinstance(text, Inbound)
    assert (text.sender, text.text, text.reference) == ("+5511987650001", "Olá", None)
    assert text.received_at == datetime(2026, 11, 20, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize("name", ["reason", "error"])
def test_why_the_phone_failed_is_kept(http: Http, name: str) -> None:
    told = {"messageId": FIRST, "recipient": "+5511987650001", "failedAt": "2026-11-20T10:00:00Z", name: "NO_SERVICE"}
    (report,) = made(NOWHERE, http).read_webhook(web(called("sms:failed", told)))
    assert isinstance(report, Report)
    assert (report.status, report.provider_code) == (ReceiptStatus.FAILED, "NO_SERVICE")


def test_texts_that_the_app_tells_of_at_once_are_each_read(http: Http) -> None:
    """Q5: webhooks are delivered in batches where the app's settings say so."""
    told = [
        {"messageId": f"9f8e7{at}", "message": text, "sender": "+5511987650001", "receivedAt": "2026-11-20T10:00:00Z"}
        for at, text in enumerate(["Olá", "Так 👋"])
    ]
    texts = made(NOWHERE, http).read_webhook(web(called("sms:batch:received", {"messages": told})))
    assert [each.text for each in texts if isinstance(each, Inbound)] == ["Olá", "Так 👋"]
    assert len({each.reference for each in texts}) == 2


@pytest.mark.parametrize("payload", [{}, {"messages": None}, {"messages": "x"}])
def test_a_batch_without_texts_tells_nothing(http: Http, payload: dict[str, Any]) -> None:
    assert made(NOWHERE, http).read_webhook(web(called("sms:batch:received", payload))) == []


def test_a_signed_event_without_a_message_cannot_be_read(http: Http) -> None:
    with pytest.raises(SmsError) as raised:
        made(NOWHERE, http).read_webhook(web(called("sms:received", {"message": "?"})))
    assert raised.value.code == "garbled"
