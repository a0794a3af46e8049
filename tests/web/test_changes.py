"""The record of changes, and of looks, prints and files, as the pages show them (X12, X23)."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_admin import Admin
from flask_sqlalchemy import SQLAlchemy

from sms_plugin.host.identity import RecordRef
from sms_plugin.models import Change
from sms_plugin.models.changes import note_change
from sms_plugin.outbox import walking
from sms_plugin.outbox.accesses import Deed, Look, note_look
from sms_plugin.providers.active import add, change
from sms_plugin.providers.upkeep import Money, set_money, set_rate
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.triggers.switching import set_text, switch_on
from sms_plugin.web import changes
from tests.demo.visitor import Visitor
from tests.outbox.steps import now
from tests.portal import Client, Portal
from tests.web.conftest import Mounted
from tests.web.hosts import ClientAdmin, storage

RECORD = "/admin/sms/change/"
LOOKS = "/admin/sms/change/looks/"


@pytest.fixture
def rights() -> set[str]:
    return {"read", "configure"}


@pytest.fixture
def office(mounted: Mounted, rights: set[str]) -> Portal:
    def mount(app: Flask, db: SQLAlchemy) -> dict[str, Any]:
        admin = Admin(app)
        admin.add_view(ClientAdmin(Client, storage(db)))
        return {"admin": admin, "allow": lambda right: right in rights, "user": lambda: "Rita"}

    return mounted(mount=mount)


@pytest.fixture
def reader(office: Portal) -> Visitor:
    return Visitor(client=office.app.test_client())


def note(portal: Portal, what: str, action: str, *, who: str = "Rita", days_ago: int = 0, **detail: Any) -> None:
    with portal.app.app_context(), portal.fresh() as session, session.begin():
        at = now() - dt.timedelta(days=days_ago)
        note_change(session, what, action, who=who, now=at, detail=detail)


def look(portal: Portal, **given: Any) -> None:
    with portal.app.app_context(), portal.fresh() as session, session.begin():
        note_look(session, Look(**{"who": "Rita", "deed": Deed.LOOKED, **given}), now=now())


def rows(page: str) -> list[str]:
    """Each row of the table in plain words."""
    found = re.findall(r"<tr>(.*?)</tr>", page.partition("<tbody>")[2], re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in found]


def test_an_empty_record_says_what_will_stand_there(reader: Visitor) -> None:
    assert "Nothing was changed yet" in reader.read(RECORD)
    assert "Nobody has looked at anything yet" in reader.read(LOOKS)


def test_a_providers_change_tells_from_what_to_what_and_of_a_secret_that_it_changed(
    office: Portal, reader: Visitor, phone: PhoneServer
) -> None:
    with office.app.app_context(), office.fresh() as session, session.begin():
        state = office.state
        given = {"base_url": "http://127.0.0.1:1", "token": "old-secret"}
        made = add(session, state=state, name="main", kind="phone", given=given, who="Eva", now=now())
        wanted = {"base_url": phone.url, "token": "new-secret"}
        change(session, made, state=state, given=wanted, who="Rita", now=now())
        set_rate(session, made, count=5, seconds=1, who="Rita", now=now())
        set_money(session, made, Money(currency="EUR", prices={"": "0.05"}), who="Rita", now=now())
    page = reader.read(RECORD)
    money, rate, changed, added = rows(page)
    assert "Provider main added" in added
    assert "Eva" in added
    assert f"http://127.0.0.1:1 → {phone.url}" in changed
    assert changed.count("changed") == 2
    assert "nothing" not in rate
    assert "5 / 1 s" in rate
    assert "Currency : EUR" in money or "Currency: EUR" in money
    assert "secret" not in page.replace("Secret", "")


def test_whoever_may_only_read_sees_who_changed_a_provider_and_not_its_settings(
    office: Portal, reader: Visitor, rights: set[str]
) -> None:
    note(office, "provider main", "changed base_url", base_url=["http://a", "http://b"])
    assert "http://b" in reader.read(RECORD)
    rights.discard("configure")
    (row,) = rows(reader.read(RECORD))
    assert "Rita Provider main changed" in row
    assert "http://b" not in row
    assert reader.client.get(LOOKS).status_code == 403
    assert "looks/" not in reader.read(RECORD)


def test_a_trigger_is_called_by_its_name_and_its_texts_stand_by_language(office: Portal, reader: Visitor) -> None:
    with office.app.app_context(), office.fresh() as session, session.begin():
        registry = office.state.registry
        switch_on(session, "charge_created", registry=registry, who="Rita", now=now())
        set_text(session, "charge_created", "en", "Pay!", registry=registry, who="command line", now=now())
    changed, on = rows(reader.read(RECORD))
    assert "switched on" in on
    assert "charge_created" not in on
    assert "(en)" in changed
    assert "(en): Pay!" in changed
    assert "command line" in changed


def test_codes_become_words(office: Portal, reader: Visitor) -> None:
    note(
        office,
        "trigger charge_created",
        "changed",
        weekdays=[None, 31],
        quiet=["defer", "ignore"],
        holidays=[True, False],
    )
    note(office, "trigger charge_created", "run_approved", day="2026-11-20")
    note(office, "batch Spring", "confirmed", messages=1200, due_at=None)
    note(office, "group Elderly", "changed", name=["Old", "Elderly"])
    page = " ".join(rows(reader.read(RECORD)))
    for words in ("let a large run go", "go at once, at any hour", "yes → no", "Mon Tue Wed Thu Fri", "Messages: 1200"):
        assert words in page, words
    for code in ("run_approved", "weekdays", "due_at", "batch Spring"):
        assert code not in page


def test_the_record_is_found_by_who_what_and_day(office: Portal, reader: Visitor) -> None:
    note(office, "provider main", "activated", who="Eva", days_ago=3)
    note(office, "template Due", "created", who="Rita")
    assert len(rows(reader.read(RECORD))) == 2
    for query in ("who=eva", "kind=provider", "name=MAI", f"until={dt.date.today() - dt.timedelta(days=2)}"):
        (row,) = rows(reader.read(f"{RECORD}?{query}"))
        assert "main" in row, query
    (row,) = rows(reader.read(f"{RECORD}?since={dt.date.today() - dt.timedelta(days=1)}"))
    assert "Due" in row
    assert "No change fits" in reader.read(f"{RECORD}?who=nobody")
    assert "is no day" in reader.read(f"{RECORD}?since=never")


def test_the_record_goes_on_by_key_and_a_rare_name_is_looked_for_in_bounds(
    office: Portal, reader: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "SIZE", 2)
    for number in range(5):
        note(office, f"template T{number}.", "created")
    seen, path = [], RECORD
    while path:
        page = reader.read(path)
        seen += re.findall(r"T\d\.", " ".join(rows(page)))
        found = re.search(r'rel="next" href="([^"]+)"', page)
        path = found[1].replace("&amp;", "&") if found else ""
    assert seen == [f"T{number}." for number in (4, 3, 2, 1, 0)]
    monkeypatch.setattr(walking, "LOOK_AT", 3)
    page = reader.read(f"{RECORD}?name=T0")
    assert "Look further" in page
    assert "no longer holds" in reader.read(f"{RECORD}?at=x")


def test_looks_prints_and_files_stand_with_whose_messages_they_were(office: Portal, reader: Visitor) -> None:
    with office.app.app_context():
        office.db.session.add_all([Client(name="Ana", phone="912345678"), Client(name="Bea", phone="912345679")])
        office.db.session.commit()
    ana, bea = (RecordRef(entity="clients/Client", key=key) for key in ("1", "2"))
    look(office, about=ana)
    look(office, about=bea, who="Eva")
    look(office, deed=Deed.EXPORTED, place="message", detail={"state": "failed", "number": "+351******678"})
    exported, of_bea, of_ana = rows(reader.read(LOOKS))
    assert "took it out as a file" in exported
    assert "Failed, +351******678" in exported
    assert "Eva looked at it Bea" in of_bea
    assert "Ana" in of_ana
    assert len(rows(reader.read(f"{LOOKS}?of=clients/Client:1"))) == 1
    assert len(rows(reader.read(f"{LOOKS}?deed=exported"))) == 1
    assert len(rows(reader.read(f"{LOOKS}?who=eva"))) == 1


def test_every_change_through_the_record_has_who_and_what(office: Portal) -> None:
    note(office, "x" * 300, "y" * 100, who="z" * 300)
    with office.app.app_context(), office.fresh() as session:
        (kept,) = session.scalars(sa.select(Change)).all()
    assert (len(kept.what), len(kept.action), len(kept.who)) == (120, 40, 120)
