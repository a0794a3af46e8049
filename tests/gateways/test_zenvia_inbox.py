"""Zenvia's SMS API tells: callbacks, receipts and texts that are asked for (P5, Q5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from sms_plugin.errors import SmsError
from sms_plugin.gateways.contract import Inbound, ReceiptStatus, Report
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.zenvia_reading import BRASILIA
from sms_plugin.testing.gateway_contract import SINCE, outgoing, sent
from tests.doubles import zenvia
from tests.doubles.troubled import Trouble
from tests.doubles.zenvia import Answered, SmsApiDouble
from tests.gateways.zenvia_calls import OURS, numbered, old, read


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
