"""Lists of sends and of their recipients: by key, and looked through in pieces (promise 10)."""

from __future__ import annotations

import pytest

from sms_plugin.batches import listing
from sms_plugin.batches.listing import batches, recipients
from sms_plugin.states import BatchState
from tests.batches.desk import Desk, clients, numbers


def test_sends_are_listed_from_the_newest_in_pages(desk: Desk) -> None:
    made = [desk.draft(clients(), name=str(n)) for n in range(3)]
    with desk.portal.fresh() as session:
        first = batches(session, most=2)
        assert [each.name for each in first] == ["2", "1"]
        assert [each.id for each in batches(session, before=first[-1].id, most=2)] == [made[0]]
        assert batches(session, states=[BatchState.RUNNING]) == []


def test_recipients_are_listed_in_pages_apart_from_those_left_out(desk: Desk) -> None:
    desk.clients(3)
    batch = desk.built(clients(), numbers("914444444"))
    with desk.portal.fresh() as session:
        page = recipients(session, batch, most=2)
        assert [each.name for each in page.rows] == ["Ana 0", "Ana 1"]
        assert page.after is not None
        last = recipients(session, batch, after=page.after, most=2)
        assert ([each.name for each in last.rows], last.after) == (["Ana 2"], None)
        assert [each.reason for each in recipients(session, batch, left_out=True).rows] == ["unknown_shortcode"]


@pytest.mark.parametrize("words", ["ana 2", "912000002", "Hi Ana 2", " 000 002 "])
def test_words_are_looked_for_in_names_numbers_and_texts(desk: Desk, words: str) -> None:
    desk.clients(4)
    batch = desk.built(clients())
    with desk.portal.fresh() as session:
        page = recipients(session, batch, words=words)
        assert ([each.name for each in page.rows], page.after) == (["Ana 2"], None)


def test_no_page_looks_through_more_than_its_share(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LOOKED_THROUGH", 3)
    desk.clients(5)
    batch = desk.built(clients())
    with desk.portal.fresh() as session:
        page = recipients(session, batch, words="Ana 4")
        assert page.rows == []
        assert page.after is not None
        assert [each.name for each in recipients(session, batch, words="Ana 4", after=page.after).rows] == ["Ana 4"]


def test_what_stands_for_anything_in_a_pattern_is_looked_for_as_it_is(desk: Desk) -> None:
    desk.clients(2)
    batch = desk.built(clients())
    with desk.portal.fresh() as session:
        assert recipients(session, batch, words="A%").rows == []
