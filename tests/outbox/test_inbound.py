"""Texts from phones: kept once, given to whoever has the number, and done what they ask (Q5, X7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from sms_plugin.gateways.contract import Inbound, Part, Wish
from sms_plugin.host.identity import RecordRef
from sms_plugin.models import Consent, Message, OptOut
from sms_plugin.outbox.history import about_number, about_record, read
from sms_plugin.outbox.inbound import Arrival, place, take_in
from sms_plugin.outbox.joining import INCOMPLETE
from sms_plugin.outbox.tallies import counts_by_state
from sms_plugin.people.consent import opt_out
from sms_plugin.states import MessageState
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.text.wishes import Said
from tests.portal import Booking, Client, Contact, Lead, Portal

NUMBER = "+351912345678"
#: Later than whatever is queued beforehand, which is queued by the clock, however long the tests take to come to it.
NOW = dt.datetime.now(dt.UTC) + dt.timedelta(hours=12)


@pytest.fixture
def provided(portal: Portal, phone: PhoneServer) -> Portal:
    """A portal with an active provider."""
    portal.use(phone)
    return portal


def arrive(portal: Portal, *texts: Inbound, now: dt.datetime = NOW) -> list[Arrival]:
    """What became of the texts, as the webhook takes them."""
    provider = portal.provider().id
    with portal.fresh() as session:
        placed = place(session, texts, provider_id=provider, state=portal.state, now=now)
    with portal.fresh() as session, session.begin():
        return take_in(session, placed, state=portal.state, now=now)


def text(words: str, *, reference: str | None = "R1", sender: str = "351912345678", **more: Any) -> Inbound:
    return Inbound(sender=sender, text=words, reference=reference, **more)


def received(portal: Portal) -> list[Message]:
    return [each for each in portal.messages() if each.state == MessageState.RECEIVED]


def outs(portal: Portal) -> list[tuple[str, str, str]]:
    with portal.fresh() as session:
        return [(row.number, row.purpose, row.source) for row in session.scalars(sa.select(OptOut))]


def conversation(portal: Portal, record: object) -> list[str]:
    with portal.fresh() as session:
        selection = about_record(record, registry=portal.state.registry)
        return [row.text for row in read(session, of=selection, most=50)]


def _to(client: Client) -> dict[str, str]:
    named = ("clients/Client", str(client.id))
    return dict(zip(("person_entity", "person", "client_entity", "client"), named * 2, strict=True))


class TestKeeping:
    def test_a_text_is_received_with_its_number_and_words(self, provided: Portal) -> None:
        (arrival,) = arrive(provided, text("Olá 👋 Привіт"))
        (found,) = received(provided)
        assert (found.direction, found.number, found.text) == ("in", NUMBER, "Olá 👋 Привіт")
        assert arrival.messages == (found.id,)
        with provided.fresh() as session:
            assert counts_by_state(session)["received"] == 1

    def test_the_same_text_again_costs_no_row(self, provided: Portal) -> None:
        arrive(provided, text("Yes"))
        assert arrive(provided, text("Yes")) == []
        assert arrive(provided, text("Yes"), text("Yes", reference="R2"), text("Yes", reference="R2"))
        assert len(received(provided)) == 2

    def test_the_same_words_again_are_another_text_where_the_provider_says_so(self, provided: Portal) -> None:
        arrive(provided, text("Yes", reference=None, received_at=NOW))
        arrive(provided, text("Yes", reference=None, received_at=NOW + dt.timedelta(seconds=1)))
        arrive(provided, text("Yes", reference=None, received_at=NOW))
        assert len(received(provided)) == 2

    @pytest.mark.parametrize("second", [0, 30, 57])
    def test_without_reference_and_time_the_same_words_count_once_a_minute(self, provided: Portal, second: int) -> None:
        """Whatever the second: a repetition over the end of a minute is one too."""
        first = NOW.replace(second=second)
        for seconds in (0, 5, 70):
            arrive(provided, text("Yes", reference=None), now=first + dt.timedelta(seconds=seconds))
        assert len(received(provided)) == 2

    @pytest.mark.parametrize(("sender", "number"), [("1920", "+1920"), ("+1920", "+1920"), ("MEO", None)])
    def test_a_sender_that_is_no_phone_is_kept_too(self, provided: Portal, sender: str, number: str | None) -> None:
        arrive(provided, text("STOP", sender=sender))
        (found,) = received(provided)
        assert (found.number, found.detail) == (number, "" if number else "MEO")

    def test_what_no_database_holds_is_left_out(self, provided: Portal) -> None:
        arrive(provided, text("a\0b\ud800c" + "x" * 50_000))
        (found,) = received(provided)
        assert (found.text or "").startswith("ab?cxxx")
        assert len(found.text or "") == 39_015

    def test_a_text_is_about_what_the_message_was_that_it_answers(self, provided: Portal) -> None:
        asked = provided.queue(entity="invoice/Invoice", record="7")
        arrive(provided, text("When?", answers_id=asked))
        assert (received(provided)[0].entity, received(provided)[0].record) == ("invoice/Invoice", "7")


class TestWhose:
    def test_it_belongs_to_whoever_was_texted_at_the_number(self, provided: Portal, ana: Client) -> None:
        provided.queue(
            person_entity="clients/Client", person=str(ana.id), client_entity="clients/Client", client=str(ana.id)
        )
        (arrival,) = arrive(provided, text("Thanks"))
        assert conversation(provided, ana) == ["Hello", "Thanks"]
        assert arrival.people == (RecordRef(entity="clients/Client", key=str(ana.id)),)

    @pytest.mark.parametrize(
        "written",
        ["912 345 678", "+351 912-345-678", "00351912345678", "351912345678", "+351 912345678", "912-345-678"],
    )
    def test_who_was_never_texted_is_found_by_the_number_in_usual_spellings(
        self, provided: Portal, written: str
    ) -> None:
        rui = Client(name="Rui", phone=written)
        provided.session.add(rui)
        provided.session.commit()
        arrive(provided, text("Hello?"))
        assert conversation(provided, rui) == ["Hello?"]

    def test_a_contact_writes_in_its_clients_history(self, provided: Portal, ana: Client) -> None:
        contact = Contact(client=ana, name="Zé", phone="913000001")
        provided.session.add(contact)
        provided.session.commit()
        arrive(provided, text("It is Zé", sender="+351913000001"))
        assert conversation(provided, ana) == ["It is Zé"]
        assert received(provided)[0].person == str(contact.id)

    def test_several_clients_have_it_each_and_the_number_once(self, provided: Portal, ana: Client) -> None:
        other = Client(name="Rui", phone="+351912345678")
        provided.session.add(other)
        provided.session.commit()
        (arrival,) = arrive(provided, text("We both"))
        assert len(arrival.messages) == 2
        assert conversation(provided, ana) == conversation(provided, other) == ["We both"]
        assert {each.reason for each in received(provided)} == {"shared_number", "shared_copy"}
        with provided.fresh() as session:
            assert len(read(session, of=about_number(NUMBER), most=50)) == 1
        assert arrive(provided, text("We both")) == []

    def test_who_has_another_number_by_now_is_not_meant_where_somebody_has_it(
        self, provided: Portal, ana: Client
    ) -> None:
        provided.queue(
            person_entity="clients/Client", person=str(ana.id), client_entity="clients/Client", client=str(ana.id)
        )
        ana.phone = "913000009"
        rui = Client(name="Rui", phone="912345678")
        provided.session.add(rui)
        provided.session.commit()
        arrive(provided, text("Who is it?"))
        assert conversation(provided, rui) == ["Who is it?"]
        assert conversation(provided, ana) == ["Hello"]

    def test_where_nobody_has_it_by_now_whoever_was_texted_last_is_meant(self, provided: Portal, ana: Client) -> None:
        provided.queue(
            person_entity="clients/Client", person=str(ana.id), client_entity="clients/Client", client=str(ana.id)
        )
        ana.phone = None
        provided.session.commit()
        arrive(provided, text("Bye"))
        assert conversation(provided, ana) == ["Hello", "Bye"]

    def test_nobody_knows_the_number(self, provided: Portal, ana: Client) -> None:
        arrive(provided, text("Hi", sender="351961234567"))
        (found,) = received(provided)
        assert (found.person, found.client) == (None, None)

    def test_a_number_of_another_country_that_looks_alike_is_somebody_elses(self, provided: Portal) -> None:
        provided.session.add(Client(name="Rui", phone="912345678"))
        provided.session.commit()
        arrive(provided, text("Hi", sender="+34912345678"))
        assert received(provided)[0].client is None


class TestWords:
    def test_stop_drops_what_waits_and_is_confirmed_once(self, provided: Portal, ana: Client) -> None:
        waits = provided.queue()
        (arrival,) = arrive(provided, text("Sair"))
        assert arrival.said is Said.STOP
        assert outs(provided) == [(NUMBER, "", "reply")]
        assert (provided.message(waits).state, provided.message(waits).reason) == ("suppressed", "opted_out")
        arrive(provided, text("STOP", reference="R2"))
        arrive(provided, text("STOP", reference="R3"))
        confirmations = [each for each in provided.messages() if each.purpose == "confirmation"]
        assert [each.state for each in confirmations] == ["queued"]
        assert confirmations[0].text == "You will get no more SMS from us. To get them again, reply START."

    def test_the_confirmation_speaks_the_words_language_where_nobody_is_known(self, provided: Portal) -> None:
        arrive(provided, text("відписатися"))
        (confirmation,) = [each for each in provided.messages() if each.purpose == "confirmation"]
        assert confirmation.language == "uk"

    def test_without_a_provider_nothing_confirms(self, provided: Portal) -> None:
        with provided.fresh() as session, session.begin():
            session.execute(sa.update(Message.metadata.tables["sms_provider"]).values(active=None))
        (arrival,) = arrive(provided, text("STOP"))
        assert not arrival.answered
        assert outs(provided) == [(NUMBER, "", "reply")]

    def test_what_the_provider_has_acted_on_is_kept_and_not_confirmed(self, provided: Portal) -> None:
        (arrival,) = arrive(provided, text("Please, no more", wish=Wish.STOP))
        assert (arrival.said, arrival.answered) == (Said.STOP, False)
        assert outs(provided) == [(NUMBER, "", "reply")]

    def test_start_comes_back_and_both_are_kept_with_their_wording(self, provided: Portal, ana: Client) -> None:
        arrive(provided, text("STOP!"))
        arrive(provided, text("Voltar", reference="R2"), now=NOW + dt.timedelta(seconds=1))
        assert outs(provided) == []
        with provided.fresh() as session:
            kept = session.scalars(sa.select(Consent).order_by(Consent.id)).all()
            said = [(each.agrees, each.source, each.wording, each.person) for each in kept]
        assert said == [(False, "reply", "STOP!", str(ana.id)), (True, "reply", "Voltar", str(ana.id))]

    def test_not_me_stops_the_number_and_start_does_not_lift_it(self, provided: Portal, ana: Client) -> None:
        """X7: somebody else's number, which the staff has to look at."""
        (arrival,) = arrive(provided, text("NÃO SOU"))
        assert (arrival.said, arrival.answered) == (Said.NOT_ME, False)
        arrive(provided, text("START", reference="R2"))
        assert outs(provided) == [(NUMBER, "", "not_me")]

    def test_start_lifts_what_was_said_for_one_purpose_too(self, provided: Portal) -> None:
        with provided.fresh() as session, session.begin():
            opt_out(session, NUMBER, source="link", now=NOW, purpose="marketing")
        arrive(provided, text("START"))
        assert outs(provided) == []

    def test_a_word_among_others_is_only_an_answer(self, provided: Portal) -> None:
        (arrival,) = arrive(provided, text("Stop by at nine"))
        assert (arrival.said, outs(provided)) == (None, [])


class TestParts:
    @pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 3, 1)])
    def test_parts_come_together_in_any_order(self, provided: Portal, ana: Client, order: Sequence[int]) -> None:
        words = {1: "Первая часть, ", 2: "second 😀, ", 3: "third."}
        arrivals = [self._part(provided, words[number], number, 3) for number in order]
        assert [len(each) for each in arrivals] == [0, 0, 1]
        (found,) = received(provided)
        assert (found.text, found.step) == ("Первая часть, second 😀, third.", "")
        assert conversation(provided, ana) == [found.text]

    def test_what_has_come_so_far_is_shown(self, provided: Portal) -> None:
        self._part(provided, "end.", 2, 2)
        (found,) = received(provided)
        assert (found.text, found.step) == ("end.", INCOMPLETE)

    def test_a_part_again_changes_nothing(self, provided: Portal) -> None:
        for number, words in ((1, "a"), (1, "a"), (2, "b"), (2, "b"), (1, "a")):
            self._part(provided, words, number, 2)
        assert [each.text for each in received(provided)] == ["ab"]

    def test_a_group_of_the_same_name_is_another_text(self, provided: Portal) -> None:
        """Phones count groups to 255 and begin again."""
        for number, words in ((1, "a"), (2, "b"), (1, "c"), (2, "d")):
            self._part(provided, words, number, 2)
        assert {each.text for each in received(provided)} == {"ab", "cd"}

    def test_parts_meet_across_midnight(self, provided: Portal) -> None:
        late = dt.datetime(2026, 11, 26, 23, 59, 59, tzinfo=dt.UTC)
        self._part(provided, "a", 1, 2, now=late)
        self._part(provided, "b", 2, 2, now=late + dt.timedelta(seconds=2))
        assert [each.text for each in received(provided)] == ["ab"]

    def test_two_clients_of_one_number_get_the_whole_text_each(self, provided: Portal, ana: Client) -> None:
        other = Client(name="Rui", phone="912345678")
        provided.session.add(other)
        provided.session.commit()
        self._part(provided, "a", 1, 2)
        self._part(provided, "b", 2, 2)
        assert conversation(provided, ana) == conversation(provided, other) == ["ab"]

    @pytest.mark.parametrize(("number", "total"), [(3, 2), (0, 2), (1, 200)])
    def test_a_part_that_says_nothing_to_go_by_is_a_text_of_its_own(
        self, provided: Portal, number: int, total: int
    ) -> None:
        assert len(self._part(provided, "a", number, total)) == 1
        assert [(each.text, each.step) for each in received(provided)] == [("a", "")]

    @staticmethod
    def _part(portal: Portal, words: str, number: int, total: int, *, now: dt.datetime = NOW) -> list[Arrival]:
        part = Part(group="77", number=number, total=total)
        return arrive(portal, text(words, reference=f"R{number}-{words}", part=part), now=now)


def test_a_lead_and_a_guest_are_people_too(provided: Portal) -> None:
    lead, guest = Lead(name="Lia", phone="912345678"), Booking(guest="Eva", guest_phone="913000002")
    provided.session.add_all([lead, guest])
    provided.session.commit()
    provided.queue(number="+351913000002", client_entity=None, entity="booking/Booking", record=str(guest.id))
    arrive(provided, text("Lead here"), text("Guest here", sender="351913000002", reference="R2"))
    assert conversation(provided, lead) == ["Lead here"]
    assert isinstance(received(provided)[1].id, UUID)
