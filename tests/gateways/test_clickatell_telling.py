"""Clickatell tells: receipts and texts that it calls with, and what it answers when it is asked (P5, P17, Q5)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from sms_plugin.errors import ForgedRequest
from sms_plugin.gateways.contract import Inbound, Part, ReceiptStatus, Report
from sms_plugin.gateways.http import Http
from sms_plugin.testing.gateway_contract import ScriptedServer, sent
from sms_plugin.testing.loopback import Reply, json_reply
from tests.doubles import clickatell as double
from tests.doubles.clickatell import SENDER, Clickatell
from tests.gateways.clickatell_calls import AT, CALLBACKS, OURS, called, one, platform, queried


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
