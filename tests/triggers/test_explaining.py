"""Why somebody was texted, or was not: the line of decisions, and how the triggers stand now (X20)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from sms_plugin import Entity, Hook, Person, created
from sms_plugin.errors import SmsError
from sms_plugin.host.identity import RecordRef
from sms_plugin.models import Gathered
from sms_plugin.outbox.enqueue import occurrence
from sms_plugin.outbox.explain import about, explain
from sms_plugin.outbox.history import about_number
from sms_plugin.people.consent import opt_out
from sms_plugin.states import MessageState
from sms_plugin.triggers.answering import Question, Told, about_message, answer
from sms_plugin.triggers.explaining import Standing
from sms_plugin.triggers.switching import switch_off, switch_on
from tests.outbox.steps import claim_some, depart_with
from tests.portal import Booking, Client, Contact, Invoice, Payment, Portal, Staff, Task, make_portal, payment_recorded
from tests.triggers.sweeping import at, due, november, swept

CLIENT = "clients/Client"
ANA = "+351912345678"
SINCE = at(1, 0)


@pytest.fixture
def open_portal(portal: Portal) -> Portal:
    """With a provider."""
    portal.use_kind("console", {}, name="console")
    return portal


def asked(portal: Portal, question: Question, *, now: dt.datetime | None = None, most: int = 20) -> Told:
    with portal.fresh() as session:
        return answer(session, question, state=portal.state, now=now or dt.datetime.now(dt.UTC), most=most)


def of(client: Client, trigger: str | None = None, **more: Any) -> Question:
    return Question(somebody=RecordRef(entity=CLIENT, key=str(client.id)), trigger=trigger, **more)


def codes(told: Told) -> list[tuple[str, str]]:
    return [(each.trigger, each.code) for each in told.standings]


def only(told: Told) -> Standing:
    (one,) = told.standings
    return one


def test_a_message_tells_what_fired_it_to_which_number_and_how_it_ended(open_portal: Portal, ana: Client) -> None:
    open_portal.switch_on("invoice_overdue_notice", since=SINCE)
    due(open_portal, ana, november(20))
    swept(open_portal, at(21, 11))
    (one,) = asked(open_portal, of(ana)).account.messages
    assert (one.fired.kind, one.fired.step, one.fired.moment) == ("date", "after:1d", "2026-11-20")
    assert (one.message.number, one.number_is, one.name) == (ANA, "mobile", "Ana")
    assert one.moments[-1].what == "stands"
    depart_with(open_portal, claim_some(open_portal, at=at(21, 12)).messages, at=at(21, 12))
    (one,) = asked(open_portal, of(ana)).account.messages
    assert [moment.what for moment in one.moments] == ["departed", "stands"]


@pytest.mark.one_database("sqlite", "reads declarations, whatever keeps the rows")
def test_each_kind_of_hook_and_hand_is_told_apart(open_portal: Portal, ana: Client) -> None:
    triggers = ("charge_created", "invoice_payment_recorded", "task_followed", "seat_confirmed", "birthday_greeting")
    open_portal.switch_on(*triggers, text="Hello {optout_link}", since=SINCE)
    rui = Staff(name="Rui", phone="912 345 000")
    invoice, booking = Invoice(client=ana), Booking(guest="Eva", guest_phone="912 345 001")
    open_portal.session.add_all([invoice, booking, Task(name="Call", followers=[rui])])
    open_portal.session.commit()
    payment = Payment(invoice=invoice, amount=5)
    open_portal.session.add(payment)
    open_portal.session.flush()
    payment_recorded.send(payment=payment)
    booking.confirmed = True
    ana.born_on = dt.date(1980, 11, 20)
    open_portal.session.commit()
    open_portal.sms.fire("charge_created", invoice)
    open_portal.session.commit()
    swept(open_portal, at(20, 11))
    open_portal.queue(number=ANA, operator="Rui")
    found = {
        number: [each.fired.kind for each in asked(open_portal, Question(number=number)).account.messages]
        for number in (ANA, "+351912345000", "+351912345001")
    }
    assert sorted(found[ANA]) == ["created", "hand", "signal", "words", "yearly"]
    assert found["+351912345000"] == ["added"]
    assert found["+351912345001"] == ["changed"]


def test_the_number_for_invoices_is_told_and_one_that_is_no_longer_theirs(open_portal: Portal, ana: Client) -> None:
    ana.billing_phone = "912 345 600"
    open_portal.session.commit()
    open_portal.switch_on("charge_created", text="Hello")
    due(open_portal, ana, None)
    (one,) = asked(open_portal, of(ana)).account.messages
    assert (one.message.number, one.number_is) == ("+351912345600", "billing")
    ana.billing_phone = None
    open_portal.session.commit()
    (one,) = asked(open_portal, of(ana)).account.messages
    assert one.number_is == "former"


def test_what_waits_tells_until_when_and_what_is_told_together_of_what(open_portal: Portal, ana: Client) -> None:
    now = dt.datetime.now(dt.UTC)
    later = now + dt.timedelta(hours=5)
    waiting = open_portal.queue(number=ANA, due_at=later)
    with open_portal.fresh() as session, session.begin():
        session.add_all(
            Gathered(occurrence=occurrence(key), message_id=waiting, entity="invoice/Invoice", record=key)
            for key in ("1", "2")
        )
    (one,) = asked(open_portal, Question(number=ANA)).account.messages
    assert one.put_off_until == later
    assert {ref.key for ref in one.gathered} == {"1", "2"}


def test_two_messages_within_a_day_to_one_number_name_each_other(open_portal: Portal, ana: Client) -> None:
    open_portal.switch_on("charge_created", "charge_due_today", text="Hello", since=SINCE)
    first = open_portal.queue(number=ANA)
    second = open_portal.queue(number=ANA, due_at=dt.datetime.now(dt.UTC) + dt.timedelta(hours=20))
    open_portal.queue(number=ANA, state=MessageState.SUPPRESSED, reason="opted_out")
    open_portal.queue(number=ANA, due_at=dt.datetime.now(dt.UTC) + dt.timedelta(days=3))
    near = {each.message.id: each.near for each in asked(open_portal, Question(number=ANA)).account.messages}
    assert (near[first], near[second]) == ((second,), (first,))
    assert [each for each in near.values() if each] == [(second,), (first,)]


def test_pages_are_turned_by_key_and_narrowed_to_a_trigger_and_a_record(open_portal: Portal, ana: Client) -> None:
    ids = [
        open_portal.queue(number=ANA, trigger="charge_created", entity="invoice/Invoice", record="1") for _ in range(5)
    ]
    open_portal.queue(number=ANA, trigger="charge_due_soon", entity="invoice/Invoice", record="2")
    with open_portal.fresh() as session:
        of_it = about(about_number(ANA), trigger="charge_created", record=RecordRef(entity="invoice/Invoice", key="1"))
        newest = explain(session, of=of_it, state=open_portal.state, most=3)
        assert [each.message.id for each in newest.messages] == ids[2:]
        older = explain(session, of=of_it, state=open_portal.state, most=3, before=newest.older)
        assert ([each.message.id for each in older.messages], older.older) == (ids[:2], None)
        again = explain(session, of=of_it, state=open_portal.state, most=3, after=older.newer)
        assert [each.message.id for each in again.messages] == ids[2:]


def test_a_trigger_that_is_off_says_since_when(open_portal: Portal, ana: Client) -> None:
    assert (only(asked(open_portal, of(ana, "charge_created"))).code) == "off"
    registry, now = open_portal.state.registry, dt.datetime.now(dt.UTC)
    with open_portal.fresh() as session, session.begin():
        switch_on(session, "charge_created", registry=registry, who="test", now=now - dt.timedelta(hours=2))
        switch_off(session, "charge_created", registry=registry, who="test", now=now - dt.timedelta(hours=1))
    told = only(asked(open_portal, of(ana, "charge_created")))
    assert (told.code, told.at) == ("off", now - dt.timedelta(hours=1))
    open_portal.switch_on("charge_created", text=" ")
    assert only(asked(open_portal, of(ana, "charge_created"))).code == "no_text"


def test_a_date_that_is_still_to_come_says_when_and_what_stands_against_it(open_portal: Portal, ana: Client) -> None:
    open_portal.switch_on("charge_due_today", text="Hello", since=SINCE)
    (invoice,) = due(open_portal, ana, november(25))
    question, now = of(ana, "charge_due_today"), at(21, 12)
    told = only(asked(open_portal, question, now=now))
    assert (told.code, told.at, told.number) == ("would_go", at(25, 10), ANA)
    assert told.record == RecordRef(entity="invoice/Invoice", key=str(invoice.id))
    with open_portal.fresh() as session, session.begin():
        opt_out(session, ANA, source="reply", now=now)
    assert only(asked(open_portal, question, now=now)).code == "opted_out"
    ana.phone = "12"
    open_portal.session.commit()
    assert only(asked(open_portal, question, now=now)).code == "too_short"
    assert open_portal.messages() == []


def test_a_condition_a_missing_date_and_a_moment_from_before_are_told_apart(open_portal: Portal, ana: Client) -> None:
    open_portal.switch_on("charge_due_today", text="Hello", since=at(10, 0))
    paid, none, before, missed, now_due = due(
        open_portal, ana, november(25), None, november(5), november(15), november(21)
    )
    paid.status = "paid"
    open_portal.session.commit()
    told = {
        each.record.key: each.code
        for each in asked(open_portal, of(ana, "charge_due_today"), now=at(21, 11)).standings
        if each.record
    }
    assert told == {
        str(paid.id): "not_true",
        str(none.id): "no_date",
        str(before.id): "before_on",
        str(missed.id): "missed",
        str(now_due.id): "due",
    }


def test_what_was_decided_is_named_with_its_message_and_reason(open_portal: Portal, ana: Client) -> None:
    open_portal.switch_on("charge_due_today", text="Hello", since=SINCE)
    (invoice,) = due(open_portal, ana, november(21))
    swept(open_portal, at(21, 11))
    invoice.status = "paid"
    open_portal.session.commit()
    assert claim_some(open_portal, at=at(21, 12)).messages == ()
    told = asked(open_portal, of(ana, "charge_due_today"), now=at(21, 12))
    assert [(each.code, each.state) for each in told.standings] == [
        ("no_longer_true", "suppressed"),
        ("not_true", ""),
    ]
    (message,) = open_portal.messages()
    assert told.standings[0].message == message.id


def test_a_record_from_before_an_event_trigger_was_on_says_that_nothing_fired_it(
    open_portal: Portal, ana: Client
) -> None:
    due(open_portal, ana, None)
    open_portal.switch_on("charge_created", text="Hello")
    assert only(asked(open_portal, of(ana, "charge_created"))).code == "not_fired"


def test_records_are_found_over_several_steps_over_members_and_by_the_client_behind(
    open_portal: Portal, ana: Client
) -> None:
    triggers = ("invoice_payment_recorded", "task_followed", "birthday_greeting")
    invoice, rui = Invoice(client=ana), Staff(name="Rui", phone="912 345 000")
    open_portal.session.add_all([invoice, Payment(invoice=invoice, amount=5), Task(name="Call", followers=[rui])])
    ana.born_on = dt.date(1980, 12, 24)
    open_portal.session.commit()
    open_portal.switch_on(*triggers, text="Hello {optout_link}", since=SINCE)
    assert only(asked(open_portal, of(ana, "invoice_payment_recorded"))).code == "not_fired"
    staff = Question(somebody=RecordRef(entity="staff/Staff", key=str(rui.id)), trigger="task_followed")
    assert only(asked(open_portal, staff)).code == "not_fired"
    birthday = only(asked(open_portal, of(ana, "birthday_greeting"), now=at(21, 12)))
    assert (birthday.code, birthday.at) == ("would_go", at(24, 10, month=12))
    assert only(asked(open_portal, of(ana, "task_followed"))).code == "no_record"


def test_of_many_records_the_newest_are_looked_at_and_the_rest_is_told_of(open_portal: Portal, ana: Client) -> None:
    invoices = due(open_portal, ana, *[None] * 25)
    open_portal.switch_on("charge_created", text="Hello")
    told = asked(open_portal, of(ana, "charge_created"))
    assert told.cut
    assert [each.record.key for each in told.standings if each.record] == [
        str(invoice.id) for invoice in reversed(invoices[5:])
    ]
    one = Question(record=RecordRef(entity="invoice/Invoice", key=str(invoices[0].id)), trigger="charge_created")
    assert only(asked(open_portal, one)).record == one.record


def test_a_number_stands_for_whoever_has_it_and_every_trigger_is_asked(open_portal: Portal, ana: Client) -> None:
    due(open_portal, ana, november(25))
    open_portal.switch_on("charge_due_today", text="Hello", since=SINCE)
    told = asked(open_portal, Question(number=ANA), now=at(21, 12))
    assert ("charge_due_today", "would_go") in codes(told)
    assert ("charge_created", "off") in codes(told)


def test_a_way_that_is_a_function_is_told_and_not_gone_and_a_host_that_raises_hurts_one_record(
    database_url: str,
) -> None:
    def fails(client: Client) -> list[str]:
        raise RuntimeError("broken")

    portal = make_portal(
        database_url,
        Entity(Client, "clients", person=Person(name="name", phones={"mobile": fails})),
        Entity(Contact, "clients", person=Person(name="name", phones="phone", client="client")),
        Entity(
            Invoice,
            "invoice",
            to={"client": lambda invoice: invoice.client},
            hooks=[Hook("charge_created", created())],
        ),
    )
    with portal.app.app_context():
        ana = Client(name="Ana", phone="912 345 678")
        portal.session.add_all([ana, Invoice(client=ana)])
        portal.session.commit()
        portal.switch_on("charge_created", text="Hello")
        assert only(asked(portal, of(ana, "charge_created"))).code == "blind"
        portal.queue(number=ANA, person_entity=CLIENT, person=str(ana.id))
        (one,) = asked(portal, Question(number=ANA)).account.messages
        assert (one.number_is, one.name) == ("", "Ana")


def test_whoever_is_gone_is_still_answered_from_what_was_decided(open_portal: Portal) -> None:
    open_portal.queue(number=ANA, client_entity=CLIENT, client="77", trigger="charge_created")
    told = asked(open_portal, Question(somebody=RecordRef(entity=CLIENT, key="77"), trigger="charge_created"))
    assert (len(told.account.messages), codes(told)) == (1, [("charge_created", "off")])


def test_a_message_raises_the_question_about_its_client_its_number_or_its_record(open_portal: Portal) -> None:
    record = {"entity": "invoice/Invoice", "record": "1", "trigger": "charge_created"}
    refs = {"client_entity": CLIENT, "client": "7", **record}
    ids = [
        open_portal.queue(**refs),
        open_portal.queue(),
        open_portal.queue(number=None, **record),
    ]
    with open_portal.fresh() as session:
        found = [about_message(session, each) for each in ids]
    assert found == [
        Question(somebody=RecordRef(entity=CLIENT, key="7"), trigger="charge_created"),
        Question(number=ANA),
        Question(record=RecordRef(entity="invoice/Invoice", key="1"), trigger="charge_created"),
    ]


def test_an_unknown_trigger_and_no_question_at_all_are_refused(open_portal: Portal) -> None:
    with pytest.raises(SmsError) as unknown:
        asked(open_portal, Question(number=ANA, trigger="nothing"))
    assert unknown.value.code == "unknown_trigger"
    with pytest.raises(SmsError) as nobody:
        asked(open_portal, replace(Question(number=ANA), number=None))
    assert nobody.value.code == "no_question"
