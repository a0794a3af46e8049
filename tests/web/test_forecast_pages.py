"""The pages of the forecast: a calendar, a list with each text, and what one record would send (X4)."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa

from sms_plugin.models import Provider, TriggerRow
from tests.demo.visitor import Visitor
from tests.portal import Client, Invoice, Portal
from tests.web.conftest import Mounted
from tests.web.hosts import host, links

PAGE = "/admin/sms/forecast/"
RECORD = "/admin/sms/forecast/record/"
TEXT = re.compile(r"Pay F\d+\.")


def today(portal: Portal) -> dt.date:
    return dt.datetime.now(portal.state.settings.zone).date()


@pytest.fixture
def owing(pages: Portal) -> Portal:
    """Ana, with thirty invoices that fall due in two days, and a provider with prices."""
    with pages.app.app_context():
        day = today(pages) + dt.timedelta(days=2)
        ana = Client(id=1, name="Ana", phone="912 345 678", language="en")
        pages.session.add_all([ana, *(Invoice(id=n, client=ana, number=f"F{n}.", due_on=day) for n in range(1, 31))])
        pages.session.add(Invoice(id=99, client=Client(id=2, name="Nobody"), number="F99.", due_on=day))
        pages.session.commit()
        pages.use_kind("console", {}, name="console")
        with pages.fresh() as session, session.begin():
            session.execute(sa.update(Provider).values(currency="EUR", prices={"": "0.05"}))
    return pages


def switch_on(portal: Portal) -> None:
    with portal.app.app_context():
        portal.switch_on("charge_due_today", text="Pay {invoice_number}")


def read(visitor: Visitor, path: str = PAGE, **asked: Any) -> str:
    answer = visitor.client.get(path, query_string=asked)
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_nothing_to_come_says_what_is_shown_here(visitor: Visitor) -> None:
    html = read(visitor)
    assert "Nothing is to be texted in these days" in html
    assert "what an event will bring" in html
    assert "No provider is active" in html


def test_the_calendar_counts_and_the_list_tells_each_text(owing: Portal, visitor: Visitor) -> None:
    switch_on(owing)
    html = read(visitor)
    assert "30 messages · 30 SMS · 1.50 EUR" in html
    assert "1 gets nothing: The person has no number that can be texted." in html
    assert "Ana +351912345678 Pay F1." in html
    assert len(TEXT.findall(html)) == 25
    with owing.app.app_context():
        assert owing.messages() == []


def test_a_day_is_chosen_and_its_pages_are_turned(owing: Portal, visitor: Visitor) -> None:
    switch_on(owing)
    day = (today(owing) + dt.timedelta(days=2)).isoformat()
    (of_day,) = links(visitor.read(PAGE), f"day={day}")
    first = visitor.read(of_day)
    (further,) = links(first, "after=")
    second = unescape(visitor.read(further))
    assert "the list begins anew" not in second
    texts = [TEXT.findall(first), TEXT.findall(second)]
    assert [len(each) for each in texts] == [25, 5]
    assert {*texts[0], *texts[1]} == {f"Pay F{n}." for n in range(1, 31)}
    assert "Nothing is expected on this day." in read(visitor, day=today(owing).isoformat())


def test_a_trigger_that_is_off_is_shown_as_if_it_were_on_and_stays_off(owing: Portal, visitor: Visitor) -> None:
    assert "30 messages" in read(visitor, trigger="charge_due_today")
    with owing.app.app_context(), owing.fresh() as session:
        assert session.get(TriggerRow, "charge_due_today") is None
    assert any(
        "trigger=charge_due_today" in way
        for way in links(visitor.read("/admin/sms/trigger/edit/?key=charge_due_today"), PAGE)
    )


def test_a_run_above_its_ceiling_is_told_of(owing: Portal, visitor: Visitor) -> None:
    switch_on(owing)
    with owing.app.app_context(), owing.fresh() as session, session.begin():
        session.execute(sa.update(TriggerRow).values(ceiling=10))
    assert "More than the usual 10: it will wait for approval." in read(visitor)


def test_wrong_input_is_told_and_shows_the_usual(owing: Portal, visitor: Visitor) -> None:
    for days in ("0", "32", "abc", "９"):
        assert "Give 1 to 31 days." in read(visitor, days=days)
    assert "There is no such trigger" in read(visitor, trigger="nothing")
    assert "is no day" in read(visitor, day="tomorrow")
    switch_on(owing)
    assert "the list begins anew" in read(visitor, after="d 0011")
    read(visitor, after="\0")
    with owing.app.app_context():
        owing.switch_on("charge_due_today", text=" ")
    assert "The trigger has no text." in read(visitor, trigger="charge_due_today")


def test_any_record_is_searched_for_and_tried(owing: Portal, visitor: Visitor) -> None:
    switch_on(owing)
    assert "see what it would send" in read(visitor, RECORD)
    assert "Nothing is found." in read(visitor, RECORD, kind="invoice/Invoice", words="zzz")
    (found, *_) = links(visitor.read(f"{RECORD}?kind=invoice/Invoice&words=F7."), "record=invoice")
    html = " ".join(unescape(re.sub(r"<[^>]+>", " ", visitor.read(found))).split())
    for words in (
        "would send",
        "Pay F7.",
        "By itself, at a date of the record.",
        "Once it is fired",
        "Its moment is over.",
    ):
        assert words in html, words
    assert "This record is not there any more." in read(visitor, RECORD, record="invoice/Invoice|999")
    with owing.app.app_context():
        assert owing.messages() == []


def test_whoever_may_only_read_sees_masked_numbers_and_tries_no_record(mounted: Mounted) -> None:
    rights = {"read"}
    portal = mounted(mount=host(rights=rights))
    with portal.app.app_context():
        ana = Client(id=1, name="Ana", phone="912 345 678")
        portal.session.add_all([ana, Invoice(client=ana, due_on=today(portal) + dt.timedelta(days=2))])
        portal.session.commit()
        portal.switch_on("charge_due_today", text="Due")
        portal.queue(number="+351912345678", due_at=dt.datetime.now(dt.UTC) + dt.timedelta(days=1), text="Waits")
    client = portal.app.test_client()
    html = client.get(PAGE).text
    assert "Due" in html
    assert "Waits" in html
    assert "912345678" not in html.replace(" ", "")
    assert "forecast/record" not in html
    assert client.get(RECORD).status_code == 403
    rights.clear()
    assert client.get(PAGE).status_code == 403


def test_sensitive_values_are_masked(mounted: Mounted) -> None:
    """M10: a queued message that holds some is shown without them."""
    portal = mounted(mount=host())
    with portal.app.app_context():
        portal.queue(due_at=dt.datetime.now(dt.UTC) + dt.timedelta(days=1), text="Secret 7777", redacted="Secret ••••")
    html = portal.app.test_client().get(PAGE).text
    assert "••••" in html
    assert "7777" not in html
