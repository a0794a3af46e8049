"""Who looks at histories and full numbers is kept, and whoever may only read sees numbers masked (X23)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_admin import Admin
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import OperationalError

from sms_plugin import transactions
from sms_plugin.models import Access, Change
from sms_plugin.web import looks
from tests.portal import Client, Portal
from tests.web.conftest import Mounted
from tests.web.hosts import ClientAdmin, storage, token

NUMBER = "+351912345678"
MASKED = "+351******678"
HISTORY = "/admin/sms/history/?number=912345678"
LISTS = ("/admin/sms/queue/", "/admin/sms/message/")
Open = Callable[..., str]


@pytest.fixture
def rights() -> set[str]:
    return {"read"}


@pytest.fixture
def office(mounted: Mounted, rights: set[str]) -> Portal:
    """A portal with a client that was texted, whose visitor is called Rita."""

    def mount(app: Flask, db: SQLAlchemy) -> dict[str, Any]:
        admin = Admin(app)
        admin.add_view(ClientAdmin(Client, storage(db)))
        return {"admin": admin, "allow": lambda right: right in rights, "user": lambda: "Rita"}

    portal = mounted(mount=mount)
    with portal.app.app_context():
        client = Client(name="Ana", phone=NUMBER, language="en")
        portal.db.session.add(client)
        portal.db.session.commit()
        portal.queue(text="Your router", number=NUMBER, client_entity="clients/Client", client=str(client.id))
    return portal


@pytest.fixture
def see(office: Portal) -> Open:
    """Reads a page to its end, as a browser does."""
    client = office.app.test_client()

    def read(path: str) -> str:
        answer = client.get(path, buffered=True)
        assert answer.status_code == 200, path
        return answer.text

    return read


def kept(portal: Portal) -> list[tuple[str, str, str | None, str | None, dict[str, Any]]]:
    with portal.app.app_context(), portal.fresh() as session:
        rows = session.scalars(sa.select(Access).order_by(Access.id)).all()
        return [(each.who, each.action, each.entity, each.record, each.detail) for each in rows]


def test_a_history_that_is_looked_at_is_kept_with_whose_it_is_and_the_number_masked(office: Portal, see: Open) -> None:
    see(HISTORY)
    assert kept(office) == [("Rita", "looked", "clients/Client", "1", {"number": MASKED})]


def test_the_same_person_at_the_same_history_is_kept_once_whichever_process_shows_it(office: Portal, see: Open) -> None:
    see(HISTORY)
    see(HISTORY)
    looks._books.clear()  # what another process knows
    see("/admin/client/sms/?record=1")
    see(HISTORY)
    assert len(kept(office)) == 1


def test_a_panel_an_explanation_and_a_message_are_looks_at_a_history_too(office: Portal, see: Open) -> None:
    for path in ("/admin/client/details/?id=1", "/admin/sms/explain/?of=clients/Client:1"):
        looks._books.clear()
        with office.app.app_context(), office.fresh() as session, session.begin():
            session.execute(sa.delete(Access))
        see(path)
        assert [each[:4] for each in kept(office)] == [("Rita", "looked", "clients/Client", "1")], path


def test_lists_are_kept_for_whoever_sees_their_numbers_whole(office: Portal, see: Open, rights: set[str]) -> None:
    for path in LISTS:
        see(path)
    assert kept(office) == []
    rights.add("send")
    for path in LISTS:
        see(path)
    assert [(action, record) for _, action, _, record, _ in kept(office)] == [
        ("looked", "queue"),
        ("looked", "message"),
    ]


def test_whoever_may_only_read_sees_every_number_masked_and_finds_by_the_whole_one(
    office: Portal, see: Open, rights: set[str]
) -> None:
    pages = [*LISTS, HISTORY, "/admin/client/sms/?record=1", "/admin/client/sms/print/?record=1"]
    pages += ["/admin/sms/explain/?of=clients/Client:1", "/admin/sms/message/?client=clients/Client:1"]
    for path in pages:
        page = see(path)
        assert MASKED in page, path
        assert NUMBER not in page.replace(f'value="{NUMBER}"', "").replace(f">{NUMBER}</h1>", ""), path
    assert "Your router" in see("/admin/sms/message/?number=912+345+678")
    rights.add("send")
    for path in pages:
        assert NUMBER in see(path), path


def test_a_file_is_kept_each_time_with_what_it_was_narrowed_to(office: Portal, see: Open, rights: set[str]) -> None:
    rights.add("export")
    for _ in range(2):
        see("/admin/client/sms/export/?record=1&words=router+912+345+678&since=2026-01-01")
    see("/admin/sms/message/export/?number=912345678&state=queued")
    files = [each for each in kept(office) if each[1] == "exported"]
    assert [each[2:4] for each in files] == [("clients/Client", "1")] * 2 + [(None, "message")]
    assert files[0][4] == {"words": "router ***", "since": "2026-01-01"}
    assert files[2][4] == {"number": MASKED, "state": "queued"}


def test_a_file_that_may_not_be_taken_is_no_file_and_not_kept(office: Portal) -> None:
    client = office.app.test_client()
    for path in ("/admin/sms/message/export/?number=912345678", "/admin/client/sms/export/?record=1"):
        assert client.get(path, buffered=True).status_code == 403
    assert kept(office) == []


def test_paper_is_kept_and_says_what_it_holds(office: Portal, see: Open) -> None:
    """Q4"""
    page = see("/admin/client/sms/print/?record=1&since=2026-01-01")
    for words in ("Ana", "Your router", "from 2026-01-01 on", "1 message", "Rita", "numbers are masked"):
        assert words in page, words
    assert "sms.css" not in page
    see("/admin/sms/print/?number=912345678")
    assert [(action, record) for _, action, _, record, _ in kept(office)] == [("printed", "1"), ("printed", None)]


@pytest.mark.one_database("sqlite", "holds the file's lock")
def test_a_locked_database_costs_no_page_and_the_look_is_written_when_it_is_free(
    office: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office.app.app_context():
        engine = office.db.engine
    with closing(engine.raw_connection()) as holder:
        holder.cursor().execute("BEGIN IMMEDIATE")
        answer = office.app.test_client().get(HISTORY)
        assert "Your router" in answer.text
        assert kept(office) == []
        writing = Thread(target=answer.close)
        writing.start()
        writing.join(0.3)
        holder.rollback()
    writing.join()
    assert len(kept(office)) == 1


def test_a_look_that_the_database_does_not_take_is_written_with_the_next(
    office: Portal, see: Open, rights: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object, **_named: object) -> None:
        raise OperationalError("INSERT", None, Exception("full"))

    with monkeypatch.context() as patched:
        patched.setattr(transactions, "briefly", broken)
        assert "Your router" in see(HISTORY)
    assert kept(office) == []
    rights.add("send")
    see("/admin/sms/queue/")
    assert [each[3] for each in kept(office)] == ["1", "queue"]


def test_a_file_is_refused_where_it_cannot_be_kept_who_took_it(
    office: Portal, rights: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object, **_named: object) -> None:
        raise OperationalError("INSERT", None, Exception("full"))

    rights.add("export")
    monkeypatch.setattr(looks, "within", broken)
    answer = office.app.test_client().get("/admin/client/sms/export/?record=1", buffered=True)
    assert answer.status_code == 503
    assert "Your router" not in answer.text


def test_a_word_of_the_staff_about_a_number_is_a_change(office: Portal, rights: set[str]) -> None:
    """X12"""
    rights.add("send")
    client = office.app.test_client()
    path = "/admin/client/sms/consent/?record=1"
    fields = {"csrf_token": token(client.get(path).text), "number": NUMBER, "ask": "stop:"}
    client.post(path, data=fields)
    with office.app.app_context(), office.fresh() as session:
        (change,) = session.scalars(sa.select(Change)).all()
    assert (change.who, change.what, change.action) == ("Rita", f"consent {MASKED}", "stopped")
