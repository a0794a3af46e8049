"""Zenvia's two products against their doubles: our own id everywhere, answers by position, replies (P6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from sms_plugin.gateways.contract import About, Outcome, Outgoing, Sent, WebRequest
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.settings import BadSettings, build
from sms_plugin.gateways.zenvia import ZenviaGateway
from sms_plugin.gateways.zenvia_settings import ZenviaSettings
from sms_plugin.testing.gateway_contract import GatewayContract, outgoing
from sms_plugin.testing.loopback import Reply, json_reply
from tests.doubles import zenvia
from tests.doubles.troubled import Trouble
from tests.doubles.zenvia import SmsApiDouble
from tests.gateways.zenvia_calls import NUMBER, OURS, SECRET, called, numbered, old, summary


class TestZenviaLegacy(GatewayContract):
    gateway = ZenviaGateway
    accepted = json_reply({"sendSmsResponse": {"statusCode": "00", "detailCode": "000", "parts": [{"partId": "x"}]}})
    refused_recipient = json_reply({"sendSmsResponse": {"statusCode": "10", "detailCode": "013"}})
    refused_account = json_reply({"sendSmsResponse": {"statusCode": "10", "detailCode": "900"}})
    throttled = Reply(status=429, headers={"Retry-After": "4"})
    fetched = json_reply(
        {
            "receivedResponse": {
                "statusCode": "00",
                "detailCode": "300",
                "receivedMessages": [{"id": 1, "mobile": "5511987650001", "body": "SAIR", "mtId": OURS}],
            }
        }
    )

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {"account": "acme.api", "api_password": "zenvia-secret", "base_url": url}

    def accepted_all(self, messages: Sequence[Outgoing]) -> Reply:
        each = {"statusCode": "00", "detailCode": "000"}
        return json_reply({"sendSmsMultiResponse": {"sendSmsResponseList": [each] * len(messages)}})

    def receipt(self, settings: Any) -> WebRequest:
        return called(zenvia.receipt(OURS, "03", "120"))

    def inbound(self, settings: Any) -> WebRequest:
        return called(zenvia.reply("5511987650001", "Sim 👍", answers=OURS))

    def forgeries(self, request: WebRequest) -> Sequence[WebRequest]:
        return ()  # nothing is signed: the address is the secret

    def polled(self, asked: Sequence[Sent]) -> Sequence[Reply]:
        told = {"statusCode": "03", "detailCode": "120"}
        return [json_reply({"getSmsStatusResp": {"id": each.reference, **told}}) for each in asked]


class TestZenviaPlatform(GatewayContract):
    gateway = ZenviaGateway
    accepted = json_reply({"id": "aaaa-1", "direction": "OUT"})
    refused_recipient = json_reply({"code": "VALIDATION_ERROR", "details": [{"path": "to"}]}, status=400)
    refused_account = json_reply({"code": "AUTHENTICATION_ERROR", "message": "No authentication"}, status=401)
    throttled = Reply(status=429, headers={"Retry-After": "4"})

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {
            "api_version": "v2",
            "token": "zenvia-token",
            "sender": "acme-alias",
            "webhook_secret": SECRET,
            "base_url": url,
        }

    def receipt(self, settings: Any) -> WebRequest:
        return called(zenvia.status_event("aaaa-1", OURS, "DELIVERED"), **{"x-webhook-secret": SECRET})

    def inbound(self, settings: Any) -> WebRequest:
        return called(zenvia.text_event("5511987650001", "Так, дякую 👍"), **{"x-webhook-secret": SECRET})

    def forgeries(self, request: WebRequest) -> Sequence[WebRequest]:
        kept = {"content-type": "application/json"}
        return [replace(request, headers=kept), replace(request, headers={**kept, "x-webhook-secret": "guéssed"})]


def test_one_text_is_a_request_with_our_own_id(sms_api: SmsApiDouble, http: Http) -> None:
    (verdict,) = old(sms_api, http, aggregate_id="1750", sender="Acme").send([outgoing(text="Olá & até já")])
    assert (verdict.outcome, verdict.reference, verdict.segments) == (Outcome.ACCEPTED, OURS, 1)
    assert sms_api.requests[0].json() == {
        "sendSmsRequest": {
            "from": "Acme",
            "to": "5511987650001",
            "msg": "Olá & até já",
            "callbackOption": "ALL",
            "id": OURS,
            "aggregateId": "1750",
        }
    }


def test_many_texts_are_one_request_answered_by_position(sms_api: SmsApiDouble, http: Http) -> None:
    """A text for each person; what is wrong with one keeps nobody else."""
    sms_api.blacklist.add("5511987600003")
    messages = [*numbered(4), outgoing(9, to="+351912345678"), outgoing(10, to=NUMBER, text="")]
    verdicts = old(sms_api, http, aggregate_id="1750").send(messages)
    assert len(sms_api.requests) == 1
    assert summary(verdicts) == [
        (Outcome.ACCEPTED, "", None),
        (Outcome.ACCEPTED, "", None),
        (Outcome.REFUSED, "opted_out", About.RECIPIENT),
        (Outcome.ACCEPTED, "", None),
        (Outcome.REFUSED, "bad_number", About.RECIPIENT),
        (Outcome.REFUSED, "empty_text", About.MESSAGE),
    ]
    assert [(each.number, each.text, each.aggregate) for each in sms_api.sms.values()] == [
        (f"55119876{at:05d}", f"Olá {at}", "1750") for at in (1, 2, 4)
    ]
    assert sms_api.requests[0].json()["sendSmsMultiRequest"]["aggregateId"] == 1750


def test_what_was_taken_before_is_taken_once(sms_api: SmsApiDouble, http: Http, hasty: Http) -> None:
    """Its "id already used" means accepted: a lost answer may be asked for again."""
    subject = old(sms_api, http)
    sms_api.trouble = Trouble.LOST_AFTER
    assert {verdict.outcome for verdict in old(sms_api, hasty).send(numbered(3))} == {Outcome.UNKNOWN}
    sms_api.trouble = Trouble.NONE
    again = subject.send(numbered(3))
    assert [(verdict.outcome, verdict.reference) for verdict in again] == [
        (Outcome.ACCEPTED, str(UUID(int=at))) for at in (1, 2, 3)
    ]
    assert len(sms_api.sms) == 3
    assert ZenviaGateway.capabilities(subject.settings).idempotent


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    ("code", "reason"), [("900", "bad_credentials"), ("901", "account_refused"), ("990", "no_credit")]
)
def test_what_is_wrong_with_the_account_is_about_all(
    sms_api: SmsApiDouble, http: Http, code: str, reason: str, count: int
) -> None:
    """P21, whether the vendor answers for each or once for all."""
    sms_api.account_code = code
    assert summary(old(sms_api, http).send(numbered(count))) == [(Outcome.REFUSED, reason, About.ACCOUNT)] * count


@pytest.mark.parametrize("count", [1, 3])
def test_a_wrong_password_is_about_the_account(sms_api: SmsApiDouble, http: Http, count: int) -> None:
    verdicts = old(sms_api, http, api_password="web-password").send(numbered(count))
    assert summary(verdicts) == [(Outcome.REFUSED, "bad_credentials", About.ACCOUNT)] * count


def test_a_wrong_aggregate_is_about_the_account(sms_api: SmsApiDouble, http: Http) -> None:
    verdicts = old(sms_api, http, aggregate_id="1").send(numbered(2))
    assert summary(verdicts) == [(Outcome.REFUSED, "bad_aggregate", About.ACCOUNT)] * 2


@pytest.mark.parametrize("trouble", [each for each in Trouble if each is not Trouble.NONE])
def test_what_may_have_arrived_is_unknown_to_the_sms_api(sms_api: SmsApiDouble, hasty: Http, trouble: Trouble) -> None:
    """X2."""
    sms_api.trouble = trouble
    assert [verdict.outcome for verdict in old(sms_api, hasty).send(numbered(2))] == [Outcome.UNKNOWN] * 2
    assert len(sms_api.requests) == 1


@pytest.mark.parametrize("answers", [0, 1, 3])
def test_an_answer_for_another_number_of_messages_says_nothing(sms_api: SmsApiDouble, http: Http, answers: int) -> None:
    """By position means by nothing where the positions are not the same."""
    each = {"statusCode": "00", "detailCode": "000"}
    sms_api.instead = json_reply({"sendSmsMultiResponse": {"sendSmsResponseList": [each] * answers}})
    assert [verdict.outcome for verdict in old(sms_api, http).send(numbered(2))] == [Outcome.UNKNOWN] * 2


@pytest.mark.parametrize(
    ("status", "detail", "outcome", "reason", "for_good"),
    [
        ("01", "100", Outcome.ACCEPTED, "", False),
        ("00", "210", Outcome.ACCEPTED, "", False),
        ("10", "012", Outcome.REFUSED, "too_long", True),
        ("08", "134", Outcome.REFUSED, "filtered", True),
        ("10", "141", Outcome.REFUSED, "foreign_number", True),
        ("10", "160", Outcome.REFUSED, "try_again", False),
        ("10", "999", Outcome.REFUSED, "try_again", False),
        ("10", "998", Outcome.REFUSED, "rejected", True),
        ("10", "", Outcome.REFUSED, "rejected", True),
        ("42", "777", Outcome.UNKNOWN, "unrecognised", False),
        ("", "", Outcome.UNKNOWN, "unrecognised", False),
    ],
)
def test_a_pair_of_codes_is_a_verdict(
    sms_api: SmsApiDouble, http: Http, status: str, detail: str, outcome: Outcome, reason: str, for_good: bool
) -> None:
    sms_api.instead = json_reply({"sendSmsResponse": {"statusCode": status, "detailCode": detail}})
    (verdict,) = old(sms_api, http).send([outgoing()])
    assert (verdict.outcome, verdict.reason, verdict.for_good) == (outcome, reason, for_good)


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        ({"account": ""}, ["account"]),
        ({"api_password": ""}, ["api_password"]),
        ({"account": "acme:api"}, ["account"]),
        ({"aggregate_id": "promo"}, ["aggregate_id"]),
        ({"flash": "yes"}, ["flash"]),
        ({"base_url": "api-rest.zenvia.com"}, ["base_url"]),
        ({"api_version": "v2"}, ["token", "sender"]),
        ({"api_version": "v2", "token": "t", "sender": "x" * 65}, ["sender"]),
        ({"api_version": "v2", "token": "té", "sender": "x"}, ["token"]),
    ],
)
def test_settings_that_cannot_work_are_named(raw: Mapping[str, object], fields: list[str]) -> None:
    with pytest.raises(BadSettings) as raised:
        build(ZenviaSettings, {"account": "a", "api_password": "p", **raw})
    assert list(raised.value.problems) == fields


@pytest.mark.parametrize(
    ("version", "address"), [("legacy", "https://api-rest.zenvia.com"), ("v2", "https://api.zenvia.com/v2")]
)
def test_each_product_has_its_own_address(version: str, address: str) -> None:
    raw = {"api_version": version, "account": "a", "api_password": "p", "token": "t", "sender": "s"}
    assert build(ZenviaSettings, raw).address == address
