"""Each occurrence is written once; a text by hand; and a message's whole story."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace
from uuid import uuid4

import pytest

from sms_plugin.errors import SmsError
from sms_plugin.gateways.contract import ReceiptStatus, Report, accepted, refused
from sms_plugin.outbox.enqueue import Draft, enqueue, occurrence
from sms_plugin.outbox.timeline import timeline
from sms_plugin.states import MessageState
from tests.outbox.steps import now, report, send_off, settle_with
from tests.portal import Portal


def _draft(*key: str) -> Draft:
    return Draft(
        occurrence=occurrence(*key),
        state=MessageState.QUEUED,
        purpose="service",
        priority=0,
        number="+351912345678",
        text="Hello",
        due_at=now(),
        expires_at=None,
    )


def _enqueue(portal: Portal, *drafts: Draft) -> int:
    with portal.fresh() as session, session.begin():
        return len(enqueue(session, drafts, now=now()))


def test_one_occurrence_is_one_message(portal: Portal) -> None:
    """Promise 2: in one call, and in a later one."""
    assert _enqueue(portal, _draft("a"), _draft("a"), _draft("b")) == 2
    assert _enqueue(portal, _draft("a"), _draft("c")) == 1


def test_messages_of_one_moment_go_in_the_order_in_which_they_were_given(portal: Portal) -> None:
    """Not in that of their keys: under a cap it matters who is first, and a forecast says it (X4, X22)."""
    at, written = now(), [_draft(str(number)) for number in range(12)]
    with portal.fresh() as session, session.begin():
        enqueue(session, [replace(each, text=str(number), due_at=at) for number, each in enumerate(written)], now=at)
    told = [each.text for each in sorted(portal.messages(), key=lambda each: (each.due_at, each.id))]
    assert told == [str(number) for number in range(12)]


def test_parts_of_an_occurrence_do_not_run_together() -> None:
    assert occurrence("ab", "c") != occurrence("a", "bc")


def test_two_transactions_at_once_write_it_once(portal: Portal) -> None:
    """X2: the database holds the unique key."""
    together = threading.Barrier(2, timeout=30)

    def work() -> None:
        with portal.app.app_context():
            together.wait()
            _enqueue(portal, *[_draft(str(number)) for number in range(20)])

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(portal.messages()) == 20


def test_a_rolled_back_transaction_leaves_no_message(portal: Portal) -> None:
    """X1."""
    with portal.fresh() as session:
        enqueue(session, [_draft("a")], now=now())
        session.rollback()
    assert portal.messages() == []


def test_a_text_by_hand_is_sent_once_for_its_occasion(sending: Portal) -> None:
    first = sending.sms.send(to="912 345 678", text="Hello", once="welcome-42")
    again = sending.sms.send(to="912 345 678", text="Hello again", once="welcome-42")
    other = sending.sms.send(to="912 345 678", text="Hello", once="welcome-43")
    sending.db.session.commit()
    assert first == again != other
    assert [message.number for message in sending.messages()] == ["+351912345678"] * 2


@pytest.mark.parametrize(("to", "text", "code"), [("912 345 678", "  ", "empty_text"), ("12", "Hello", None)])
def test_what_cannot_be_sent_is_refused_at_once(portal: Portal, to: str, text: str, code: str | None) -> None:
    with pytest.raises(SmsError) as told:
        portal.sms.send(to=to, text=text)
    assert code is None or told.value.code == code


def test_without_a_provider_a_text_by_hand_says_why_it_does_not_go(portal: Portal) -> None:
    """P13."""
    message = portal.sms.send(to="912 345 678", text="Hello")
    portal.db.session.commit()
    found = portal.message(message)
    assert (found.state, found.reason) == (MessageState.SUPPRESSED, "no_provider")


def test_a_timeline_tells_the_whole_life_in_order(sending: Portal) -> None:
    """X11."""
    message = sending.queue()
    settle_with(sending, send_off(sending, message), refused("later", for_good=False, retry_after=0))
    with sending.fresh() as session, session.begin():
        session.get_one(type(sending.message(message)), message).due_at = now() - dt.timedelta(seconds=1)
    settle_with(sending, send_off(sending, message), accepted("P1"))
    report(sending, Report(status=ReceiptStatus.DELIVERED, reference="P1"))
    with sending.fresh() as session:
        told = [(moment.what, moment.state) for moment in timeline(session, message)]
    assert told == [
        ("decided", ""),
        ("departed", "sending"),
        ("verdict", "refused"),
        ("departed", "sending"),
        ("verdict", "accepted"),
        ("receipt", "delivered"),
        ("stands", "delivered"),
    ]


def test_the_timeline_of_nobody_is_an_error(portal: Portal) -> None:
    with portal.fresh() as session, pytest.raises(SmsError, match="There is no message"):
        timeline(session, uuid4())
