"""What an admin does to a trigger: its texts or a template, hour, validity and policy, each change in the record."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from sms_plugin import Entity, Person, SmsError
from sms_plugin.catalog.loader import load
from sms_plugin.host.resolve import resolve
from sms_plugin.jobs.claiming import LOCKS_OUT
from sms_plugin.models import Change, TriggerRow
from sms_plugin.states import MessageState
from sms_plugin.triggers.arranging import Arrangement, arrange
from sms_plugin.triggers.switching import row_of, switch_on, use_template
from sms_plugin.wording.templates import Draft, change, create, locked
from sms_plugin.wording.texts import inactive_because
from tests.outbox.steps import claim_some
from tests.portal import Client, Invoice, Portal

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
KEY = "charge_created"


def template(
    portal: Portal, text: str = "T {invoice_number}", *, section: str | None = "invoice", **fields: Any
) -> int:
    with portal.fresh() as session, session.begin():
        wanted = Draft(name=text[:40] or "Empty", section=section, texts={"en": text}, **fields)
        return create(session, wanted, registry=portal.state.registry, who="Rui", now=NOW).id


def disable(portal: Portal, id: int) -> None:
    with portal.fresh() as session, session.begin():
        found = locked(session, id)
        assert found is not None
        wanted = Draft(name=found.name, section=found.section, texts=found.texts, enabled=False)
        change(session, found, wanted, registry=portal.state.registry, who="Rui", now=NOW)


def arranged(portal: Portal, seen: dt.datetime | None = None, **fields: Any) -> None:
    """The trigger, as it is wanted."""
    given: dict[str, Any] = {
        "texts": {"en": "Pay {invoice_number}"},
        "template_id": None,
        "hour": None,
        "validity_hours": None,
        "unknown_policy": "ask",
        **fields,
    }
    with portal.fresh() as session, session.begin():
        registry = portal.state.registry
        arrange(session, KEY, Arrangement(**given), seen=seen, registry=registry, who="Eva", now=NOW)


def on(portal: Portal) -> str:
    """Why the trigger sends nothing once it is switched on."""
    with portal.fresh() as session, session.begin():
        registry = portal.state.registry
        now = dt.datetime.now(dt.UTC)
        return inactive_because(
            switch_on(session, KEY, registry=registry, who="Eva", now=now), registry.reason(KEY), registry=registry
        )


def row(portal: Portal) -> TriggerRow:
    with portal.fresh() as session:
        return session.get_one(TriggerRow, KEY)


def bill(portal: Portal, ana: Client, number: str = "F1") -> Invoice:
    """A new invoice of Ana's, committed: the trigger fires, if it is active."""
    invoice = Invoice(client=ana, number=number)
    portal.session.add(invoice)
    portal.session.commit()
    return invoice


def test_all_that_is_wanted_is_kept_and_recorded(portal: Portal) -> None:
    """X12"""
    arranged(portal, hour=8, validity_hours=6, unknown_policy="assume")
    found = row(portal)
    assert (found.texts, found.hour, found.validity_hours, found.unknown_policy) == (
        {"en": "Pay {invoice_number}"},
        8,
        6,
        "assume",
    )
    with portal.fresh() as session:
        said = session.scalars(sa.select(Change)).one()
    assert (said.who, said.what, said.action) == ("Eva", f"trigger {KEY}", "changed")
    assert said.detail["hour"] == [None, 8]
    assert said.detail["texts"] == [{}, {"en": "Pay {invoice_number}"}]


def test_the_suggested_texts_are_not_copied(portal: Portal) -> None:
    arranged(portal, texts=dict(portal.state.registry.reason(KEY).text), hour=9)
    assert row(portal).texts == {}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"texts": {"en": "{task_name}"}}, "unreachable_shortcode"),
        ({"texts": {"en": "x" * 10_000}}, "text_too_long"),
        ({"texts": {"english": "x"}}, "bad_language"),
        ({"template_id": 999}, "unknown_template"),
        ({"hour": 24}, "bad_hour"),
        ({"validity_hours": 0}, "bad_validity"),
        ({"unknown_policy": "pray"}, "bad_policy"),
    ],
)
def test_what_cannot_be_is_refused(portal: Portal, fields: dict[str, Any], code: str) -> None:
    with pytest.raises(SmsError) as refused:
        arranged(portal, **fields)
    assert refused.value.code == code


def test_of_two_who_arrange_one_the_later_is_told(portal: Portal) -> None:
    arranged(portal)
    with pytest.raises(SmsError) as refused:
        arranged(portal, texts={"en": "Mine"})
    assert refused.value.code == "changed_meanwhile"
    arranged(portal, row(portal).changed_at, texts={"en": "Mine"})


def test_a_template_that_the_trigger_cannot_fill_in_is_refused_naming_the_shortcodes(portal: Portal) -> None:
    id = template(portal, "{payment_amount}", section="payment")
    with pytest.raises(SmsError, match=r"\{payment_amount\}"):
        arranged(portal, template_id=id)


def test_the_template_speaks_in_place_of_the_triggers_own_texts(portal: Portal, ana: Client) -> None:
    portal.use_kind("console", {}, name="console")
    arranged(portal, template_id=template(portal))
    assert on(portal) == ""
    bill(portal, ana)
    assert [message.text for message in portal.messages()] == ["T F1"]
    assert row(portal).texts == {"en": "Pay {invoice_number}"}


def test_a_trigger_with_a_disabled_template_sends_nothing_and_says_so(portal: Portal, ana: Client) -> None:
    portal.use_kind("console", {}, name="console")
    id = template(portal)
    arranged(portal, template_id=id)
    disable(portal, id)
    assert on(portal) == "template_disabled"
    bill(portal, ana)
    assert portal.messages() == []


def test_a_trigger_with_an_empty_template_sends_nothing_and_says_so(portal: Portal, ana: Client) -> None:
    arranged(portal, template_id=template(portal, ""))
    assert on(portal) == "no_text"
    bill(portal, ana)
    assert portal.messages() == []


def test_what_is_worded_again_is_worded_by_the_template(portal: Portal, ana: Client) -> None:
    """Promise 4."""
    portal.use_kind("console", {}, name="console")
    arranged(portal, template_id=template(portal))
    on(portal)
    bill(portal, ana).number = "F2"
    portal.session.commit()
    assert [each.text for each in claim_some(portal).messages] == ["T F2"]


def test_what_a_disabled_template_would_word_again_is_held(portal: Portal, ana: Client) -> None:
    portal.use_kind("console", {}, name="console")
    id = template(portal)
    arranged(portal, template_id=id)
    on(portal)
    bill(portal, ana).number = "F2"
    portal.session.commit()
    disable(portal, id)
    assert claim_some(portal).messages == ()
    (message,) = portal.messages()
    assert (message.state, message.reason) == (MessageState.HELD, "template_disabled")


def test_rewording_many_messages_asks_for_the_trigger_once(portal: Portal, ana: Client) -> None:
    portal.use_kind("console", {}, name="console")
    arranged(portal, template_id=template(portal))
    on(portal)
    for number in range(5):
        bill(portal, ana, f"F{number}").number = f"G{number}"
    portal.session.commit()
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    sa.event.listen(portal.db.engine, "before_cursor_execute", note)
    claim_some(portal)
    sa.event.remove(portal.db.engine, "before_cursor_execute", note)
    # its hours for the whole claim, its words for all that are reworded; where leases lock others out, both are asked
    # without a lock first, and once more when it turns out that there is something to write
    tries = 2 if portal.db.engine.dialect.name in LOCKS_OUT else 1
    assert sum("FROM sms_trigger" in statement for statement in asked) == 2 * tries


def test_a_template_is_chosen_by_its_name_and_let_go(portal: Portal) -> None:
    template(portal, "Due")
    template(portal, "{payment_amount}", section="payment")
    with portal.fresh() as session, session.begin():
        registry = portal.state.registry
        found = row_of(session, KEY, registry=registry, now=NOW)
        for name, code in (("nope", "unknown_template"), ("{payment_amount}", "trigger_left")):
            with pytest.raises(SmsError) as refused:
                use_template(session, found, name, registry=registry, who="Eva", now=NOW)
            assert refused.value.code == code
        use_template(session, found, "Due", registry=registry, who="Eva", now=NOW)
        assert str(found.template) == "Due"
        use_template(session, found, "", registry=registry, who="Eva", now=NOW)
        assert found.template is None


@pytest.mark.parametrize(
    ("maps", "hint"),
    [
        ({"contact_firstname": "name"}, 'Section("company", {"company_name": …}) in SMS(…)'),
        ({}, 'Section("company", {"company_name": …}) in SMS(…), all else in the entity'),
    ],
    ids=["but for the company's name", "nothing"],
)
def test_a_suggested_text_that_cannot_be_filled_in_says_where_its_values_are_mapped(
    portal: Portal, maps: dict[str, Any], hint: str
) -> None:
    """The company's belong to no record, so no entity is the place for them."""
    client = Entity(Client, "clients", person=Person(name="name", phones="phone"), shortcodes=maps)
    registry = resolve([client], catalogue=load(), same_bind=lambda model: True)
    with portal.fresh() as session, pytest.raises(SmsError, match=r"\{company_name\}") as refused:
        switch_on(session, "birthday_greeting", registry=registry, who="Eva", now=dt.datetime.now(dt.UTC))
    assert hint in refused.value.hint


def test_one_that_lacks_a_records_value_names_the_entity(portal: Portal) -> None:
    registry = portal.state.registry
    with portal.fresh() as session, pytest.raises(SmsError) as refused:
        switch_on(session, "contract_expiration_reminder", registry=registry, who="Eva", now=dt.datetime.now(dt.UTC))
    assert refused.value.hint.startswith("Map it in the entity (shortcodes=, also=), or write your own")
