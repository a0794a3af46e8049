"""The page of held runs, the banner above the queue, and ``flask sms surge`` (X5)."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask_admin import Admin
from flask_sqlalchemy import SQLAlchemy

from sms_plugin.models import Surge
from sms_plugin.outbox.tallies import tally
from sms_plugin.states import MessageState
from sms_plugin.triggers import groups
from sms_plugin.triggers.muting import MUTED
from sms_plugin.web import surges
from tests.demo.visitor import Visitor
from tests.outbox.steps import now
from tests.portal import Portal
from tests.web.conftest import Mounted

PAGE, QUEUE = "/admin/sms/surge/", "/admin/sms/queue/"
KEY = "charge_created"


def _run(portal: Portal, messages: int, *, usual: int | None = None) -> UUID:
    """A run that waits, with so many messages."""
    id, at = uuid4(), now()
    with portal.app.app_context():
        with portal.fresh() as session, session.begin():
            session.add(Surge(id=id, trigger=KEY, day=at.date(), began_at=at, ceiling=3, usual=usual))
        for number in range(messages):
            held = {"state": MessageState.HELD, "reason": "surge", "detail": str(id)}
            portal.queue(trigger=KEY, text=f"Text {number}", expires_at=at + dt.timedelta(hours=9), **held)
    return id


def _post(visitor: Visitor, id: object, choice: str, **fields: str) -> str:
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', visitor.read(PAGE))
    form = {"id": str(id), "choice": choice, "csrf_token": token[1] if token else "", "confirmed": "1", **fields}
    answer = visitor.client.post(f"{PAGE}decide/", data=form, follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


def _states(portal: Portal) -> list[tuple[str, str]]:
    with portal.app.app_context():
        return sorted({(each.state, each.reason) for each in portal.messages()})


def test_nothing_held_says_so(pages: Portal, visitor: Visitor) -> None:
    assert "No run waits for you" in visitor.read(PAGE)
    assert "waits for you" not in visitor.read(QUEUE)


def test_the_queue_and_the_page_tell_of_a_run_and_lead_to_its_messages(pages: Portal, visitor: Visitor) -> None:
    id = _run(pages, 3, usual=1200)
    for page in (visitor.read(QUEUE), visitor.read(PAGE)):
        assert "A run of 3 messages of" in page
        assert "Usual is 1,200." in page
        assert "&lt;time" not in page
        assert f"{PAGE}look/?id={id}" in page
    look = visitor.read(f"{PAGE}look/?id={id}")
    assert all(f"Text {number}" in look for number in range(3))
    assert "These are the first" not in look


def test_a_run_over_a_set_ceiling_says_which(pages: Portal, visitor: Visitor) -> None:
    _run(pages, 1)
    page = visitor.read(PAGE)
    assert "A message of" in page
    assert "The most that was set is 3 a day." in page


def test_a_long_run_shows_its_first_messages_and_more_than_counted(
    pages: Portal, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surges, "SHOWN", 2)
    for module in (groups, surges):
        monkeypatch.setattr(module, "COUNTED", 3)
    look = visitor.read(f"{PAGE}look/?id={_run(pages, 5)}")
    assert "3+ messages" in look.replace("A run of ", "")
    assert look.count("sms-excerpt") == 2
    assert "These are the first" in look


def test_let_go_it_goes_whole(pages: Portal, visitor: Visitor) -> None:
    page = _post(visitor, _run(pages, 3), "approve")
    assert "3 messages go" in page
    assert "Let go" in page
    assert _states(pages) == [("queued", "surge_approved")]


def test_dropped_none_of_it_goes(pages: Portal, visitor: Visitor) -> None:
    page = _post(visitor, _run(pages, 3), "drop")
    assert "3 messages are dropped" in page
    assert _states(pages) == [("cancelled", "surge_dropped")]


def test_what_is_too_much_for_one_answer_is_left_to_the_job(
    pages: Portal, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surges, "_ROUNDS", 1)
    monkeypatch.setattr(groups.carry_out, "__kwdefaults__", {"most": 2})
    assert "The rest follows" in _post(visitor, _run(pages, 5), "approve")
    assert "3 still to be moved" in visitor.read(PAGE)
    with pages.app.app_context():
        from sms_plugin.jobs.due import run_job

        assert run_job(pages.state, "surges", now=True) == 3
    assert _states(pages) == [("queued", "surge_approved")]


def test_the_second_admin_is_told_what_the_first_decided(pages: Portal, visitor: Visitor) -> None:
    id = _run(pages, 2)
    _run(pages, 0)  # the page has a form yet
    _post(visitor, id, "approve")
    assert "This run was approved" in _post(visitor, id, "drop")
    assert _states(pages) == [("queued", "surge_approved")]


def test_without_a_script_it_is_asked_first(pages: Portal, visitor: Visitor) -> None:
    id = _run(pages, 1)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', visitor.read(PAGE))
    assert token
    form = {"id": str(id), "choice": "drop", "csrf_token": token[1]}
    assert "Drop the whole run?" in visitor.client.post(f"{PAGE}decide/", data=form).text
    assert _states(pages) == [("held", "surge")]


@pytest.mark.parametrize("bad", ["", "abc", str(UUID(int=3))])
def test_a_run_that_is_none_is_told_of(pages: Portal, visitor: Visitor, bad: str) -> None:
    _run(pages, 1)
    assert "There is no held run" in _post(visitor, bad, "approve")
    assert "There is no such run" in visitor.client.get(f"{PAGE}look/?id={bad}", follow_redirects=True).text


def test_a_choice_that_is_none_changes_nothing(pages: Portal, visitor: Visitor) -> None:
    assert "Choose whether" in _post(visitor, _run(pages, 1), "perhaps")
    assert _states(pages) == [("held", "surge")]


def test_whoever_may_only_read_looks_and_does_not_decide(mounted: Mounted) -> None:
    """X12; X23: numbers are masked for them."""

    def mount(app: Flask, db: SQLAlchemy) -> Mapping[str, Any]:
        return {"admin": Admin(app), "allow": lambda right: right == "read"}

    portal = mounted(mount=mount)
    visitor = Visitor(client=portal.app.test_client())
    id = _run(portal, 1)
    for page in (visitor.read(PAGE), visitor.read(f"{PAGE}look/?id={id}"), visitor.read(QUEUE)):
        assert "Let it go" not in page
        assert "912345678" not in page
    assert visitor.client.post(f"{PAGE}decide/", data={"id": str(id), "choice": "drop"}).status_code == 403


def test_what_imports_muted_is_told(pages: Portal, visitor: Visitor) -> None:
    with pages.app.app_context(), pages.fresh() as session, session.begin():
        tally(session, {MUTED: 7})
    assert "7 occasions to text were passed over in silence" in visitor.read(PAGE)


Run = Callable[..., Any]


@pytest.fixture
def run(pages: Portal) -> Run:
    return lambda *words: pages.app.test_cli_runner().invoke(args=["sms", "surge", *words])


def test_the_command_line_lists_and_decides(pages: Portal, run: Run) -> None:
    assert run("list").output == "No run waits.\n"
    first, second = _run(pages, 2, usual=50), _run(pages, 1)
    told = run("list").output
    assert f"{KEY}  2 messages, usual is 50" in told
    assert "1 messages, the most is 3" in told
    assert {row["id"] for row in json.loads(run("list", "--json").output)} == {str(first), str(second)}
    assert run("approve", str(first)).output == "2 messages go, those that are still valid.\n"
    assert run("drop", str(second)).output == "1 messages are dropped.\n"
    assert _states(pages) == [("cancelled", "surge_dropped"), ("queued", "surge_approved")]


@pytest.mark.parametrize(("given", "status"), [("0190aaaa-bbbb-7ccc-8ddd-eeeeffff0000", 1), ("abc", 2)])
def test_the_command_line_refuses_what_is_no_run(run: Run, given: str, status: int) -> None:
    refused = run("approve", given)
    assert refused.exit_code == status
    assert "Traceback" not in refused.output


def test_the_command_line_says_who_was_first(pages: Portal, run: Run) -> None:
    id = str(_run(pages, 1))
    run("approve", id)
    again = run("drop", id)
    assert again.exit_code == 1
    assert "approved by" in again.output
