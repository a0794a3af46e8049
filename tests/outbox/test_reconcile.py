"""What is unknown is settled by a look-up, by the trigger's policy, else by a person (promise 3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

import pytest

from sms_plugin.gateways.contract import Found, ReceiptStatus, accepted
from sms_plugin.jobs.due import run_job
from sms_plugin.models import TriggerRow
from sms_plugin.outbox.moving import move
from sms_plugin.outbox.reconcile import LOOK_FOR, PATIENCE, Doubt, conclude, doubts
from sms_plugin.states import MessageState
from sms_plugin.testing import drain
from sms_plugin.testing.phone_network import Mode
from sms_plugin.testing.phone_server import PhoneServer
from tests.outbox.steps import UNKNOWN, claim_some, depart_with, now, send_off, settle_with
from tests.portal import Portal, make_portal

LATER = PATIENCE + dt.timedelta(minutes=1)


def _doubt(portal: Portal, *, policy: str = "ask") -> Doubt:
    with portal.fresh() as session, session.begin():
        session.merge(TriggerRow(key="charge_created", on=True, unknown_policy=policy, texts={}, changed_at=now()))
    message = portal.queue(trigger="charge_created")
    settle_with(portal, send_off(portal, message), UNKNOWN)
    return _only_doubt(portal)


def _only_doubt(portal: Portal) -> Doubt:
    with portal.fresh() as session:
        (found,) = doubts(session, now=now())
    return found


def _concluded(portal: Portal, doubt: Doubt, found: Sequence[Found] = (), *, later: dt.timedelta = LATER) -> bool:
    with portal.fresh() as session, session.begin():
        return conclude(session, doubt, found, now=now() + later)


def _state(portal: Portal, doubt: Doubt) -> tuple[str, str]:
    found = portal.message(doubt.message)
    return found.state, found.reason


def _found(reference: str = "P9", status: ReceiptStatus = ReceiptStatus.SENT) -> Found:
    return Found(reference=reference, status=status)


def test_what_the_provider_holds_was_sent(sending: Portal) -> None:
    doubt = _doubt(sending)
    assert _concluded(sending, doubt, [_found(status=ReceiptStatus.DELIVERED)], later=dt.timedelta())
    assert _state(sending, doubt)[0] == MessageState.DELIVERED
    assert sending.attempts(doubt.message)[0].reference == "P9"


def test_two_candidates_prove_nothing(sending: Portal) -> None:
    doubt = _doubt(sending)
    assert not _concluded(sending, doubt, [_found("P8"), _found("P9")])
    assert _state(sending, doubt)[0] == MessageState.UNKNOWN


def test_a_candidate_that_is_another_message_proves_nothing(sending: Portal) -> None:
    other = sending.queue()
    settle_with(sending, send_off(sending, other), accepted("P9"))
    doubt = _doubt(sending)
    assert not _concluded(sending, doubt, [_found("P9")])


def test_by_default_a_person_is_asked(sending: Portal) -> None:
    doubt = _doubt(sending)
    assert not _concluded(sending, doubt)
    assert _state(sending, doubt)[0] == MessageState.UNKNOWN


@pytest.mark.parametrize(("policy", "state"), [("assume", MessageState.SENT), ("resend", MessageState.QUEUED)])
def test_a_policy_waits_for_its_time(sending: Portal, policy: str, state: MessageState) -> None:
    doubt = _doubt(sending, policy=policy)
    assert not _concluded(sending, doubt, later=dt.timedelta(minutes=1))
    assert _concluded(sending, doubt)
    assert _state(sending, doubt)[0] == state


def test_a_message_is_resent_once(sending: Portal) -> None:
    doubt = _doubt(sending, policy="resend")
    assert _concluded(sending, doubt)
    with sending.fresh() as session, session.begin():
        session.get_one(type(sending.message(doubt.message)), doubt.message).due_at = now()
    settle_with(sending, send_off(sending, doubt.message), UNKNOWN)
    again = _only_doubt(sending)
    assert not _concluded(sending, again)
    assert _state(sending, again)[0] == MessageState.UNKNOWN


@pytest.mark.parametrize("policy", ["assume", "resend"])
def test_a_policy_leaves_alone_what_somebody_settled_meanwhile(sending: Portal, policy: str) -> None:
    """A person sent it again, and it is under way: moving it back would send it a third time."""
    doubt = _doubt(sending, policy=policy)
    with sending.fresh() as session, session.begin():
        move(session, [doubt.message], MessageState.QUEUED, reason="by_hand", now=now(), values={"due_at": now()})
    send_off(sending, doubt.message)
    assert not _concluded(sending, doubt)
    assert _state(sending, doubt)[0] == MessageState.SENDING


def test_a_provider_is_not_asked_for_ever(sending: Portal) -> None:
    _doubt(sending)
    with sending.fresh() as session:
        assert doubts(session, now=now() + LOOK_FOR + dt.timedelta(minutes=1)) == []


def test_doubts_come_in_pages(sending: Portal) -> None:
    for _ in range(3):
        sending.queue()
    for gone in depart_with(sending, claim_some(sending).messages):
        settle_with(sending, gone, UNKNOWN)
    seen: list[UUID] = []
    with sending.fresh() as session:
        while page := doubts(session, now=now(), after=seen[-1] if seen else None, most=2):
            seen += [doubt.message for doubt in page]
    assert seen == sorted(message.id for message in sending.messages())


def test_the_job_asks_the_provider_over_http(sending: Portal, phone: PhoneServer) -> None:
    """The phone server took it and answered with garbage; its look-up tells the truth."""
    message = sending.queue()
    phone.set(mode=Mode.GARBAGE)
    drain(sending.app)
    assert sending.message(message).state == MessageState.UNKNOWN
    assert run_job(sending.state, "reconcile", now=True) == 1
    assert sending.message(message).state in {MessageState.SENT, MessageState.DELIVERED}
    assert len(phone.ledger()) == 1


def test_a_provider_that_cannot_be_asked_leaves_the_doubt(sending: Portal, phone: PhoneServer) -> None:
    message = sending.queue()
    phone.set(mode=Mode.GARBAGE)
    drain(sending.app)
    phone.stop()
    assert run_job(sending.state, "reconcile", now=True) == 0
    assert sending.message(message).state == MessageState.UNKNOWN


def test_a_run_that_ends_before_its_time_is_gone_on_with_by_another_process(
    sending: Portal, phone: PhoneServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However slow the provider, each doubt gets its turn: the job's row holds the place, not the process."""
    monkeypatch.setattr("sms_plugin.jobs.due.RECONCILE_FOR", -1.0)
    messages = sorted(sending.queue() for _ in range(3))
    phone.set(mode=Mode.GARBAGE)
    drain(sending.app)
    another = make_portal(sending.app.config["SQLALCHEMY_DATABASE_URI"], tables=False)
    for portal in (sending, another, sending):
        with portal.app.app_context():
            assert run_job(portal.state, "reconcile", now=True) == 1
    with another.app.app_context():
        another.db.session.remove()
        another.db.engine.dispose()
    assert {sending.message(message).state for message in messages} <= {MessageState.SENT, MessageState.DELIVERED}
