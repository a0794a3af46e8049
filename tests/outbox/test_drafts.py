"""Drafts and keys that are made in less than their class's own way are what that way makes."""

from __future__ import annotations

import datetime as dt
import json
from hashlib import blake2b
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from sms_plugin.outbox.enqueue import Draft, as_json, occurrence
from sms_plugin.states import MessageState


@given(st.lists(st.text() | st.text("abc:/ +09-", max_size=12)))
@example([])
@example([""])
@example(['"', "\\"])
@example(["\x7f", "\n", "é", "\u2028"])
def test_a_key_is_of_the_json_that_the_library_writes(parts: list[str]) -> None:
    """Promise 2: keys that stand in databases already must not change."""
    assert as_json(parts) == json.dumps(parts, ensure_ascii=False)


def test_an_occurrence_keeps_its_key() -> None:
    parts = ("charge_due_soon", "before:3d", "invoice/Invoice", "12", "2027-03-02", "+351912345678")
    written = json.dumps(parts, ensure_ascii=False).encode()
    assert occurrence(*parts) == blake2b(written, digest_size=16).digest()


def test_a_draft_of_values_is_the_draft_of_its_class() -> None:
    values: dict[str, Any] = {
        "occurrence": b"x",
        "state": MessageState.QUEUED,
        "purpose": "service",
        "priority": 1,
        "number": "+351912345678",
        "due_at": dt.datetime(2027, 1, 1, tzinfo=dt.UTC),
        "expires_at": None,
        "text": "Hello",
    }
    made = Draft.of(values)
    assert made == Draft(**values)
    assert list(vars(made)) == list(vars(Draft(**values)))
