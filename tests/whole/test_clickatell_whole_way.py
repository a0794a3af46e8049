"""Clickatell through the whole plugin and its pages, by both of its APIs: message, receipt, reply, balance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from sms_plugin.states import MessageState
from tests.doubles import clickatell as double
from tests.doubles.clickatell import ONE_KEY, PASSWORD, PLATFORM_KEY, SENDER, USER, Clickatell
from tests.doubles.troubled import Trouble
from tests.whole.desk import Desk, desk_at

NUMBER = "+351912345678"
PHONE = NUMBER.removeprefix("+")
AT = dt.datetime(2026, 11, 20, 8, 0, 8, tzinfo=dt.UTC)
AUTHORISED = {"authorization": double.authorised()["authorization"]}


@pytest.fixture
def vendor() -> Iterator[Clickatell]:
    with Clickatell() as vendor:
        yield vendor
        assert vendor.complaints == []


@pytest.fixture
def desk(database_url: str) -> Desk:
    """A portal without a provider, and a client."""
    desk = desk_at(database_url)
    desk.meet("Ana", NUMBER)
    return desk


@pytest.fixture
def one(desk: Desk, vendor: Clickatell) -> Desk:
    """The provider is set up for the One API, and active."""
    desk.set_up("clickatell", **_settings(vendor), api_key=ONE_KEY, flavour="one")
    return desk


@pytest.fixture
def older(desk: Desk, vendor: Clickatell) -> Desk:
    """The same with an older key, for the platform API."""
    desk.set_up("clickatell", **_settings(vendor), api_key=PLATFORM_KEY, flavour="platform")
    return desk


def _settings(vendor: Clickatell) -> dict[str, str]:
    return {
        "sender": SENDER,
        "callback_user": USER,
        "callback_password": PASSWORD,
        "batch_size": "100",
        "base_url": vendor.url,
    }


def test_the_connection_shows_the_balance(one: Desk, vendor: Clickatell) -> None:
    """P15, P17."""
    assert "12.345 USD" in one.press("connect")
    assert "The provider took the test message" in one.press("try", to=NUMBER, text="Olá 👋")
    assert [held["content"] for held in vendor.held.values()] == ["Olá 👋"]


def test_a_message_is_delivered_by_its_receipt_and_answered(one: Desk) -> None:
    """P2, X3, Q5: the reply stands in the conversation, once, with what it answers."""
    (message,) = one.text((NUMBER, "Olá, até já"))
    assert message.state == MessageState.SENT
    reference = one.reference(message)
    receipt = double.status(reference, 5, "DEVICE_ACK", at=AT, ours=message.id.hex)
    sent_on = double.status(reference, 4, "SENT_TO_SUPPLIER", at=AT, ours=message.id.hex)
    for body in (receipt, sent_on, receipt):
        assert one.called(body, **AUTHORISED).status_code == 204
    assert one.messages()[0].state == MessageState.DELIVERED
    reply = double.text("Дякую 👋", message="in-1", at=AT, sender=PHONE, relatedMessageId=reference)
    for _ in range(2):
        assert one.called(reply, **AUTHORISED).status_code == 204
    received = [each for each in one.messages() if each.state == MessageState.RECEIVED]
    assert [(each.number, each.text, each.person) for each in received] == [(NUMBER, "Дякую 👋", "1")]
    page = one.conversation(NUMBER)
    assert "Дякую 👋" in page
    assert "Olá, até já" in page


def test_a_batch_with_texts_of_their_own_is_one_request(one: Desk, vendor: Clickatell) -> None:
    numbers = [f"+3519123400{at:02d}" for at in range(10)]
    vendor.opted_out.add("351912340004")
    messages = one.text(*((number, f"For {number[-2:]}") for number in numbers))
    assert len(vendor.requests) == 1
    assert {each.number: each.reason for each in messages if each.reason} == {numbers[4]: "opted_out"}
    assert sorted(held["content"] for held in vendor.held.values()) == [f"For {at:02d}" for at in range(10) if at != 4]


def test_a_callback_with_another_password_is_refused(one: Desk) -> None:
    (message,) = one.text((NUMBER, "Hello"))
    body = double.status(one.reference(message), 5, "DEVICE_ACK", at=AT)
    assert one.called(body).status_code == 403
    assert one.messages()[0].state == MessageState.SENT


def test_a_poll_delivers_where_no_callback_came(one: Desk, vendor: Clickatell) -> None:
    (message,) = one.text((NUMBER, "Hello"))
    vendor.statuses[one.reference(message)] = {"status": "DEVICE_ACK", "timestamp": double.milliseconds(AT)}
    one.let_pass(10.5, since="receipts")
    one.job("receipts")
    assert one.messages()[0].state == MessageState.DELIVERED


def test_a_lost_answer_is_settled_by_the_receipt_with_our_own_id(one: Desk, vendor: Clickatell) -> None:
    """Promise 3: it is not sent again."""
    vendor.trouble = Trouble.RESET_AFTER
    (message,) = one.text((NUMBER, "Hello"))
    assert message.state == MessageState.UNKNOWN
    (reference,) = vendor.held
    body = double.status(reference, 5, "DEVICE_ACK", at=AT, ours=vendor.held[reference]["clientMessageId"])
    assert one.called(body, **AUTHORISED).status_code == 204
    assert one.messages()[0].state == MessageState.DELIVERED


def test_a_reply_in_parts_is_one_text_and_stop_ends_all_texts(older: Desk, vendor: Clickatell) -> None:
    """P2, Q5, promise 8: by the platform API, as a query, receipts too."""
    (message,) = older.text((NUMBER, "Hello"))
    receipt = double.platform_status(older.reference(message), "004", "RECEIVED_BY_RECIPIENT", at=AT)
    assert older.called_by_query(double.queried(receipt), **AUTHORISED).status_code == 204
    assert older.messages()[0].state == MessageState.DELIVERED
    for at, words in ((2, " друга 👋"), (1, "Перша частина,")):
        part = double.platform_text(words, message=f"in-{at}", at=AT, sender=PHONE, udh=f"0500037B020{at}")
        assert older.called_by_query(double.queried(part), **AUTHORISED).status_code == 204
    stop = double.platform_text("STOP", message="in-3", at=AT, sender=PHONE)
    assert older.called_by_query(double.queried(stop), **AUTHORISED).status_code == 204
    received = [each.text for each in older.messages() if each.state == MessageState.RECEIVED]
    assert received == ["Перша частина, друга 👋", "STOP"]
    later = older.text((NUMBER, "Hello again"))
    assert [(each.state, each.reason) for each in later if each.text == "Hello again"] == [
        (MessageState.SUPPRESSED, "opted_out")
    ]
    assert "Hello again" not in [request.json().get("content") for request in vendor.requests]
