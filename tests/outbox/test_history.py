"""The history of a client, a person, a record and a number (Q4)."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import pytest
import sqlalchemy as sa

from sms_plugin.models import Message, new_id
from sms_plugin.outbox.history import HistoryPage, Selection, about_number, about_record, history, narrowed
from sms_plugin.outbox.names import named_by, names_of
from tests.plans import look_at, plans
from tests.portal import Booking, Client, Contact, Invoice, Lead, Payment, Portal


def _texts(page: HistoryPage) -> list[str]:
    return [message.text for message in page.messages]


def _page(portal: Portal, of: Selection, **where: UUID | int | None) -> HistoryPage:
    with portal.fresh() as session:
        return history(session, of=of, **where)  # type: ignore[arg-type]


def _to_client(client: Client) -> dict[str, str]:
    ref = {"client_entity": "clients/Client", "client": str(client.id)}
    return ref | {"person_entity": "clients/Client", "person": str(client.id)}


def _kept(portal: Portal, *records: object) -> None:
    portal.session.add_all(records)
    portal.session.commit()


def test_a_client_s_conversation_holds_its_contacts_and_ends_with_the_newest(portal: Portal, ana: Client) -> None:
    contact = Contact(client=ana, name="Rui", phone="912 000 000")
    other = Client(name="Eva", phone="913 000 000")
    _kept(portal, contact, other)
    portal.queue(text="first", **_to_client(ana))
    portal.queue(
        text="second", **_to_client(ana) | {"person_entity": "clients/Contact", "person": str(contact.id)}, number=None
    )
    portal.queue(text="somebody else's", **_to_client(other))
    assert _texts(_page(portal, about_record(ana, registry=portal.state.registry))) == ["first", "second"]


def test_a_contact_s_own_history_is_a_part_of_its_client_s(portal: Portal, ana: Client) -> None:
    contact = Contact(client=ana, name="Rui", phone="912 000 000")
    _kept(portal, contact)
    portal.queue(text="to Ana", **_to_client(ana))
    portal.queue(text="to Rui", **_to_client(ana) | {"person_entity": "clients/Contact", "person": str(contact.id)})
    assert _texts(_page(portal, about_record(contact, registry=portal.state.registry))) == ["to Rui"]


def test_what_was_said_to_a_lead_is_in_the_history_of_the_client_that_it_became(portal: Portal, ana: Client) -> None:
    lead, stranger = Lead(name="Ana", phone="912 345 678"), Lead(name="Gil", phone="914 000 000")
    _kept(portal, lead, stranger)
    portal.queue(text="welcome, lead", person_entity="leads/Lead", person=str(lead.id))
    portal.queue(text="not hers", person_entity="leads/Lead", person=str(stranger.id))
    portal.queue(text="welcome, client", **_to_client(ana))
    lead.client = ana
    portal.session.commit()
    portal.queue(text="to both", **_to_client(ana) | {"person_entity": "leads/Lead", "person": str(lead.id)})
    found = _page(portal, about_record(ana, registry=portal.state.registry))
    assert _texts(found) == ["welcome, lead", "welcome, client", "to both"]


def test_a_record_that_is_nobody_shows_what_it_caused(portal: Portal, ana: Client) -> None:
    invoice, payment = Invoice(client=ana, number="F1"), Payment(amount=1)
    payment.invoice = invoice
    _kept(portal, invoice, payment)
    portal.queue(text="due soon", entity="invoice/Invoice", record=str(invoice.id), **_to_client(ana))
    portal.queue(text="paid", entity="payment/Payment", record=str(payment.id), **_to_client(ana))
    assert _texts(_page(portal, about_record(invoice, registry=portal.state.registry))) == ["due soon"]


def test_a_record_of_no_entity_has_no_history(portal: Portal) -> None:
    with pytest.raises(LookupError):
        about_record(object(), registry=portal.state.registry)


def test_a_number_s_history_is_that_of_all_who_share_it(portal: Portal, ana: Client) -> None:
    portal.queue(text="to Ana", number="+351912345678", **_to_client(ana))
    portal.queue(text="to nobody known", number="+351912345678")
    portal.queue(text="elsewhere", number="+351912345679")
    assert _texts(_page(portal, about_number("+351912345678"))) == ["to Ana", "to nobody known"]


def test_pages_lead_back_to_the_first_message_and_forth_again(portal: Portal, ana: Client) -> None:
    lead = Lead(name="Ana", phone="1", client=ana)
    _kept(portal, lead)
    said = [f"{number}" for number in range(11)]
    for number, text in enumerate(said):
        # every third to the lead that she was: pages go over both as over one
        whom = {"person_entity": "leads/Lead", "person": str(lead.id)} if number % 3 == 0 else _to_client(ana)
        portal.queue(text=text, **whom)
    of = about_record(ana, registry=portal.state.registry)
    back, page = [], _page(portal, of, most=3)
    assert page.newer is None
    back.append(_texts(page))
    while page.older is not None:
        page = _page(portal, of, most=3, before=page.older)
        back.append(_texts(page))
    assert [text for part in reversed(back) for text in part] == said
    forth = [_texts(page)]
    while page.newer is not None:
        page = _page(portal, of, most=3, after=page.newer)
        forth.append(_texts(page))
    assert [text for part in forth for text in part] == said


def test_beside_a_message_that_is_not_there_a_page_is_found_all_the_same(portal: Portal, ana: Client) -> None:
    portal.queue(text="hello", **_to_client(ana))
    of, now = about_record(ana, registry=portal.state.registry), dt.datetime.now(dt.UTC)
    assert _texts(_page(portal, of, before=new_id(now + dt.timedelta(hours=1)))) == ["hello"]
    assert _texts(_page(portal, of, after=new_id(now + dt.timedelta(hours=1)))) == []


@pytest.mark.parametrize("words", ["prezado", "PREZADO", "привіт", "ПРИВІТ", "100%", "a_b"])
def test_words_are_found_in_large_and_small_letters_and_taken_as_they_are(
    portal: Portal, ana: Client, words: str
) -> None:
    portal.queue(text="Prezado cliente, 100% Привіт a_b", **_to_client(ana))
    portal.queue(text="1000 axb", **_to_client(ana))
    found = _page(portal, narrowed(about_record(ana, registry=portal.state.registry), words=words))
    assert len(found.messages) == 1


def test_words_are_looked_for_in_this_history_alone(portal: Portal, ana: Client) -> None:
    portal.queue(text="hello Ana", **_to_client(ana))
    portal.queue(text="hello stranger", number="+351912345679")
    found = _page(portal, narrowed(about_record(ana, registry=portal.state.registry), words="hello"))
    assert _texts(found) == ["hello Ana"]


def test_days_are_bounds(portal: Portal, ana: Client) -> None:
    portal.queue(text="today", **_to_client(ana))
    of, now = about_record(ana, registry=portal.state.registry), dt.datetime.now(dt.UTC)
    hour = dt.timedelta(hours=1)
    assert _texts(_page(portal, narrowed(of, since=now - hour, until=now + hour))) == ["today"]
    assert _texts(_page(portal, narrowed(of, since=now + hour))) == []
    assert _texts(_page(portal, narrowed(of, until=now - hour))) == []


def test_people_are_named_by_their_own_record_else_by_what_holds_them(portal: Portal, ana: Client) -> None:
    contact, booking = Contact(client=ana, name="Rui", phone="1"), Booking(guest="Zoe", guest_phone="912 345 670")
    _kept(portal, contact, booking)
    portal.queue(text="1", **_to_client(ana) | {"person_entity": "clients/Contact", "person": str(contact.id)})
    portal.queue(text="2", **_to_client(ana))
    portal.queue(text="3", entity="booking/Booking", record=str(booking.id))
    portal.queue(text="4", person_entity="clients/Client", person="4711")
    portal.queue(text="5", person_entity="clients/Gone", person="1")
    portal.queue(text="6", person_entity="clients/Client", person="no key of theirs")
    portal.queue(text="7")
    with portal.fresh() as session:
        rows = history(session, of=Selection()).messages
        names = names_of(session, rows, registry=portal.state.registry)
    told = {row.text: names.get(ref) if (ref := named_by(row)) else None for row in rows}
    assert told == {"1": "Rui", "2": "Ana", "3": "Zoe", "4": None, "5": None, "6": None, "7": None}


_RANGES = {
    "ix_sms_message_client": {"client_entity": "clients/Client", "client": "7"},
    "ix_sms_message_person": {"person_entity": "clients/Contact", "person": "7"},
    "ix_sms_message_number": {"number": "+351912345607"},
}


@pytest.mark.parametrize("index", list(_RANGES))
def test_each_kind_of_history_has_an_index_that_brings_it_in_its_order(portal: Portal, index: str) -> None:
    with portal.fresh() as session, session.begin():
        session.execute(sa.insert(Message), [_filler(number) for number in range(400)])
    where = sa.and_(*(getattr(Message, name) == value for name, value in _RANGES[index].items()))
    look_at(portal, "sms_message")
    before, selection = new_id(dt.datetime.now(dt.UTC)), Selection(ranges=(where,))
    (plan,) = plans(portal, lambda session: history(session, of=selection, before=before, most=5))
    assert index in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan
    assert "filesort" not in plan


def _filler(number: int) -> dict[str, object]:
    now = dt.datetime.now(dt.UTC)
    return {
        "id": new_id(now),
        "state": "sent",
        "purpose": "service",
        "priority": 0,
        "client_entity": "clients/Client",
        "client": str(number % 40),
        "person_entity": "clients/Contact",
        "person": str(number % 50),
        "number": f"+3519123456{number % 60:02}",
        "due_at": now,
        "created_at": now,
        "changed_at": now,
    }
