"""Versions of texts: one for each change, counted apart, and named by every message that was made from it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from sms_plugin.models import Template, TriggerRow, Wording
from sms_plugin.triggers.switching import set_text, switch_off, switch_on, use_template
from sms_plugin.wording.templates import Draft, change, create, delete, locked
from sms_plugin.wording.versions import step_label, texts_by_step, version, versions
from tests.outbox.steps import claim_some
from tests.portal import Client, Invoice, Portal

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
KEY = "charge_created"


def say(portal: Portal, text: str, *, language: str = "en", who: str = "Eva") -> None:
    with portal.fresh() as session, session.begin():
        set_text(session, KEY, language, text, registry=portal.state.registry, who=who, now=NOW)


def switch(portal: Portal) -> None:
    with portal.fresh() as session, session.begin():
        switch_on(session, KEY, registry=portal.state.registry, who="Rui", now=dt.datetime.now(dt.UTC))


def write(portal: Portal, text: str, id: int | None = None, *, name: str = "Due", who: str = "Eva") -> int:
    """A template with this text; its number."""
    with portal.fresh() as session, session.begin():
        wanted = Draft(name=name, section="invoice", texts={"en": text})
        more: dict[str, Any] = {"registry": portal.state.registry, "who": who, "now": NOW}
        if id is None:
            return create(session, wanted, **more).id
        found = locked(session, id)
        assert found is not None
        return change(session, found, wanted, **more).id


def kept(portal: Portal, source: str = "trigger", key: str = KEY) -> list[tuple[int, dict[str, str], str]]:
    """The versions, the newest first: number, texts, who."""
    with portal.fresh() as session:
        return [(each.number, each.texts, each.who) for each in versions(session, source=source, key=key)]


def bill(portal: Portal, client: Client) -> Invoice:
    invoice = Invoice(client=client, number="F1")
    portal.session.add(invoice)
    portal.session.commit()
    return invoice


def pinned(portal: Portal, id: int | None) -> Wording:
    with portal.fresh() as session:
        found = version(session, id)
        assert found is not None
        return found


def test_a_trigger_that_is_switched_on_with_its_suggested_texts_has_version_one_of_them(portal: Portal) -> None:
    switch(portal)
    ((number, texts, who),) = kept(portal)
    assert (number, texts, who) == (1, dict(portal.state.registry.reason(KEY).text), "Rui")


def test_each_change_is_a_version_with_who_and_when(portal: Portal) -> None:
    """X12"""
    say(portal, "One")
    say(portal, "Two", who="Rui")
    assert [(number, texts["en"], who) for number, texts, who in kept(portal)] == [(2, "Two", "Rui"), (1, "One", "Eva")]
    with portal.fresh() as session:
        row = session.get_one(TriggerRow, KEY)
        assert pinned(portal, row.wording_id).number == 2
        assert pinned(portal, row.wording_id).at == NOW


def test_equal_texts_make_no_version(portal: Portal) -> None:
    say(portal, "One")
    say(portal, "One")
    switch(portal)
    with portal.fresh() as session, session.begin():
        switch_off(session, KEY, registry=portal.state.registry, who="Eva", now=NOW)
    switch(portal)
    assert len(kept(portal)) == 1


def test_an_older_text_that_is_taken_again_is_a_version_of_its_own(portal: Portal) -> None:
    for text in ("One", "Two", "One"):
        say(portal, text)
    assert [(number, texts["en"]) for number, texts, _ in kept(portal)] == [(3, "One"), (2, "Two"), (1, "One")]


def test_a_template_has_versions_and_counts_them_by_itself(portal: Portal) -> None:
    say(portal, "Mine")
    id = write(portal, "One")
    write(portal, "Two", id, who="Rui")
    write(portal, "Two", id, name="Another name")
    assert kept(portal, "template", str(id)) == [(2, {"en": "Two"}, "Rui"), (1, {"en": "One"}, "Eva")]
    assert len(kept(portal)) == 1


def test_a_template_that_gets_the_number_of_one_that_is_gone_begins_anew(portal: Portal) -> None:
    id = write(portal, "Old")
    with portal.fresh() as session, session.begin():
        delete(session, session.get_one(Template, id), who="Eva", now=NOW)
    later = write(portal, "New")
    assert kept(portal, "template", str(later)) == [(1, {"en": "New"}, "Eva")]
    with portal.fresh() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Wording)) == 2


def test_a_message_names_the_version_that_it_was_made_from(portal: Portal, ana: Client) -> None:
    portal.use_kind("console", {}, name="console")
    say(portal, "Old {invoice_number}")
    switch(portal)
    bill(portal, ana)
    say(portal, "New {invoice_number}")
    (message,) = portal.messages()
    assert pinned(portal, message.wording_id).texts["en"] == "Old {invoice_number}"


def test_what_is_worded_again_names_the_newer_version(portal: Portal, ana: Client) -> None:
    """Promise 4."""
    portal.use_kind("console", {}, name="console")
    say(portal, "Old {invoice_number}")
    switch(portal)
    invoice = bill(portal, ana)
    say(portal, "New {invoice_number}")
    invoice.number = "F2"
    portal.session.commit()
    claim_some(portal)
    (message,) = portal.messages()
    assert (message.text, pinned(portal, message.wording_id).number) == ("New F2", 2)


def test_a_message_that_a_template_words_names_the_templates_version(portal: Portal, ana: Client) -> None:
    portal.use_kind("console", {}, name="console")
    id = write(portal, "T {invoice_number}")
    with portal.fresh() as session, session.begin():
        row = switch_on(session, KEY, registry=portal.state.registry, who="Eva", now=dt.datetime.now(dt.UTC))
        use_template(session, row, "Due", registry=portal.state.registry, who="Eva", now=NOW)
    bill(portal, ana)
    (message,) = portal.messages()
    found = pinned(portal, message.wording_id)
    assert (found.source, found.key, found.texts) == ("template", str(id), {"en": "T {invoice_number}"})


def test_steps_are_told_apart_by_what_they_count() -> None:
    steps: list[dict[str, Any]] = [
        {"when": "before", "days": 3, "hours": None, "texts": {"en": "Soon"}},
        {"when": "before", "days": None, "hours": 2, "texts": {"en": "Now"}},
        {"when": "on", "days": None, "hours": None, "texts": {"en": ""}},
        {"when": "after", "days": 1, "hours": None, "texts": {}},
    ]
    assert [step_label(each) for each in steps] == ["before:3d", "before:120m", "on", "after:1d"]
    assert texts_by_step(steps) == {"before:3d": {"en": "Soon"}, "before:120m": {"en": "Now"}}
