"""Clickatell: the shipped contract and the vendor's double, for the One API and the SMS platform API (P2)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest

from sms_plugin.errors import SmsError
from sms_plugin.gateways.clickatell import ClickatellGateway
from sms_plugin.gateways.clickatell_settings import ClickatellSettings
from sms_plugin.gateways.contract import About, Outcome, Outgoing, Sent, WebRequest
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.settings import BadSettings, build
from sms_plugin.testing.gateway_contract import GatewayContract, ScriptedServer, outgoing
from sms_plugin.testing.loopback import Reply, json_reply
from tests.doubles import clickatell as double
from tests.doubles.clickatell import ONE_KEY, PLATFORM_KEY, SENDER, Clickatell
from tests.doubles.troubled import Trouble
from tests.gateways.clickatell_calls import (
    AT,
    CALLBACKS,
    NUMBER,
    OURS,
    called,
    one,
    platform,
    queried,
    result,
    results,
    wrong,
)


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
