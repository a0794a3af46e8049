"""From the preview of a send to many to its end: what was shown goes, to whom it was shown, once (S4, S5, S7)."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from sms_plugin.batches import following
from sms_plugin.jobs.due import run_job
from sms_plugin.models import Batch, BatchRecipient, OptOut
from sms_plugin.states import BatchState, MessageState
from sms_plugin.testing import drain
from sms_plugin.testing.phone_server import PhoneServer
from tests.demo.visitor import Visitor
from tests.portal import Client, Portal
from tests.web.conftest import Mounted
from tests.web.hosts import host, shows, token

BULK = "/admin/sms/bulk/"
one_kind = pytest.mark.one_database("sqlite", "what a page says and who may do it")
EVERYBODY = {"s0-kind": "filters", "s0-entity": "clients/Client", "s0-everybody": "1"}


class Office:
    """A portal whose users have rights that can be changed, and a name."""

    def __init__(self, mounted: Mounted, phone: PhoneServer, **config: Any) -> None:
        self.rights = {"bulk", "approve", "read", "send"}
        self.who: object = "Helena"
        self.most: int | None = None

        def may(right: str) -> bool | int:
            if right == "bulk" and right in self.rights and self.most is not None:
                return self.most
            return right in self.rights

        def mount(app: Flask, db: SQLAlchemy) -> dict[str, Any]:
            return {**host()(app, db), "allow": may, "user": lambda: self.who}

        self.portal: Portal = mounted(mount=mount, **config)
        with self.portal.app.app_context():
            self.portal.use(phone)
            self.portal.session.add_all(
                [
                    Client(id=1, name="Ana", phone="912 345 678"),
                    Client(id=2, name="Rui", phone="913 333 333"),
                    Client(id=3, name="Zé", phone="213 333 333"),
                ]
            )
            self.portal.session.commit()
        self.visitor = Visitor(client=self.portal.app.test_client())

    def built(self, **fields: Any) -> Batch:
        """A send to everybody, built and to be confirmed."""
        given = {"name": "Works", "text-en": "Hi {contact_firstname}", "do": "build", "once": "0" * 32, **EVERYBODY}
        page = self.visitor.read(f"{BULK}new/")
        answer = self.visitor.client.post(f"{BULK}new/", data={"csrf_token": token(page), **given, **fields})
        assert answer.status_code == 302, answer.text
        return self.looked_for(UUID(answer.location.rpartition("id=")[2]))

    def looked_for(self, id: UUID) -> Batch:
        """The send once all its recipients are found: what a page leaves of them, a job finds."""
        while (found := self.batch(id)).state == BatchState.BUILDING:
            with self.portal.app.app_context():
                run_job(self.portal.state, "batches", now=True)
        return found

    def batch(self, id: UUID) -> Batch:
        with self.portal.app.app_context(), self.portal.fresh() as session:
            found = session.get_one(Batch, id)
            session.expunge_all()
            return found

    def page(self, batch: Batch, **query: Any) -> str:
        return self.visitor.client.get(f"{BULK}look/", query_string={"id": str(batch.id), **query}).text

    def post(self, what: str, batch: Batch, **fields: Any) -> Any:
        given: Mapping[str, Any] = {"id": str(batch.id), "version": batch.version, "confirmed": "1", **fields}
        page = self.visitor.read(f"{BULK}")
        if "csrf_token" not in page:
            page = self.visitor.read(f"{BULK}new/") if "bulk" in self.rights else page
        sent = self.visitor.client.post(f"{BULK}{what}/", data={"csrf_token": token(page), **given})
        if sent.status_code == 302:
            return self.visitor.client.get(sent.location, follow_redirects=True)
        return sent

    def confirm(self, batch: Batch, **fields: Any) -> Any:
        return self.post("confirm", batch, **{"count": batch.going, **fields})

    def drained(self) -> None:
        """All that is confirmed and due has left, and was counted."""
        following._again.clear()  # what was counted a moment ago is counted anew
        for _ in range(3):
            with self.portal.app.app_context():
                run_job(self.portal.state, "batches", now=True)
            drain(self.portal.app)
            following._again.clear()

    def numbers(self) -> list[str]:
        with self.portal.app.app_context():
            return sorted(each.number or "" for each in self.portal.messages() if each.state != "suppressed")


@pytest.fixture
def office(mounted: Mounted, phone: PhoneServer) -> Office:
    return Office(mounted, phone)


def test_what_is_shown_is_what_reaches_the_phones(office: Office, phone: PhoneServer) -> None:
    batch = office.built()
    assert (batch.state, batch.going, batch.left_out) == (BatchState.READY, 2, 1)
    page = office.page(batch)
    for said in ("2 messages", "Hi Ana", "Hi Rui", "+351912345678", "The number is a landline.", "Send 2 messages"):
        assert shows(page, said)
    assert office.numbers() == []
    answer = office.confirm(batch)
    assert shows(answer.text, "2 messages are on their way.")
    office.drained()
    assert sorted(each["text"] for each in phone.ledger()) == ["Hi Ana", "Hi Rui"]
    assert shows(office.page(batch), "Done")
    listed = office.visitor.read(BULK)
    assert shows(listed, "Works")
    assert shows(listed, "Helena")


@one_kind
def test_whoever_shares_a_number_is_left_out_and_told_so(office: Office) -> None:
    with office.portal.app.app_context():
        office.portal.session.add(Client(id=4, name="Ana's shop", phone="912 345 678"))
        office.portal.session.commit()
    batch = office.built()
    assert (batch.going, batch.left_out) == (2, 2)
    assert shows(office.page(batch), "The same number gets the message already.")


def test_a_double_confirmation_sends_once_and_says_so(office: Office) -> None:
    batch = office.built()
    office.confirm(batch)
    again = office.confirm(batch)
    assert shows(again.text, "This was confirmed already. Nothing is sent twice.")
    office.drained()
    assert office.numbers() == ["+351912345678", "+351913333333"]


def test_a_recipient_who_is_taken_out_gets_nothing_and_another_source_adds_who_lacks(office: Office) -> None:
    batch = office.built()
    with office.portal.app.app_context(), office.portal.fresh() as session:
        ana = session.scalars(sa.select(BatchRecipient.id).where(BatchRecipient.name == "Ana")).one()
    page = office.post("remove", batch, recipient=ana).text
    assert shows(page, "Send 1 message")
    assert shows(page, "Taken out by hand.")
    batch = office.batch(batch.id)
    added = {"do": "build", "s0-kind": "numbers", "s0-text": "914444444; 913333333"}
    office.post("add", batch, **added)
    batch = office.batch(batch.id)
    assert batch.state == BatchState.READY
    left = office.page(batch, left="1")
    assert shows(left, "The text has a shortcode of which nothing is known here.")
    office.confirm(batch)
    office.drained()
    assert office.numbers() == ["+351913333333"]


@one_kind
def test_above_the_set_size_the_number_of_messages_is_typed(mounted: Mounted, phone: PhoneServer) -> None:
    office = Office(mounted, phone, SMS_BULK_TYPED=1)
    batch = office.built()
    assert 'name="typed"' in office.page(batch)
    refused = office.confirm(batch, typed="3", when="later", at="2090-05-01T09:00")
    assert 'value="2090-05-01T09:00"' in refused.text
    assert 'value="3"' in refused.text
    assert office.batch(batch.id).state == BatchState.READY
    office.confirm(batch, typed="2")
    assert office.batch(batch.id).state == BatchState.RUNNING


@one_kind
def test_above_the_ceiling_a_second_person_approves(office: Office, phone: PhoneServer) -> None:
    office.most = 1
    batch = office.built()
    assert shows(office.page(batch), "Ask for approval of 2 messages")
    assert shows(office.confirm(batch).text, "It waits for a second person")
    office.drained()
    assert phone.ledger() == []
    batch = office.batch(batch.id)
    assert shows(office.post("decide", batch, choice="approve").text, "Whoever confirmed it cannot approve it")
    office.who = "Rita"
    assert shows(office.visitor.read(BULK), "You may approve it")
    office.post("decide", batch, choice="approve")
    office.drained()
    assert len(phone.ledger()) == 2
    assert shows(office.page(batch), "approved by Rita")


class _User:
    """One whom Flask-Login would keep, and who may take another name."""

    def __init__(self, name: str, id: str) -> None:
        self.name, self.id = name, id

    def get_id(self) -> str:
        return self.id


@one_kind
def test_whoever_takes_another_name_does_not_approve_what_they_confirmed(office: Office, phone: PhoneServer) -> None:
    """X12"""
    office.most, office.who = 1, _User("Helena", "7")
    batch = office.built()
    office.confirm(batch)
    office.who = _User("Rita", "7")
    batch = office.batch(batch.id)
    assert shows(office.post("decide", batch, choice="approve").text, "Whoever confirmed it cannot approve it")
    office.drained()
    assert phone.ledger() == []
    office.who = _User("Helena", "8")
    office.post("decide", office.batch(batch.id), choice="approve")
    office.drained()
    assert len(phone.ledger()) == 2


@one_kind
def test_at_a_time_it_waits_for_it_and_a_moment_that_has_passed_is_refused(office: Office, phone: PhoneServer) -> None:
    batch = office.built()
    assert shows(office.page(batch), "Europe/Lisbon")
    for wrong in ("", "yesterday", "2001-01-01T10:00", "9999-01-01T10:00"):
        answer = office.confirm(batch, when="later", at=wrong)
        assert "alert" in answer.text
        assert office.batch(batch.id).state == BatchState.READY
    office.confirm(batch, when="later", at="2090-07-01T09:00")
    office.drained()
    assert phone.ledger() == []
    kept = office.batch(batch.id)
    assert kept.due_at == dt.datetime(2090, 7, 1, 8, tzinfo=dt.UTC)  # summer in Lisbon
    assert shows(office.page(batch), "Goes later")


@one_kind
def test_the_first_text_can_be_read_on_ones_own_phone_and_nobody_else_gets_it(
    office: Office, phone: PhoneServer
) -> None:
    batch = office.built()
    assert shows(office.post("to-me", batch, number="abc", once="1" * 32).text, "This is not a telephone number.")
    for _ in range(2):  # a double click is one text
        office.post("to-me", batch, number="919 999 999", once="1" * 32)
    office.drained()
    assert [(each["to"], each["text"]) for each in phone.ledger()] == [("+351919999999", "Hi Ana")]
    assert office.batch(batch.id).state == BatchState.READY


@one_kind
def test_two_operators_pausing_and_cancelling_at_once_are_told(office: Office) -> None:
    batch = office.built()
    office.confirm(batch, when="later", at="2090-07-01T09:00")
    batch = office.batch(batch.id)
    assert shows(office.post("decide", batch, choice="pause").text, "is paused")
    late = office.post("decide", batch, choice="cancel")
    assert shows(late.text, "changed meanwhile")
    assert office.batch(batch.id).state == BatchState.PAUSED
    batch = office.batch(batch.id)
    assert shows(office.post("decide", batch, choice="resume").text, "goes on")
    asked = office.post("decide", office.batch(batch.id), choice="cancel")
    assert shows(asked.text, "is cancelled")
    assert office.batch(batch.id).state == BatchState.CANCELLED


@one_kind
def test_who_lost_the_right_between_preview_and_send_is_refused_and_nothing_is_lost(office: Office) -> None:
    batch = office.built()
    page = office.page(batch)
    office.rights = {"read"}
    given = {"id": str(batch.id), "version": batch.version, "count": 2, "csrf_token": token(page)}
    refused = office.visitor.client.post(f"{BULK}confirm/", data=given)
    assert refused.status_code == 403
    assert shows(refused.text, "You may not send to many from this portal.")
    assert office.batch(batch.id).state == BatchState.READY
    office.rights = {"read", "bulk"}
    office.confirm(batch)
    assert office.batch(batch.id).state == BatchState.RUNNING


@one_kind
def test_who_may_only_read_sees_masked_numbers_and_no_buttons(office: Office) -> None:
    batch = office.built()
    office.rights = {"read"}
    page = office.page(batch)
    assert "+351912345678" not in page
    assert "+351******678" in page
    assert 'method="post"' not in page
    assert "Hi Ana" in page


TYPED = {"s0-kind": "numbers", "s0-text": "919 999 999; 91 88 77", "text-en": "Hi"}


@one_kind
def test_a_number_that_was_typed_in_is_masked_for_who_may_only_read_as_its_name_and_in_the_search(
    office: Office,
) -> None:
    """X23"""
    batch = office.built(**TYPED)
    assert "919 999 999" in office.page(batch)
    assert "+351919999999" in office.page(batch, words="9199")
    office.rights = {"read"}
    page = office.page(batch)
    assert "919 999 999" not in page
    assert "+351******999" in page
    assert "91 88 77" not in office.page(batch, left=1)
    for some in ("9199", "919 999 99"):
        assert "******" not in office.page(batch, words=some)
        assert shows(office.page(batch, words=some), "Nobody here is called so.")
    assert shows(office.page(batch, words="(919", left=1), "Nobody here is called so.")
    assert "+351******999" in office.page(batch, words="+351919999999")


@one_kind
@pytest.mark.parametrize("id", ["0" * 20 + "9" * 30, "9" * 5000], ids=["large", "endless"])
def test_an_id_that_no_recipient_can_have_breaks_no_page(office: Office, id: str) -> None:
    batch = office.built()
    assert office.visitor.client.get(f"{BULK}look/", query_string={"id": batch.id, "after": id}).status_code == 200
    assert shows(office.post("remove", batch, recipient=id).text, "Choose one recipient at least.")


@one_kind
def test_a_text_to_me_does_not_reach_who_said_no(office: Office) -> None:
    """Promise 8"""
    batch = office.built()
    with office.portal.app.app_context():
        opted = {"source": "operator", "since": batch.changed_at}
        office.portal.session.add(OptOut(number="+351919999999", purpose=batch.purpose, **opted))
        office.portal.session.commit()
    answer = office.post("to-me", batch, number="919 999 999", once="1" * 32)
    assert shows(answer.text, "This number wants no texts.")
    assert office.numbers() == []


@one_kind
def test_no_column_of_a_file_stands_for_the_readers_way_out(office: Office) -> None:
    """X7"""
    rows = io.BytesIO(b"phone;optout_link\n919999999;nowhere\n")
    fields = {"s0-kind": "file", "s0-file": (rows, "x.csv"), "text-en": "Sale! {optout_link}", "purpose": "marketing"}
    page = office.page(office.built(**fields))
    assert "nowhere" not in page
    assert re.search(r"Sale! https?://", page)


@one_kind
def test_it_can_be_changed_and_built_again(office: Office) -> None:
    batch = office.built()
    page = office.post("decide", batch, choice="reopen").text
    assert "Hi {contact_firstname}</textarea>" in page
    batch = office.batch(batch.id)
    given = {"name": "Works", "text-en": "Bye {contact_firstname}", "do": "build", "version": batch.version}
    office.visitor.client.post(
        f"{BULK}edit/?id={batch.id}",
        data={"csrf_token": token(office.visitor.read(f"{BULK}new/")), **given, **EVERYBODY},
    )
    assert shows(office.page(batch), "Bye Ana")
    assert not shows(office.page(batch), "Hi Ana")


@one_kind
def test_the_same_form_sent_twice_leads_to_what_it_built(office: Office) -> None:
    first = office.built()
    assert office.built().id == first.id


@one_kind
def test_recipients_are_found_by_words_and_turned_over_by_pages(office: Office) -> None:
    batch = office.built()
    page = office.page(batch, words="Rui")
    assert shows(page, "Hi Rui")
    assert not shows(page, "Hi Ana")
    assert shows(office.page(batch, words="nobody"), "Nobody here is called so.")
    assert shows(office.page(batch, after="9" * 30), "Hi Ana")  # what is no place leads to the first page


@one_kind
def test_while_it_is_built_a_progress_is_shown_with_and_without_a_script(office: Office) -> None:
    batch = office.built()
    with office.portal.app.app_context(), office.portal.fresh() as session, session.begin():
        session.execute(sa.update(Batch).values(state="building", looked_at=40, expected=100))
    page = office.page(batch)
    assert shows(page, "40 of about 100 looked at")
    assert '<progress class="sms-progress" max="100" value="40"' in page
    assert shows(page, "Look again")
    told: Any = office.visitor.client.get(f"{BULK}standing/?id={batch.id}").json
    assert told["state"] == "building"
    assert "40 of about 100 looked at" in told["html"]


@one_kind
def test_one_that_paused_by_itself_says_why_and_shows_the_last_failures(office: Office) -> None:
    batch = office.built()
    with office.portal.app.app_context():
        message = office.portal.queue(state=MessageState.FAILED, reason="no_credit", text="Hi Ana")
        with office.portal.fresh() as session, session.begin():
            session.execute(sa.text("UPDATE sms_message SET batch_id = :batch"), {"batch": batch.id.hex})
            session.execute(
                sa.update(Batch).values(
                    state="paused", reason="too_many_failed", detail="12 of 20", progress={"failed": 12, "sent": 8}
                )
            )
    page = office.page(batch)
    assert shows(page, "It paused by itself, because too many failed: 12 of 20.")
    assert shows(page, "The account has no credit left.")
    assert str(message) in page
    assert re.search(r"60 %", page)
    assert f"batch={batch.id}" in page
