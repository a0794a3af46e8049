"""Whom a send to many finds, and what each would read (S2, S3, S5, S6)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from sms_plugin import Filter
from sms_plugin.batches import building, keeping
from sms_plugin.batches.audience import Source
from sms_plugin.batches.building import build_some
from sms_plugin.batches.deciding import reopen
from sms_plugin.errors import SmsError
from sms_plugin.models import BatchRow, Group, GroupMember
from sms_plugin.people.consent import STAFF, opt_out
from sms_plugin.states import BatchState
from sms_plugin.transactions import within
from tests.batches.desk import Desk, clients, desk_for, invoices, now, numbers
from tests.collecting import looks
from tests.portal import Client, Contact, Invoice, Shelf

APRIL = dt.date(2026, 4, 1)


def test_every_client_of_the_filter_is_there_with_their_own_text(desk: Desk) -> None:
    desk.add(Client(name="Ana", phone="912345678", language="en"), Client(name="Rui", phone="913456789", language="pt"))
    batch = desk.built(clients({"filter": "language", "op": "is", "value": "pt"}))
    assert desk.texts(batch) == ["Hi Rui"]
    (found,) = desk.recipients(batch)
    assert (found.name, found.number, found.person_entity, found.client) == (
        "Rui",
        "+351913456789",
        "clients/Client",
        "2",
    )
    assert desk.batch(batch).state == BatchState.READY


def test_what_was_built_is_counted_exactly(desk: Desk) -> None:
    desk.clients(5)
    desk.add(Client(name="Rui", phone="919999999", language="pt"), Client(name="Lena", phone="212345678"))
    batch = desk.batch(desk.built(clients(), text={"en": "Hi {contact_firstname}", "pt": "a" * 200}))
    assert (batch.going, batch.left_out, batch.segments) == (6, 1, 7)
    assert (batch.spread, batch.looked_at, batch.expected) == ({"1": 5, "2": 1}, 7, 7)


def test_pages_follow_one_another_by_key_to_the_last(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "PAGE", 3)
    desk.clients(10)
    desk.add(*(Shelf(row=n // 3, place=f"p{n % 3}", name=f"S{n}", phone=f"93000000{n}") for n in range(8)))
    batch = desk.built(clients(), Source(kind="filters", entity="shelves/Shelf"), text="Hi")
    assert len(desk.recipients(batch)) == desk.batch(batch).going == 18


def test_the_collector_looks_at_what_is_young_after_each_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Issue Desk, speed: in the midst of a page it would take the page's records for lasting."""
    monkeypatch.setattr(building, "PAGE", 3)
    desk.clients(7)
    with looks() as told:
        desk.built(clients())
    assert len(told) >= 3
    assert set(told) == {1}


def test_a_building_that_breaks_off_goes_on_where_it_stood(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "PAGE", 4)
    desk.clients(10)
    batch = desk.draft(clients())
    desk.begin(batch)
    assert build_some(desk.portal.state, batch, seconds=0)  # what an earlier building left is taken away
    assert build_some(desk.portal.state, batch, seconds=0)
    half = desk.batch(batch)
    assert (half.state, half.going) == (BatchState.BUILDING, 4)
    desk.follow()
    whole = desk.batch(batch)
    assert (whole.state, whole.going, whole.looked_at) == (BatchState.READY, 10, 10)
    assert max(Counter(each.number for each in desk.recipients(batch)).values()) == 1


def test_a_page_that_was_written_in_part_is_not_written_or_counted_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "ROWS", 2)
    monkeypatch.setattr(building, "ROWS_ON_SQLITE", 2)
    desk.clients(5)
    batch = desk.draft(clients())
    desk.begin(batch)
    written, kept = [], keeping.keep

    def breaks(*given: Any) -> Any:
        written.append(given)
        if len(written) == 2:
            raise KeyError("killed")
        return kept(*given)

    monkeypatch.setattr(building, "keep", breaks)
    with pytest.raises(KeyError):
        desk.build(batch)
    desk.build(batch)
    found = desk.batch(batch)
    assert (found.going, found.segments, found.spread, found.looked_at) == (5, 5, {"1": 5}, 5)
    assert len(desk.recipients(batch)) == 5


def test_a_number_is_there_once_however_many_lists_it_is_on(desk: Desk) -> None:
    ana, rui = desk.clients(2)
    rui.phone = ana.phone
    desk.add(Contact(client=ana, name="Ana's shop", phone=ana.phone))
    contacts = Source(kind="filters", entity="clients/Contact")
    ones = Source(kind="records", entity="clients/Client", keys=(str(ana.id),))
    batch = desk.built(clients(), ones, contacts, numbers("912000000"), text="Hello")
    assert [each.name for each in desk.recipients(batch)] == ["Ana 0"]
    assert [(each.name, each.reason) for each in desk.recipients(batch, left_out=True)] == [
        ("Ana 1", "duplicate"),
        ("Ana's shop", "duplicate"),
    ]


def test_free_numbers_get_what_the_company_says_and_are_left_out_of_the_rest(desk: Desk) -> None:
    batch = desk.built(numbers("912 345 678; +351913456789\n912345678;abc;212345678"), text="Hi from {company_name}")
    assert [each.number for each in desk.recipients(batch)] == ["+351912345678", "+351913456789"]
    assert desk.reasons(batch) == ["not_a_number", "landline"]
    desk.clients(1)
    mixed = desk.built(clients(), numbers("913456789"))
    assert (len(desk.recipients(mixed)), desk.reasons(mixed)) == (1, ["unknown_shortcode"])


def test_a_number_that_was_typed_in_as_well_is_not_told_to_be_left_out(desk: Desk) -> None:
    (ana,) = desk.clients(1)
    batch = desk.built(clients(), numbers(str(ana.phone)))
    assert (len(desk.recipients(batch)), desk.reasons(batch)) == (1, [])


def test_a_number_that_was_typed_in_is_the_clients_who_has_it(desk: Desk) -> None:
    """Promise 8: what they said to the host holds for it, and the message stands in their history."""
    desk.add(
        Client(name="Ana", phone="912 345 678", language="pt", timezone="Atlantic/Azores", agrees_to_marketing=False),
        Client(name="Rui", phone="913456789", language="pt"),
    )
    typed = numbers("+351912345678; 913456789; 914567890")
    text = {"en": "Hi {optout_link}", "pt": "Olá {optout_link}"}
    service = desk.recipients(desk.built(typed, text=text))
    assert [(each.person, each.client, each.language, each.timezone) for each in service] == [
        ("1", "1", "pt", "Atlantic/Azores"),
        ("2", "2", "pt", ""),
        (None, None, "en", ""),
    ]
    offer = desk.built(typed, text=text, purpose="marketing")
    assert [each.number for each in desk.recipients(offer)] == ["+351913456789", "+351914567890"]
    assert desk.reasons(offer) == ["no_consent"]


def test_the_columns_of_a_file_are_shortcodes(desk: Desk) -> None:
    file = Source(kind="file", name="a.csv", columns=("Telefone", "Nome próprio"), phone="Telefone")
    batch = desk.draft(file, text="Olá {nome_proprio}, {company_name}")
    rows = [("912345678", "Ana"), ("913456789", ""), ("x", "Rui")]
    with desk.portal.fresh() as session, session.begin():
        for line, (phone, name) in enumerate(rows, 1):
            session.add(
                BatchRow(batch_id=batch, line=line, phone=phone, values={"Telefone": phone, "Nome próprio": name})
            )
    desk.begin(batch)
    desk.build(batch)
    assert desk.texts(batch) == ["Olá Ana, Acme"]
    assert desk.reasons(batch) == ["missing_value", "not_a_number"]


def test_a_group_is_its_members_or_whoever_its_filter_finds(desk: Desk) -> None:
    desk.clients(3)
    desk.add(Client(name="Rui", phone="913456789", language="pt"))
    with desk.portal.fresh() as session, session.begin():
        saved = Group(
            name="pt",
            entity="clients/Client",
            conditions=[{"filter": "language", "op": "is", "value": "pt"}],
            created_at=now(),
            changed_at=now(),
        )
        fixed = Group(name="fixed", created_at=now(), changed_at=now())
        session.add_all([saved, fixed])
        session.flush()
        named = [("clients/Client", "1"), ("clients/Client", "3"), ("clients/Client", "77"), ("clients/Client", "x")]
        session.add_all(GroupMember(group_id=fixed.id, entity=entity, record=key) for entity, key in named)
        groups = [Source(kind="group", group=each.id) for each in (saved, fixed)]
    assert [each.name for each in desk.recipients(desk.built(*groups))] == ["Rui", "Ana 0", "Ana 2"]


def test_prefixes_are_of_the_national_number_and_behind_the_area_in_brazil(desk: Desk) -> None:
    phones = ["912345678", "932345678", "+5511987654321", "+5511932345678"]
    desk.add(*(Client(name=phone, phone=phone) for phone in phones))
    batch = desk.built(clients(), prefixes=("91", "98"))
    assert [each.name for each in desk.recipients(batch)] == ["912345678", "+5511987654321"]
    assert desk.reasons(batch) == []


def test_numbers_by_what_they_are_for(desk: Desk) -> None:
    ana = Client(name="Ana", phone="912345678", billing_phone="913456789")
    desk.add(ana, Contact(client=ana, name="Shop", phone="914567890"))

    def reached(**given: Any) -> list[str | None]:
        return [each.number for each in desk.recipients(desk.built(clients(), **given))]

    main, billing, other = "+351912345678", "+351913456789", "+351914567890"
    assert reached() == [main]
    assert sorted(map(str, reached(numbers="all"))) == [main, billing, other]
    assert reached(numbers="billing") == [billing]
    assert reached(purpose="billing") == [billing]
    assert sorted(map(str, reached(purpose="billing", numbers="all"))) == [main, billing]
    assert reached(numbers="marketing") == []


def test_who_said_no_is_left_out_by_purpose(desk: Desk) -> None:
    desk.add(
        Client(name="Ana", phone="912345678", agrees_to_marketing=False),
        Client(name="Rui", phone="913456789"),
        Client(name="Eva", phone="914567890"),
    )
    within(desk.portal.state, lambda s: opt_out(s, "+351913456789", source=STAFF, now=now(), purpose="marketing"))
    offer = desk.built(clients(), text="Hi {contact_firstname} {optout_link}", purpose="marketing")
    assert [each.name for each in desk.recipients(offer)] == ["Eva"]
    assert desk.reasons(offer) == ["no_consent", "opted_out"]
    assert len(desk.recipients(desk.built(clients()))) == 3


def test_an_offer_without_a_way_out_is_not_built(desk: Desk) -> None:
    desk.clients(1)
    batch = desk.draft(clients(), purpose="marketing")
    with pytest.raises(SmsError) as told:
        desk.begin(batch)
    assert told.value.code == "no_way_out"


def test_a_client_is_told_of_all_their_charges_in_one_message(desk: Desk) -> None:
    ana, rui = desk.clients(2)
    desk.add(
        Invoice(client=ana, number="F2", total=Decimal(20), due_on=APRIL + dt.timedelta(days=1)),
        Invoice(client=ana, number="F1", total=Decimal(10), due_on=APRIL),
        Invoice(client=ana, number="F3", total=Decimal(40), due_on=APRIL, status="paid"),
        Invoice(client=rui, number="F4", total=Decimal(80), due_on=APRIL),
    )
    text = "{contact_firstname}: {debt_count}, {debt_total}, {invoice_number}"
    open_ones = invoices({"filter": "status", "op": "is", "value": "open"})
    batch = desk.built(open_ones, text=text, purpose="billing")
    assert desk.texts(batch) == ["Ana 0: 2, €30.00, F1", "Ana 1: 1, €80.00, F4"]
    assert [each.records for each in desk.recipients(batch)] == [["2", "1"], None]
    assert desk.texts(desk.built(open_ones, text=text, debts=1))[0] == "Ana 0: 1, €10.00, F1"
    each = desk.built(open_ones, text="{invoice_number}", each=True)
    assert desk.texts(each) == ["F2", "F1", "F4"]
    assert desk.texts(desk.built(open_ones, text="{invoice_number}", each=True, debts=1)) == ["F1", "F4"]


def test_clients_with_charges_are_walked_in_pages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "PAGE", 2)
    people = desk.clients(5)
    desk.add(*(Invoice(client=each, due_on=APRIL) for each in people for _ in range(3)))
    batch = desk.built(invoices(), text="{debt_count}")
    assert desk.texts(batch) == ["3"] * 5
    assert desk.batch(batch).looked_at == 15


def test_an_attribute_that_raises_leaves_out_its_own_record(database_url: str) -> None:
    def risky(client: Client) -> str:
        if client.name == "Ana 1":
            raise ZeroDivisionError
        return client.name

    desk = desk_for(database_url, shortcodes={"contact_company": risky})
    with desk.portal.app.app_context():
        desk.clients(3)
        batch = desk.built(clients(), text="{contact_company}")
        assert desk.texts(batch) == ["Ana 0", "Ana 2"]
        (out,) = desk.recipients(batch, left_out=True)
        assert (out.name, out.reason, out.detail) == ("Ana 1", "render_failed", "ZeroDivisionError")


def test_a_missing_value_leaves_out_its_own_record(desk: Desk) -> None:
    desk.add(Client(name="", phone="912345678"), Client(name="Rui", phone="913456789"))
    batch = desk.built(clients())
    assert (desk.texts(batch), desk.reasons(batch)) == (["Hi Rui"], ["missing_value"])


def test_a_filter_that_the_host_removed_makes_it_a_draft_that_says_so(database_url: str) -> None:
    before = desk_for(database_url, Filter("phone", Client.phone))
    with before.portal.app.app_context():
        before.clients(1)
        batch = before.draft(clients({"filter": "phone", "op": "is", "value": "x"}))
        before.begin(batch)
    after = desk_for(database_url)
    with after.portal.app.app_context():
        assert build_some(after.portal.state, batch, seconds=0)
        assert not build_some(after.portal.state, batch, seconds=0)
        found = after.batch(batch)
        assert (found.state, found.reason) == (BatchState.DRAFT, "unknown_filter")
        assert "phone" in found.detail


def test_a_filter_that_fails_in_the_database_makes_it_a_draft_that_says_so(database_url: str) -> None:
    wrong = Filter("wrong", lambda value: sa.literal_column("nowhere.at_all") == value)
    desk = desk_for(database_url, wrong)
    with desk.portal.app.app_context():
        desk.clients(1)
        batch = desk.built(clients({"filter": "wrong", "op": "is", "value": "x"}))
        found = desk.batch(batch)
        assert (found.state, found.reason) == (BatchState.DRAFT, "filter_failed")


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (None, "empty_audience"),
        (numbers(" ; "), "empty_audience"),
        (Source(kind="group", group=7), "unknown_group"),
        (Source(kind="filters", entity="gone/Gone"), "unknown_entity"),
        (Source(kind="file", columns=("a",), phone="b"), "missing_column"),
        (clients({"filter": "gone", "op": "is", "value": "x"}), "unknown_filter"),
    ],
)
def test_an_audience_that_cannot_be_looked_for_is_refused(desk: Desk, source: Source | None, code: str) -> None:
    batch = desk.draft(*([] if source is None else [source]))
    with pytest.raises(SmsError) as told:
        desk.begin(batch)
    assert told.value.code == code
    assert desk.batch(batch).state == BatchState.DRAFT


def test_a_shortcode_that_nobody_chosen_has_is_refused(desk: Desk) -> None:
    batch = desk.draft(clients(), text="{invoice_number}")
    with pytest.raises(SmsError) as told:
        desk.begin(batch)
    assert told.value.code == "unreachable_shortcode"


def test_more_are_added_and_whoever_is_there_stays_once(desk: Desk) -> None:
    desk.clients(2)
    batch = desk.built(clients(), text="Hi")
    desk.add_sources(batch, numbers("912000001"), numbers("914444444"))
    desk.build(batch)
    assert [each.number for each in desk.recipients(batch)] == ["+351912000000", "+351912000001", "+351914444444"]
    assert (desk.batch(batch).state, desk.batch(batch).going) == (BatchState.READY, 3)


def test_a_batch_that_is_opened_again_is_built_anew(desk: Desk) -> None:
    desk.clients(3)
    batch = desk.built(clients())
    desk.decide(reopen, batch)
    desk.portal.session.delete(desk.portal.session.get_one(Client, 2))
    desk.portal.session.commit()
    desk.begin(batch)
    desk.build(batch)
    found = desk.batch(batch)
    assert (found.going, found.looked_at, len(desk.recipients(batch))) == (2, 2, 2)


def test_a_text_that_the_provider_does_not_take_is_left_out(desk: Desk) -> None:
    """P19: Facilita Móvel takes 160 characters."""
    desk.portal.use_kind("facilita_movel", {"user": "u", "password": "p"}, name="short")
    desk.add(Client(name="Ana", phone="912345678"), Client(name="Ana", phone="913456789", language="pt"))
    batch = desk.built(clients(), text={"en": "Hi {contact_firstname}", "pt": "Olá" * 54})
    assert (desk.texts(batch), desk.reasons(batch)) == (["Hi Ana"], ["too_long"])
