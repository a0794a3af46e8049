"""The conversation on its pages, and the file of it (Q4)."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from typing import Any

import pytest
import sqlalchemy as sa

from sms_plugin.gateways.contract import Inbound, Part
from sms_plugin.models import Consent, OptOut
from sms_plugin.outbox.export import unguarded
from sms_plugin.outbox.inbound import place, take_in
from sms_plugin.testing.phone_server import PhoneServer
from tests.demo.visitor import Visitor
from tests.portal import Client, Portal
from tests.web.conftest import Mounted
from tests.web.hosts import hidden, host, links, shows

NASTY = '=HYPERLINK("http://evil.example","x")<script>alert(1)</script>'


@pytest.fixture
def portal(mounted: Mounted) -> Portal:
    return mounted(mount=host())


@pytest.fixture
def visitor(portal: Portal) -> Visitor:
    return Visitor(client=portal.app.test_client())


@pytest.fixture
def ana(portal: Portal) -> int:
    with portal.app.app_context():
        client = Client(name=NASTY, phone="912 345 678")
        portal.session.add(client)
        portal.session.commit()
        return client.id


def _say(portal: Portal, ana: int, *texts: str, **more: Any) -> None:
    with portal.app.app_context():
        for text in texts:
            portal.queue(
                text=text,
                person_entity="clients/Client",
                person=str(ana),
                client_entity="clients/Client",
                client=str(ana),
                **more,
            )


def _said(page: str) -> list[str]:
    return re.findall(r'class="sms-bubble-text">([^<]*)<', page)


def test_a_conversation_ends_with_the_newest_and_pages_both_ways(portal: Portal, visitor: Visitor, ana: int) -> None:
    said = [f"message {number}" for number in range(70)]
    _say(portal, ana, *said)
    page = visitor.read(f"/admin/client/sms/?record={ana}")
    assert _said(page) == said[-30:]
    (older,) = links(page, "at=")
    page = visitor.read(older)
    assert _said(page) == said[10:40]
    older, newer = links(page, "at=")
    assert _said(visitor.read(older)) == said[:10]
    assert _said(visitor.read(newer)) == said[-30:]


@pytest.mark.parametrize("day", ["0001-01-01", "1970-01-01", "9999-12-31"])
@pytest.mark.parametrize("name", ["since", "until"])
def test_a_day_on_which_there_was_no_message_is_told_and_left_out(
    portal: Portal, visitor: Visitor, ana: int, name: str, day: str
) -> None:
    _say(portal, ana, "hello")
    page = visitor.read(f"/admin/client/sms/?record={ana}&{name}={day}")
    assert _said(page) == ["hello"]
    assert shows(page, f"“{day}” is no day")


@pytest.mark.parametrize("at", ["x", "W10.aaaa", "%00", "1" * 500])
def test_a_cursor_that_was_tampered_with_leads_to_the_newest(
    portal: Portal, visitor: Visitor, ana: int, at: str
) -> None:
    _say(portal, ana, "hello")
    page = visitor.read(f"/admin/client/sms/?record={ana}&at={at}")
    assert _said(page) == ["hello"]
    assert shows(page, "no longer holds")


def test_words_and_days_narrow_it_and_the_way_back_is_shown(portal: Portal, visitor: Visitor, ana: int) -> None:
    _say(portal, ana, "the first", "the second")
    page = visitor.read(f"/admin/client/sms/?record={ana}&words=SECOND")
    assert _said(page) == ["the second"]
    assert links(page, "/client/sms/?record")
    assert _said(visitor.read(f"/admin/client/sms/?record={ana}&since=2020-01-01&until=2020-12-31")) == []
    odd = visitor.read(f"/admin/client/sms/?record={ana}&since=yesterday")
    assert shows(odd, "“yesterday” is no day")
    assert _said(odd) == ["the first", "the second"]


def test_an_empty_history_says_what_to_do_next(visitor: Visitor, ana: int) -> None:
    page = visitor.read(f"/admin/client/sms/?record={ana}")
    assert shows(page, "Send the first SMS")
    assert shows(visitor.read("/admin/sms/history/"), "Write a number")
    assert shows(visitor.read("/admin/sms/history/?number=919999999"), "Nothing was said to this number yet")


@pytest.mark.parametrize(
    "number", ["%2B351912345678", "+351912345678", "912 345 678", "00351 912-345-678", "(912)345678"]
)
def test_a_number_is_understood_as_people_write_it(portal: Portal, visitor: Visitor, ana: int, number: str) -> None:
    _say(portal, ana, "hello")
    assert _said(visitor.read(f"/admin/sms/history/?number={number}")) == ["hello"]


def test_what_is_no_number_is_said(visitor: Visitor) -> None:
    for number in ("abc", "12", "<script>", "%00", "1" * 200):
        assert shows(visitor.read(f"/admin/sms/history/?number={number}"), "This is no number")


def test_the_file_holds_what_is_shown_and_runs_nowhere(portal: Portal, visitor: Visitor, ana: int) -> None:
    _say(portal, ana, NASTY, "another", operator=NASTY[:100])
    page = visitor.read(f"/admin/client/sms/?record={ana}&words=HYPERLINK")
    assert "<script>alert" not in page
    answer = visitor.client.get(f"/admin/client/sms/export/?record={ana}&words=HYPERLINK&separator=semicolon&bom=1")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(r'attachment; filename="sms-[a-z0-9-]+\.csv"', answer.headers["Content-Disposition"])
    assert answer.data.startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline=""), delimiter=";")
    assert {name for name, cell in row.items() if cell[:1] in tuple("=+-@")} == set()
    assert unguarded(row["Text"]) == NASTY
    assert unguarded(row["Person"]) == NASTY
    assert unguarded(row["Number"]) == "+351912345678"
    assert row["Time"].endswith(("+00:00", "+01:00"))
    by_number = visitor.client.get("/admin/sms/history/export/?number=912345678")
    assert len(by_number.text.splitlines()) == 3


def test_who_may_only_read_sees_no_whole_number_and_no_export(mounted: Mounted) -> None:
    portal = mounted(mount=host(rights={"read"}))
    with portal.app.app_context():
        portal.queue(text="hello", number="+351912345678")
    visitor = Visitor(client=portal.app.test_client())
    page = visitor.read("/admin/sms/history/?number=912345678")
    assert _said(page) == ["hello"]
    assert not shows(page, "Download CSV")
    assert visitor.client.get("/admin/sms/history/export/?number=912345678").status_code == 403


def _hear(portal: Portal, phone: PhoneServer, *texts: str) -> None:
    with portal.app.app_context():
        portal.use(phone)
        now = dt.datetime.now(dt.UTC)
        told = [Inbound(sender="351912345678", text=text, reference=text) for text in texts]
        with portal.fresh() as session:
            placed = place(session, told, provider_id=portal.provider().id, state=portal.state, now=now)
        with portal.fresh() as session, session.begin():
            take_in(session, placed, state=portal.state, now=now)


def test_an_answer_is_written_below_the_conversation(
    portal: Portal, visitor: Visitor, ana: int, phone: PhoneServer
) -> None:
    """Q5: shown before it goes, to the number that wrote, once."""
    _hear(portal, phone, "Are you there?")
    page = visitor.read(f"/admin/client/sms/?record={ana}")
    assert _said(page) == ["Are you there?"]
    assert "sms-bubble-in" in page
    action = re.search(r'action="([^"]+)" class="sms-reply"', page)
    assert action is not None
    fields = {name: hidden(page, name) for name in ("record", "what", "step", "number", "csrf_token")}
    assert fields["number"] == "+351912345678"
    shown = visitor.client.post(action[1].replace("&amp;", "&"), data={**fields, "text": "Yes"}).text
    kept = {name: hidden(shown, name) for name in ("once", "shown")}
    for _ in range(2):
        visitor.client.post(action[1], data={**fields, **kept, "text": "Yes", "step": "send"})
    with portal.app.app_context():
        (answer,) = [each for each in portal.messages() if each.direction == "out"]
    assert (answer.text, answer.number, answer.client) == ("Yes", "+351912345678", str(ana))


def test_a_number_is_answered_once_in_the_history_of_its_client(
    portal: Portal, visitor: Visitor, ana: int, phone: PhoneServer
) -> None:
    _hear(portal, phone, "Hello?")
    page = visitor.read("/admin/sms/history/?number=351912345678")
    fields = {name: hidden(page, name) for name in ("number", "once", "csrf_token")}
    for _ in range(2):
        visitor.client.post("/admin/sms/history/reply/", data={**fields, "text": "Hello!"})
    with portal.app.app_context():
        (answer,) = [each for each in portal.messages() if each.direction == "out"]
    assert (answer.text, answer.client, answer.state) == ("Hello!", str(ana), "queued")


def test_a_number_that_wants_no_texts_is_not_answered(
    portal: Portal, visitor: Visitor, ana: int, phone: PhoneServer
) -> None:
    _hear(portal, phone, "Hello?", "STOP")
    page = visitor.read("/admin/sms/history/?number=351912345678")
    assert "is not texted" in page
    fields = {name: hidden(page, name) for name in ("number", "once", "csrf_token")}
    told = visitor.client.post("/admin/sms/history/reply/", data={**fields, "text": "x"}, follow_redirects=True).text
    assert "This number wants no texts." in told
    with portal.app.app_context():
        assert [each.purpose for each in portal.messages() if each.direction == "out"] == ["confirmation"]


def test_a_text_that_is_not_whole_says_so(portal: Portal, visitor: Visitor, ana: int, phone: PhoneServer) -> None:
    with portal.app.app_context():
        portal.use(phone)
        now = dt.datetime.now(dt.UTC)
        told = Inbound(sender="351912345678", text="the end", reference="1", part=Part(group="1", number=2, total=2))
        with portal.fresh() as session:
            placed = place(session, [told], provider_id=portal.provider().id, state=portal.state, now=now)
        with portal.fresh() as session, session.begin():
            take_in(session, placed, state=portal.state, now=now)
    assert "A part of this text has not come yet." in visitor.read(f"/admin/client/sms/?record={ana}")


def test_the_staff_stops_a_number_and_lets_it_be_texted_again(portal: Portal, visitor: Visitor, ana: int) -> None:
    """X7: a button on the client's card."""
    card = visitor.read(f"/admin/client/details/?id={ana}")
    (path,) = links(card, "/sms/consent/")
    page = visitor.read(path)
    assert "May be texted." in page
    fields = {"csrf_token": hidden(page, "csrf_token"), "number": "+351912345678"}
    visitor.client.post(path, data={**fields, "ask": "stop:marketing"})
    assert "offers and greetings" in visitor.read(f"/admin/client/details/?id={ana}")
    visitor.client.post(path, data={**fields, "ask": "stop:"})
    with portal.app.app_context(), portal.fresh() as session:
        assert {row.purpose for row in session.scalars(sa.select(OptOut))} == {"", "marketing"}
        kept = session.scalars(sa.select(Consent).where(Consent.purpose == "")).one()
        assert (kept.source, kept.person, bool(kept.who)) == ("staff", str(ana), True)
    visitor.client.post(path, data={**fields, "ask": "start"})
    page = visitor.read(path)
    assert "May be texted." in page
    assert page.count("No more:") >= 2
    with portal.app.app_context(), portal.fresh() as session:
        assert session.scalars(sa.select(OptOut)).all() == []


def test_only_a_number_of_the_records_own_is_stopped(portal: Portal, visitor: Visitor, ana: int) -> None:
    path = f"/admin/client/sms/consent/?record={ana}"
    fields = {"csrf_token": hidden(visitor.read(path), "csrf_token"), "number": "+351913000001", "ask": "stop:"}
    assert "none of the record" in visitor.client.post(path, data=fields, follow_redirects=True).text
    with portal.app.app_context(), portal.fresh() as session:
        assert session.scalars(sa.select(OptOut)).all() == []


def test_an_answer_that_is_too_long_is_refused_whole_and_stays_on_the_page(
    portal: Portal, visitor: Visitor, ana: int, phone: PhoneServer
) -> None:
    """P19: nothing is cut without a word."""
    _hear(portal, phone, "Hello?")
    page = visitor.read("/admin/sms/history/?number=351912345678")
    fields = {name: hidden(page, name) for name in ("number", "once", "csrf_token")}
    answer = visitor.client.post("/admin/sms/history/reply/", data={**fields, "text": "z" * 1531})
    assert answer.status_code == 200
    assert "The text is too long." in answer.text
    assert "z" * 1531 in answer.text
    with portal.app.app_context():
        assert [each.text for each in portal.messages() if each.direction == "out"] == []
