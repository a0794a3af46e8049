"""What is decided about a send to many: once, by who saw it as it is, and what was confirmed is what goes (S4, X12)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
import sqlalchemy as sa

from sms_plugin.batches.audience import Audience, Source
from sms_plugin.batches.deciding import (
    MOST_TO_ME,
    approve,
    cancel,
    confirm,
    pause,
    remove,
    reopen,
    resume,
    send_to_me,
)
from sms_plugin.batches.drafting import Asked, save
from sms_plugin.errors import SmsError
from sms_plugin.models import Batch, Change
from sms_plugin.outbox.enqueue import OWN_ACTION
from sms_plugin.states import BatchState
from sms_plugin.text.phones import mask
from sms_plugin.transactions import within
from tests.batches.desk import OTHER, WHO, Desk, clients, now, numbers


def _refused(code: str, work: Any, *args: Any, **given: Any) -> None:
    with pytest.raises(SmsError) as told:
        work(*args, **given)
    assert told.value.code == code


def test_a_double_submit_is_one_batch(desk: Desk) -> None:
    first, second = (desk.draft(clients(), once="token", name=name) for name in ("a", "b"))
    assert first == second
    assert desk.batch(first).name == "a"


def test_a_draft_is_changed_by_whoever_saw_it_as_it_is(desk: Desk) -> None:
    batch = desk.draft(clients())
    asked = Asked(name="July", texts={"en": "Hello"}, audience=Audience())
    given: dict[str, Any] = {"once": "x", "who": WHO, "now": now(), "state": desk.portal.state, "batch_id": batch}
    within(desk.portal.state, lambda s: save(s, asked, version=0, **given) and None)
    assert (desk.batch(batch).name, desk.batch(batch).version) == ("July", 1)
    _refused("changed_meanwhile", within, desk.portal.state, lambda s: save(s, asked, version=0, **given))


def test_the_audience_reads_back_as_it_was_kept() -> None:
    audience = Audience(
        sources=(
            clients({"filter": "name", "op": "is", "value": "x"}),
            Source(kind="group", group=4),
            Source(kind="records", entity="a/B", keys=("1", "2")),
            numbers("912; 913"),
            Source(kind="file", name="x.csv", columns=("a", "b"), phone="a"),
        ),
        numbers="all",
        prefixes=("91",),
        debts=2,
        each=True,
        without=("+351912345678",),
        quiet="ignore",
    )
    assert Audience.read(audience.as_json()) == audience


def test_another_number_than_was_shown_is_not_confirmed(desk: Desk) -> None:
    desk.clients(3)
    batch = desk.built(clients())
    _refused("changed_meanwhile", desk.confirm, batch, count=2)
    assert desk.batch(batch).state == BatchState.READY


def test_above_the_set_size_the_number_has_to_be_typed(desk: Desk) -> None:
    desk.clients(101)
    batch = desk.built(clients())
    _refused("not_typed", desk.confirm, batch, typed=None)
    _refused("not_typed", desk.confirm, batch, typed=100)
    assert desk.confirm(batch, typed=101).state == BatchState.RUNNING


def test_nobody_is_not_confirmed(desk: Desk) -> None:
    _refused("nobody", desk.confirm, desk.built(clients()))


def test_above_the_ceiling_it_waits_for_another_person(desk: Desk) -> None:
    desk.clients(3)
    batch = desk.built(clients())
    assert desk.confirm(batch, ceiling=2).state == BatchState.WAITING
    desk.follow()
    assert desk.messages(batch) == []
    _refused("same_person", desk.decide, approve, batch)
    found = desk.decide(approve, batch, who=OTHER)
    assert (found.state, found.confirmed_by, found.approved_by) == (BatchState.RUNNING, WHO, OTHER)


def test_whoever_confirmed_does_not_approve_under_another_name(desk: Desk) -> None:
    """X12: two people are told apart by their ids, where the host has some; two of one name are two."""
    desk.clients(3)
    batch = desk.built(clients())
    desk.confirm(batch, ceiling=2, user="7")
    _refused("same_person", desk.decide, approve, batch, who=OTHER, user="7")
    assert desk.batch(batch).state == BatchState.WAITING
    assert desk.decide(approve, batch, who=WHO, user="8").state == BatchState.RUNNING


def test_where_one_of_the_two_has_no_id_their_names_tell_them_apart(desk: Desk) -> None:
    desk.clients(3)
    batch = desk.built(clients())
    desk.confirm(batch, ceiling=2, user="7")
    _refused("same_person", desk.decide, approve, batch)
    desk.decide(reopen, batch)
    desk.confirm(batch, ceiling=2)
    _refused("same_person", desk.decide, approve, batch, user="7")
    assert desk.decide(approve, batch, who=OTHER, user="7").state == BatchState.RUNNING


def test_a_confirmation_that_waits_can_be_taken_back(desk: Desk) -> None:
    desk.clients(3)
    batch = desk.built(clients())
    desk.confirm(batch, ceiling=2)
    found = desk.decide(reopen, batch)
    assert (found.state, found.confirmed_by) == (BatchState.READY, "")


def test_of_two_operators_at_once_one_decides_and_the_other_is_told(desk: Desk) -> None:
    desk.clients(1)
    batch = desk.built(clients())
    version = desk.confirm(batch).version
    start, told = Barrier(2), list[str]()

    def decide(decision: Any) -> None:
        with desk.portal.app.app_context():
            start.wait()
            try:
                given = {"version": version, "who": WHO, "now": now()}
                within(desk.portal.state, lambda s: decision(s, batch, **given) and None)
                told.append("done")
            except SmsError as error:
                told.append(error.code)

    threads = [Thread(target=decide, args=(each,)) for each in (pause, cancel)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(told) == ["changed_meanwhile", "done"]


def test_what_a_state_does_not_allow_is_refused(desk: Desk) -> None:
    batch = desk.draft(clients())
    for decision in (pause, resume, approve):
        _refused("not_now", desk.decide, decision, batch)
    _refused("unknown_batch", within, desk.portal.state, lambda s: cancel(s, _other(), version=0, who=WHO, now=now()))


def _other() -> Any:
    from uuid import UUID

    return UUID(int=7)


def test_who_is_taken_out_is_left_out_and_not_found_again(desk: Desk) -> None:
    desk.portal.use_kind("console", {}, name="dear")
    desk.clients(3)
    desk.add()
    batch = desk.built(clients())
    first = desk.recipients(batch)[0]
    found = desk.decide(remove, batch, [first.id])
    assert (found.going, found.left_out, found.segments, found.spread) == (2, 1, 2, {"1": 2})
    assert desk.reasons(batch) == ["removed"]
    _refused("changed_meanwhile", desk.confirm, batch, count=3, typed=3)
    assert desk.decide(remove, batch, [first.id]).going == 2


def test_the_cost_is_that_of_those_who_go(desk: Desk) -> None:
    with desk.portal.fresh() as session, session.begin():
        session.execute(sa.text("UPDATE sms_provider SET currency = 'EUR', prices = '{\"351\": \"0.04\"}'"))
    desk.clients(3)
    batch = desk.built(clients())
    assert (desk.batch(batch).cost, desk.batch(batch).currency) == (Decimal("0.12"), "EUR")
    desk.decide(remove, batch, [desk.recipients(batch)[0].id])
    assert desk.batch(batch).cost == Decimal("0.08")


def test_the_operator_reads_a_recipients_text_on_their_own_phone_once(desk: Desk) -> None:
    desk.clients(2)
    batch = desk.built(clients())
    second = desk.recipients(batch)[1].id
    given: dict[str, Any] = {"number": "919999999", "once": "t", "state": desk.portal.state}
    for _ in range(2):
        desk.decide(send_to_me, batch, recipient=second, **given)
    (message,) = desk.portal.messages()
    assert (message.number, message.text, message.priority) == ("+351919999999", "Hi Ana 1", OWN_ACTION)
    assert (message.batch_id, message.operator) == (None, WHO)


def test_nobody_sends_one_by_one_what_a_second_person_has_to_approve(desk: Desk) -> None:
    desk.clients(2)
    batch = desk.built(clients(), name="June")
    for number in range(MOST_TO_ME):
        desk.decide(send_to_me, batch, number="919999999", once=f"t{number}", state=desk.portal.state)
    _refused(
        "read_enough", desk.decide, send_to_me, batch, number="919999999", once="one more", state=desk.portal.state
    )
    assert len(desk.portal.messages()) == MOST_TO_ME


def test_what_was_read_on_a_telephone_is_in_the_record_of_changes_once(desk: Desk) -> None:
    desk.clients(2)
    batch = desk.built(clients(), name="June")
    for _ in range(2):
        desk.decide(send_to_me, batch, number="919999999", once="t", state=desk.portal.state)
    with desk.portal.fresh() as session:
        kept = session.execute(
            sa.select(Change.who, Change.detail).where(Change.what == "batch June", Change.action == "to_me")
        )
        ((who, detail),) = [tuple(row) for row in kept]
    assert (who, detail) == (WHO, {"number": mask("+351919999999")})


def test_every_decision_is_in_the_record_of_changes(desk: Desk) -> None:
    desk.clients(3)
    batch = desk.built(clients(), name="June")
    desk.confirm(batch, ceiling=1, due_at=now() + dt.timedelta(days=1))
    desk.decide(approve, batch, who=OTHER)
    desk.decide(pause, batch)
    desk.decide(resume, batch)
    desk.decide(cancel, batch)
    with desk.portal.fresh() as session:
        kept = session.execute(
            sa.select(Change.action, Change.who).where(Change.what == "batch June").order_by(Change.id)
        )
        told = [tuple(row) for row in kept]
    actions = ["created", "built", "confirmed", "approved", "paused", "resumed", "cancelled"]
    assert told == [(each, OTHER if each == "approved" else WHO) for each in actions]


def test_versions_rise_with_every_decision(desk: Desk) -> None:
    desk.clients(1)
    batch = desk.built(clients())
    versions = [desk.batch(batch).version, desk.confirm(batch).version, desk.decide(pause, batch).version]
    assert versions == sorted(set(versions))
    assert isinstance(desk.batch(batch), Batch)
    assert confirm is not None
