"""Recipients of sends to many whose turn has not come are found by number, client, person and record (X20)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from sms_plugin.batches.audience import Source
from sms_plugin.batches.deciding import approve, cancel, pause, reopen
from sms_plugin.host.identity import RecordRef
from sms_plugin.outbox import unfed
from sms_plugin.outbox.unfed import Unfed
from sms_plugin.triggers.answering import Question, answer
from tests.batches.desk import OTHER, Desk, clients, invoices, now, numbers
from tests.portal import Client, Contact, Invoice

ANA, EVA = "+351912000001", "+351912000002"


def _told(found: Any) -> list[tuple[str, str, str]]:
    """State of the send, name of the recipient, and why they are left out."""
    return [(each.batch.state, each.recipient.name, each.recipient.reason) for each in found]


def _of(desk: Desk, record: Any) -> list[Unfed]:
    with desk.portal.fresh() as session:
        return unfed.of_record(session, session.merge(record, load=False), state=desk.portal.state)


def _number(desk: Desk, number: str) -> list[Unfed]:
    with desk.portal.fresh() as session:
        return unfed.of_number(session, number)


@pytest.fixture
def ana(desk: Desk) -> Client:
    """Ana, her contact Eva, and a client without a number."""
    ana = Client(id=1, name="Ana", phone=ANA, language="en")
    desk.add(ana, Client(id=2, name="Nobody", language="en"), Contact(id=1, name="Eva", phone=EVA, client_id=1))
    return ana


def test_a_recipient_is_told_of_from_the_building_until_its_turn(desk: Desk, ana: Client) -> None:
    batch = desk.built(clients())
    assert _told(_of(desk, ana)) == [("ready", "Ana", "")]
    desk.confirm(batch, ceiling=0)
    assert _told(_of(desk, ana)) == [("waiting", "Ana", "")]
    desk.decide(approve, batch, who=OTHER)
    assert _told(_of(desk, ana)) == [("running", "Ana", "")]
    desk.decide(pause, batch)
    assert _told(_number(desk, ANA)) == [("paused", "Ana", "")]
    desk.decide(cancel, batch)
    assert _told(_number(desk, ANA)) == [("cancelled", "Ana", "")]


def test_what_has_become_a_message_is_told_of_by_it_alone(desk: Desk, ana: Client) -> None:
    batch = desk.built(clients())
    desk.confirm(batch)
    desk.follow()
    assert len(desk.messages(batch)) == 2
    assert _of(desk, ana) == []
    assert _of(desk, desk.portal.session.get_one(Client, 2)) == []


def test_what_is_a_draft_again_holds_nobody(desk: Desk, ana: Client) -> None:
    batch = desk.built(clients())
    desk.decide(reopen, batch)
    assert _of(desk, ana) == []


def test_whoever_is_left_out_is_told_of_with_the_reason(desk: Desk, ana: Client) -> None:
    desk.built(clients())
    nobody = desk.portal.session.get_one(Client, 2)
    assert _told(_of(desk, nobody)) == [("ready", "Nobody", "no_number")]


def test_a_clients_people_are_theirs_and_a_person_is_told_of_alone(desk: Desk, ana: Client) -> None:
    contact = Source(kind="records", entity="clients/Contact", keys=("1",))
    desk.built(contact, numbers(f"{ANA};+351919999999"), text="Hi")
    eva = desk.portal.session.get_one(Contact, 1)
    assert sorted(each.recipient.number for each in _of(desk, ana)) == [ANA, EVA]
    assert [each.recipient.number for each in _of(desk, eva)] == [EVA]
    assert [each.recipient.number for each in _number(desk, "+351919999999")] == ["+351919999999"]


def test_a_record_is_told_of_by_those_that_tell_of_it(desk: Desk, ana: Client) -> None:
    desk.add(*(Invoice(id=number, client_id=1, number=f"F{number}", total=10) for number in (1, 2, 3)))
    desk.built(invoices(), text="{invoice_number}", debts=2)
    first, second, third = (desk.portal.session.get_one(Invoice, number) for number in (1, 2, 3))
    assert [len(_of(desk, each)) for each in (first, second, third)] == [1, 1, 0]


def test_the_answer_to_a_question_holds_them(desk: Desk, ana: Client) -> None:
    """Not where a trigger is asked for, nor on a further page."""
    desk.built(clients())
    state = desk.portal.state

    def asked(**given: Any) -> list[Unfed]:
        page = {"standing": given.pop("standing", True)}
        with desk.portal.fresh() as session:
            return list(answer(session, Question(**given), state=state, now=now(), most=5, **page).unfed)

    who = RecordRef(entity="clients/Client", key="1")
    gone = RecordRef(entity="clients/Client", key="99")
    assert _told(asked(somebody=who)) == _told(asked(number=ANA)) == [("ready", "Ana", "")]
    assert asked(somebody=gone) == []
    assert asked(somebody=who, standing=False) == []
    assert asked(somebody=who, since=now()) == []
    assert asked(somebody=who, until=now()) != []


def test_a_client_that_is_gone_is_told_of_by_name(desk: Desk, ana: Client) -> None:
    desk.built(clients())
    desk.portal.session.delete(desk.portal.session.get_one(Client, 2))
    desk.portal.session.commit()
    with desk.portal.fresh() as session:
        found = unfed.of_client(session, RecordRef(entity="clients/Client", key="2"))
    assert _told(found) == [("ready", "Nobody", "no_number")]


def test_a_hosts_attribute_that_fails_costs_nobody_the_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.clients(1)
    desk.add(Invoice(id=1, client_id=1, number="F1"))
    invoice = desk.portal.session.get_one(Invoice, 1)
    monkeypatch.setattr(Client, "language", property(lambda self: 1 / 0))
    assert _of(desk, invoice) == []


def _ids(found: list[Unfed]) -> list[UUID]:
    return [each.batch.id for each in found]


def test_several_sends_are_told_of_the_newest_first(desk: Desk, ana: Client) -> None:
    first, second = desk.built(clients()), desk.built(clients())
    assert _ids(_of(desk, ana)) == [second, first]
