"""Zenvia's platform: what it is sent, and the events that it tells."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from sms_plugin.errors import ForgedRequest
from sms_plugin.gateways.contract import About, Inbound, Outcome, Outgoing, ReceiptStatus, Report
from sms_plugin.gateways.http import Http
from sms_plugin.testing.gateway_contract import SINCE, outgoing
from sms_plugin.testing.loopback import Reply, json_reply
from tests.doubles import zenvia
from tests.doubles.troubled import Trouble
from tests.doubles.zenvia import ALIAS, PlatformDouble
from tests.gateways.zenvia_calls import OURS, SECRET, called, new, read, summary


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
