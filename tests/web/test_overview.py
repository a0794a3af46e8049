"""The overview: what went, what waits and why, how it stands with the provider, and what comes next
(issue 7 item 1).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_admin import Admin
from flask_sqlalchemy import SQLAlchemy

from sms_plugin.jobs.due import run_job
from sms_plugin.models import Batch, Provider, Runner, Spend, new_id
from sms_plugin.outbox.receipts import FORGED
from sms_plugin.outbox.tallies import tally
from sms_plugin.providers.active import stop
from sms_plugin.providers.budget import today
from sms_plugin.states import MessageState
from sms_plugin.testing.phone_server import PhoneServer
from tests import lasting, many_days
from tests.demo.visitor import Visitor
from tests.outbox.steps import now, provider
from tests.portal import Portal
from tests.web.conftest import Mounted

OVERVIEW = "/admin/sms/overview/"
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def reader(mounted: Mounted) -> tuple[Portal, Visitor]:
    """A portal whose visitor may read and nothing else."""

    def mount(app: Flask, db: SQLAlchemy) -> Mapping[str, Any]:
        return {"admin": Admin(app), "allow": lambda right: right == "read"}

    portal = mounted(mount=mount)
    return portal, Visitor(client=portal.app.test_client())


def _queue(portal: Portal, **fields: Any) -> None:
    with portal.app.app_context():
        portal.queue(**fields)


def _write(portal: Portal, *rows: object) -> None:
    with portal.app.app_context(), portal.fresh() as session, session.begin():
        session.add_all(rows)


def _runner() -> Runner:
    return Runner(id=uuid4(), kind="worker", host="engine-room", pid=77, started_at=now(), seen_at=now())


def _card(page: str, label: str) -> str:
    """The text of one of the large figures."""
    found = re.search(rf"<span>{label}</span>(.*?)</small>", page, re.DOTALL)
    assert found, label
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def _provider_set(portal: Portal, **values: Any) -> None:
    with portal.app.app_context(), portal.fresh() as session, session.begin():
        session.execute(sa.update(Provider).values(**values))


def test_it_is_the_first_page_of_the_menu(visitor: Visitor) -> None:
    page = visitor.read(OVERVIEW)
    menu = re.findall(r'href="(/admin/sms/[^"?]*)"', page)
    assert menu[0] == OVERVIEW


def test_an_empty_portal_is_told_what_to_do_and_what_stands_in_the_way(visitor: Visitor) -> None:
    page = visitor.read(OVERVIEW)
    assert "First steps" in page
    assert "No provider is active" in page
    assert "flask sms worker" in page
    assert "Nothing was sent or received in these days." in page
    assert "<svg" not in page
    assert _card(page, "Messages today").startswith("0 ")
    assert "Nothing is queued." in page


def test_days_are_drawn_as_they_were_counted_each_with_its_table(pages: Portal, visitor: Visitor) -> None:
    today = lasting.today(pages.state.settings.zone)
    with pages.app.app_context():
        made = many_days.write(pages, [now() - HOUR * each for each in range(0, 400, 5)])
        for _ in range(20):  # a run on a busy machine counts two days and leaves the rest
            run_job(pages.state, "days", now=True)
        zone = pages.state.settings.zone
    page = visitor.read(OVERVIEW)
    expected = many_days.counted(made, zone)
    on = expected[today]
    written = sum(count.states.total() - count.states["received"] for count in on.values())
    assert _card(page, "Messages today").split()[0] == str(written)
    drawings = re.findall(r'<svg class="sms-drawing".*?</svg>', page, re.DOTALL)
    assert len(drawings) == page.count("As a table") >= 4
    for drawing in drawings:
        assert 'role="img"' in drawing
        for name in re.findall(r'aria-labelledby="([^"]+)"', drawing)[0].split():
            assert f'id="{name}"' in drawing
    assert len(re.findall(r'<th scope="row">', page)) >= len(expected)


def test_no_style_script_or_handler_stands_in_the_page(pages: Portal, visitor: Visitor) -> None:
    with pages.app.app_context():
        many_days.write(pages, [now() - HOUR * each for each in range(40)])
        run_job(pages.state, "days", now=True)
    body = visitor.read(OVERVIEW).partition('class="sms sms-overview"')[2].partition("</body>")[0]
    assert "<svg" in body
    assert not re.search(r'\sstyle=|\son\w+="|<style|<script(?![^>]*\ssrc=)', body.partition("<script")[0])


def test_each_kind_is_told_apart_by_its_pattern_too(pages: Portal, visitor: Visitor) -> None:
    with pages.app.app_context():
        many_days.write(pages, [now() - HOUR * each for each in range(200)])
        run_job(pages.state, "days", now=True)
    page = visitor.read(OVERVIEW)
    used = set(re.findall(r'fill="url\(#([^)]+)\)"', page))
    assert used == {f"sms-fill-{kind}" for kind in ("sent", "failed", "waiting", "stopped")}
    for name in used:
        assert page.count(f'<pattern id="{name}"') == 1


def test_what_waits_is_told_with_its_age_its_reasons_and_the_way_there(pages: Portal, visitor: Visitor) -> None:
    _queue(pages, due_at=now() - 5 * HOUR)
    _queue(pages, due_at=now() + HOUR)
    for _ in range(2):
        _queue(pages, state=MessageState.HELD, reason="missing_value")
    _queue(pages, state=MessageState.UNKNOWN, reason="timeout")
    page = visitor.read(OVERVIEW)
    assert _card(page, "Waiting to go").startswith("2 The oldest is due since")
    assert _card(page, "Waiting for somebody") == "3 2 held, 1 of unknown fate"
    assert "A shortcode of the text has no value." in page
    assert "/admin/sms/queue/?state=held&amp;reason=missing_value" in page
    assert "/admin/sms/queue/?state=unknown&amp;reason=timeout" in page


def test_the_next_few_are_shown_in_their_order_and_the_rest_by_a_link(pages: Portal, visitor: Visitor) -> None:
    _queue(pages, trigger="charge_due_soon", due_at=now() + 3 * HOUR)
    _queue(pages, trigger="charge_created", due_at=now() - HOUR)
    page = visitor.read(OVERVIEW)
    coming = page.partition("Goes next")[2]
    assert coming.index("Charge issued") < coming.index("Charge due soon")
    assert "The whole queue" not in page
    for _ in range(5):
        _queue(pages)
    assert "The whole queue" in visitor.read(OVERVIEW)


def test_sends_to_many_that_are_under_way_are_shown_with_their_progress(pages: Portal, visitor: Visitor) -> None:
    _write(
        pages,
        _batch("Works in Porto", "running", going=1000, progress={"sent": 200, "delivered": 100, "failed": 50}),
        _batch("All of Braga", "building", going=70, looked_at=90, expected=500),
        _batch("Long over", "done", going=10, progress={"delivered": 10}),
    )
    page = visitor.read(OVERVIEW)
    assert "350 of 1,000 went, 50 failed" in page
    assert 'max="1000" value="350"' in page
    assert "70 recipients so far" in page
    assert 'max="500" value="90"' in page
    assert "Long over" not in page


def _batch(name: str, state: str, **more: Any) -> Batch:
    return Batch(
        id=new_id(now()),
        name=name,
        state=state,
        once=name,
        purpose="service",
        stop_share=30,
        created_at=now(),
        changed_at=now(),
        **more,
    )


def test_the_providers_state_credit_and_budget_are_told(pages: Portal, visitor: Visitor, phone: PhoneServer) -> None:
    with pages.app.app_context():
        number = pages.use(phone)
        day = today(pages.state.settings, now())
    _provider_set(
        pages,
        currency="EUR",
        budget_day=Decimal(10),
        budget_month=Decimal(100),
        balance=Decimal(3),
        balance_unit="EUR",
        balance_at=now(),
        balance_low=Decimal(5),
    )
    _write(pages, Spend(provider_id=number, day=day, amount=Decimal("2.5")), _runner())
    page = visitor.read(OVERVIEW)
    assert "7.50 EUR left of 10.00 EUR" in page
    assert "97.50 EUR left of 100.00 EUR" in page
    assert "runs low" in page
    assert "engine-room" in page
    assert "/admin/sms/provider/edit/?name=phone" in page
    with pages.app.app_context(), pages.fresh() as session, session.begin():
        stop(session, provider(pages), reason="bad_credentials", detail="", now=now())
    page = visitor.read(OVERVIEW)
    assert "active, but stopped" in page
    assert "The provider does not take the credentials." in page


def test_a_process_that_was_not_seen_for_two_periods_does_not_send(pages: Portal, visitor: Visitor) -> None:
    late = _runner()
    late.seen_at = now() - dt.timedelta(minutes=1)
    _write(pages, late)
    page = visitor.read(OVERVIEW)
    assert "No process sends" in page
    assert "None was seen lately." in page


def test_what_somebody_should_look_into_is_told(pages: Portal, visitor: Visitor) -> None:
    assert "Forged receipts" not in visitor.read(OVERVIEW)
    with pages.app.app_context(), pages.fresh() as session, session.begin():
        tally(session, {FORGED: 3})
    assert re.search(r"<b>3</b>\s*Forged receipts", visitor.read(OVERVIEW))


def test_a_reader_sees_masked_numbers_and_no_way_to_what_others_do(reader: tuple[Portal, Visitor]) -> None:
    portal, visitor = reader
    with portal.app.app_context():
        portal.use_kind("console", {}, name="console")
    _queue(portal, number="+351912345678", due_at=now() + HOUR)
    page = visitor.read(OVERVIEW)
    assert "+351******678" in page
    assert "+351912345678" not in page
    for closed in ("/admin/sms/provider/", "/admin/sms/template/"):
        assert closed not in page


def test_what_a_name_holds_is_shown_as_text(pages: Portal, visitor: Visitor) -> None:
    with pages.app.app_context():
        pages.use_kind("console", {}, name="<script>alert(1)</script>")
    page = visitor.read(OVERVIEW)
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_process_is_told_in_words_and_by_its_own_name_below_them(pages: Portal, visitor: Visitor) -> None:
    """What it is, since when it runs, when it was last seen; the machine and the number are for whoever runs it."""
    inside = _runner()
    inside.kind, inside.host, inside.pid = "embedded", "front-desk", 78
    _write(pages, _runner(), inside)
    page = visitor.read(OVERVIEW)
    assert "A worker of its own, beside the portal." in page
    assert "The portal itself: it sends while it serves these pages." in page
    assert len(re.findall(r"Runs since\s*<time.*?</time> · last seen\s*<time", page)) == 2
    assert re.search(r'<small class="d-block sms-faint">Process 77 on engine-room</small>', page)
