"""The pages of triggers: on and off, texts or a template, what each waits for, and who may do what."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_admin import Admin
from flask_sqlalchemy import SQLAlchemy

from sms_plugin.models import Change
from tests.demo.visitor import Visitor
from tests.portal import Client, Invoice, Portal
from tests.web.conftest import Mounted
from tests.web.trigger_forms import EDIT, KEY, LIST, SWITCH, one_kind, pages_use_console, row, save, seen, switch


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
    assert "Worth sending for (hours)" in html  # in the record of changes beside the form


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


@one_kind
class TestVersions:
    """Who wrote what, what changed, and an older text again."""

    def test_each_is_shown_with_what_changed(self, visitor: Visitor) -> None:
        save(visitor, **{"text-en": "Pay invoice {invoice_number}"})
        html = save(visitor, **{"text-en": "Pay bill {invoice_number}"})
        assert "Version 2" in html
        assert re.search(r"<del><span[^>]*>removed: </span>invoice</del>", html)
        assert re.search(r"<ins><span[^>]*>added: </span>bill</ins>", html)

    def test_what_was_done_and_to_what_is_told_in_words(self, pages: Portal, visitor: Visitor, template: int) -> None:
        """X12: as in the record of changes; neither a key nor a number of a table."""
        switch(visitor, confirmed="1")
        save(visitor, hour="9", template=str(template))
        trail = unescape(visitor.read(EDIT)).partition("Who changed it")[2]
        assert "switched on" in trail
        assert "<summary>Hour of the day</summary>" in trail
        assert re.search(r"<summary>Template</summary>.*?<ins>Due</ins>", trail, re.DOTALL)

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
