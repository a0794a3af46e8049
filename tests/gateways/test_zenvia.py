"""Zenvia's two products against their doubles: our own id everywhere, answers by position, replies (P6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from sms_plugin.errors import ForgedRequest, SmsError
from sms_plugin.gateways.contract import (
    About,
    Inbound,
    Outcome,
    Outgoing,
    ReceiptStatus,
    Report,
    Sent,
    Verdict,
    WebRequest,
)
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.settings import BadSettings, build
from sms_plugin.gateways.zenvia import ZenviaGateway
from sms_plugin.gateways.zenvia_reading import BRASILIA
from sms_plugin.gateways.zenvia_settings import ZenviaSettings
from sms_plugin.testing.gateway_contract import SINCE, GatewayContract, outgoing, sent
from sms_plugin.testing.loopback import Reply, json_reply
from tests.doubles import zenvia
from tests.doubles.troubled import Trouble
from tests.doubles.zenvia import ACCOUNT, ALIAS, PASSWORD, TOKEN, Answered, PlatformDouble, SmsApiDouble

NUMBER = "+5511987650001"
OURS = str(UUID(int=1))
SECRET = "zenvia-webhook-secret"


@pytest.fixture
def sms_api() -> Iterator[SmsApiDouble]:
    with SmsApiDouble() as double:
        yield double


@pytest.fixture
def platform() -> Iterator[PlatformDouble]:
    with PlatformDouble() as double:
        yield double


@pytest.fixture
def http() -> Iterator[Http]:
    with Http(private=True) as http:
        yield http


@pytest.fixture
def hasty() -> Iterator[Http]:
    """For answers that never come."""
    with Http(read_timeout=0.5, private=True) as http:
        yield http


def old(double: SmsApiDouble, http: Http, **more: object) -> ZenviaGateway:
    """The account of the SMS API."""
    raw = {"account": ACCOUNT, "api_password": PASSWORD, "base_url": double.url, **more}
    return ZenviaGateway(build(ZenviaSettings, raw), http)


def new(double: PlatformDouble, http: Http, **more: object) -> ZenviaGateway:
    """The token of the platform."""
    raw = {"api_version": "v2", "token": TOKEN, "sender": ALIAS, "base_url": f"{double.url}/v2", **more}
    return ZenviaGateway(build(ZenviaSettings, raw), http)


def numbered(count: int) -> list[Outgoing]:
    """Messages to different people, each with a text of its own."""
    return [outgoing(at, to=f"+55119876{at:05d}", text=f"Olá {at}") for at in range(1, count + 1)]


def called(event: Mapping[str, Any], **headers: str) -> WebRequest:
    """A callback, as a gateway is given it."""
    return WebRequest(
        method="POST",
        url="https://portal.example/sms/receipts/token",
        headers={"content-type": "application/json", **headers},
        body=zenvia.as_body(event),
    )


def read(event: Mapping[str, Any], *, version: str = "legacy") -> Sequence[Report | Inbound]:
    """What a callback says."""
    raw: dict[str, object] = {"account": "a", "api_password": "p", "token": "t", "sender": "s", "api_version": version}
    with Http() as http:
        return ZenviaGateway(build(ZenviaSettings, raw), http).read_webhook(called(event))


def summary(verdicts: Sequence[Verdict]) -> list[tuple[Outcome, str, About | None]]:
    """Outcomes, reasons and whom they are about."""
    return [(each.outcome, each.reason, each.about) for each in verdicts]


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
    ("code", "detail", "status", "reason"),
    [
        ("00", "000", ReceiptStatus.ACCEPTED, ""),
        ("02", "110", ReceiptStatus.SENT, ""),
        ("03", "120", ReceiptStatus.DELIVERED, ""),
        ("03", "111", ReceiptStatus.SENT, ""),
        ("04", "150", ReceiptStatus.UNDELIVERED, "expired"),
        ("08", "136", ReceiptStatus.UNDELIVERED, "expired"),
        ("05", "140", ReceiptStatus.FAILED, "unreachable"),
        ("06", "130", ReceiptStatus.FAILED, "opted_out"),
        ("07", "145", ReceiptStatus.FAILED, "unknown_number"),
        ("10", "190", ReceiptStatus.FAILED, "failed"),
    ],
)
def test_a_callback_is_a_receipt(code: str, detail: str, status: ReceiptStatus, reason: str) -> None:
    """X3: it finds its message by our own id, with or without the answer."""
    (report,) = read(zenvia.receipt(OURS, code, detail))
    assert isinstance(report, Report)
    assert (report.status, report.reason, report.message_id) == (status, reason, UUID(int=1))
    assert (report.reference, report.provider_code) == (OURS, detail)
    assert report.occurred_at == datetime(2026, 11, 20, 15, 55, 48, 593000, tzinfo=UTC)


def test_a_callback_with_a_text_names_the_message_that_it_answers() -> None:
    """Q5."""
    (text,) = read(zenvia.reply("5511987650001", " Não, obrigada 👋\n", answers=OURS))
    assert isinstance(text, Inbound)
    assert (text.sender, text.text, text.reference) == ("5511987650001", " Não, obrigada 👋\n", "20690090")
    assert (text.to, text.answers, text.answers_id) == ("40001", OURS, UUID(int=1))
    assert text.received_at == datetime(2026, 11, 20, 15, 27, 8, 488000, tzinfo=UTC)


@pytest.mark.parametrize("version", ["legacy", "v2"])
@pytest.mark.parametrize(
    "event",
    [{}, {"callbackMtRequest": {"status": "03"}}, {"callbackMtRequest": {"status": "77", "id": OURS}}, {"x": [1]}],
)
def test_a_callback_that_says_nothing_is_an_error_of_ours(version: str, event: Mapping[str, Any]) -> None:
    with pytest.raises(SmsError, match="Zenvia"):
        read(event, version=version)


def test_receipts_are_asked_for_one_by_one(sms_api: SmsApiDouble, http: Http) -> None:
    subject = old(sms_api, http)
    subject.send(numbered(3))
    sms_api.sms[OURS].code = ("03", "120")
    sms_api.sms[str(UUID(int=2))].code = ("06", "130")
    asked = [sent(at, reference=str(UUID(int=at))) for at in (1, 2, 3, 4)]
    reports = {report.message_id: (report.status, report.reason) for report in subject.poll(asked)}
    assert reports == {
        UUID(int=1): (ReceiptStatus.DELIVERED, ""),
        UUID(int=2): (ReceiptStatus.FAILED, "opted_out"),
        UUID(int=3): (ReceiptStatus.SENT, ""),
    }


def test_a_poll_that_breaks_off_keeps_what_it_has(sms_api: SmsApiDouble, http: Http) -> None:
    subject = old(sms_api, http)
    subject.send(numbered(2))
    asked = [sent(at, reference=str(UUID(int=at))) for at in (1, 2)]
    sms_api.answers_left = 1
    assert [report.message_id for report in subject.poll(asked)] == [UUID(int=1)]
    with pytest.raises(SmsError):
        subject.poll(asked)


def test_a_message_whose_answer_was_lost_is_looked_up_by_our_id(sms_api: SmsApiDouble, http: Http, hasty: Http) -> None:
    subject = old(sms_api, http)
    sms_api.trouble = Trouble.LOST_AFTER
    old(sms_api, hasty).send(numbered(1))
    sms_api.trouble = Trouble.NONE
    (found,) = subject.look_up(numbered(1)[0], reference=None, since=SINCE)
    assert (found.reference, found.status) == (OURS, ReceiptStatus.SENT)
    assert subject.look_up(outgoing(7), reference=None, since=SINCE) == []


def test_texts_are_fetched_since_the_last_look_and_a_little_before(sms_api: SmsApiDouble, http: Http) -> None:
    """Q5: what comes twice has the same id; nothing is marked as read at the vendor, so that nothing is lost here."""
    now = datetime.now(BRASILIA).replace(tzinfo=None)
    subject = old(sms_api, http)
    sms_api.inbox = [
        Answered(id="1", mobile="5511987650001", body="Antes", at=now - timedelta(days=3)),
        Answered(id="2", mobile="5511987650001", body="Привіт 👋", at=now - timedelta(hours=5), answers=OURS),
    ]
    first = subject.fetch("")
    assert [(text.reference, text.text, text.answers_id) for text in first.texts] == [("2", "Привіт 👋", UUID(int=1))]
    assert first.texts[0].received_at == (now - timedelta(hours=5)).replace(microsecond=0, tzinfo=BRASILIA)
    sms_api.inbox += [Answered(id="3", mobile="5511987650002", body="SAIR", at=now - timedelta(minutes=1))]
    second = subject.fetch(first.cursor)
    assert [text.reference for text in second.texts] == ["3"]
    sms_api.inbox.clear()
    assert list(subject.fetch(second.cursor).texts) == []


def test_a_long_time_without_a_look_is_made_up_for_day_by_day(sms_api: SmsApiDouble, http: Http) -> None:
    """So that no answer grows past what is read."""
    now = datetime.now(BRASILIA)
    subject = old(sms_api, http)
    sms_api.inbox = [
        Answered(id=str(day), mobile="5511987650001", body="Sim", at=(now - timedelta(days=day)).replace(tzinfo=None))
        for day in (3, 2, 1)
    ]
    found, cursor, more = [], (now - timedelta(days=3, hours=1)).isoformat(), True
    while more:
        fetched = subject.fetch(cursor)
        found += [text.reference for text in fetched.texts]
        cursor, more = fetched.cursor, fetched.more
    assert found == ["3", "2", "1"]
    assert len(sms_api.requests) == 4


def test_a_clock_that_was_put_back_asks_for_no_time_to_come(sms_api: SmsApiDouble, http: Http) -> None:
    now = datetime.now(BRASILIA)
    sms_api.inbox = [
        Answered(id="1", mobile="5511987650001", body="Sim", at=now.replace(tzinfo=None) - timedelta(minutes=1))
    ]
    fetched = old(sms_api, http).fetch((now + timedelta(days=2)).isoformat())
    assert [text.reference for text in fetched.texts] == ["1"]
    assert not fetched.more


def test_an_inbox_that_cannot_be_had_is_an_error(sms_api: SmsApiDouble, http: Http) -> None:
    with pytest.raises(SmsError):
        old(sms_api, http, api_password="guessed").fetch("")


def test_a_text_goes_to_the_platform_with_our_id(platform: PlatformDouble, http: Http) -> None:
    (verdict,) = new(platform, http).send([outgoing(text="Olá 👋")])
    assert (verdict.outcome, verdict.reference) == (Outcome.ACCEPTED, platform.sms[0].id)
    assert platform.requests[0].json() == {
        "from": ALIAS,
        "to": "5511987650001",
        "externalId": OURS,
        "contents": [{"type": "text", "text": "Olá 👋", "encodingStrategy": "AUTO"}],
    }


def test_the_platform_may_flash_and_drop_accents(platform: PlatformDouble, http: Http) -> None:
    new(platform, http, flash="yes", encoding="MORE_CHARACTERS_PER_MESSAGE").send([outgoing()])
    assert platform.sms[0].flash
    assert platform.requests[0].json()["contents"][0]["encodingStrategy"] == "MORE_CHARACTERS_PER_MESSAGE"


def test_the_platforms_duplicate_means_accepted(platform: PlatformDouble, http: Http) -> None:
    subject = new(platform, http)
    subject.send([outgoing()])
    assert subject.send([outgoing()])[0].outcome is Outcome.ACCEPTED
    assert len(platform.sms) == 1


@pytest.mark.parametrize(
    ("more", "message", "reason", "about"),
    [
        ({"token": "guessed"}, outgoing(), "bad_credentials", About.ACCOUNT),
        ({"sender": "other"}, outgoing(), "bad_sender", About.ACCOUNT),
        ({}, outgoing(to="+123"), "bad_number", About.RECIPIENT),
        ({"sender": "other"}, outgoing(to="+123"), "bad_sender", About.ACCOUNT),
        ({}, outgoing(text=""), "rejected", About.MESSAGE),
    ],
)
def test_the_platforms_problems_are_about_the_field_that_they_name(
    platform: PlatformDouble, http: Http, more: Mapping[str, object], message: Outgoing, reason: str, about: About
) -> None:
    verdicts = new(platform, http, **more).send([message])
    assert summary(verdicts) == [(Outcome.REFUSED, reason, about)]
    assert verdicts[0].for_good


def test_another_address_than_the_platforms_is_about_the_account(platform: PlatformDouble, http: Http) -> None:
    verdicts = new(platform, http, base_url=platform.url).send([outgoing()])
    assert summary(verdicts) == [(Outcome.REFUSED, "bad_address", About.ACCOUNT)]


@pytest.mark.parametrize("trouble", [each for each in Trouble if each is not Trouble.NONE])
def test_what_may_have_arrived_is_unknown_to_the_platform(
    platform: PlatformDouble, hasty: Http, trouble: Trouble
) -> None:
    """X2."""
    platform.trouble = trouble
    assert new(platform, hasty).send([outgoing()])[0].outcome is Outcome.UNKNOWN
    assert len(platform.requests) == 1


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (json_reply({"code": "INTERNAL_ERROR"}, status=500), Outcome.UNKNOWN),
        (json_reply({"code": "SOMETHING"}, status=400), Outcome.UNKNOWN),
        (json_reply({"code": "SOMETHING"}, status=409), Outcome.UNKNOWN),
        (json_reply({"id": "x" * 101}), Outcome.UNKNOWN),
        (json_reply({"id": {"$oid": "1"}}), Outcome.UNKNOWN),
    ],
)
def test_an_answer_that_is_not_documented_is_unknown(
    platform: PlatformDouble, http: Http, answer: Reply, outcome: Outcome
) -> None:
    platform.instead = answer
    assert new(platform, http).send([outgoing()])[0].outcome is outcome


@pytest.mark.parametrize(
    ("word", "status", "reason"),
    [
        ("SENT", ReceiptStatus.SENT, ""),
        ("DELIVERED", ReceiptStatus.DELIVERED, ""),
        ("READ", ReceiptStatus.READ, ""),
        ("CLICKED", ReceiptStatus.DELIVERED, ""),
        ("VERIFIED", ReceiptStatus.DELIVERED, ""),
        ("NOT_DELIVERED", ReceiptStatus.UNDELIVERED, "undelivered"),
        ("REJECTED", ReceiptStatus.FAILED, "rejected"),
    ],
)
def test_an_event_is_a_receipt(word: str, status: ReceiptStatus, reason: str) -> None:
    """X3"""
    (report,) = read(zenvia.status_event("aaaa-1", OURS, word), version="v2")
    assert isinstance(report, Report)
    assert (report.status, report.reason, report.provider_code) == (status, reason, word)
    assert (report.reference, report.message_id, report.number) == ("aaaa-1", UUID(int=1), "5511987650001")
    assert report.occurred_at == datetime(2026, 11, 20, 10, 0, 7, tzinfo=UTC)


def test_an_event_tells_the_channels_own_code() -> None:
    (report,) = read(zenvia.status_event("aaaa-1", OURS, "REJECTED", cause="69"), version="v2")
    assert isinstance(report, Report)
    assert report.provider_code == "69"


def test_an_older_event_has_the_id_beside_the_message() -> None:
    event = {**zenvia.status_event("", OURS, "SENT"), "messageId": "aaaa-2"}
    (report,) = read(event, version="v2")
    assert isinstance(report, Report)
    assert report.reference == "aaaa-2"


@pytest.mark.parametrize(
    "event",
    [
        zenvia.status_event("aaaa-1", OURS, "DELETED"),
        {"type": "MESSAGE", "direction": "OUT", "message": {"from": ALIAS}},
        {"type": "CONVERSATION_STATUS"},
    ],
)
def test_an_event_that_changes_nothing_is_empty(event: Mapping[str, Any]) -> None:
    assert read(event, version="v2") == []


def test_an_event_with_a_text_is_one_text_of_all_its_parts() -> None:
    """Q5"""
    (text,) = read(zenvia.text_event("5511987650001", "Так, дякую 👍", "SAIR"), version="v2")
    assert isinstance(text, Inbound)
    assert (text.sender, text.text, text.to) == ("5511987650001", "Так, дякую 👍\nSAIR", ALIAS)
    assert (text.reference, text.received_at) == ("bbbb-1", datetime(2026, 11, 20, 10, 1, tzinfo=UTC))


def test_without_a_secret_the_platforms_address_is_all_there_is(platform: PlatformDouble, http: Http) -> None:
    assert new(platform, http).read_webhook(called(zenvia.status_event("aaaa-1", OURS, "SENT")))
    with pytest.raises(ForgedRequest):
        new(platform, http, webhook_secret=SECRET).read_webhook(called(zenvia.status_event("aaaa-1", OURS, "SENT")))


def test_what_the_platform_does_not_have_says_so(platform: PlatformDouble, http: Http) -> None:
    subject = new(platform, http)
    for ask in (
        lambda: subject.poll([]),
        lambda: subject.fetch(""),
        lambda: subject.look_up(outgoing(), reference=None, since=SINCE),
        subject.balance,
    ):
        with pytest.raises(NotImplementedError):
            ask()


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
