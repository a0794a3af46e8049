"""What a send to many has in store for somebody stands on their history and is explained, before its turn (X20, Q4)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import pytest

from sms_plugin.models import BatchRecipient
from sms_plugin.states import MessageState
from tests.demo.visitor import Visitor
from tests.portal import Client, Contact, Portal
from tests.web.conftest import Mounted
from tests.web.hosts import a_batch, host, shows

NUMBER, MASKED = "+351912345678", "+351******678"
EXPLAIN, HISTORY = "/admin/sms/explain/?of=clients/Client:1", "/admin/client/sms/?record=1"
BY_NUMBER = "/admin/sms/history/?number=912345678"
AT = dt.datetime(2026, 5, 1, 9, tzinfo=dt.UTC)


@pytest.fixture
def rights() -> set[str]:
    return {"read"}


@pytest.fixture
def portal(mounted: Mounted, rights: set[str]) -> Portal:
    made = mounted(mount=host(rights=rights))
    with made.app.app_context():
        made.session.add(Client(id=1, name="Ana", phone=NUMBER))
        made.session.flush()
        made.session.add(Contact(id=1, name="Eva", client_id=1))
        made.session.commit()
    return made


@pytest.fixture
def visitor(portal: Portal) -> Visitor:
    return Visitor(client=portal.app.test_client())


def _built(portal: Portal, name: str, state: str, *, recipient: dict[str, Any] | None = None, **batch: Any) -> UUID:
    """A send with Ana among its recipients."""
    id = a_batch(portal, name, state=state, built_at=AT, operator="Rita", **batch)
    ana = {"client_entity": "clients/Client", "client": "1", "person_entity": "clients/Client", "person": "1"}
    given = {"number": NUMBER, "text": "Our offer", "name": "Ana", "entity": "clients/Client", "record": "1", **ana}
    with portal.app.app_context(), portal.fresh() as session, session.begin():
        session.add(BatchRecipient(batch_id=id, occurrence=id.bytes, **{**given, **(recipient or {})}))
    return id


@pytest.mark.parametrize(
    ("state", "batch", "words"),
    [
        ("ready", {}, ["Found by the send to many", "nobody has confirmed it yet"]),
        (
            "waiting",
            {"confirmed_at": AT, "confirmed_by": "Rui"},
            ["The send to many was confirmed", "Rui", "It waits for a second person, who has to approve it."],
        ),
        (
            "running",
            {"confirmed_at": AT, "confirmed_by": "Rui", "approved_at": AT, "approved_by": "Eva"},
            ["The send to many was approved", "The turn of this recipient has not come yet."],
        ),
        ("paused", {"reason": "by_hand"}, ["Nothing of it leaves until somebody resumes it."]),
        ("cancelled", {"confirmed_at": AT}, ["It was cancelled before the turn of this recipient came"]),
    ],
)
def test_the_line_of_decisions_says_how_far_the_send_is(
    portal: Portal, visitor: Visitor, state: str, batch: dict[str, Any], words: list[str]
) -> None:
    _built(portal, "Spring offer", state, **batch)
    page = visitor.read(EXPLAIN)
    assert shows(page, "Send to many: Spring offer")
    for each in words:
        assert shows(page, each), each
    for path in (HISTORY, BY_NUMBER):
        told = visitor.read(path)
        assert shows(told, "Spring offer")
        assert shows(told, words[-1]), path
        assert shows(told, "Our offer")


def test_whoever_is_left_out_reads_why_and_no_text(portal: Portal, visitor: Visitor) -> None:
    out = {"left_out": True, "reason": "no_consent", "text": None, "detail": "912 345 678"}
    _built(portal, "Spring offer", "ready", recipient=out)
    for path in (EXPLAIN, HISTORY, BY_NUMBER):
        page = visitor.read(path)
        assert shows(page, "Left out")
        assert "912 345 678" not in page.replace('value="912 345 678"', "")
    assert shows(visitor.read(EXPLAIN), "The person does not agree to texts of this kind.")


def test_readers_see_the_number_masked_and_sensitive_values_are_not_shown(
    portal: Portal, visitor: Visitor, rights: set[str]
) -> None:
    """X23, M10"""
    _built(portal, "Spring offer", "running", recipient={"text": "PIN 1234", "redacted": "PIN ****"})
    for path in (EXPLAIN, HISTORY):
        page = visitor.read(path)
        assert MASKED in page, path
        assert NUMBER not in page, path
        assert "1234" not in page, path
    assert shows(visitor.read(HISTORY), "PIN ****")
    rights.add("send")
    assert NUMBER in visitor.read(EXPLAIN)


def test_what_has_gone_and_what_is_a_draft_is_not_to_come(portal: Portal, visitor: Visitor) -> None:
    _built(portal, "Over", "done")
    _built(portal, "Fed", "running", fed=2**40)
    _built(portal, "Taken back", "draft")
    for path in (EXPLAIN, HISTORY, BY_NUMBER):
        assert not shows(visitor.read(path), "Sends to many whose turn has not come"), path


def test_a_further_page_and_a_search_show_what_was_said_alone(portal: Portal, visitor: Visitor) -> None:
    _built(portal, "Spring offer", "running")
    with portal.app.app_context():
        client = {"client_entity": "clients/Client", "client": "1"}
        portal.queue(text="Your router", number=NUMBER, state=MessageState.SENT, **client)
    assert shows(visitor.read(HISTORY), "Spring offer")
    assert not shows(visitor.read(f"{HISTORY}&words=router"), "Spring offer")


def test_somebody_else_reads_nothing_of_it(portal: Portal, visitor: Visitor) -> None:
    _built(portal, "Spring offer", "running", recipient={"person_entity": "clients/Contact", "person": "1"})
    assert shows(visitor.read(EXPLAIN), "Spring offer")
    assert shows(visitor.read("/admin/sms/explain/?of=clients/Contact:1"), "Spring offer")
    with portal.app.app_context():
        portal.session.add(Client(id=2, name="Rui", phone="913 333 333"))
        portal.session.commit()
    assert not shows(visitor.read("/admin/sms/explain/?of=clients/Client:2"), "Spring offer")
    assert not shows(visitor.read("/admin/client/sms/?record=2"), "Spring offer")
