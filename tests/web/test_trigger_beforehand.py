"""Before a trigger is on, its page says what that would do (T, X12)."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape

import pytest

from tests import lasting
from tests.demo.visitor import Visitor
from tests.portal import Client, Invoice, Portal
from tests.web.trigger_forms import LIST, pages_use_console, row, save, seen, switch


class TestBeforeItIsOn:
    """X5, X22: what will be sent and what will not, before it is confirmed."""

    @pytest.fixture
    def due(self, pages: Portal, visitor: Visitor) -> Portal:
        """Two invoices fall due today, of which one leads to nobody who can be texted; the hour is over."""
        pages_use_console(pages)
        today = lasting.today()
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
