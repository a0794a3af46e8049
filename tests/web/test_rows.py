"""Lists: paged by a cursor, closed to bad ids, safe in what they tell (promise 10, issue Pages: bad input)."""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask, get_flashed_messages
from flask_admin import Admin
from flask_admin.actions import action
from flask_sqlalchemy import SQLAlchemy

from sms_plugin.models import Message, TriggerRow
from sms_plugin.web.mounting import build
from sms_plugin.web.rows import Rows
from tests.demo.visitor import Visitor
from tests.portal import Portal
from tests.web.conftest import Mounted

LIST = "/admin/sms/letters/"
SOON = dt.datetime(2026, 7, 21, 22, 30, 5, 123456, tzinfo=dt.UTC)


class Letters(Rows):
    """Messages in the order in which they go; what is for the boss is hidden."""

    page = "letters"
    title = "Letters"
    table = Message
    order = ("priority", "due_at", "id")
    descending = False
    column_list = ("text", "due_at")
    can_view_details = can_delete = True
    empty = "Write the first one."

    def get_query(self) -> Any:
        return super().get_query().filter(Message.purpose != "boss")

    @action("shout", "Shout", "Shout at them?")
    def shout(self, ids: list[str]) -> Any:
        return " ".join(sorted(each.text.upper() for each in self.chosen(ids)))


class Switches(Rows):
    """Rows under a key of text."""

    page = "switches"
    title = "Switches"
    table = TriggerRow
    order = ("key",)
    column_list = ("key",)
    can_edit = True
    form_columns = ("texts",)


@pytest.fixture
def portal(mounted: Mounted) -> Portal:
    def mount(app: Flask, db: SQLAlchemy) -> Mapping[str, Any]:
        admin = Admin(app)
        for page in (Letters, Switches):
            admin.add_view(build(page, db=db, admin=admin, category="SMS", prefix="t"))
        return {"admin": admin}

    return mounted(mount=mount)


@pytest.fixture
def reader(portal: Portal) -> Visitor:
    return Visitor(client=portal.app.test_client())


def write(portal: Portal, count: int, **fields: Any) -> list[UUID]:
    """Messages named by their place in the list; many share a priority and a moment."""
    with portal.app.app_context():
        return [portal.queue(**_letter(n) | fields) for n in range(count)]


def _letter(n: int) -> dict[str, Any]:
    return {"text": f"letter {n:03}", "priority": n // 40, "due_at": SOON + dt.timedelta(n // 20)}


def letters(html: str) -> list[str]:
    return re.findall(r"letter \d+", html)


def way(html: str, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', html)
    return found[1].replace("&amp;", "&") if found else ""


def test_every_row_is_on_one_page_forwards_and_backwards(portal: Portal, reader: Visitor) -> None:
    """Sixty rows that share moments and priorities: three pages there, and the same three back."""
    write(portal, 60)
    there: list[list[str]] = []
    path = LIST
    while path:
        html = reader.read(path)
        there.append(letters(html))
        last, path = path, way(html, "next")
    assert [each for page in there for each in page] == [f"letter {n:03}" for n in range(60)]
    back: list[list[str]] = []
    path = last
    while path:
        html = reader.read(path)
        back.append(letters(html))
        path = way(html, "prev")
    assert back == there[::-1]


def test_a_page_neither_counts_nor_skips(portal: Portal, reader: Visitor) -> None:
    write(portal, 30)
    said: list[str] = []
    with portal.app.app_context():
        sa.event.listen(portal.db.engine, "before_cursor_execute", lambda c, cu, text, *_: said.append(text.lower()))
    reader.read(way(reader.read(LIST), "next"))
    assert said
    assert not [text for text in said if "count(" in text or re.search(r"offset (?!%|\?)[^0]", text)]


@pytest.mark.parametrize("at", ["x", "WzBd.e30", "%00", "a" * 3000])
def test_a_cursor_that_was_tampered_with_gives_the_first_page(portal: Portal, reader: Visitor, at: str) -> None:
    write(portal, 2)
    html = reader.read(f"{LIST}?at={at}")
    assert letters(html) == ["letter 000", "letter 001"]
    assert "no longer holds" in html


def test_a_cursor_of_another_list_opens_nothing(portal: Portal, reader: Visitor) -> None:
    write(portal, 30)
    at = way(reader.read(LIST), "next").partition("at=")[2]
    assert "no longer holds" in reader.read(f"/admin/sms/switches/?at={at}")


@pytest.mark.parametrize(("asked", "given"), [("50", 50), ("1000000", 25), ("-1", 25), ("x", 25)])
def test_the_size_of_a_page_is_bounded(portal: Portal, reader: Visitor, asked: str, given: int) -> None:
    write(portal, 55)
    assert len(letters(reader.read(f"{LIST}?page_size={asked}"))) == given


def test_a_search_or_another_filter_begins_at_the_first_page(portal: Portal, reader: Visitor) -> None:
    write(portal, 60)
    html = reader.read(way(reader.read(LIST), "next"))
    assert 'name="at"' not in html


BAD_IDS = ["abc", "%00", "1", "99999999999999999999999", "'; DROP TABLE", "a" * 500, str(UUID(int=5))]


@pytest.mark.parametrize("bad", BAD_IDS)
def test_a_bad_id_leads_back_in_words(portal: Portal, reader: Visitor, bad: str) -> None:
    answer = reader.client.get(f"{LIST}details/?id={bad}", follow_redirects=True)
    assert answer.status_code == 200
    assert answer.request.path == LIST
    assert "does not exist" in answer.text


@pytest.mark.parametrize("bad", ["nothing", "%00", "k" * 500])
def test_a_bad_key_of_text_leads_back_in_words(portal: Portal, reader: Visitor, bad: str) -> None:
    answer = reader.client.get(f"/admin/sms/switches/edit/?id={bad}", follow_redirects=True)
    assert (answer.status_code, answer.request.path) == (200, "/admin/sms/switches/")
    assert "does not exist" in answer.text


def test_a_row_that_the_list_hides_has_no_details_and_takes_no_action(portal: Portal, reader: Visitor) -> None:
    (hidden,) = write(portal, 1, purpose="boss")
    shown = write(portal, 2)
    assert "does not exist" in reader.client.get(f"{LIST}details/?id={hidden}", follow_redirects=True).text
    assert _act(reader, [str(hidden), "abc", *map(str, shown)], confirmed="1") == "LETTER 000 LETTER 001"


def test_without_our_script_an_action_asks_on_a_page(portal: Portal, reader: Visitor) -> None:
    """Nothing is done at once; the page's own form does it."""
    ids = [str(each) for each in write(portal, 2)]
    asked = _act(reader, ids)
    assert "Shout at them?" in asked
    assert re.findall(r'name="rowid" value="([^"]+)"', asked) == ids
    assert 'name="confirmed" value="1"' in asked


def test_without_our_script_a_deletion_asks_on_a_page(portal: Portal, reader: Visitor) -> None:
    (one,) = write(portal, 1)
    fields = {"csrf_token": _token(reader), "id": str(one)}
    assert "cannot be undone" in reader.client.post(f"{LIST}delete/", data=fields).text
    with portal.app.app_context():
        assert len(portal.messages()) == 1
    reader.client.post(f"{LIST}delete/", data={**fields, "confirmed": "1"})
    with portal.app.app_context():
        assert portal.messages() == []


@pytest.mark.parametrize("path", ["delete/", "action/"])
def test_without_a_token_nothing_is_asked(portal: Portal, reader: Visitor, path: str) -> None:
    """X12. The page that asks has a token: whoever says yes would say it to a form of somebody else's."""
    (one,) = write(portal, 1)
    fields = {"id": str(one), "rowid": str(one), "action": "shout"}
    assert reader.client.post(LIST + path, data=fields).status_code == 302


@pytest.mark.parametrize("path", ["delete/", "action/"])
def test_without_a_token_nothing_is_done_and_the_page_says_so(portal: Portal, reader: Visitor, path: str) -> None:
    (one,) = write(portal, 1)
    fields = {"id": str(one), "rowid": str(one), "action": "shout", "confirmed": "1"}
    answer = reader.client.post(LIST + path, data=fields, follow_redirects=True)
    assert "please try again" in answer.text
    with portal.app.app_context():
        assert len(portal.messages()) == 1


def test_what_the_database_refuses_shows_neither_sql_nor_values(
    portal: Portal, reader: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    """On the page and in the log: promise 9."""
    write(portal, 1, text="a secret text")
    with portal.app.app_context(), portal.db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE sms_message RENAME TO sms_gone")
    with caplog.at_level(logging.DEBUG):
        answer = reader.client.get(f"{LIST}details/?id={uuid4()}")
    assert answer.status_code == 503
    assert "flask sms upgrade" in answer.text
    assert "SELECT" not in answer.text + caplog.text


def test_a_failed_save_shows_neither_sql_nor_values(
    portal: Portal, reader: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    view = next(each for each in portal.app.extensions["admin"][0]._views if isinstance(each, Letters))
    with portal.app.test_request_context(), caplog.at_level(logging.DEBUG):
        with portal.fresh() as session:
            session.add(Message(id=uuid4(), state="queued", text="TOPSECRET"))
            with pytest.raises(sa.exc.DBAPIError, match="TOPSECRET") as refusal:
                session.flush()
        assert view.handle_view_exception(refusal.value)
        told = str(get_flashed_messages())
    assert told
    assert "TOPSECRET" not in told + caplog.text
    assert "INSERT" not in told + caplog.text


def test_an_empty_list_says_what_to_do_next(portal: Portal, reader: Visitor) -> None:
    assert "Write the first one." in reader.read(LIST)


def test_moments_are_in_the_portals_zone_to_the_minute(portal: Portal, reader: Visitor) -> None:
    """Half past ten in the evening UTC in July is half past eleven in Lisbon."""
    write(portal, 1)
    html = reader.read(LIST)
    assert "21 Jul 2026, 23:30</time>" in html
    assert "123456" not in html


def test_names_are_shown_as_they_are_written(portal: Portal, reader: Visitor) -> None:
    write(portal, 1, text="<script>alert(1)</script>")
    assert "&lt;script&gt;alert(1)" in reader.read(LIST)


def _token(reader: Visitor) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', reader.read(LIST))
    assert found
    return found[1]


def _act(reader: Visitor, ids: list[str], **more: str) -> str:
    fields = {"csrf_token": _token(reader), "action": "shout", "rowid": ids, **more}
    return reader.client.post(f"{LIST}action/", data=fields).text
