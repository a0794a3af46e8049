"""From a confirmed send to its messages: paused, resumed, cancelled, stopped by itself, and true when sent (S7)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from sms_plugin.batches import feeding, following
from sms_plugin.batches.deciding import cancel, pause, resume
from sms_plugin.batches.progress import lengths, standing
from sms_plugin.models import Batch
from sms_plugin.outbox.enqueue import BATCH
from sms_plugin.people.consent import STAFF, opt_out
from sms_plugin.providers.active import deactivate
from sms_plugin.states import BatchState, MessageState
from sms_plugin.testing.phone_network import Mode
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.transactions import within
from tests.batches.desk import Desk, clients, desk_for, invoices, now, numbers, states
from tests.portal import Client, Invoice

QUEUED, HELD, SENT = MessageState.QUEUED, MessageState.HELD, MessageState.SENT
PT = clients({"filter": "language", "op": "is", "value": "pt"})


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No run of the job goes on for longer than it has something to do, and each counts."""
    monkeypatch.setattr(following, "COUNT_EVERY", 0.0)
    monkeypatch.setattr(following, "COUNT_SHARE", 0)
    following._again.clear()


def test_what_was_confirmed_goes_to_everybody_once(phoned: Desk, phone: PhoneServer) -> None:
    phone.set(mode=Mode.NO_RECEIPTS)
    phoned.clients(7)
    batch = phoned.built(clients())
    phoned.confirm(batch)
    for _ in range(3):
        phoned.follow()
        phoned.send()
    phoned.follow()
    assert Counter(line["to"] for line in phone.ledger()) == {f"+35191200000{n}": 1 for n in range(7)}
    first, *_ = phoned.messages(batch)
    assert (first.priority, first.text, first.client) == (BATCH, "Hi Ana 0", "1")
    assert phoned.batch(batch).state == BatchState.DONE
    told = standing(phoned.batch(batch))
    assert (told.going, told.sent + told.failed, told.waiting) == (7, 7, 0)


def test_a_record_that_changed_since_is_told_what_was_confirmed(desk: Desk) -> None:
    (ana,) = desk.clients(1)
    batch = desk.built(clients())
    desk.confirm(batch)
    ana.name = "Eva"
    desk.portal.session.commit()
    desk.follow()
    assert [each.text for each in desk.messages(batch)] == ["Hi Ana 0"]


def test_who_is_no_longer_among_the_chosen_gets_nothing(desk: Desk) -> None:
    desk.clients(3, language="pt")
    batch = desk.built(PT)
    desk.confirm(batch)
    desk.portal.session.get_one(Client, 2).language = "en"
    desk.portal.session.delete(desk.portal.session.get_one(Client, 3))
    desk.portal.session.commit()
    desk.follow()
    assert states(desk.messages(batch)) == [
        (QUEUED, ""),
        (MessageState.SUPPRESSED, "no_longer_true"),
        (MessageState.SUPPRESSED, "no_longer_true"),
    ]


def test_a_text_of_several_charges_does_not_go_once_one_of_them_is_paid(desk: Desk) -> None:
    ana, rui = desk.clients(2)
    day = dt.date(2026, 4, 1)
    desk.add(*(Invoice(client=each, due_on=day) for each in (ana, rui) for _ in range(3)))
    batch = desk.built(invoices({"filter": "status", "op": "is", "value": "open"}), text="{debt_count}")
    desk.confirm(batch)
    desk.portal.session.get_one(Invoice, 2).status = "paid"
    desk.portal.session.commit()
    desk.follow()
    assert states(desk.messages(batch)) == [(MessageState.SUPPRESSED, "no_longer_true"), (QUEUED, "")]


def test_who_was_left_out_has_a_message_that_says_why(desk: Desk) -> None:
    desk.add(Client(name="Ana", phone="912345678"), Client(name="Rui"))
    batch = desk.built(clients())
    desk.confirm(batch)
    desk.follow()
    assert states(desk.messages(batch)) == [(QUEUED, ""), (MessageState.SUPPRESSED, "no_number")]
    assert (desk.batch(batch).fed_out, standing(desk.batch(batch)).dropped) == (1, 0)


def test_who_opts_out_meanwhile_gets_nothing(desk: Desk) -> None:
    desk.clients(2)
    batch = desk.built(clients())
    desk.confirm(batch)
    desk.follow()
    within(desk.portal.state, lambda s: opt_out(s, "+351912000000", source=STAFF, now=now()))
    desk.send()
    assert states(desk.messages(batch)) == [(MessageState.SUPPRESSED, "opted_out"), (SENT, "")]


def test_a_pause_holds_what_is_queued_and_a_resume_lets_it_go(desk: Desk) -> None:
    desk.clients(4)
    batch = desk.built(clients())
    desk.confirm(batch)
    desk.follow()
    desk.decide(pause, batch)
    desk.follow()
    assert states(desk.messages(batch)) == [(HELD, "batch_paused")] * 4
    desk.send()
    assert {each.state for each in desk.messages(batch)} == {HELD}
    desk.decide(resume, batch)
    desk.follow()
    assert states(desk.messages(batch)) == [(QUEUED, "batch_resumed")] * 4
    desk.send()
    assert {each.state for each in desk.messages(batch)} == {SENT}


def test_no_claim_takes_a_message_of_a_batch_that_was_paused_a_moment_ago(desk: Desk) -> None:
    desk.clients(3)
    batch = desk.built(clients())
    desk.confirm(batch)
    desk.follow()
    desk.decide(pause, batch)
    desk.send()  # nothing has held them yet
    assert states(desk.messages(batch)) == [(HELD, "batch_paused")] * 3


def test_nothing_more_is_fed_to_a_paused_batch(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "AHEAD", 2)
    monkeypatch.setattr(feeding, "PAGE", 2)
    monkeypatch.setattr(feeding, "PAGE_ON_SQLITE", 2)
    desk.clients(6)
    batch = desk.built(clients())
    desk.confirm(batch)
    desk.follow()
    assert len(desk.messages(batch)) == 2
    desk.decide(pause, batch)
    desk.send()
    desk.follow()
    assert len(desk.messages(batch)) == 2


def test_a_cancelled_batch_sends_nothing_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "AHEAD", 2)
    monkeypatch.setattr(feeding, "PAGE", 2)
    monkeypatch.setattr(feeding, "PAGE_ON_SQLITE", 2)
    desk.clients(5)
    batch = desk.built(clients())
    desk.confirm(batch)
    desk.follow()
    desk.send()
    desk.follow()
    desk.decide(cancel, batch)
    desk.follow()
    desk.send()
    assert states(desk.messages(batch)) == [(SENT, "")] * 2 + [(MessageState.CANCELLED, "batch_cancelled")] * 2
    found = desk.batch(batch)
    assert (found.state, standing(found).sent, standing(found).dropped) == (BatchState.CANCELLED, 2, 2)


def test_a_batch_stops_by_itself_when_too_many_fail_and_goes_on_when_a_person_says_so(phoned: Desk) -> None:
    phoned.clients(30)
    batch = phoned.built(clients())
    phoned.confirm(batch)
    phoned.follow()
    phoned.send()
    _fail(phoned, batch, 9)
    phoned.follow()
    found = phoned.batch(batch)
    assert (found.state, found.reason, found.detail) == (BatchState.PAUSED, "too_many_failed", "9 of 30")
    assert standing(found).share_failed == 30
    phoned.decide(resume, batch)
    phoned.follow()
    assert phoned.batch(batch).state == BatchState.DONE


def test_few_failures_stop_nothing(phoned: Desk) -> None:
    phoned.clients(19)
    batch = phoned.built(clients())
    phoned.confirm(batch)
    phoned.follow()
    phoned.send()
    _fail(phoned, batch, 19)
    phoned.follow()
    assert phoned.batch(batch).state == BatchState.DONE


def _fail(desk: Desk, batch: UUID, count: int) -> None:
    from sms_plugin.models import Message

    with desk.portal.fresh() as session, session.begin():
        for each in desk.messages(batch)[:count]:
            session.get_one(Message, each.id).state = MessageState.FAILED


def test_without_a_provider_it_waits_and_loses_nothing(desk: Desk) -> None:
    desk.clients(2)
    batch = desk.built(clients())
    desk.confirm(batch)
    with desk.portal.fresh() as session, session.begin():
        provider = session.merge(desk.portal.provider("console"))
        deactivate(session, provider, who="test", now=now())
    desk.follow()
    assert (desk.messages(batch), desk.batch(batch).state) == ([], BatchState.RUNNING)
    desk.portal.use_kind("console", {}, name="other")
    desk.follow()
    assert len(desk.messages(batch)) == 2


def test_it_does_not_begin_before_its_time(desk: Desk) -> None:
    desk.clients(2)
    batch = desk.built(clients())
    desk.confirm(batch, due_at=now() + dt.timedelta(hours=1))
    desk.follow()
    assert desk.messages(batch) == []
    _set(desk, batch, due_at=now() - dt.timedelta(seconds=1))
    desk.follow()
    assert len(desk.messages(batch)) == 2


def _set(desk: Desk, batch: UUID, **values: Any) -> None:
    with desk.portal.fresh() as session, session.begin():
        for name, value in values.items():
            setattr(session.get_one(Batch, batch), name, value)


def _night() -> tuple[str, str]:
    """Quiet hours that hold now in UTC, and a timezone half a day away where they do not."""
    hour = now().hour
    return f"{hour}-{(hour + 2) % 24}", "Etc/GMT+12" if hour < 12 else "Etc/GMT-12"


@pytest.mark.parametrize("quiet", ["defer", "ignore"])
def test_a_night_is_waited_for_unless_the_operator_says_otherwise(database_url: str, quiet: str) -> None:
    hours, elsewhere = _night()
    desk = desk_for(database_url, SMS_QUIET_HOURS=hours, SMS_TIMEZONE="UTC")
    with desk.portal.app.app_context():
        desk.portal.use_kind("console", {}, name="console")
        desk.add(
            Client(name="Ana", phone="912345678", timezone="UTC"),
            Client(name="Rui", phone="913456789", timezone=elsewhere),
        )
        batch = desk.built(clients())
        desk.confirm(batch, quiet=quiet)
        desk.follow()
        desk.send()
        ana, rui = desk.messages(batch)
        assert rui.state == SENT
        assert (ana.state, ana.reason) == ((QUEUED, "quiet_hours") if quiet == "defer" else (SENT, ""))
        if quiet == "defer":
            assert ana.due_at > now()


def test_what_waited_until_a_night_began_waits_for_its_morning(database_url: str) -> None:
    hours, _ = _night()
    desk = desk_for(database_url, SMS_QUIET_HOURS=hours, SMS_TIMEZONE="UTC")
    with desk.portal.app.app_context():
        desk.portal.use_kind("console", {}, name="console")
        desk.clients(1)
        batch = desk.built(clients())
        desk.confirm(batch)
        desk.portal.queue(batch_id=batch, priority=BATCH)
        desk.send()
        (message,) = desk.messages(batch)
        assert (message.state, message.reason) == (QUEUED, "quiet_hours")


def test_a_filter_that_the_host_removed_pauses_it_with_the_reason(database_url: str) -> None:
    from sms_plugin import Filter

    before = desk_for(database_url, Filter("phone", Client.phone))
    with before.portal.app.app_context():
        before.portal.use_kind("console", {}, name="console")
        before.clients(1)
        batch = before.built(clients({"filter": "phone", "op": "is", "value": "91 200 0000"}))
        before.confirm(batch)
    after = desk_for(database_url)
    with after.portal.app.app_context():
        after.follow()
        found = after.batch(batch)
        assert (found.state, found.reason) == (BatchState.PAUSED, "unknown_filter")
        assert after.messages(batch) == []


def test_a_batch_that_waits_takes_no_time_of_the_others(desk: Desk) -> None:
    desk.clients(2)
    first, second = desk.built(clients(), name="1"), desk.built(clients(), name="2")
    desk.confirm(first)
    desk.confirm(second)
    desk.follow()
    assert (len(desk.messages(first)), len(desk.messages(second))) == (2, 2)


def test_lengths_are_told_from_the_counts(desk: Desk) -> None:
    spoken = ("en", "en", "en", "pt", "uk")
    desk.add(*(Client(name="Ana", phone=f"91200000{n}", language=each) for n, each in enumerate(spoken)))
    texts = {"en": "Hi", "pt": "a" * 200, "uk": "a" * 400}
    told = lengths(desk.batch(desk.built(clients(), text=texts)))
    assert told is not None
    assert (told.least, told.middle, told.most) == (1, 1, 3)
    assert lengths(desk.batch(desk.draft(numbers("912345678")))) is None
