"""The pages of triggers: on and off, texts or a template, what each waits for, and who may do what."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_admin import Admin
from flask_sqlalchemy import SQLAlchemy

from sms_plugin.models import Change, Template, TriggerRow
from tests.demo.visitor import TOKEN, Visitor
from tests.portal import Client, Invoice, Portal
from tests.web.conftest import Mounted

LIST = "/admin/sms/trigger/"
SWITCH = "/admin/sms/trigger/switch/"
KEY = "charge_due_soon"
EDIT = f"/admin/sms/trigger/edit/?key={KEY}"

#: What a form says and how a page shows it.
one_kind = pytest.mark.one_database("sqlite", "what is written is tested on all of them beside the functions")


def row(portal: Portal, key: str = KEY) -> TriggerRow | None:
    with portal.app.app_context(), portal.fresh() as session:
        return session.get(TriggerRow, key)


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', page)
    assert found
    return unescape(found[1])


def save(visitor: Visitor, **fields: str) -> str:
    """The page after the trigger was saved."""
    given = {"text-en": "Due: {invoice_number}", "seen": seen(visitor.read(EDIT)), **fields}
    return unescape(visitor.send(EDIT, **given).text)


def switch(visitor: Visitor, key: str = KEY, *, on: bool = True, **fields: str) -> str:
    token = TOKEN.search(visitor.read(LIST))
    assert token
    data = {"csrf_token": token[1], "key": key, "on": "1" if on else "0", **fields}
    return unescape(visitor.client.post(SWITCH, data=data, follow_redirects=True).text)


@pytest.fixture
def template(pages: Portal, visitor: Visitor) -> int:
    """A template that the trigger can use."""
    fields = {"name": "Due", "section": "invoice", "text-en": "T {invoice_number}", "enabled": "1"}
    visitor.send("/admin/sms/template/new/", **fields)
    with pages.app.app_context(), pages.fresh() as session:
        return session.scalars(sa.select(Template.id)).one()


def test_every_trigger_is_listed_by_section_and_says_what_it_waits_for(visitor: Visitor) -> None:
    html = unescape(visitor.read(LIST))
    for words in (
        "Invoice: a new one is saved.",
        "Invoice: 3 days before “due on”.",
        "Invoice: on the day of “due on”.",
        "Invoice: 1 day after “due on”.",
        "Booking: 2 hours before “starts at”.",
        "Booking: “confirmed” becomes yes.",
        "Task: somebody or something is added to “followers”.",
        "Payment: the portal reports it.",
        "Client: each year on the day of “born on”.",
    ):
        assert words in html
    assert "Every trigger is off until you switch it on." in html


def test_switching_on_asks_first_and_says_that_nothing_from_before_is_sent(pages: Portal, visitor: Visitor) -> None:
    """X5"""
    assert "nothing from before is sent" in switch(visitor)
    assert row(pages) is None
    assert "Nothing from before is sent." in switch(visitor, confirmed="1")
    stored = row(pages)
    assert stored is not None
    assert stored.on
    assert stored.on_since is not None
    assert "Next look" in visitor.read(EDIT)


def test_switching_off_says_what_still_goes(pages: Portal, visitor: Visitor) -> None:
    switch(visitor, confirmed="1")
    assert "What is queued still goes" in switch(visitor, on=False)
    stored = row(pages)
    assert stored is not None
    assert not stored.on
    with pages.app.app_context(), pages.fresh() as session:
        assert sorted(each.action for each in session.scalars(sa.select(Change))) == ["off", "on"]


@pytest.mark.parametrize("key", ["nope", "", "<script>alert(1)</script>"])
def test_a_trigger_that_is_none_is_told(visitor: Visitor, key: str) -> None:
    assert "There is no trigger" in switch(visitor, key, confirmed="1")
    response = visitor.client.get("/admin/sms/trigger/edit/", query_string={"key": key}, follow_redirects=True)
    assert "There is no such trigger" in response.text
    assert "<script>alert" not in response.text


def test_without_a_token_nothing_is_switched(pages: Portal, visitor: Visitor) -> None:
    visitor.client.post(SWITCH, data={"key": KEY, "on": "1", "confirmed": "1"})
    assert row(pages) is None


def test_texts_hour_validity_and_policy_are_kept(pages: Portal, visitor: Visitor) -> None:
    html = save(visitor, hour="8", validity="6", unknown_policy="assume")
    assert "is saved" in html
    stored = row(pages)
    assert stored is not None
    kept = (stored.texts, stored.hour, stored.validity_hours, stored.unknown_policy)
    assert kept == ({"en": "Due: {invoice_number}"}, 8, 6, "assume")
    assert "validity_hours" in html


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"text-en": "{invoice_nubmer}"}, "{invoice_nubmer}"),
        ({"text-en": "{payment_amount}"}, "known but not reached"),
        ({"text-en": "stray {"}, "begins no shortcode"),
        ({"text-en": "x" * 10_000}, "10000 characters"),
        ({"validity": "soon"}, "“soon” is no whole number."),
        ({"validity": "-1"}, "-1 hours is no validity."),
        ({"validity": "9" * 50}, "is no validity"),
        ({"hour": "25"}, "25 is no hour."),
        ({"unknown_policy": "pray"}, "'pray' is none of the choices."),
        ({"template": "999"}, "The template is gone."),
        ({"template": "x"}, "“x” is no whole number."),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_stays_on_the_page(
    pages: Portal, visitor: Visitor, fields: dict[str, str], says: str
) -> None:
    html = save(visitor, **fields)
    assert says in html
    assert fields.get("text-en", "Due: {invoice_number}") in html
    assert row(pages) is None


def test_of_two_tabs_the_later_is_told(pages: Portal, visitor: Visitor) -> None:
    stale = seen(visitor.read(EDIT))
    save(visitor)
    html = save(visitor, seen=stale, **{"text-en": "Mine"})
    assert "Somebody else has changed this" in html
    assert "Mine" in html
    stored = row(pages)
    assert stored is not None
    assert stored.texts == {"en": "Due: {invoice_number}"}


def test_an_empty_text_makes_it_inactive_and_it_is_shown_so(pages: Portal, visitor: Visitor) -> None:
    save(visitor, **{"text-en": "", "text-pt": "", "text-uk": ""})
    assert "is on, but sends nothing. Its text is empty." in switch(visitor, confirmed="1")
    assert "On, sends nothing" in visitor.read(LIST)


def test_a_template_speaks_in_place_of_its_own_texts(pages: Portal, visitor: Visitor, template: int) -> None:
    assert "T {invoice_number}" in save(visitor, template=str(template))
    stored = row(pages)
    assert stored is not None
    assert (stored.template_id, stored.texts) == (template, {"en": "Due: {invoice_number}"})


def test_a_template_that_does_not_fit_is_refused_naming_the_shortcodes(pages: Portal, visitor: Visitor) -> None:
    fields = {"name": "Paid", "section": "payment", "text-en": "{payment_amount}", "enabled": "1"}
    visitor.send("/admin/sms/template/new/", **fields)
    assert "cannot fill in {payment_amount}" in save(visitor, template="1")
    assert row(pages) is None


def test_the_last_message_is_shown(pages: Portal, visitor: Visitor) -> None:
    switch(visitor, "charge_created", confirmed="1")
    with pages.app.app_context():
        pages.session.add(Invoice(client=Client(name="Ana", phone="912345678"), number="F1"))
        pages.session.commit()
    html = visitor.read("/admin/sms/trigger/edit/?key=charge_created")
    assert "Not sent" in html


def steps_of(portal: Portal) -> list[tuple[str, int | None, dict[str, str]]]:
    stored = row(portal)
    assert stored is not None
    return [(each["when"], each["days"], each["texts"]) for each in stored.steps]


def step(place: int, amount: str, **more: str) -> dict[str, str]:
    """The fields of one step before a date."""
    given = {"when": "before", "amount": amount, "unit": "days", **more}
    return {f"step-{place}-{name}": value for name, value in given.items()}


@one_kind
class TestSteps:
    """T22: several steps for one trigger, each with its own text; everything works without a script."""

    def test_the_declared_step_stands_in_the_form(self, visitor: Visitor) -> None:
        assert re.search(r'name="step-0-amount"[^>]*value="3"', visitor.read(EDIT))

    def test_steps_with_texts_of_their_own_are_kept_and_told(self, pages: Portal, visitor: Visitor) -> None:
        own = {"step-1-text-en": "Tomorrow: {invoice_number}"}
        html = save(visitor, **step(0, "7"), **step(1, "1", every="", most=""), **own)
        assert "Invoice: 7 days before “due on”." in html
        assert "Invoice: 1 day before “due on”." in html
        assert steps_of(pages) == [("before", 7, {}), ("before", 1, {"en": "Tomorrow: {invoice_number}"})]

    def test_zero_is_off(self, pages: Portal, visitor: Visitor) -> None:
        html = save(visitor, **step(0, "0"), **step(1, "2"))
        assert "0 days before" not in html
        assert "2 days before" in html

    def test_one_more_is_asked_for_and_nothing_that_was_typed_is_lost(self, pages: Portal, visitor: Visitor) -> None:
        html = save(visitor, do="add-step", ceiling="77", **step(0, "7"), **{"text-en": "Typed"})
        assert 'name="step-1-amount"' in html
        assert "Typed" in html
        assert 'value="77"' in html
        assert row(pages) is None

    def test_one_is_taken_away(self, pages: Portal, visitor: Visitor) -> None:
        html = save(visitor, do="remove-step-0", **step(0, "7"), **step(1, "5"))
        assert re.search(r'name="step-0-amount"[^>]*value="5"', html)
        assert 'name="step-1-amount"' not in html
        assert row(pages) is None

    @pytest.mark.parametrize(
        ("fields", "says", "field"),
        [
            (step(0, "-1"), "Step 1", "step-0-amount"),
            (step(0, "10000"), "10000 days", "step-0-amount"),
            (step(0, "soon"), "“soon” is no whole number.", "step-0-amount"),
            (step(0, ""), "neither days nor hours", "step-0-amount"),
            (step(0, "3", when="after"), "Step 1", "step-0-amount"),
            (step(0, "3", most="4"), "comes several times", "step-0-amount"),
            (step(0, "3") | step(1, "3"), "stands there twice", "steps"),
            (step(0, "3") | {"step-0-text-en": "{task_name}"}, "{task_name}", "step-0-text-en"),
        ],
    )
    def test_what_cannot_be_is_named_beside_its_field(
        self, pages: Portal, visitor: Visitor, fields: dict[str, str], says: str, field: str
    ) -> None:
        html = save(visitor, **fields)
        beside = re.search(rf'id="{field}-problem">([^<]*)<', html)
        assert beside
        assert says in beside[1]
        assert fields["step-0-amount"] in html
        assert row(pages) is None


@one_kind
class TestHoursAndRules:
    """X6, X12"""

    def test_they_are_kept_and_told_in_a_few_words(self, pages: Portal, visitor: Visitor) -> None:
        given = {"opens": "10", "closes": "18", "weekdays": "1", "quiet": "forward", "purpose": "service"}
        html = save(visitor, **given, weekday="0", ceiling="50", gathers="1")
        stored = row(pages)
        assert stored is not None
        kept = (stored.opens, stored.closes, stored.weekdays, stored.quiet, stored.purpose, stored.ceiling)
        assert kept == (10, 18, 1, "forward", "service", 50)
        assert stored.gathers
        assert "service · 10:00–18:00 · Mon · at most 50 at once · several in one message" in html

    def test_another_purpose_is_warned_of(self, visitor: Visitor) -> None:
        assert "Its purpose was “billing” and is “marketing” now" in save(visitor, purpose="marketing")

    @pytest.mark.parametrize(
        ("fields", "says", "field"),
        [
            ({"opens": "9", "closes": "9"}, "leaves no minute", "opens"),
            ({"opens": "9"}, "One end of its hours is missing.", "opens"),
            ({"weekdays": "1"}, "Without a weekday", "weekdays"),
            ({"purpose": "fun"}, "'fun' is none of the choices.", "purpose"),
            ({"quiet": "loud"}, "'loud' is none of the choices.", "quiet"),
            ({"ceiling": "0"}, "0 is no ceiling.", "ceiling"),
            ({"ceiling": "many"}, "“many” is no whole number.", "ceiling"),
        ],
    )
    def test_what_leaves_no_minute_or_is_unknown_is_refused(
        self, pages: Portal, visitor: Visitor, fields: dict[str, str], says: str, field: str
    ) -> None:
        html = save(visitor, **fields)
        beside = re.search(rf'id="{field}-problem">([^<]*)<', html)
        assert beside
        assert says in beside[1]
        assert row(pages) is None


@one_kind
class TestVersions:
    """Who wrote what, what changed, and an older text again."""

    def test_each_is_shown_with_what_changed(self, visitor: Visitor) -> None:
        save(visitor, **{"text-en": "Pay invoice {invoice_number}"})
        html = save(visitor, **{"text-en": "Pay bill {invoice_number}"})
        assert "Version 2" in html
        assert re.search(r"<del><span[^>]*>removed: </span>invoice</del>", html)
        assert re.search(r"<ins><span[^>]*>added: </span>bill</ins>", html)

    def test_an_older_one_stands_in_the_form_and_is_used_once_it_is_saved(
        self, pages: Portal, visitor: Visitor
    ) -> None:
        save(visitor, **{"text-en": "Old"})
        html = save(visitor, **{"text-en": "New"})
        again = re.search(r'value="(again-[0-9]+)"', html)
        assert again
        page = save(visitor, do=again[1], **{"text-en": "Half typed"})
        assert "The texts of version 1 stand here now." in page
        assert ">Old</textarea>" in page
        stored = row(pages)
        assert stored is not None
        assert stored.texts["en"] == "New"
        assert "Version 3" in save(visitor, **{"text-en": "Old"})

    def test_a_version_of_something_else_is_none(self, visitor: Visitor, template: int) -> None:
        page = save(visitor, do=f"again-{template}", **{"text-en": "Half typed"})
        assert "Half typed" in page
        assert "stand here now" not in page

    def test_older_ones_are_a_page_further(self, visitor: Visitor) -> None:
        for number in range(12):
            save(visitor, **{"text-en": f"Text {number}"})
        html = visitor.read(EDIT)
        assert "Version 12" in html
        assert ">Version 2<" not in html
        older = re.search(r'href="([^"]*below=[^"]*)"', html)
        assert older
        assert "Version 2" in visitor.read(unescape(older[1]))

    def test_the_messages_page_names_the_version(self, pages: Portal, visitor: Visitor) -> None:
        switch(visitor, "charge_created", confirmed="1")
        pages_use_console(pages)
        with pages.app.app_context():
            ana, day = Client(name="Ana", phone="912345678"), dt.date(2026, 12, 1)
            pages.session.add(Invoice(client=ana, number="F1", total=5, due_on=day))
            pages.session.commit()
            (message,) = pages.messages()
        assert "Text of version 1, by" in visitor.read(f"/admin/sms/message/details/?id={message.id}")


def pages_use_console(portal: Portal) -> None:
    with portal.app.app_context():
        portal.use_kind("console", {}, name="console")


class TestBeforeItIsOn:
    """X5, X22: what will be sent and what will not, before it is confirmed."""

    @pytest.fixture
    def due(self, pages: Portal, visitor: Visitor) -> Portal:
        """Two invoices fall due today, of which one leads to nobody who can be texted; the hour is over."""
        pages_use_console(pages)
        today = dt.datetime.now(ZoneInfo("Europe/Lisbon")).date()
        with pages.app.app_context():
            ana, rui = Client(name="Ana", phone="912345678", language="en"), Client(name="Rui")
            for client, day in ((ana, 0), (rui, 0), (ana, 2), (rui, 3)):
                number = f"F{client.name[0]}{day}"
                invoice = Invoice(client=client, number=number, due_on=today + dt.timedelta(days=day))
                pages.session.add(invoice)
            pages.session.commit()
        page = visitor.read("/admin/sms/trigger/edit/?key=charge_due_today")
        fields = {"text-en": "Today: {invoice_number}", "hour": "0", "seen": seen(page)}
        visitor.send("/admin/sms/trigger/edit/?key=charge_due_today", **fields)
        return pages

    def test_the_page_says_what_will_not_be_sent_and_who_gets_nothing(self, due: Portal, visitor: Visitor) -> None:
        html = switch(visitor, "charge_due_today")
        assert "Today’s 2 are not sent: they came due before." in html
        assert "The next run:" in html
        assert "Of the next 2 records, these get nothing:" in html
        assert not row(due, "charge_due_today").on  # type: ignore[union-attr]

    def test_todays_are_sent_by_hand_once_that_is_confirmed_apart(self, due: Portal, visitor: Visitor) -> None:
        html = switch(visitor, "charge_due_today", confirmed="1")
        assert "Today’s 2 are not sent. Send them now?" in html
        assert "Today: FA0" in html
        path = "/admin/sms/trigger/skipped/?key=charge_due_today"
        with due.app.app_context():
            assert due.messages() == []
        shown = re.search(r'name="shown" value="([^"]*)"', html)
        assert shown
        assert "One message is on its way." in visitor.send(path, shown=shown[1]).text
        visitor.post(LIST, path, shown=shown[1])
        with due.app.app_context():
            assert [(each.text, each.operator != "") for each in due.messages()] == [("Today: FA0", True)]

    def test_what_changed_meanwhile_is_shown_again(self, due: Portal, visitor: Visitor) -> None:
        switch(visitor, "charge_due_today", confirmed="1")
        html = visitor.send("/admin/sms/trigger/skipped/?key=charge_due_today", shown="something else").text
        assert "Meanwhile something has changed, so nothing was sent." in html
        with due.app.app_context():
            assert due.messages() == []

    def test_a_trigger_without_dates_has_nothing_of_today(self, due: Portal, visitor: Visitor) -> None:
        assert "Today’s" not in switch(visitor, "charge_created")
        assert "is on from this moment." in switch(visitor, "charge_created", confirmed="1")

    def test_one_that_tells_of_the_same_thing_is_warned_of(self, due: Portal, visitor: Visitor) -> None:
        switch(visitor, "charge_created", confirmed="1")
        assert "“Charge issued” tells of the same thing and is on" in switch(visitor, "charge_due_soon")
        switch(visitor, "charge_due_soon", confirmed="1")
        assert "“Charge due soon” tells of the same thing and is on" in unescape(visitor.read(LIST))

    def test_one_that_would_say_nothing_is_told_of(self, visitor: Visitor) -> None:
        save(visitor, **{"text-en": "", "text-pt": "", "text-uk": ""})
        assert "It would be on and send nothing. Its text is empty." in switch(visitor)


class TestWhoMayWhat:
    """X12"""

    @pytest.fixture
    def reader(self, mounted: Mounted) -> Visitor:
        def mount(app: Flask, db: SQLAlchemy) -> Mapping[str, Any]:
            return {"admin": Admin(app), "allow": lambda right: right == "read"}

        return Visitor(client=mounted(mount=mount).app.test_client())

    def test_a_reader_sees_the_triggers_and_no_button(self, reader: Visitor) -> None:
        assert "Switch on" not in reader.read(LIST)
        page = reader.read(EDIT)
        assert "disabled" in page
        assert 'value="save"' not in page

    def test_a_reader_changes_nothing(self, reader: Visitor) -> None:
        for path in (SWITCH, EDIT):
            assert reader.client.post(path, data={"key": KEY, "on": "1", "confirmed": "1"}).status_code == 403

    def test_templates_are_closed_to_a_reader(self, reader: Visitor) -> None:
        for path in ("", "new/", "edit/?id=1"):
            assert reader.client.get(f"/admin/sms/template/{path}").status_code == 403
        assert reader.client.post("/admin/sms/template/delete/", data={"id": "1"}).status_code == 403
