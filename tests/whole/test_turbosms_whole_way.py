"""TurboSMS through the whole plugin and its pages: Viber and SMS, a batch in one request, callback, poll, balance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from sms_plugin.models import Attempt, Message
from sms_plugin.outbox.enqueue import BATCH, Draft, enqueue
from sms_plugin.states import MessageState
from sms_plugin.testing import drain
from tests.doubles.turbosms import SECRET, TOKEN, TurboSms, callback
from tests.portal import Portal
from tests.whole.desk import Desk, desk_at

NUMBER = "+380678998668"
AT = dt.datetime(2026, 11, 20, 8, 0, 8, tzinfo=dt.UTC)


@pytest.fixture
def vendor() -> Iterator[TurboSms]:
    with TurboSms() as vendor:
        yield vendor
        assert vendor.complaints == []


@pytest.fixture
def desk(database_url: str) -> Desk:
    """A portal without a provider."""
    return desk_at(database_url)


@pytest.fixture
def active(desk: Desk, vendor: TurboSms) -> Desk:
    """The provider is set up for Viber and then SMS, and active."""
    desk.set_up("turbosms", **_settings(vendor))
    return desk


def _settings(vendor: TurboSms) -> dict[str, str]:
    return {
        "token": TOKEN,
        "channel": "viber_sms",
        "sender": "Acme",
        "viber_sender": "Acme Viber",
        "viber_seconds": "60",
        "callback_secret": SECRET,
        "batch_size": "5000",
        "base_url": vendor.url,
    }


def test_a_viber_sender_is_asked_for_where_viber_is_on(desk: Desk, vendor: TurboSms) -> None:
    """Bad input, refused with the reason on the form."""
    page = desk.refused("turbosms", **_settings(vendor) | {"viber_sender": ""})
    assert "This is missing: the chosen way needs it." in page
    assert vendor.requests == []


def test_the_connection_shows_the_balance(active: Desk, vendor: TurboSms) -> None:
    """P15, P17."""
    assert "2106.42 UAH" in active.press("connect")
    vendor.account.token = "another"
    assert "does not know these credentials" in active.press("connect")


def test_a_test_message_goes_by_both_ways(active: Desk, vendor: TurboSms) -> None:
    """P5, P15."""
    told = active.press("try", to=NUMBER, text="Привіт 👋")
    assert "The provider took the test message" in told
    (request,) = vendor.requests
    assert (request["viber"]["text"], request["sms"]["text"]) == ("Привіт 👋", "Привіт 👋")
    assert (request["viber"]["ttl"], request["sms"]["hybrid_ttl"]) == (60, 60)


def test_a_callback_delivers_and_a_poll_tells_the_way(active: Desk, vendor: TurboSms) -> None:
    """P5, X3: the history shows the channel, and that it was read."""
    (message,) = active.text((NUMBER, "Привіт 👋"))
    assert message.state == MessageState.SENT
    reference = active.reference(message)
    body = callback(reference, "DELIVRD", at=AT)
    assert [active.called(body).status_code for _ in range(2)] == [200, 200]
    (message,) = active.messages()
    assert (message.state, message.channel) == (MessageState.DELIVERED, "")
    vendor.report(reference, "Read", channel="viber", at=AT)
    active.let_pass(10.5, since="receipts")
    active.job("receipts")
    (message,) = active.messages()
    assert (message.state, message.channel) == (MessageState.DELIVERED, "viber")
    page = active.conversation(NUMBER)
    assert all(words in page for words in ("Привіт 👋", "Viber", "Somebody has looked at it."))


def test_a_forged_callback_moves_nothing(active: Desk) -> None:
    """X3."""
    (message,) = active.text((NUMBER, "Hello"))
    reference = active.reference(message)
    forged = callback(reference, "DELIVRD", at=AT, secret="guessed")
    assert active.called(forged).status_code == 403
    stray = callback("somebody-else's", "DELIVRD", at=AT)
    assert active.called(stray).status_code == 200
    assert active.messages()[0].state == MessageState.SENT


def test_without_a_callback_a_poll_delivers(active: Desk, vendor: TurboSms) -> None:
    (message,) = active.text((NUMBER, "Hello"))
    vendor.report(active.reference(message), "Delivered", channel="sms", at=AT)
    active.let_pass(10.5, since="receipts")
    active.job("receipts")
    (message,) = active.messages()
    assert (message.state, message.channel) == (MessageState.DELIVERED, "sms")


def test_an_account_without_money_stops_the_provider_and_nothing_is_lost(active: Desk, vendor: TurboSms) -> None:
    """P21."""
    vendor.account.balance = 0.0
    (message,) = active.text((NUMBER, "Hello"))
    assert (message.state, message.reason) == (MessageState.QUEUED, "no_credit")
    vendor.account.balance = 10.0
    active.press("resume")
    drain(active.portal.app)
    assert active.messages()[0].state == MessageState.SENT
    assert len(vendor.held) == 1


def test_a_number_of_the_stop_list_is_refused_with_its_reason(active: Desk, vendor: TurboSms) -> None:
    """Issue 5, item 4: and it counts as one that wants no texts."""
    vendor.account.stoplist.add(NUMBER.removeprefix("+"))
    (message,) = active.text((NUMBER, "Hello"))
    assert (message.state, message.reason) == (MessageState.FAILED, "opted_out")
    *_, second = active.text((NUMBER, "Hello again"))
    assert (second.state, second.reason) == (MessageState.SUPPRESSED, "opted_out")
    assert len(vendor.requests) == 1


BAD = {
    "+380000000000": "opted_out",
    "+15550100001": "region_not_enabled",
    "+15550100002": "region_not_enabled",
    "+49300000001": "region_not_enabled",
    "+49300000002": "region_not_enabled",
    "+3801": "bad_number",
    "+3802": "bad_number",
}


def test_a_batch_of_five_thousand_with_seven_bad_numbers_is_one_request(active: Desk, vendor: TurboSms) -> None:
    """Issue 5: 4,993 sent, 7 failed with their reasons."""
    vendor.account.stoplist.add("380000000000")
    numbers = [f"+38067{at:07d}" for at in range(4993)]
    numbers[2500:2500] = BAD
    _queue(active.portal, numbers)
    drain(active.portal.app)
    assert len(vendor.requests) == 1
    assert len(vendor.requests[0]["recipients"]) == 5000
    with active.portal.app.app_context(), active.portal.fresh() as session:
        told = session.execute(sa.select(Message.number, Message.state, Message.reason)).all()
        references = session.scalars(sa.select(Attempt.reference).where(Attempt.reference.is_not(None))).all()
    failed = {row.number: row.reason for row in told if row.state == MessageState.FAILED}
    assert failed == BAD
    assert sum(row.state == MessageState.SENT for row in told) == 4993
    assert len(set(references)) == 4993


def _queue(portal: Portal, numbers: list[str]) -> None:
    """A batch of one text, due now."""
    now = dt.datetime.now(dt.UTC)
    drafts = [
        Draft(
            occurrence=None,
            state=MessageState.QUEUED,
            purpose="service",
            priority=BATCH,
            number=number,
            text="Привіт 👋",
            due_at=now,
            expires_at=None,
        )
        for number in numbers
    ]
    with portal.app.app_context(), portal.fresh() as session, session.begin():
        enqueue(session, drafts, now=now)
