"""MSG91 against its double: flows, free text, one answer for many, receipts without a signature (P3)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from sms_plugin.errors import SmsError
from sms_plugin.gateways.contract import About, Outcome, Outgoing, ReceiptStatus, Report, Verdict, WebRequest
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.msg91 import Msg91Gateway
from sms_plugin.gateways.msg91_settings import Msg91Settings
from sms_plugin.gateways.references import batch_of
from sms_plugin.gateways.settings import BadSettings, build, unfilled
from sms_plugin.testing.gateway_contract import GatewayContract, outgoing
from sms_plugin.testing.loopback import Reply, json_reply
from tests.doubles import msg91
from tests.doubles.msg91 import AUTH_KEY, Msg91Double, Push, Sms
from tests.doubles.troubled import Trouble

FLOWS = {
    "5f1adue": "Your invoice ##no## is overdue since ##day##",
    "5f1apaid": "Thank you, ##name##!\nWe got ##amount##.",
    "5f1aopen": "We are open on Saturday.",
    "5f1abody": "##body##",
}
LINES = r"""
5f1adue = Your invoice {invoice_number=no} is overdue since ##day##
5f1apaid = Thank you, ##name##!\nWe got {amount}.
5f1aopen = We are open on Saturday.
"""
ANNA, BO, CY = "+919812345678", "+919812345679", "+351912345678"
SMS = Sms(batch="5762846b4f8d285d378b4567", number="919812345678", text="…")


@pytest.fixture
def double() -> Iterator[Msg91Double]:
    with Msg91Double(FLOWS) as double:
        yield double


def flows(double: Msg91Double, http: Http, **more: object) -> Msg91Gateway:
    """The account for flows."""
    raw = {"auth_key": AUTH_KEY, "flows": LINES, "batch_size": 100, "base_url": double.url, **more}
    return Msg91Gateway(build(Msg91Settings, raw), http)


def free(double: Msg91Double, http: Http, **more: object) -> Msg91Gateway:
    """The account for free text."""
    raw = {"auth_key": AUTH_KEY, "api": "v2", "sender": "ACMEPT", "batch_size": 100, "base_url": double.url, **more}
    return Msg91Gateway(build(Msg91Settings, raw), http)


def to(number: str, text: str, *, at: int = 1) -> Outgoing:
    """A message."""
    return outgoing(at, to=number, text=text)


def got(double: Msg91Double) -> list[tuple[str, str]]:
    """Numbers and texts, as phones have them."""
    return [(each.number, each.text) for each in double.sms]


def summary(verdicts: Sequence[Verdict]) -> list[tuple[Outcome, str]]:
    """Outcomes and reasons."""
    return [(each.outcome, each.reason) for each in verdicts]


class TestMsg91(GatewayContract):
    gateway = Msg91Gateway
    accepted = json_reply({"type": "success", "message": "5762846b4f8d285d378b4567"})
    refused_recipient = json_reply({"type": "error", "message": "Invalid mobile number", "code": "202"})
    refused_account = json_reply({"type": "error", "message": "Invalid authkey"}, status=401)
    throttled = Reply(status=429, headers={"Retry-After": "6"})
    balance_told = Reply(body=b"1742\n", content_type="text/html")

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {"auth_key": "msg91-secret-key", "flows": LINES, "base_url": url}

    def receipt(self, settings: Any) -> WebRequest:
        return pushed(msg91.as_form((SMS, "1", "DELIVERED")))

    def forgeries(self, request: WebRequest) -> Sequence[WebRequest]:
        return ()  # nothing is signed: the address is the secret


class TestMsg91Batch(TestMsg91):
    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {**super().raw_settings(url), "catch_all": "5f1abody", "batch_size": "100"}


class TestMsg91FreeText(TestMsg91):
    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {"auth_key": "msg91-secret-key", "api": "v2", "sender": "ACMEPT", "base_url": url}


def pushed(push: Push) -> WebRequest:
    """What the vendor pushes, as a gateway is given it."""
    return WebRequest(
        method="POST",
        url="https://portal.example/sms/receipts/token",
        headers={"content-type": push.content_type},
        body=push.body,
    )


def read(push: Push, **more: object) -> list[Report]:
    """The receipts in what the vendor pushes."""
    settings = build(Msg91Settings, {"auth_key": AUTH_KEY, "catch_all": "5f1abody", **more})
    with Http() as http:
        return [each for each in Msg91Gateway(settings, http).read_webhook(pushed(push)) if isinstance(each, Report)]


def test_a_text_goes_by_the_flow_that_says_it(double: Msg91Double, http: Http) -> None:
    (verdict,) = flows(double, http).send([to(ANNA, "Thank you, Ana Sá!\nWe got ₹5.")])
    assert verdict.outcome is Outcome.ACCEPTED
    assert got(double) == [("919812345678", "Thank you, Ana Sá!\nWe got ₹5.")]
    assert double.requests[0].json() == {
        "template_id": "5f1apaid",
        "short_url": "0",
        "recipients": [{"mobiles": "919812345678", "name": "Ana Sá", "amount": "₹5"}],
    }


def test_every_person_of_one_request_has_their_own_words(double: Msg91Double, http: Http) -> None:
    texts = [f"Your invoice {at} is overdue since Monday" for at in range(100)]
    verdicts = flows(double, http).send([to(f"+9198123{at:05d}", text, at=at) for at, text in enumerate(texts)])
    assert len(double.requests) == 1
    assert got(double) == [(f"9198123{at:05d}", text) for at, text in enumerate(texts)]
    assert len({verdict.reference for verdict in verdicts}) == 100
    assert {batch_of(str(verdict.reference)) for verdict in verdicts} == {double.sms[0].batch}


def test_messages_of_several_flows_are_answered_in_their_order(double: Msg91Double, http: Http) -> None:
    """A request for each flow; what no flow says is refused and keeps nobody."""
    due = "Your invoice {} is overdue since Monday"
    texts = [due.format(1), "We are open on Saturday.", "Good evening", due.format(2)]
    verdicts = flows(double, http).send([to(f"+91981234567{at}", text) for at, text in enumerate(texts)])
    assert summary(verdicts) == [
        (Outcome.ACCEPTED, ""),
        (Outcome.ACCEPTED, ""),
        (Outcome.REFUSED, "no_matching_flow"),
        (Outcome.ACCEPTED, ""),
    ]
    assert sorted(got(double)) == sorted((f"91981234567{at}", texts[at]) for at in (0, 1, 3))
    assert len(double.requests) == 2
    assert (verdicts[2].about, verdicts[2].for_good) == (About.MESSAGE, True)


def test_two_messages_to_one_number_do_not_share_a_request(double: Msg91Double, http: Http) -> None:
    """Receipts tell them apart by the request alone."""
    text = "Your invoice {} is overdue since Monday"
    verdicts = flows(double, http).send([to(ANNA, text.format(1)), to(ANNA, text.format(2)), to(BO, text.format(3))])
    assert [len(request.json()["recipients"]) for request in double.requests] == [2, 1]
    assert len({verdict.reference for verdict in verdicts}) == 3


def test_what_no_flow_says_goes_by_the_catch_all_flow(double: Msg91Double, http: Http) -> None:
    subject = flows(double, http, catch_all="5f1abody")
    verdicts = subject.send([to(ANNA, "Привіт, Ганно 👋"), to(BO, "We are open on Saturday.")])
    assert [verdict.outcome for verdict in verdicts] == [Outcome.ACCEPTED] * 2
    assert got(double) == [("919812345678", "Привіт, Ганно 👋"), ("919812345679", "We are open on Saturday.")]
    assert [request.json()["template_id"] for request in double.requests] == ["5f1abody", "5f1aopen"]


def test_the_catch_all_flow_alone_is_enough(double: Msg91Double, http: Http) -> None:
    double.flows["5f1atext"] = "##content##"
    subject = flows(double, http, flows="", catch_all="5f1atext", catch_all_variable="content")
    assert subject.send([to(ANNA, "Good evening")])[0].outcome is Outcome.ACCEPTED
    assert got(double) == [("919812345678", "Good evening")]


def test_our_own_id_goes_along_where_the_account_carries_one(http: Http) -> None:
    """It comes back in receipts, and finds a message whose answer was lost."""
    with Msg91Double(FLOWS, carries="CRQID") as double:
        flows(double, http, reference_field="CRQID").send([to(ANNA, "We are open on Saturday.", at=7)])
        (report,) = read(msg91.flat(double.sms[0], "1", "DELIVERED"))
    assert report.message_id == UUID(int=7)


def test_sender_and_short_links_are_told_to_the_flow(double: Msg91Double, http: Http) -> None:
    flows(double, http, sender="ACMEPT", short_links="yes").send([to(ANNA, "We are open on Saturday.")])
    assert double.sms[0].sender == "ACMEPT"
    assert double.requests[0].json()["short_url"] == "1"


def test_free_texts_share_a_request_where_alphabet_and_country_allow(double: Msg91Double, http: Http) -> None:
    messages = [to(ANNA, "Hello"), to(BO, "Hello"), to(CY, "Até já"), to(ANNA, "Привіт 👋")]
    verdicts = free(double, http).send(messages)
    assert [verdict.outcome for verdict in verdicts] == [Outcome.ACCEPTED] * 4
    assert sorted(got(double)) == sorted((each.to[1:], each.text) for each in messages)
    asked = [(request.target, request.json()["country"], request.json()["unicode"]) for request in double.requests]
    assert asked == [
        ("/api/v2/sendsms?country=91", "91", 0),
        ("/api/v2/sendsms?country=0", "0", 1),
        ("/api/v2/sendsms?country=91", "91", 1),
    ]
    assert double.requests[0].json()["sms"] == [{"message": "Hello", "to": ["9812345678", "9812345679"]}]


def test_free_text_may_flash_and_name_its_registered_template(double: Msg91Double, http: Http) -> None:
    free(double, http, flash="yes", dlt_template_id="1307160000", country="0").send([to(ANNA, "Hello")])
    assert double.sms[0].flash
    assert double.requests[0].json()["DLT_TE_ID"] == "1307160000"
    assert got(double) == [("919812345678", "Hello")]


def test_a_request_that_came_twice_was_taken_the_first_time(double: Msg91Double, http: Http) -> None:
    """Its "duplicate" means accepted; who shared the request with whom nobody knows any more."""
    subject = free(double, http)
    for _ in range(2):
        (verdict,) = subject.send([to(ANNA, "Hello")])
        assert verdict.outcome is Outcome.ACCEPTED
    assert len(double.sms) == 1
    several = [to(ANNA, "Bye"), to(BO, "Bye")]
    subject.send(several)
    assert summary(subject.send(several)) == [(Outcome.UNKNOWN, "part_refused")] * 2


def test_a_wrong_number_is_refused_alone_and_in_company_nobody_knows(double: Msg91Double, http: Http) -> None:
    double.barred.add("919812345678")
    subject = flows(double, http)
    (verdict,) = subject.send([to(ANNA, "We are open on Saturday.")])
    assert (verdict.outcome, verdict.about, verdict.provider_code) == (Outcome.REFUSED, About.RECIPIENT, "202")
    verdicts = subject.send([to(ANNA, "We are open on Saturday."), to(BO, "We are open on Saturday.")])
    assert summary(verdicts) == [(Outcome.UNKNOWN, "part_refused")] * 2


def test_unless_the_admin_wants_it_otherwise_each_number_is_answered_for_by_itself() -> None:
    settings = build(Msg91Settings, {"auth_key": AUTH_KEY, "catch_all": "5f1abody"})
    assert Msg91Gateway.capabilities(settings).batch_size == 1


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"credit": 0}, "no_credit"),
        ({"address_allowed": False}, "address_not_allowed"),
        ({"flows": {}}, "bad_template"),
    ],
)
def test_what_is_wrong_with_the_account_stops_the_provider_and_not_the_messages(
    double: Msg91Double, http: Http, wrong: Mapping[str, object], reason: str
) -> None:
    """P21: the next flow's request is not made any more."""
    for name, value in wrong.items():
        setattr(double, name, value)
    verdicts = flows(double, http).send(
        [to(ANNA, "We are open on Saturday."), to(BO, "Your invoice 1 is overdue since Monday")]
    )
    assert summary(verdicts) == [(Outcome.REFUSED, reason)] * 2
    assert {verdict.about for verdict in verdicts} == {About.ACCOUNT}
    assert len(double.requests) == 1


def test_a_wrong_key_is_about_the_account(double: Msg91Double, http: Http) -> None:
    (verdict,) = flows(double, http, auth_key="guessed").send([to(ANNA, "We are open on Saturday.")])
    assert (verdict.reason, verdict.about, verdict.for_good) == ("bad_credentials", About.ACCOUNT, True)


def test_a_wrong_sender_is_about_the_account(double: Msg91Double, http: Http) -> None:
    (verdict,) = free(double, http, sender="ACME-1").send([to(ANNA, "Hello")])
    assert (verdict.reason, verdict.about) == ("bad_sender", About.ACCOUNT)


def test_a_route_that_is_closed_at_night_makes_the_provider_wait(double: Msg91Double, http: Http) -> None:
    double.closed = True
    (verdict,) = free(double, http).send([to(ANNA, "Hello")])
    assert (verdict.reason, verdict.about, verdict.for_good) == ("route_closed", About.ACCOUNT, False)
    assert verdict.retry_after


def test_too_many_requests_wait_as_long_as_is_asked(double: Msg91Double, http: Http) -> None:
    double.instead = Reply(status=429, headers={"Retry-After": "11"})
    (verdict,) = flows(double, http).send([to(ANNA, "We are open on Saturday.")])
    assert (verdict.reason, verdict.retry_after) == ("throttled", 11.0)
    assert double.sms == []


@pytest.mark.parametrize("trouble", [each for each in Trouble if each is not Trouble.NONE])
def test_an_answer_that_is_lost_leaves_its_own_messages_unknown(
    double: Msg91Double, hasty: Http, trouble: Trouble
) -> None:
    """X2: nobody repeats them."""
    double.trouble = trouble
    (verdict,) = flows(double, hasty).send([to(ANNA, "We are open on Saturday.")])
    assert verdict.outcome is Outcome.UNKNOWN
    assert len(double.requests) == 1


def test_after_an_answer_that_is_lost_the_other_flows_wait_for_another_time(double: Msg91Double, hasty: Http) -> None:
    """So that one request's time is enough for all of them; they were surely not sent."""
    double.trouble = Trouble.LOST_AFTER
    verdicts = flows(double, hasty).send(
        [to(ANNA, "We are open on Saturday."), to(BO, "Your invoice 1 is overdue since Monday")]
    )
    assert summary(verdicts) == [(Outcome.UNKNOWN, "timeout"), (Outcome.REFUSED, "busy")]
    assert (verdicts[1].about, verdicts[1].for_good) == (About.MESSAGE, False)
    assert got(double) == [("919812345678", "We are open on Saturday.")]


def test_where_nobody_can_be_reached_every_flow_is_told_so_by_one_try(double: Msg91Double, http: Http) -> None:
    """X9: all of them keep their turn."""
    double.stop()
    verdicts = flows(double, http).send(
        [to(ANNA, "We are open on Saturday."), to(BO, "Your invoice 1 is overdue since Monday")]
    )
    assert summary(verdicts) == [(Outcome.REFUSED, "no_connection")] * 2
    assert {verdict.about for verdict in verdicts} == {About.PROVIDER}


@pytest.mark.parametrize(
    ("status", "body", "outcome", "reason"),
    [
        (200, {"type": "error", "message": "Mobile number is not valid"}, Outcome.REFUSED, "bad_number"),
        (400, {"type": "error", "message": "template_id is missing"}, Outcome.REFUSED, "bad_template"),
        (200, {"type": "error", "message": "You do not have sufficient credits"}, Outcome.REFUSED, "no_credit"),
        (200, {"type": "error", "message": "Something", "code": "001"}, Outcome.REFUSED, "rejected"),
        (200, {"type": "error", "message": "SMS is too long", "code": 310}, Outcome.REFUSED, "too_long"),
        (500, {"type": "error", "message": "Something", "code": "001"}, Outcome.UNKNOWN, "server_error"),
        (200, {"type": "Success", "message": "5762846b4f8d285d378b4567"}, Outcome.UNKNOWN, "unrecognised"),
        (202, {"type": "success", "request_id": "5762846b4f8d285d378b4567"}, Outcome.ACCEPTED, ""),
        (400, {"type": "success", "message": "5762846b4f8d285d378b4567"}, Outcome.UNKNOWN, "unrecognised"),
    ],
)
def test_an_answer_is_read_by_its_type_its_code_and_its_words(
    double: Msg91Double, http: Http, status: int, body: Mapping[str, object], outcome: Outcome, reason: str
) -> None:
    double.instead = json_reply(body, status=status)
    assert summary(flows(double, http).send([to(ANNA, "We are open on Saturday.")])) == [(outcome, reason)]


def test_an_acceptance_whose_id_makes_no_sense_is_one_without_a_reference(double: Msg91Double, http: Http) -> None:
    double.instead = json_reply({"type": "success", "message": "SMS queued, thank you"})
    (verdict,) = flows(double, http).send([to(ANNA, "We are open on Saturday.")])
    assert (verdict.outcome, verdict.reference) == (Outcome.ACCEPTED, None)


def test_the_balance_is_the_routes_credits(double: Msg91Double, http: Http) -> None:
    """P17."""
    balance = flows(double, http).balance()
    assert (balance.amount, balance.unit) == (Decimal(1000), "credits")
    assert double.requests[0].query["type"] == "4"


def test_a_balance_that_is_not_told_is_an_error(double: Msg91Double, http: Http) -> None:
    with pytest.raises(SmsError):
        flows(double, http, auth_key="guessed").balance()


@pytest.mark.parametrize("shape", [lambda *row: msg91.as_form(row), msg91.flat, msg91.designed])
def test_a_receipt_of_any_shape_finds_its_message(double: Msg91Double, http: Http, shape: Any) -> None:
    """X3: by the request's id and the number."""
    verdicts = flows(double, http).send([to(ANNA, "We are open on Saturday."), to(BO, "We are open on Saturday.")])
    for sms, verdict in zip(double.sms, verdicts, strict=True):
        (report,) = read(shape(sms, "1", "DELIVERED"))
        assert (report.status, report.reference) == (ReceiptStatus.DELIVERED, verdict.reference)
        assert report.number == sms.number


@pytest.mark.parametrize(
    ("code", "words", "status", "reason"),
    [
        ("1", "DELIVERED", ReceiptStatus.DELIVERED, ""),
        ("2", "FAILED", ReceiptStatus.UNDELIVERED, "undelivered"),
        ("9", "NDNC number", ReceiptStatus.FAILED, "do_not_disturb"),
        ("16", "REJECTED", ReceiptStatus.FAILED, "rejected"),
        ("25", "REJECTED", ReceiptStatus.FAILED, "rejected"),
        ("17", "BLOCKED NUMBER", ReceiptStatus.FAILED, "blocked"),
        ("5", "PENDING", ReceiptStatus.SENT, ""),
        ("99", "delivered", ReceiptStatus.DELIVERED, ""),
        ("Delivered", "", ReceiptStatus.DELIVERED, ""),
    ],
)
def test_a_status_has_ours(code: str, words: str, status: ReceiptStatus, reason: str) -> None:
    (report,) = read(msg91.flat(SMS, code, words))
    assert (report.status, report.reason, report.provider_code) == (status, reason, code)


def test_several_receipts_come_in_one_request() -> None:
    other = Sms(batch=SMS.batch, number="919812345679", text="…")
    reports = read(msg91.as_form((SMS, "1", "DELIVERED"), (other, "2", "FAILED")))
    assert [report.status for report in reports] == [ReceiptStatus.DELIVERED, ReceiptStatus.UNDELIVERED]
    assert reports[0].reference != reports[1].reference


def test_a_receipt_tells_the_price_and_the_moment() -> None:
    """Costs come from receipts; India's clock is five and a half hours ahead."""
    (report,) = read(msg91.flat(SMS, "1", "DELIVERED"), currency="INR")
    assert (report.price, report.currency) == (Decimal("0.2"), "INR")
    assert report.occurred_at == datetime(2026, 11, 20, 4, 30, 8, tzinfo=UTC)


def test_without_the_accounts_currency_a_price_is_in_credits() -> None:
    (report,) = read(msg91.designed(SMS, "1", ""))
    assert (report.price, report.currency) == (Decimal(1), "credits")


@pytest.mark.parametrize("body", [b"[]", b'[{"report": []}]'])
def test_a_push_without_a_receipt_is_empty(body: bytes) -> None:
    assert read(Push(content_type="application/json", body=body)) == []


@pytest.mark.parametrize(
    "told",
    [{}, [1], {"requestId": "1"}, {"number": "919812345678", "status": "1"}, [{"event": "delivered", "data": []}]],
)
def test_a_push_that_names_no_message_cannot_be_read(told: object) -> None:
    """MSG91's fourth shape too, which names none."""
    with pytest.raises(SmsError, match="no receipt"):
        read(Push(content_type="application/json", body=json.dumps(told).encode()))


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        ({"flows": ""}, ["flows"]),
        ({"flows": "Dear ##name##"}, ["flows"]),
        ({"flows": "f = To ##mobiles##"}, ["flows"]),
        ({"receiver": "phone", "flows": "f = To ##phone##"}, ["flows"]),
        ({"catch_all": "no id"}, ["catch_all"]),
        ({"catch_all": "5f1adue"}, ["catch_all"]),
        ({"catch_all_variable": "mobiles"}, ["catch_all_variable"]),
        ({"catch_all_variable": "##body##"}, ["catch_all_variable"]),
        ({"reference_field": "mobiles"}, ["reference_field"]),
        ({"receiver": "the number"}, ["receiver"]),
        ({"flash": "yes"}, ["flash"]),
        ({"currency": "rupees"}, ["currency"]),
        ({"batch_size": "101"}, ["batch_size"]),
        ({"base_url": "api.msg91.com"}, ["base_url"]),
        ({"api": "v2"}, ["sender"]),
        ({"flash": "yes", "flows": "x", "currency": "?"}, ["flash", "flows", "currency"]),
    ],
)
def test_settings_that_cannot_work_are_named(raw: Mapping[str, object], fields: list[str]) -> None:
    """Flows are checked when they are saved, not when somebody should be texted."""
    with pytest.raises(BadSettings) as raised:
        build(Msg91Settings, {"auth_key": AUTH_KEY, "flows": LINES, **raw})
    assert list(raised.value.problems) == fields


def test_what_it_can_do_depends_on_the_way_it_sends() -> None:
    """Issue 5: a flash message on a gateway without flash."""
    blank = unfilled(Msg91Settings)
    assert not Msg91Gateway.capabilities(blank).flash
    assert Msg91Gateway.capabilities(blank).template_only
    every = build(Msg91Settings, {"auth_key": AUTH_KEY, "catch_all": "5f1abody"})
    assert not Msg91Gateway.capabilities(every).template_only
    free_text = build(Msg91Settings, {"auth_key": AUTH_KEY, "api": "v2", "sender": "ACMEPT"})
    assert Msg91Gateway.capabilities(free_text).flash
