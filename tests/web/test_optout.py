"""The public page behind ``{optout_link}`` (X7)."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
from flask_wtf import CSRFProtect

from sms_plugin.models import Consent, OptOut
from sms_plugin.people.consent import opt_out
from sms_plugin.testing import drain
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.wording.way_out import WayOut, link_of
from tests.portal import Client, Invoice, Portal, make_portal

NUMBER = "+351912345678"
NOW = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)


def _path(portal: Portal, purpose: str = "marketing", number: str | None = NUMBER) -> str:
    link = link_of(WayOut(number=number, purpose=purpose), state=portal.state)
    return link.removeprefix("https://portal.example.com")


def _outs(portal: Portal) -> list[tuple[str, str, str]]:
    with portal.fresh() as session:
        return [(row.number, row.purpose, row.source) for row in session.scalars(sa.select(OptOut))]


def test_the_link_in_a_text_leads_to_its_readers_page(portal: Portal, ana: Client, phone: PhoneServer) -> None:
    portal.use(phone)
    portal.switch_on("charge_created", text="Pay {invoice_number}. No more? {optout_link}")
    portal.session.add(Invoice(client=ana, number="F7"))
    portal.session.commit()
    drain(portal.app)
    (sent,) = phone.ledger()
    found = re.fullmatch(r"Pay F7\. No more\? https://portal\.example\.com(/sms/o/[\w-]{22})", sent["text"])
    assert found is not None
    client = portal.app.test_client()
    page = client.get(found[1]).text
    assert "+351******678" in page
    assert NUMBER not in page
    assert "invoices and payments" in page
    assert client.post(found[1], data={"ask": "kind"}).status_code == 200
    assert _outs(portal) == [(NUMBER, "billing", "link")]


def test_looking_at_the_page_does_nothing(portal: Portal) -> None:
    """Mail and message services open links by themselves."""
    client = portal.app.test_client()
    for _ in range(2):
        answer = client.get(_path(portal))
        assert answer.status_code == 200
    assert client.head(_path(portal)).status_code == 200
    assert _outs(portal) == []
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_all_texts_stop_and_come_back(portal: Portal) -> None:
    waiting = portal.queue()
    client = portal.app.test_client()
    assert "No more texts will be sent" in client.post(_path(portal), data={"ask": "all"}).text
    assert portal.message(waiting).reason == "opted_out"
    assert "Send texts again" in client.get(_path(portal)).text
    assert "sent to this number again" in client.post(_path(portal), data={"ask": "again"}).text
    assert _outs(portal) == []
    with portal.fresh() as session:
        assert sorted(each.agrees for each in session.scalars(sa.select(Consent))) == [False, True]


def test_what_somebody_else_has_the_number_for_is_lifted_by_the_staff_only(portal: Portal) -> None:
    with portal.fresh() as session, session.begin():
        opt_out(session, NUMBER, source="not_me", now=NOW)
    client = portal.app.test_client()
    assert "Send texts again" not in client.get(_path(portal)).text
    client.post(_path(portal), data={"ask": "again"})
    assert _outs(portal) == [(NUMBER, "", "not_me")]


@pytest.mark.parametrize("ask", ["", "everything", "stop:"])
def test_what_is_asked_otherwise_does_nothing(portal: Portal, ask: str) -> None:
    assert portal.app.test_client().post(_path(portal), data={"ask": ask}).status_code == 200
    assert _outs(portal) == []


@pytest.mark.parametrize("token", ["x", "A" * 22, "a" * 500, "%00", "static"])
def test_a_link_that_was_never_made_leads_nowhere(portal: Portal, token: str) -> None:
    for answer in (portal.app.test_client().get(f"/sms/o/{token}"), portal.app.test_client().post(f"/sms/o/{token}")):
        assert answer.status_code == 404
    assert _outs(portal) == []


def test_a_sample_link_is_nobodys(portal: Portal) -> None:
    assert portal.app.test_client().get(_path(portal, number=None)).status_code == 404


def test_the_hosts_csrf_protection_does_not_keep_the_reader_out(database_url: str) -> None:
    portal = make_portal(database_url, tables=False, prepare=lambda app: CSRFProtect(app), WTF_CSRF_ENABLED=True)
    with portal.app.app_context():
        assert portal.app.test_client().post(_path(portal), data={"ask": "all"}).status_code == 200
        assert _outs(portal) == [(NUMBER, "", "link")]
