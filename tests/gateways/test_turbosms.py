"""TurboSMS: the shipped contract, and the vendor's double: ways, batches, codes, names of requests, callbacks, polls
(P4, P5).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sms_plugin.errors import ForgedRequest, SmsError
from sms_plugin.gateways.contract import About, Outcome, Outgoing, ReceiptStatus, Report, Sent, Verdict, WebRequest
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.settings import BadSettings, build
from sms_plugin.gateways.turbosms import TurboSmsGateway
from sms_plugin.gateways.turbosms_settings import TurboSmsSettings
from sms_plugin.testing.gateway_contract import GatewayContract, ScriptedServer, outgoing, sent
from sms_plugin.testing.loopback import Reply, json_reply
from tests.doubles.turbosms import SECRET, TOKEN, Mishap, TurboSms, callback

NUMBER = "+380678998668"
AT = datetime(2026, 11, 20, 8, 0, 8, tzinfo=UTC)
BOTH = {"channel": "viber_sms", "viber_sender": "Acme Viber", "viber_seconds": "90"}


def envelope(code: int, *items: tuple[str, int, str | None], name: str = "SOME_NAME") -> Reply:
    """An answer of the vendor's: its code, and phone, code and id of each recipient."""
    results = [
        {"phone": phone, "response_code": each, "message_id": id, "response_status": name} for phone, each, id in items
    ]
    return json_reply({"response_code": code, "response_status": name, "response_result": results or None})


class TestTurboSms(GatewayContract):
    gateway = TurboSmsGateway
    accepted = envelope(800, ("5511987650001", 0, "t-1"))
    refused_recipient = envelope(802, ("5511987650001", 404, None))
    refused_account = envelope(203, name="REQUIRED_BALANCE")
    throttled = Reply(status=429, headers={"Retry-After": "7"})
    balance_told = json_reply({"response_code": 0, "response_status": "OK", "response_result": {"balance": 2106.42}})

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {"token": TOKEN, "sender": "Acme", "callback_secret": SECRET, "base_url": url}

    def accepted_all(self, messages: Sequence[Outgoing]) -> Reply:
        return envelope(800, *((each.to.removeprefix("+"), 0, f"t-{each.id.int}") for each in messages))

    def receipt(self, settings: Any) -> WebRequest:
        return called(callback("t-1", "DELIVRD", at=AT, event="event-1"))

    def signed_anew(self, request: WebRequest, settings: Any) -> WebRequest:
        try:
            told = json.loads(request.body)
            sig = hashlib.sha1(str(told["id"]).encode() + SECRET.encode()).hexdigest()  # noqa: S324
        except (ValueError, TypeError, LookupError):
            return request
        return called(json.dumps({**told, "signature": sig}).encode())

    def forgeries(self, request: WebRequest) -> Sequence[WebRequest]:
        """The event's id and its signature belong together; nothing else is signed."""
        told = json.loads(request.body)
        unsigned = {name: value for name, value in told.items() if name != "signature"}
        bodies = [{**told, "id": "event-2"}, {**told, "signature": "0" * 40}, {**told, "signature": ""}, unsigned]
        return [called(json.dumps(body).encode()) for body in bodies]

    def polled(self, asked: Sequence[Sent]) -> Sequence[Reply]:
        told = [{"message_id": each.reference, "status": "Delivered", "type": "sms"} for each in asked]
        return [json_reply({"response_code": 0, "response_status": "OK", "response_result": told})]


class TestTurboSmsByViber(TestTurboSms):
    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {**super().raw_settings(url), **BOTH}


def called(body: bytes) -> WebRequest:
    """A callback as it comes."""
    headers = {"content-type": "application/json"}
    return WebRequest(method="POST", url="https://portal.example/sms/receipts/1", headers=headers, body=body)


@pytest.fixture
def vendor() -> Iterator[TurboSms]:
    """The double; whatever it did not expect fails the test."""
    with TurboSms() as vendor:
        yield vendor
        assert vendor.complaints == []


def gateway(url: str, http: Http, **more: str) -> TurboSmsGateway:
    """The gateway at that address."""
    raw = {"token": TOKEN, "sender": "Acme", "callback_secret": SECRET, "base_url": url, **more}
    return TurboSmsGateway(build(TurboSmsSettings, raw), http)


def sent_one(vendor: TurboSms, http: Http, *, text: str = "Hello", to: str = NUMBER, **more: str) -> Verdict:
    """The verdict on one message."""
    (verdict,) = gateway(vendor.url, http, **more).send([outgoing(to=to, text=text)])
    return verdict


def test_one_text_to_many_numbers_is_one_request(vendor: TurboSms, http: Http) -> None:
    """Issue 5: 4,993 sent, 7 failed with their reasons, one HTTP request."""
    messages = [outgoing(at, to=f"+38067{at:07d}", text="Привіт 👋") for at in range(1, 4994)]
    bad = {"+380": "bad_number", "+15550100001": "region_not_enabled", "+380501112233": "opted_out"}
    bad |= {f"+4930000000{at:02d}": "region_not_enabled" for at in range(4)}
    vendor.account.stoplist.add("380501112233")
    messages[100:100] = [outgoing(9000 + at, to=to, text="Привіт 👋") for at, to in enumerate(bad)]
    verdicts = gateway(vendor.url, http).send(messages)
    assert len(messages) == 5000
    assert len(vendor.requests) == 1
    assert sum(verdict.outcome is Outcome.ACCEPTED for verdict in verdicts) == 4993
    failed = {message.to: verdict for message, verdict in zip(messages, verdicts, strict=True) if verdict.reason}
    assert {to: verdict.reason for to, verdict in failed.items()} == bad
    assert {verdict.about for verdict in failed.values()} == {About.RECIPIENT}
    kept = {vendor.held[verdict.reference or ""].phone for verdict in verdicts if not verdict.reason}
    assert len(kept) == 4993


def test_each_message_gets_the_id_of_its_own_number(vendor: TurboSms, http: Http) -> None:
    messages = [outgoing(at, to=f"+38067000000{at}", text="Hi") for at in (3, 1, 2)]
    verdicts = gateway(vendor.url, http).send(messages)
    phones = [vendor.held[verdict.reference or ""].phone for verdict in verdicts]
    assert phones == ["380670000003", "380670000001", "380670000002"]


def test_texts_that_differ_and_a_number_that_comes_twice_go_in_requests_of_their_own(
    vendor: TurboSms, http: Http
) -> None:
    """The vendor drops the second of two equal numbers: both messages are to arrive."""
    messages = [outgoing(1, to=NUMBER), outgoing(2, to=NUMBER), outgoing(3, to=NUMBER, text="Other")]
    verdicts = gateway(vendor.url, http).send(messages)
    assert len(vendor.requests) == 3
    assert len({verdict.reference for verdict in verdicts}) == 3


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, {"sms": {"sender": "Acme", "text": "Hello"}}),
        ({"flash": "yes"}, {"sms": {"sender": "Acme", "text": "Hello", "is_flash": 1}}),
        (
            {"channel": "viber", "viber_sender": "Acme Viber", "sender": ""},
            {"viber": {"sender": "Acme Viber", "text": "Hello", "ttl": 3600}},
        ),
        (
            {**BOTH, "transactional": "yes"},
            {
                "viber": {"sender": "Acme Viber", "text": "Hello", "ttl": 90, "is_transactional": 1},
                "sms": {"sender": "Acme", "text": "Hello", "hybrid_ttl": 90},
            },
        ),
    ],
    ids=["sms", "flash", "viber", "both"],
)
def test_a_message_goes_by_the_way_that_was_chosen(
    vendor: TurboSms, http: Http, more: dict[str, str], expected: dict[str, Any]
) -> None:
    """P5: Viber gives up when the SMS goes."""
    assert sent_one(vendor, http, **more).outcome is Outcome.ACCEPTED
    (request,) = vendor.requests
    assert {channel: request[channel] for channel in ("sms", "viber") if channel in request} == expected
    assert request["recipients"] == ["380678998668"]


def test_what_each_way_can_do_is_told() -> None:
    only = TurboSmsGateway.capabilities(build(TurboSmsSettings, {"token": "t", "sender": "Acme"}))
    both = TurboSmsGateway.capabilities(build(TurboSmsSettings, {"token": "t", "sender": "Acme", **BOTH}))
    assert (only.channels, only.longest, only.flash, only.receipts) == (("sms",), 1521, True, False)
    assert (both.channels, both.longest, both.flash) == (("viber", "sms"), 1000, False)


@pytest.mark.parametrize(
    ("text", "more", "taken"),
    [
        ("x" * 1521, {}, True),
        ("x" * 1522, {}, False),
        ("ж" * 661, {}, True),
        ("ж" * 662, {}, False),
        ("x" * 1000, BOTH, True),
        ("x" * 1001, BOTH, False),
        ("ж" * 662, BOTH, False),
    ],
)
def test_a_text_is_as_long_as_its_letters_and_its_way_allow(
    vendor: TurboSms, http: Http, text: str, more: dict[str, str], taken: bool
) -> None:
    """P19."""
    verdict = sent_one(vendor, http, text=text, **more)
    assert (verdict.outcome is Outcome.ACCEPTED) is taken
    assert len(vendor.requests) == taken
    assert taken or verdict.reason == "too_long"


def test_a_request_that_is_repeated_is_executed_once(vendor: TurboSms, http: Http) -> None:
    """P4: the same messages have the same name, in whatever order."""
    vendor.mishap = Mishap.LOST_AFTER
    messages = [outgoing(1, to=NUMBER), outgoing(2, to="+380501112233")]
    with Http(read_timeout=0.3, private=True) as hasty:
        lost = gateway(vendor.url, hasty).send(messages)
    assert {verdict.outcome for verdict in lost} == {Outcome.UNKNOWN}
    again = gateway(vendor.url, http).send(messages[::-1])
    assert len(vendor.held) == 2
    assert [vendor.held[verdict.reference or ""].phone for verdict in again] == ["380501112233", "380678998668"]


def test_a_repeated_request_without_the_first_ones_result_was_taken(vendor: TurboSms, http: Http) -> None:
    vendor.repeats_result = False
    assert sent_one(vendor, http).outcome is Outcome.ACCEPTED
    assert sent_one(vendor, http).outcome is Outcome.ACCEPTED
    assert len(vendor.held) == 1


def test_a_request_that_failed_at_the_vendor_is_tried_under_another_name(vendor: TurboSms, http: Http) -> None:
    """Else its results would come back for ever, whatever the vendor could do by then."""
    vendor.mishap = Mishap.NOT_SENT
    first = sent_one(vendor, http)
    assert (first.outcome, first.reason, first.for_good) == (Outcome.REFUSED, "try_again", False)
    assert sent_one(vendor, http).outcome is Outcome.ACCEPTED
    assert sent_one(vendor, http).outcome is Outcome.ACCEPTED
    assert len(vendor.held) == 1


def test_other_messages_make_another_request(vendor: TurboSms, http: Http) -> None:
    for number in (1, 2):
        gateway(vendor.url, http).send([outgoing(number, to=NUMBER)])
    assert len({request["sequence_id"] for request in vendor.requests}) == 2


@pytest.mark.parametrize(
    ("mishap", "outcome", "held"),
    [
        (Mishap.LOST_BEFORE, Outcome.UNKNOWN, 0),
        (Mishap.LOST_AFTER, Outcome.UNKNOWN, 1),
        (Mishap.CUT, Outcome.UNKNOWN, 1),
        (Mishap.PAGE, Outcome.UNKNOWN, 0),
        (Mishap.FATAL, Outcome.UNKNOWN, 0),
        (Mishap.THROTTLED, Outcome.REFUSED, 0),
    ],
)
def test_a_mishap_is_never_taken_for_an_answer(vendor: TurboSms, mishap: Mishap, outcome: Outcome, held: int) -> None:
    """X2."""
    vendor.mishap = mishap
    with Http(read_timeout=0.3, private=True) as hasty:
        assert sent_one(vendor, hasty).outcome is outcome
    assert len(vendor.held) == held


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"token": "another"}, "bad_credentials"),
        ({"blocked": True}, "account_suspended"),
        ({"balance": 0.0}, "no_credit"),
        ({"senders": set()}, "bad_sender"),
    ],
)
def test_a_refused_account_stops_the_provider(
    vendor: TurboSms, http: Http, broken: dict[str, Any], reason: str
) -> None:
    """P21."""
    vendor.account = replace(vendor.account, **broken)
    verdict = sent_one(vendor, http)
    assert (verdict.outcome, verdict.about, verdict.reason) == (Outcome.REFUSED, About.ACCOUNT, reason)
    assert verdict.for_good
    assert verdict.detail.isupper()


def test_a_forbidden_text_is_a_refusal_of_the_message(vendor: TurboSms, http: Http) -> None:
    verdict = sent_one(vendor, http, text="Casino!")
    assert (verdict.about, verdict.reason, verdict.provider_code) == (About.MESSAGE, "rejected_text", "412")


@pytest.mark.parametrize(
    ("code", "outcome", "about", "for_good"),
    [
        (107, Outcome.REFUSED, About.RECIPIENT, True),
        (305, Outcome.REFUSED, About.RECIPIENT, True),
        (405, Outcome.REFUSED, About.ACCOUNT, True),
        (416, Outcome.REFUSED, About.ACCOUNT, True),
        (503, Outcome.REFUSED, About.MESSAGE, False),
        (504, Outcome.REFUSED, About.MESSAGE, False),
        (500, Outcome.UNKNOWN, None, False),
        (999, Outcome.UNKNOWN, None, False),
        (777, Outcome.UNKNOWN, None, False),
        (55, Outcome.UNKNOWN, None, False),
    ],
)
def test_a_code_means_the_same_of_a_recipient_and_of_all(
    server: ScriptedServer, http: Http, code: int, outcome: Outcome, about: About | None, for_good: bool
) -> None:
    """What the vendor does not document is unknown."""
    for reply in (envelope(code), envelope(802, ("380678998668", code, None))):
        server.will(reply)
        (verdict,) = gateway(server.url, http).send([outgoing(to=NUMBER)])
        assert (verdict.outcome, verdict.about, verdict.for_good) == (outcome, about, for_good)


def test_what_is_said_of_one_number_is_not_said_of_several(server: ScriptedServer, http: Http) -> None:
    """An opt-out without a number is nobody's."""
    server.will(envelope(404))
    verdicts = gateway(server.url, http).send([outgoing(1, to=NUMBER), outgoing(2, to="+380501112233")])
    assert {verdict.outcome for verdict in verdicts} == {Outcome.UNKNOWN}


@pytest.mark.parametrize(
    "reply",
    [
        envelope(800),
        envelope(800, ("380501112233", 0, "t-9")),
        envelope(800, ("380678998668", 0, None)),
        envelope(802, ("380678998668", 407, None)),
        replace(envelope(800, ("380678998668", 0, "t-1")), status=500),
        replace(envelope(800, ("380678998668", 0, "t-1")), status=400),
    ],
    ids=["nobody", "another", "no id", "duplicate", "500", "400"],
)
def test_a_success_without_the_messages_own_result_is_none(server: ScriptedServer, http: Http, reply: Reply) -> None:
    server.will(reply)
    assert gateway(server.url, http).send([outgoing(to=NUMBER)])[0].outcome is Outcome.UNKNOWN


def test_a_refusal_counts_whatever_the_status_is(server: ScriptedServer, http: Http) -> None:
    """A missing token was seen with status 400."""
    server.will(replace(envelope(103), status=400))
    (verdict,) = gateway(server.url, http).send([outgoing(to=NUMBER)])
    assert (verdict.about, verdict.reason) == (About.ACCOUNT, "bad_credentials")


def test_a_number_that_is_told_twice_has_its_acceptance(server: ScriptedServer, http: Http) -> None:
    server.will(envelope(802, ("+380 67 899 86 68", 0, "t-1"), ("380678998668", 407, None)))
    (verdict,) = gateway(server.url, http).send([outgoing(to=NUMBER)])
    assert (verdict.outcome, verdict.reference) == (Outcome.ACCEPTED, "t-1")


@pytest.mark.parametrize(
    ("word", "status", "reason", "channel"),
    [
        ("DELIVRD", ReceiptStatus.DELIVERED, "", ""),
        ("READ", ReceiptStatus.READ, "", "viber"),
        ("UNDELIV", ReceiptStatus.UNDELIVERED, "undelivered", ""),
        ("EXPIRED", ReceiptStatus.UNDELIVERED, "undelivered", ""),
        ("REJECTD", ReceiptStatus.FAILED, "rejected", ""),
        ("In Queue", ReceiptStatus.ACCEPTED, "", ""),
    ],
)
@pytest.mark.parametrize("secret_first", [False, True])
def test_a_callback_is_a_receipt(
    http: Http, word: str, status: ReceiptStatus, reason: str, channel: str, secret_first: bool
) -> None:
    """X3: callbacks of both orders were seen; times are Kyiv's."""
    body = callback("t-1", word, at=AT, secret_first=secret_first)
    (report,) = gateway("https://api.turbosms.ua", http, **BOTH).read_webhook(called(body))
    expected = Report(status=status, reference="t-1", reason=reason, occurred_at=AT, channel=channel)
    assert report == expected


def test_a_callback_in_summer_is_three_hours_ahead(http: Http) -> None:
    at = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
    body = callback("t-1", "DELIVRD", at=at)
    assert b"12:30:00" in body
    (report,) = gateway("https://api.turbosms.ua", http).read_webhook(called(body))
    assert isinstance(report, Report)
    assert report.occurred_at == at


def test_where_there_is_one_way_a_receipt_went_that_way(http: Http) -> None:
    (report,) = gateway("https://api.turbosms.ua", http).read_webhook(called(callback("t-1", "DELIVRD", at=AT)))
    assert isinstance(report, Report)
    assert report.channel == "sms"


def test_a_status_that_says_nothing_is_no_receipt(http: Http) -> None:
    taken = gateway("https://api.turbosms.ua", http).read_webhook(called(callback("t-1", "Unknown", at=AT)))
    assert taken == []


def test_without_a_secret_every_callback_is_forged(http: Http) -> None:
    """Else anybody could sign with nothing."""
    with pytest.raises(ForgedRequest):
        gateway("https://api.turbosms.ua", http, callback_secret="").read_webhook(
            called(callback("t-1", "DELIVRD", at=AT, secret=""))
        )


def test_a_callback_is_answered_with_200(http: Http) -> None:
    assert gateway("https://api.turbosms.ua", http).webhook_answer([]).status == 200


def asked(reference: str) -> Sent:
    return sent(reference=reference, to=NUMBER)


@pytest.mark.parametrize(
    ("word", "channel", "status"),
    [
        ("Delivered", "sms", ReceiptStatus.DELIVERED),
        ("Read", "viber", ReceiptStatus.READ),
        ("Expired", "viber", ReceiptStatus.UNDELIVERED),
        ("Rejected", "sms", ReceiptStatus.FAILED),
        ("Sent", "viber", ReceiptStatus.SENT),
    ],
)
def test_a_poll_tells_the_way_that_a_message_went(
    vendor: TurboSms, http: Http, word: str, channel: str, status: ReceiptStatus
) -> None:
    """P5: by Viber, by SMS, or read."""
    at = gateway(vendor.url, http, **BOTH)
    (verdict,) = at.send([outgoing(to=NUMBER)])
    assert verdict.reference
    vendor.report(verdict.reference, word, channel=channel, at=AT)
    (report,) = at.poll([asked(verdict.reference), asked("nobody's")])
    assert (report.status, report.channel, report.occurred_at) == (status, channel, AT)
    assert (report.reference, report.number) == (verdict.reference, "380678998668")


def test_a_message_of_which_nothing_is_known_yet_is_taken(vendor: TurboSms, http: Http) -> None:
    verdict = sent_one(vendor, http)
    (report,) = gateway(vendor.url, http).poll([asked(verdict.reference or "")])
    assert (report.status, report.occurred_at) == (ReceiptStatus.ACCEPTED, None)


@pytest.mark.parametrize("question", ["balance", "poll"])
def test_a_question_with_a_wrong_token_says_so(vendor: TurboSms, http: Http, question: str) -> None:
    """P15: the test of the connection tells why."""
    at = gateway(vendor.url, http, token="another")
    with pytest.raises(SmsError) as raised:
        at.balance() if question == "balance" else at.poll([asked("t-1")])
    assert raised.value.code == "bad_credentials"


def test_the_balance_is_in_hryvnias(vendor: TurboSms, http: Http) -> None:
    """P17."""
    balance = gateway(vendor.url, http).balance()
    assert (balance.amount, balance.unit) == (Decimal("2106.42"), "UAH")


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        ("sender", {"sender": ""}),
        ("sender", {"sender": "A name that is too long"}),
        ("viber_sender", {"channel": "viber"}),
        ("viber_sender", {"channel": "viber_sms"}),
        ("sender", {**BOTH, "sender": ""}),
        ("flash", {**BOTH, "flash": "yes"}),
        ("viber_seconds", {**BOTH, "viber_seconds": "59"}),
        ("batch_size", {"batch_size": "5001"}),
        ("channel", {"channel": "pigeon"}),
        ("base_url", {"base_url": "ftp://api.turbosms.ua"}),
    ],
)
def test_settings_that_cannot_work_are_named(field: str, raw: Mapping[str, str]) -> None:
    """Bad input: a Viber sender missing while Viber is on, a flash message where there is none."""
    with pytest.raises(BadSettings) as raised:
        build(TurboSmsSettings, {"token": "t", "sender": "Acme", **raw})
    assert list(raised.value.problems) == [field]
