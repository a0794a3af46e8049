"""Clickatell: the shipped contract and the vendor's double, for the One API and the SMS platform API (P2)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest

from sms_plugin.errors import ForgedRequest, SmsError
from sms_plugin.gateways.clickatell import ClickatellGateway
from sms_plugin.gateways.clickatell_settings import ClickatellSettings
from sms_plugin.gateways.contract import (
    About,
    Inbound,
    Outcome,
    Outgoing,
    Part,
    ReceiptStatus,
    Report,
    Sent,
    WebRequest,
)
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.settings import BadSettings, build
from sms_plugin.testing.gateway_contract import GatewayContract, ScriptedServer, outgoing, sent
from sms_plugin.testing.loopback import Reply, json_reply
from tests.doubles import clickatell as double
from tests.doubles.clickatell import ONE_KEY, PASSWORD, PLATFORM_KEY, SENDER, USER, Clickatell
from tests.doubles.troubled import Trouble

NUMBER = "+2799900001"
AT = datetime(2026, 11, 20, 8, 0, 8, 123000, tzinfo=UTC)
OURS = UUID(int=77)
URL = "https://portal.example/sms/receipts/1"
CALLBACKS = {"callback_user": USER, "callback_password": PASSWORD}


def result(to: str, id: str | None, error: object = None) -> dict[str, Any]:
    """One message's result, as the One API tells it."""
    return {"apiMessageId": id, "accepted": id is not None, "to": to, "error": error}


def results(*told: Mapping[str, Any], status: int = 202) -> Reply:
    return json_reply({"messages": list(told), "error": None}, status=status)


def wrong(code: int, words: str = "Something.") -> dict[str, object]:
    return {"code": code, "description": words}


class TestClickatell(GatewayContract):
    gateway = ClickatellGateway
    accepted = results(result("5511987650001", "c-1"))
    refused_recipient = results(result("5511987650001", None, wrong(25)), status=400)
    refused_account = json_reply({"messages": [], "error": wrong(1)}, status=401)
    throttled = json_reply({"messages": [], "error": wrong(43)}, status=400, headers={"Retry-After": "5"})
    balance_told = json_reply({"currency": "USD", "balance": 12.345})

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {"api_key": ONE_KEY, "sender": SENDER, **CALLBACKS, "base_url": url}

    def accepted_all(self, messages: Sequence[Outgoing]) -> Reply:
        return results(*(result(each.to.removeprefix("+"), f"c-{each.id.int}") for each in messages))

    def receipt(self, settings: Any) -> WebRequest:
        return called(double.status("c-1", 5, "DEVICE_ACK", at=AT, ours=OURS.hex))

    def inbound(self, settings: Any) -> WebRequest:
        return called(double.text("Привіт 👋", message="in-1", at=AT))

    def forgeries(self, request: WebRequest) -> Sequence[WebRequest]:
        """Nothing is signed: only user and password can be wrong."""
        kept = {"content-type": request.headers["content-type"]}
        return [replace(request, headers={**kept, "authorization": word}) for word in ("", "Basic YTpi", "Bearer x")]

    def polled(self, asked: Sequence[Sent]) -> Sequence[Reply]:
        return [json_reply({"sms": {"status": "DEVICE_ACK", "timestamp": 1506607698000}}) for _ in asked]


class TestClickatellPlatform(TestClickatell):
    accepted = results(result("5511987650001", "c-1"))
    refused_recipient = json_reply(
        {"messages": [{"apiMessageId": None, "accepted": False, "error": "Invalid Destination Address"}]}
    )
    refused_account = json_reply({"messages": [], "error": "Authentication failed"}, status=401)
    throttled = Reply(status=429, headers={"Retry-After": "5"})

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {**super().raw_settings(url), "api_key": PLATFORM_KEY, "flavour": "platform"}

    def receipt(self, settings: Any) -> WebRequest:
        fields = double.platform_status("c-1", "004", "RECEIVED_BY_RECIPIENT", at=AT)
        return called(json.dumps(fields).encode())

    def inbound(self, settings: Any) -> WebRequest:
        fields = double.platform_text("Olá", message="in-1", at=AT)
        form = {**double.authorised(), "content-type": "application/x-www-form-urlencoded"}
        return called(urlencode(fields).encode(), headers=form)


class TestClickatellPlatformByQuery(TestClickatellPlatform):
    def receipt(self, settings: Any) -> WebRequest:
        fields = double.platform_status("c-1", "004", "RECEIVED_BY_RECIPIENT", at=AT)
        return queried(double.queried(fields))

    def inbound(self, settings: Any) -> WebRequest:
        return queried(double.queried(double.platform_text("Olá", message="in-1", at=AT)))


def called(body: bytes, *, headers: Mapping[str, str] | None = None) -> WebRequest:
    """A callback as it comes."""
    return WebRequest(method="POST", url=URL, headers=headers or double.authorised(), body=body)


def queried(query: str) -> WebRequest:
    """A callback by GET."""
    return WebRequest(method="GET", url=f"{URL}?{query}", headers=double.authorised(), body=b"")


@pytest.fixture
def vendor() -> Iterator[Clickatell]:
    """The double; whatever it did not expect fails the test."""
    with Clickatell() as vendor:
        yield vendor
        assert vendor.complaints == []


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def http() -> Iterator[Http]:
    with Http(read_timeout=5.0, private=True) as http:
        yield http


def one(url: str, http: Http, **more: str) -> ClickatellGateway:
    """The One API at that address."""
    raw = {"api_key": ONE_KEY, "base_url": url, **more}
    return ClickatellGateway(build(ClickatellSettings, raw), http)


def platform(url: str, http: Http, **more: str) -> ClickatellGateway:
    """The platform API at that address."""
    return one(url, http, **{"api_key": PLATFORM_KEY, "flavour": "platform", **more})


def test_each_message_of_a_request_has_a_text_and_an_id_of_its_own(vendor: Clickatell, http: Http) -> None:
    messages = [outgoing(1, to=NUMBER, text="Привіт 👋"), outgoing(2, to="+351912345678", text="Olá")]
    verdicts = one(vendor.url, http, sender=f"+{SENDER}").send(messages)
    assert len(vendor.requests) == 1
    held = [vendor.held[verdict.reference or ""] for verdict in verdicts]
    assert [(each["to"], each["content"]) for each in held] == [("2799900001", "Привіт 👋"), ("351912345678", "Olá")]
    assert [UUID(each["clientMessageId"]).int for each in held] == [1, 2]
    assert {each["from"] for each in held} == {SENDER}


def test_a_hundred_messages_have_their_verdicts(vendor: Clickatell, http: Http) -> None:
    """Failures of some stand in one answer with the others' success."""
    messages = [outgoing(at, to=f"+27999{at:05d}") for at in range(1, 99)]
    vendor.opted_out.add("2799955555")
    messages[50:50] = [outgoing(201, to="+1"), outgoing(202, to="+2799955555")]
    verdicts = one(vendor.url, http).send(messages)
    assert len(vendor.requests) == 1
    refusals = [(at, each.reason, each.about) for at, each in enumerate(verdicts) if each.reason]
    assert refusals == [(50, "bad_number", About.RECIPIENT), (51, "opted_out", About.RECIPIENT)]
    assert len({each.reference for each in verdicts}) == 99


def test_one_number_twice_gets_both_texts(vendor: Clickatell, http: Http) -> None:
    messages = [outgoing(1, to=NUMBER, text="A"), outgoing(2, to=NUMBER, text="B")]
    verdicts = one(vendor.url, http).send(messages)
    assert [vendor.held[each.reference or ""]["content"] for each in verdicts] == ["A", "B"]


def test_the_platform_sends_one_text_to_many_numbers(vendor: Clickatell, http: Http) -> None:
    messages = [outgoing(at, to=f"+2799900000{at}", text="Привіт 👋") for at in (1, 2, 3)]
    messages.append(outgoing(4, to="+279", text="Привіт 👋"))
    verdicts = platform(vendor.url, http).send(messages)
    assert [each.outcome for each in verdicts] == [Outcome.ACCEPTED] * 3 + [Outcome.REFUSED]
    assert (verdicts[3].reason, verdicts[3].about) == ("bad_number", About.RECIPIENT)
    assert len(vendor.requests) == 1
    assert "clientMessageId" not in vendor.requests[0].json()
    assert [vendor.held[each.reference or ""]["to"][-1] for each in verdicts[:3]] == ["1", "2", "3"]


def test_the_platform_gets_a_request_for_each_text_and_for_a_number_that_comes_twice(
    vendor: Clickatell, http: Http
) -> None:
    messages = [outgoing(1, to=NUMBER), outgoing(2, to=NUMBER), outgoing(3, to=NUMBER, text="Other")]
    verdicts = platform(vendor.url, http).send(messages)
    assert len({each.reference for each in verdicts}) == 3
    assert [UUID(request.json()["clientMessageId"]).int for request in vendor.requests] == [1, 2, 3]


def test_what_each_api_can_do_is_told() -> None:
    can = ClickatellGateway.capabilities
    ones = can(build(ClickatellSettings, {"api_key": "k"}))
    older = can(build(ClickatellSettings, {"api_key": "k", "flavour": "platform"}))
    assert (ones.batch_size, ones.same_text, ones.polled > 0) == (100, False, True)
    assert (older.batch_size, older.same_text, older.polled) == (100, True, 0)


@pytest.mark.parametrize("make", [one, platform])
def test_a_key_of_the_other_api_is_not_known(vendor: Clickatell, http: Http, make: Any) -> None:
    key = PLATFORM_KEY if make is one else ONE_KEY
    (verdict,) = make(vendor.url, http, api_key=key).send([outgoing(to=NUMBER)])
    assert (verdict.about, verdict.reason) == (About.ACCOUNT, "bad_credentials")
    with pytest.raises(SmsError) as raised:
        make(vendor.url, http, api_key=key).balance()
    assert raised.value.code == "bad_credentials"


@pytest.mark.parametrize("make", [one, platform])
def test_the_key_goes_along_bare(vendor: Clickatell, http: Http, make: Any) -> None:
    make(vendor.url, http).send([outgoing(to=NUMBER)])
    assert vendor.requests[0].headers["authorization"] == (ONE_KEY if make is one else PLATFORM_KEY)


@pytest.mark.parametrize(
    ("code", "about", "reason", "for_good"),
    [
        (2, About.ACCOUNT, "account_suspended", True),
        (7, About.ACCOUNT, "ip_not_allowed", True),
        (20, About.ACCOUNT, "no_credit", True),
        (43, About.ACCOUNT, "throttled", False),
        (19, About.MESSAGE, "try_again", False),
    ],
)
def test_a_refusal_of_the_whole_request(
    vendor: Clickatell, http: Http, code: int, about: About, reason: str, for_good: bool
) -> None:
    vendor.refuses = code
    verdicts = one(vendor.url, http).send([outgoing(1, to=NUMBER), outgoing(2, to="+351912345678")])
    told = {(each.outcome, each.about, each.reason, each.for_good) for each in verdicts}
    assert told == {(Outcome.REFUSED, about, reason, for_good)}
    assert {each.retry_after for each in verdicts} == {5.0 if code == 43 else None}


def test_an_internal_error_is_unknown(vendor: Clickatell, http: Http) -> None:
    """X2: nothing says that it was not taken."""
    vendor.refuses = 18
    assert one(vendor.url, http).send([outgoing(to=NUMBER)])[0].outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("code", "words", "about", "reason"),
    [
        (24, "", About.MESSAGE, "too_long"),
        (100, "", About.MESSAGE, "too_long"),
        (23, "The 'to' parameter is invalid.", About.RECIPIENT, "bad_number"),
        (23, "The 'content' parameter is invalid.", About.MESSAGE, "rejected"),
        (26, "", About.RECIPIENT, "opted_out"),
        (27, "", About.RECIPIENT, "unreachable"),
        (28, "", About.ACCOUNT, "trial_account"),
        (45, "", About.ACCOUNT, "bad_sender"),
        (101, "", About.RECIPIENT, "region_not_enabled"),
        (20, "", About.ACCOUNT, "no_credit"),
        (999, "", About.MESSAGE, "rejected"),
    ],
)
def test_a_refusal_of_a_message(
    server: ScriptedServer, http: Http, code: int, words: str, about: About, reason: str
) -> None:
    server.will(results(result("2799900001", None, wrong(code, words)), status=400))
    (verdict,) = one(server.url, http).send([outgoing(to=NUMBER)])
    assert (verdict.outcome, verdict.about, verdict.reason) == (Outcome.REFUSED, about, reason)
    assert verdict.provider_code == str(code)
    assert verdict.for_good


def test_a_message_alone_that_is_refused_has_a_status_of_its_error(vendor: Clickatell, http: Http) -> None:
    (verdict,) = one(vendor.url, http, sender="27999").send([outgoing(to=NUMBER)])
    assert (verdict.about, verdict.reason) == (About.ACCOUNT, "bad_sender")


def test_an_older_server_of_the_platform_tells_errors_in_words(vendor: Clickatell, http: Http) -> None:
    vendor.older = True
    (verdict,) = platform(vendor.url, http).send([outgoing(to="+279")])
    assert (verdict.about, verdict.reason, verdict.provider_code) == (About.RECIPIENT, "bad_number", "")


def test_the_vendors_words_are_kept_without_the_number(vendor: Clickatell, http: Http) -> None:
    vendor.opted_out.add("2799900001")
    (verdict,) = one(vendor.url, http).send([outgoing(to=NUMBER)])
    assert verdict.detail == "Recipient *** has opted out."


@pytest.mark.parametrize("make", [one, platform])
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
def test_in_trouble_nobody_knows(vendor: Clickatell, make: Any, trouble: Trouble, held: int) -> None:
    """X2: before and after acceptance, truncated, and no JSON."""
    vendor.trouble = trouble
    with Http(read_timeout=0.3, private=True) as hasty:
        (verdict,) = make(vendor.url, hasty).send([outgoing(to=NUMBER)])
    assert verdict.outcome is Outcome.UNKNOWN
    assert len(vendor.held) == held


@pytest.mark.parametrize(
    "reply",
    [
        results(result("351912345678", "c-1")),
        results(result("2799900001", "c-1"), status=400),
        results({"apiMessageId": "c-1", "to": "2799900001"}),
        results({"apiMessageId": None, "accepted": True, "to": "2799900001"}),
        results(result("2799900001", "c-1"), result("2799900001", "c-2")),
        json_reply({"messages": [], "error": wrong(999)}, status=202),
    ],
    ids=["another", "400", "nothing said", "no id", "two", "undocumented"],
)
def test_a_success_without_the_messages_own_result_is_none(server: ScriptedServer, http: Http, reply: Reply) -> None:
    server.will(reply)
    assert one(server.url, http).send([outgoing(to=NUMBER)])[0].outcome is Outcome.UNKNOWN


def test_results_in_another_order_are_matched_by_number(server: ScriptedServer, http: Http) -> None:
    server.will(results(result("351912345678", "c-2"), result("2799900001", "c-1")))
    verdicts = one(server.url, http).send([outgoing(1, to=NUMBER), outgoing(2, to="+351912345678")])
    assert [each.reference for each in verdicts] == ["c-1", "c-2"]


@pytest.mark.parametrize(
    ("code", "word", "status", "reason"),
    [
        (2, "QUEUED", ReceiptStatus.ACCEPTED, ""),
        (4, "SENT_TO_SUPPLIER", ReceiptStatus.SENT, ""),
        (5, "DEVICE_ACK", ReceiptStatus.DELIVERED, ""),
        (6, "READ", ReceiptStatus.READ, ""),
        (20, "EXPIRED", ReceiptStatus.UNDELIVERED, "undelivered"),
        (25, "INSUFFICIENT_ACCOUNT_BALANCE", ReceiptStatus.FAILED, "no_credit"),
        (27, "Daily volume limit reached", ReceiptStatus.FAILED, "throttled"),
        (29, "RECIPIENT_DOES_NOT_EXIST", ReceiptStatus.UNDELIVERED, "unknown_number"),
        (131, "SOMETHING_OF_WHATSAPP", ReceiptStatus.FAILED, "failed"),
    ],
)
def test_a_status_of_the_one_api_is_a_receipt(
    http: Http, code: int, word: str, status: ReceiptStatus, reason: str
) -> None:
    """X3."""
    at = one("https://platform.clickatell.com", http)
    (report,) = at.read_webhook(called(double.status("c-1", code, word, at=AT, ours=OURS.hex)))
    assert report == Report(
        status=status,
        reference="c-1",
        message_id=OURS,
        number="2799900001",
        provider_code=str(code),
        reason=reason,
        occurred_at=AT,
    )


@pytest.mark.parametrize("name", ["messageStatusUpdate", "moStatus", "anything"])
def test_whatever_the_list_is_called_its_items_are_read(http: Http, name: str) -> None:
    """The name of the list of statuses is not published."""
    items = [{"messageId": f"c-{at}", "statusCode": 5} for at in (1, 2)]
    reports = one("https://platform.clickatell.com", http).read_webhook(called(double.event(name, *items)))
    assert [(each.reference, each.status) for each in reports if isinstance(each, Report)] == [
        ("c-1", ReceiptStatus.DELIVERED),
        ("c-2", ReceiptStatus.DELIVERED),
    ]


@pytest.mark.parametrize(
    ("code", "word", "status"),
    [
        ("003", "DELIVERED_TO_GATEWAY", ReceiptStatus.SENT),
        ("004", "RECEIVED_BY_RECIPIENT", ReceiptStatus.DELIVERED),
        ("5", "", ReceiptStatus.FAILED),
        ("10", "", ReceiptStatus.UNDELIVERED),
        ("12", "", ReceiptStatus.FAILED),
    ],
)
@pytest.mark.parametrize("way", ["json", "query", "form"])
def test_a_status_of_the_platform_is_a_receipt(
    http: Http, code: str, word: str, status: ReceiptStatus, way: str
) -> None:
    """Its numbers mean other things than the One API's."""
    fields = double.platform_status("c-1", code, word, at=AT, ours=OURS.hex)
    form = {"content-type": "application/x-www-form-urlencoded"}
    request = {
        "json": lambda: called(json.dumps(fields).encode()),
        "query": lambda: queried(double.queried(fields)),
        "form": lambda: called(double.queried(fields).encode(), headers=form),
    }[way]()
    (report,) = platform("https://platform.clickatell.com", http).read_webhook(request)
    assert isinstance(report, Report)
    assert (report.status, report.reference, report.message_id, report.occurred_at) == (status, "c-1", OURS, AT)


def test_a_status_that_says_nothing_is_no_receipt(http: Http) -> None:
    at = one("https://platform.clickatell.com", http)
    assert at.read_webhook(called(double.status("c-1", 1, "UNKNOWN", at=AT))) == []


def test_an_id_that_is_none_of_ours_is_left_out(http: Http) -> None:
    at = one("https://platform.clickatell.com", http)
    (report,) = at.read_webhook(called(double.status("c-1", 5, "DEVICE_ACK", at=AT, ours="somebody-else's")))
    assert isinstance(report, Report)
    assert report.message_id is None


def test_a_text_from_a_phone_tells_what_it_answers(http: Http) -> None:
    """Q5: with emoji and Cyrillic."""
    more = {"relatedMessageId": "c-1", "relatedClientMessageId": OURS.hex}
    at = one("https://platform.clickatell.com", http)
    (text,) = at.read_webhook(called(double.text("Дякую 👋", message="in-1", at=AT, **more)))
    assert text == Inbound(
        sender="2799900001",
        text="Дякую 👋",
        reference="in-1",
        to=SENDER,
        answers="c-1",
        answers_id=OURS,
        received_at=AT,
    )


@pytest.mark.parametrize("charset", ["utf-8", "utf-16-be", "iso-8859-1"])
def test_a_text_to_the_platform_is_read_by_the_charset_that_it_names(http: Http, charset: str) -> None:
    words = "Olá, até já" if charset == "iso-8859-1" else "Дякую 👋"
    fields = double.platform_text(words, message="in-1", at=AT, charset=charset)
    plain = {name: value for name, value in fields.items() if name != "text"}
    query = "&".join([double.queried(plain), double.queried({"text": words}, charset=charset)])
    (text,) = platform("https://platform.clickatell.com", http).read_webhook(queried(query))
    assert isinstance(text, Inbound)
    assert text.text == words


@pytest.mark.parametrize(
    ("udh", "part"),
    [
        ("0500037B0201", Part(group="7B", number=1, total=2)),
        ("060804007B0302", Part(group="007B", number=2, total=3)),
        ("0500037B0200", None),
        ("050003", None),
        ("", None),
    ],
)
def test_a_part_of_a_text_says_which_one_it_is(http: Http, udh: str, part: Part | None) -> None:
    fields = double.platform_text("first half", message="in-1", at=AT, udh=udh)
    (text,) = platform("https://platform.clickatell.com", http).read_webhook(called(json.dumps(fields).encode()))
    assert isinstance(text, Inbound)
    assert text.part == part


def test_without_a_user_the_address_alone_protects(http: Http) -> None:
    at = one("https://platform.clickatell.com", http)
    body = double.status("c-1", 5, "DEVICE_ACK", at=AT)
    assert len(at.read_webhook(called(body, headers={"content-type": "application/json"}))) == 1
    guarded = one("https://platform.clickatell.com", http, **CALLBACKS)
    with pytest.raises(ForgedRequest):
        guarded.read_webhook(called(body, headers={"content-type": "application/json"}))


def test_a_message_can_be_asked_about(vendor: Clickatell, http: Http) -> None:
    vendor.statuses["c-1"] = {"status": "DEVICE_ACK", "timestamp": double.milliseconds(AT)}
    asked = [sent(1, reference="c-1"), sent(2, reference="nobody/s")]
    (report,) = one(vendor.url, http).poll(asked)
    assert (report.reference, report.status, report.occurred_at) == ("c-1", ReceiptStatus.DELIVERED, AT)


def test_what_was_told_before_a_failure_counts(server: ScriptedServer, http: Http) -> None:
    server.will(json_reply({"sms": {"status": "QUEUED"}}), Reply(status=500))
    reports = one(server.url, http).poll([sent(1, reference="c-1"), sent(2, reference="c-2")])
    assert [each.reference for each in reports] == ["c-1"]


@pytest.mark.parametrize("make", [one, platform])
def test_the_balance_has_its_currency(vendor: Clickatell, http: Http, make: Any) -> None:
    """P17."""
    balance = make(vendor.url, http).balance()
    assert (balance.amount, balance.unit) == (Decimal("12.345"), "USD")


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        ("callback_password", {"callback_user": "u"}),
        ("callback_password", {"callback_password": "p"}),
        ("flavour", {"flavour": "central"}),
        ("batch_size", {"batch_size": "201"}),
        ("base_url", {"base_url": "platform.clickatell.com"}),
    ],
)
def test_settings_that_cannot_work_are_named(field: str, raw: Mapping[str, str]) -> None:
    with pytest.raises(BadSettings) as raised:
        build(ClickatellSettings, {"api_key": "k", **raw})
    assert list(raised.value.problems) == [field]
