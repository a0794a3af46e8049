"""``flask sms batch``: what a person can see and decide without a page (S7)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from click.testing import Result

from sms_plugin.states import BatchState
from tests.batches.desk import Desk, clients, desk_for


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """An operator at a portal that has a provider."""
    made = desk_for(database_url)
    with made.portal.app.app_context():
        made.portal.use_kind("console", {}, name="console")
        yield made
        made.portal.db.session.remove()
        made.portal.db.engine.dispose()


def _run(desk: Desk, *words: str) -> Result:
    return desk.portal.app.test_cli_runner().invoke(args=["sms", "batch", *words])


def _told(desk: Desk, *words: str) -> Any:
    return json.loads(_run(desk, *words, "--json").output)


def test_without_any_it_says_so(desk: Desk) -> None:
    assert "There is no send to many." in _run(desk, "list").output


def test_sends_are_listed_and_shown_with_what_was_built(desk: Desk) -> None:
    desk.clients(3)
    batch = desk.built(clients(), name="June")
    (row,) = _told(desk, "list")
    assert (row["id"], row["name"], row["state"], row["going"]) == (str(batch), "June", "ready", 3)
    assert _told(desk, "list", "--state", "running") == []
    whole = _told(desk, "show", str(batch))
    assert (whole["spread"], whole["lengths"]["most"], whole["waiting"]) == ({"1": 3}, 1, 3)
    assert "June" in _run(desk, "list").output
    assert "going: 3" in _run(desk, "show", str(batch)).output


def test_a_running_one_is_paused_resumed_and_cancelled(desk: Desk) -> None:
    desk.clients(3)
    batch = desk.built(clients(), name="June")
    desk.confirm(batch)
    for word, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        assert _run(desk, word, str(batch)).output == f"'June' is {state}.\n"
        assert desk.batch(batch).state == state


def test_one_that_waits_is_approved(desk: Desk) -> None:
    desk.clients(3)
    batch = desk.built(clients())
    desk.confirm(batch, ceiling=1)
    assert _run(desk, "approve", str(batch)).exit_code == 0
    assert desk.batch(batch).state == BatchState.RUNNING


def test_what_cannot_be_done_is_refused_with_a_sentence(desk: Desk) -> None:
    batch = desk.draft(clients(), name="June")
    refused = _run(desk, "pause", str(batch))
    assert refused.exit_code == 1
    assert "'June' is draft: that cannot be done now." in refused.output
    assert "There is no send" in _run(desk, "cancel", str(UUID(int=3))).output
