"""The conditions by which an operator chooses: all hold, those through one relationship for one record of it (S2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from sms_plugin import Entity, Filter, Person
from sms_plugin.batches.conditions import check, condition, describe, offered
from sms_plugin.batches.values import BadCondition
from sms_plugin.host.bound import BoundEntity
from tests.portal import Client, Invoice, Payment, Portal, make_portal

TODAY = dt.date(2026, 11, 26)


def owing(least: Decimal) -> Any:
    return Client.invoices.any(Invoice.total >= least)


def broken(word: str) -> Any:
    raise KeyError(word)


FILTERS = [
    Filter("status", Invoice.status, through=Client.invoices, choices=[("open", "Open"), ("paid", "Paid")]),
    Filter("due", Invoice.due_on, through=Client.invoices, label={"en": "Due", "pt": "Vencimento"}),
    Filter("paid", Payment.paid_at, through="invoices.payments"),
    Filter("booked", Payment.booked_at, through="invoices.payments"),
    Filter("amount", Payment.amount, through="invoices.payments"),
    Filter(
        "language",
        Client.language,
        choices=[("pt", "Portuguese"), ("en", {"en": "English", "pt": "Inglês"})],
        leads=True,
    ),
    Filter("born", Client.born_on, leads=True),
    Filter("marketing", Client.agrees_to_marketing, label="Offers"),
    Filter("name", Client.name, within="language"),
    Filter("owes", owing),
    Filter("invoiced", lambda: Client.invoices.any()),
    Filter("broken", broken, label="Broken one"),
    Filter("no_sql", lambda word: word, label="No SQL"),
]


@pytest.fixture
def office(database_url: str) -> Any:
    portal = make_portal(
        database_url, Entity(Client, "clients", person=Person(name="name", phones="phone"), filters=FILTERS)
    )
    with portal.app.app_context():
        yield portal
        portal.db.session.remove()
        portal.db.engine.dispose()


def clients(portal: Portal) -> BoundEntity:
    return portal.state.registry.entities["clients/Client"]


def ask(name: str, op: str, value: object) -> Mapping[str, Any]:
    return {"filter": name, "op": op, "value": value}


def found(portal: Portal, *conditions: Mapping[str, Any], today: dt.date = TODAY) -> list[str]:
    """The names of those who fulfil the conditions."""
    entity = clients(portal)
    check(conditions, entity=entity, state=portal.state)
    holds = condition(conditions, entity=entity, state=portal.state, today=today)
    with portal.fresh() as session:
        return list(session.scalars(sa.select(Client.name).where(holds).order_by(Client.name)))


def client(portal: Portal, name: str, *invoices: Invoice, **fields: Any) -> Client:
    made = Client(name=name, phone="912345678", invoices=list(invoices), **fields)
    portal.session.add(made)
    portal.session.commit()
    return made


def invoice(status: str, due: str, *payments: Payment, total: int = 10) -> Invoice:
    return Invoice(
        status=status, due_on=dt.date.fromisoformat(due), total=Decimal(total), payments=list(payments), number=due
    )


def payment(amount: int, *, at: dt.datetime | None = None, booked: dt.datetime | None = None) -> Payment:
    return Payment(amount=Decimal(amount), paid_at=at, booked_at=booked)


def test_no_condition_is_everybody(office: Portal) -> None:
    client(office, "Ana")
    assert found(office) == ["Ana"]


def test_conditions_through_a_relationship_hold_for_the_same_record_of_it(office: Portal) -> None:
    client(office, "Ana", invoice("open", "2026-05-10"))
    client(office, "Bea", invoice("open", "2026-06-10"), invoice("paid", "2026-05-10"))
    assert found(office, ask("status", "is", "open"), ask("due", "month", "2026-05")) == ["Ana"]


def test_a_path_goes_on_from_the_record_that_the_other_conditions_speak_of(office: Portal) -> None:
    client(office, "Ana", invoice("paid", "2026-05-10", payment(5), payment(7)))
    client(office, "Bea", invoice("paid", "2026-05-10", payment(5)), invoice("open", "2026-06-10", payment(7)))
    both = [ask("due", "month", "2026-05"), ask("amount", "least", "6")]
    assert found(office, *both) == ["Ana"]


def test_two_conditions_of_one_path_hold_for_one_record_at_its_end(office: Portal) -> None:
    client(office, "Ana", invoice("paid", "2026-05-10", payment(5), payment(9)))
    client(office, "Bea", invoice("paid", "2026-05-10", payment(7)))
    assert found(office, ask("amount", "least", "6"), ask("amount", "most", "8")) == ["Bea"]


@pytest.mark.parametrize(
    ("op", "value", "names"),
    [
        ("on", "2026-11-26", ["today"]),
        ("on", "today", ["today"]),
        ("before", "2026-11-26", ["last month", "monday", "tomorrow last year"]),
        ("after", "2026-11-26", ["next monday", "sunday"]),
        ("week", "2026-11-26", ["monday", "sunday", "today"]),
        ("month", "2026-11", ["monday", "next monday", "sunday", "today"]),
        ("between", ["2026-11-29", "2026-11-26"], ["sunday", "today"]),
        ("ago", ["3", "today"], ["monday"]),
        ("ahead", ["3", "2026-11-27"], ["next monday"]),
    ],
)
def test_a_date_is_asked_by_day_week_month_and_from_a_chosen_day(
    office: Portal, op: str, value: object, names: list[str]
) -> None:
    days = {
        "today": "2026-11-26",
        "monday": "2026-11-23",
        "sunday": "2026-11-29",
        "next monday": "2026-11-30",
        "last month": "2026-10-31",
        "tomorrow last year": "2025-11-27",
    }
    for name, day in days.items():
        client(office, name, invoice("open", day))
    assert found(office, ask("due", op, value)) == names


def test_a_time_is_asked_by_the_days_of_the_portal(office: Portal) -> None:
    """Lisbon's 1 July begins at 23:00 UTC: a naive time is the portal's own, an aware one is turned to it."""
    client(
        office,
        "late on 30 June",
        invoice("paid", "2026-06-01", payment(1, at=dt.datetime(2026, 6, 30, 23, 59, 59), booked=_utc(6, 30, 22, 59))),
    )
    client(
        office,
        "early on 1 July",
        invoice("paid", "2026-06-01", payment(1, at=dt.datetime(2026, 7, 1), booked=_utc(6, 30, 23, 0))),
    )
    for name in ("paid", "booked"):
        assert found(office, ask(name, "on", "2026-06-30")) == ["late on 30 June"]
        assert found(office, ask(name, "before", "2026-07-01")) == ["late on 30 June"]
        assert found(office, ask(name, "month", "2026-07")) == ["early on 1 July"]
        assert found(office, ask(name, "after", "2026-06-30")) == ["early on 1 July"]
        assert found(office, ask(name, "after", "2026-07-01")) == []


def _utc(month: int, day: int, hour: int, minute: int) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, minute, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        (ask("language", "is", "pt"), ["Ana"]),
        (ask("language", "in", ["pt", "en"]), ["Ana", "Bea"]),
        (ask("marketing", "is", "yes"), ["Ana"]),
        (ask("marketing", "is", "no"), ["Bea"]),
        (ask("owes", "is", "12,50"), ["Bea"]),
        (ask("invoiced", "is", "yes"), ["Bea"]),
        (ask("invoiced", "is", "no"), ["Ana", "Cy"]),
        (ask("born", "before", "2000-01-01"), ["Ana"]),
    ],
)
def test_columns_functions_and_answers_are_asked(office: Portal, asked: Mapping[str, Any], names: list[str]) -> None:
    client(office, "Ana", language="pt", agrees_to_marketing=True, born_on=dt.date(1999, 12, 31))
    client(office, "Bea", invoice("open", "2026-01-01", total=13), language="en", agrees_to_marketing=False)
    client(office, "Cy", language="uk")
    assert found(office, asked) == names


@pytest.mark.parametrize(
    ("op", "value", "names"),
    [("is", "Ana", ["Ana"]), ("begins", "an", ["Ana", "Anabela"]), ("begins", "A%", []), ("begins", "_na", [])],
)
def test_a_text_is_asked_whole_or_by_its_beginning(office: Portal, op: str, value: str, names: list[str]) -> None:
    for name in ("Ana", "Anabela", "Bea"):
        client(office, name, language="pt")
    assert found(office, ask("language", "is", "pt"), ask("name", op, value)) == names


WRONG: dict[str, tuple[Mapping[str, Any], str, str]] = {
    "a filter that is gone": (ask("citty", "is", "1"), "unknown_filter", "'citty'"),
    "an op that the kind has not": (ask("marketing", "least", "1"), "unknown_op", "Offers"),
    "no value": (ask("due", "on", None), "no_value", "Due"),
    "one day of two": (ask("due", "between", ["2026-01-01"]), "no_value", "Due"),
    "a list where one is wanted": (ask("language", "is", ["pt", "en"]), "no_value", "Language"),
    "an empty list": (ask("language", "in", []), "no_value", "Language"),
    "a choice that there is not": (ask("status", "is", "lost"), "bad_choice", "Status"),
    "no yes and no no": (ask("marketing", "is", "maybe"), "bad_answer", "Offers"),
    "a number for a function": (ask("owes", "is", "much"), "bad_number", "Owes"),
    "a function that raises": (ask("broken", "is", "x"), "filter_failed", "Broken one"),
    "a function that gives no SQL": (ask("no_sql", "is", "x"), "filter_failed", "No SQL"),
    "one without the other that it is within": (ask("name", "is", "Ana"), "needs_other", "Name"),
}


@pytest.mark.one_database("sqlite", "nothing is asked of it")
@pytest.mark.parametrize(("wrong", "code", "named"), WRONG.values(), ids=list(WRONG))
def test_what_cannot_be_asked_is_told_by_the_filters_name(
    office: Portal, wrong: Mapping[str, Any], code: str, named: str
) -> None:
    with pytest.raises(BadCondition, match=named) as caught:
        check([wrong], entity=clients(office), state=office.state)
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.one_database("sqlite", "nothing is asked of it")
def test_a_selection_begins_with_one_leading_filter(office: Portal) -> None:
    with pytest.raises(BadCondition, match="Born") as caught:
        check([ask("language", "is", "pt"), ask("born", "on", "today")], entity=clients(office), state=office.state)
    assert caught.value.code == "second_leading"


@pytest.mark.one_database("sqlite", "nothing is asked of it")
def test_filters_that_lead_are_offered_first(office: Portal) -> None:
    assert [each.name for each in offered(clients(office))][:3] == ["language", "born", "status"]


@pytest.mark.one_database("sqlite", "nothing is asked of it")
def test_conditions_are_told_in_words(office: Portal) -> None:
    told = describe(
        [ask("due", "before", "today"), ask("language", "in", ["pt", "en"]), ask("gone", "is", "{x}")],
        entity=clients(office),
        language="pt",
    )
    assert told == ["Vencimento: before today", "Language: Portuguese or Inglês", "gone: {x}"]
