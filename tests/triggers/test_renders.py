"""What a host's own attributes do while a text is made: they may hold that message, and nothing else (X1, M5)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, object_session

from sms_plugin import Entity, Hook, Person, changed, created
from sms_plugin.models import Message
from sms_plugin.outbox.tallies import totals
from tests.portal import Client, Invoice, Portal, make_portal
from tests.triggers.conftest import Rendering


@pytest.fixture
def rui(rendering: Rendering) -> Client:
    """A client with a good number, committed."""
    client = Client(name="Rui", phone="912 345 678")
    rendering.portal.session.add(client)
    rendering.portal.session.commit()
    return client


def _session(invoice: Invoice) -> Session:
    session = object_session(invoice)
    assert session is not None
    return session


def _only(rendering: Rendering) -> Message:
    (message,) = rendering.portal.messages()
    return message


def _committed(rendering: Rendering) -> list[tuple[str, str]]:
    """The host's invoices as another session sees them."""
    with rendering.portal.fresh() as session:
        return [(row.number, row.status) for row in session.scalars(sa.select(Invoice).order_by(Invoice.number))]


def test_an_attribute_may_query(rendering: Rendering, rui: Client) -> None:
    def read(invoice: Invoice) -> object:
        return _session(invoice).scalar(sa.select(sa.func.count()).select_from(Invoice))

    rendering.read = read
    rendering.portal.session.add(Invoice(client=rui))
    rendering.portal.session.commit()
    assert _only(rendering).text == "1"


def test_one_that_raises_holds_its_message_with_the_reason(rendering: Rendering, rui: Client) -> None:
    def read(invoice: Invoice) -> object:
        raise KeyError("a secret")

    rendering.read = read
    rendering.portal.session.add(Invoice(client=rui))
    rendering.portal.session.commit()
    message = _only(rendering)
    assert (message.state, message.reason, message.detail) == ("held", "render_failed", "KeyError")
    assert message.number == "+351912345678"
    assert _committed(rendering) == [("F1", "open")]


def test_one_without_a_value_holds_its_message_and_names_the_shortcode(rendering: Rendering, rui: Client) -> None:
    """M5: never a hole in the text (promise 5)."""
    rendering.read = lambda invoice: None
    rendering.portal.session.add(Invoice(client=rui))
    rendering.portal.session.commit()
    message = _only(rendering)
    assert (message.state, message.reason) == ("held", "missing_value")
    assert "{invoice_note}" in message.detail


def test_a_held_message_is_worded_when_it_is_let_go(rendering: Rendering, rui: Client) -> None:
    """Its version is open, so that the claim does not take the missing text for the text."""
    rendering.read = lambda invoice: None
    rendering.portal.session.add(Invoice(client=rui))
    rendering.portal.session.commit()
    assert _only(rendering).version is None


def test_one_that_breaks_does_not_hold_the_others(rendering: Rendering, rui: Client) -> None:
    def read(invoice: Invoice) -> object:
        if invoice.number == "bad":
            raise KeyError
        return invoice.number

    rendering.read = read
    for number in ("bad", "good", "fine"):
        rendering.portal.session.add(Invoice(client=rui, number=number))
    rendering.portal.session.commit()
    assert sorted((message.state, message.text or "") for message in rendering.portal.messages()) == [
        ("held", ""),
        ("queued", "fine"),
        ("queued", "good"),
    ]


def test_bad_sql_in_one_leaves_the_hosts_changes_alone(rendering: Rendering, rui: Client) -> None:
    """The change that was flushed before it stands in a savepoint of the outer transaction, not of the render."""

    def read(invoice: Invoice) -> object:
        return _session(invoice).execute(sa.text("SELECT * FROM nowhere"))

    rendering.read = read
    kept = Invoice(client=rui, number="kept")
    rendering.portal.session.add(kept)
    rendering.portal.session.commit()
    kept.status = "paid"
    rendering.portal.session.add(Invoice(client=rui, number="new"))
    rendering.portal.session.commit()
    assert [message.state for message in rendering.portal.messages()] == ["held"] * 3
    assert _committed(rendering) == [("kept", "paid"), ("new", "open")]


def test_one_that_changes_its_record_and_breaks_loses_nothing_of_the_hosts(rendering: Rendering, rui: Client) -> None:
    """Flushed inside the savepoint of the render, the change would be undone while the session believed it written."""

    def read(invoice: Invoice) -> object:
        invoice.note = "seen"
        _session(invoice).scalars(sa.select(Client)).all()
        raise KeyError

    rendering.read = read
    invoice = Invoice(client=rui, number="kept")
    rendering.portal.session.add(invoice)
    rendering.portal.session.commit()
    assert _only(rendering).state == "held"
    with rendering.portal.fresh() as session:
        stored = session.scalars(sa.select(Invoice)).one()
        assert (stored.number, stored.note) == (invoice.number, invoice.note) == ("kept", "seen")


def test_one_that_flushes_holds_its_message(rendering: Rendering, rui: Client) -> None:
    def read(invoice: Invoice) -> object:
        invoice.note = "seen"
        _session(invoice).flush()
        return "x"

    rendering.read = read
    rendering.portal.session.add(Invoice(client=rui, status="draft"))
    rendering.portal.session.commit()
    message = _only(rendering)
    assert (message.state, message.reason) == ("held", "flush_in_shortcode")
    assert _committed(rendering) == [("F1", "draft")]


def test_one_that_flushes_nothing_is_fine(rendering: Rendering, rui: Client) -> None:
    def read(invoice: Invoice) -> object:
        _session(invoice).flush()
        return "x"

    rendering.read = read
    rendering.portal.session.add(Invoice(client=rui))
    rendering.portal.session.commit()
    assert _only(rendering).state == "queued"


@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_one_that_ends_the_transaction_holds_its_message(rendering: Rendering, rui: Client, ends: str) -> None:
    def read(invoice: Invoice) -> object:
        getattr(_session(invoice), ends)()
        return "x"

    rendering.read = read
    rendering.portal.session.add(Invoice(client=rui))
    rendering.portal.session.commit()
    assert _only(rendering).state == "held"
    assert _committed(rendering) == [("F1", "open")]


@pytest.mark.parametrize("closed", [True, False])
def test_one_that_opens_a_savepoint_hurts_nobody(rendering: Rendering, rui: Client, closed: bool) -> None:
    def read(invoice: Invoice) -> object:
        savepoint = _session(invoice).begin_nested()
        if closed:
            savepoint.commit()
        return "x"

    rendering.read = read
    rendering.portal.session.add(Invoice(client=rui))
    rendering.portal.session.commit()
    assert _only(rendering).text == "x"
    assert _committed(rendering) == [("F1", "open")]


def test_host_rows_that_one_adds_are_texted_too(rendering: Rendering, rui: Client) -> None:
    """Decided again until nothing new is noticed."""
    number = rui.id

    def read(invoice: Invoice) -> object:
        if len(invoice.number) < 4:
            _session(invoice).add(Invoice(client_id=number, number=invoice.number + "I"))
        return invoice.number

    rendering.read = read
    rendering.portal.session.add(Invoice(client=rui, number="I"))
    rendering.portal.session.commit()
    assert sorted(message.text or "" for message in rendering.portal.messages()) == ["I", "II", "III", "IIII"]


def test_one_that_always_adds_rows_is_stopped_and_counted(
    rendering: Rendering, rui: Client, caplog: pytest.LogCaptureFixture
) -> None:
    number = rui.id

    def read(invoice: Invoice) -> object:
        _session(invoice).add(Invoice(client_id=number))
        return "x"

    rendering.read = read
    rendering.portal.session.add(Invoice(client=rui))
    rendering.portal.session.commit()
    assert len(rendering.portal.messages()) == 10
    assert len(_committed(rendering)) == 11
    assert "1 SMS notices were left" in caplog.text
    with rendering.portal.fresh() as session:
        assert totals(session)["failed_decisions"] == 1


def test_what_was_held_is_logged_without_number_and_text(
    rendering: Rendering, rui: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """Promise 9."""

    def read(invoice: Invoice) -> object:
        raise ValueError("Rui 912345678 owes")

    rendering.read = read
    with caplog.at_level(logging.DEBUG, logger="sms_plugin"):
        rendering.portal.session.add(Invoice(client=rui))
        rendering.portal.session.commit()
    assert "render_failed" in caplog.text
    assert "912345678" not in caplog.text
    assert "owes" not in caplog.text


def _portal(url: str, person: Person[Client], *hooks: Hook[Invoice]) -> Portal:
    return make_portal(
        url,
        Entity(Client, "clients", person=person),
        Entity(Invoice, "invoice", to={"client": "client"}, shortcodes={"invoice_number": "number"}, hooks=hooks),
    )


@pytest.fixture
def raising(database_url: str, request: pytest.FixtureRequest) -> Iterator[Portal]:
    """A portal with the given person and hooks, where invoices are texted of."""
    portal = _portal(database_url, *request.param)
    with portal.app.app_context():
        portal.use_kind("console", {}, name="console")
        portal.switch_on("charge_created", "invoice_overdue_notice", text="{invoice_number}")
        yield portal
        portal.db.session.remove()
        portal.db.engine.dispose()


def _raise(*_: object) -> Any:
    raise LookupError("912345678")


_PERSON = Person[Client](name="name", phones="phone")
_PAID = "invoice_overdue_notice"


@pytest.mark.parametrize(
    ("raising", "reason", "detail"),
    [
        pytest.param(
            (Person[Client](name="name", phones=_raise), Hook[Invoice](_PAID, changed(Invoice.status))),
            "recipients_failed",
            "LookupError",
            id="the number",
        ),
        pytest.param(
            (
                Person[Client](name="name", phones="phone", consents=_raise),
                Hook[Invoice](_PAID, changed(Invoice.status)),
            ),
            "recipients_failed",
            "LookupError",
            id="the consent",
        ),
        pytest.param(
            (_PERSON, Hook[Invoice](_PAID, changed(Invoice.status), once=_raise)),
            "hook_failed",
            "LookupError",
            id="the moment",
        ),
        pytest.param(
            (_PERSON, Hook[Invoice](_PAID, changed(Invoice.status, to=_raise))),
            "hook_failed",
            "LookupError",
            id="the value",
        ),
        pytest.param(
            (_PERSON, Hook[Invoice](_PAID, changed(Invoice.status), to=lambda invoice: [invoice])),
            "recipients_failed",
            "Invoice is no declared person",
            id="no person",
        ),
        pytest.param(
            (_PERSON, Hook[Invoice](_PAID, changed(Invoice.status), only=sa.func.nothing(Invoice.id) == 1)),
            "truth_failed",
            "",
            id="the condition",
        ),
    ],
    indirect=["raising"],
)
def test_a_declared_function_that_raises_holds_its_message_and_no_other(
    raising: Portal, reason: str, detail: str
) -> None:
    invoice = Invoice(client=Client(name="Rui", phone="912345678"))
    raising.session.add(invoice)
    raising.session.commit()
    invoice.status = "paid"
    raising.session.commit()
    (message,) = raising.messages()
    assert (message.state, message.trigger) == ("held", _PAID)
    assert message.reason == reason
    assert detail in message.detail
    assert "912345678" not in message.detail
    assert raising.session.scalars(sa.select(Invoice.status)).all() == ["paid"]


_BOTH = (
    _PERSON,
    Hook[Invoice]("charge_created", created()),
    Hook[Invoice](_PAID, created(), only=sa.func.nothing(Invoice.id) == 1),
)


@pytest.mark.parametrize("raising", [_BOTH], indirect=True)
def test_a_condition_that_the_database_refuses_leaves_the_other_trigger_alone(raising: Portal) -> None:
    raising.session.add(Invoice(client=Client(name="Rui", phone="912345678")))
    raising.session.commit()
    assert sorted((message.trigger or "", message.state) for message in raising.messages()) == [
        ("charge_created", "queued"),
        (_PAID, "held"),
    ]
