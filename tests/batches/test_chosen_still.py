"""What waited between its turn and its claim is asked again: who is not among the chosen any more gets nothing
(promise 4).
"""

from __future__ import annotations

import datetime as dt

import pytest

from sms_plugin import Filter
from sms_plugin.outbox.batched import FRESH
from sms_plugin.states import MessageState
from tests.batches.desk import Desk, clients, desk_for, invoices, now, numbers, states
from tests.outbox.steps import claim_some
from tests.portal import Client, Invoice

QUEUED, HELD, SUPPRESSED = MessageState.QUEUED, MessageState.HELD, MessageState.SUPPRESSED
PT = clients({"filter": "language", "op": "is", "value": "pt"})
OPEN = invoices({"filter": "status", "op": "is", "value": "open"})
LATER = dt.timedelta(hours=12)


def test_who_changed_while_the_message_waited_for_its_provider_gets_nothing(desk: Desk) -> None:
    desk.clients(3, language="pt")
    batch = desk.built(PT)
    desk.confirm(batch)
    desk.follow()
    desk.portal.session.get_one(Client, 2).language = "en"
    desk.portal.session.delete(desk.portal.session.get_one(Client, 3))
    desk.portal.session.commit()
    claimed = claim_some(desk.portal, at=now() + LATER)
    assert [each.text for each in claimed.messages] == ["Hi Ana 0"]
    gone = (SUPPRESSED, "no_longer_true")
    assert states(desk.messages(batch)) == [(QUEUED, ""), gone, gone]


def test_a_text_of_several_charges_does_not_go_once_one_was_paid_overnight(desk: Desk) -> None:
    ana, rui = desk.clients(2)
    desk.add(*(Invoice(client=each, due_on=dt.date(2026, 4, 1)) for each in (ana, rui) for _ in range(3)))
    batch = desk.built(OPEN, text="{debt_count}")
    desk.confirm(batch)
    desk.follow()
    desk.portal.session.get_one(Invoice, 2).status = "paid"
    desk.portal.session.commit()
    assert len(claim_some(desk.portal, at=now() + LATER).messages) == 1
    assert states(desk.messages(batch)) == [(SUPPRESSED, "no_longer_true"), (QUEUED, "")]


def test_numbers_that_were_typed_in_and_the_staffs_own_texts_are_nobodys_to_ask(desk: Desk) -> None:
    batch = desk.built(numbers("912 000 001"), text="Hi")
    desk.confirm(batch)
    desk.follow()
    desk.portal.queue(text="Not of a send to many")
    assert sorted(each.text for each in claim_some(desk.portal, at=now() + LATER).messages) == [
        "Hi",
        "Not of a send to many",
    ]


def test_what_was_asked_a_moment_ago_is_not_asked_again(desk: Desk) -> None:
    """A send of a million is not asked for twice: its turn came within the two minutes before."""
    desk.clients(1, language="pt")
    batch = desk.built(PT)
    desk.confirm(batch)
    desk.follow()
    desk.portal.session.get_one(Client, 1).language = "en"
    desk.portal.session.commit()
    assert len(claim_some(desk.portal, at=now() + FRESH / 2).messages) == 1


@pytest.mark.parametrize("typed", [False, True], ids=["chosen by the filter", "beside it"])
def test_a_filter_that_the_host_removed_holds_its_own_messages_only(database_url: str, typed: bool) -> None:
    before = desk_for(database_url, Filter("phone", Client.phone))
    with before.portal.app.app_context():
        before.portal.use_kind("console", {}, name="console")
        before.clients(1)
        by_filter = before.built(clients({"filter": "phone", "op": "is", "value": "91 200 0000"}))
        beside = before.built(numbers("912 000 001"), text="Hi")
        for batch in (by_filter, beside):
            before.confirm(batch)
        before.follow()
    after = desk_for(database_url)
    with after.portal.app.app_context():
        claimed = claim_some(after.portal, at=now() + LATER)
        assert [each.text for each in claimed.messages] == ["Hi"]
        assert states(after.messages(beside if typed else by_filter)) == (
            [(QUEUED, "")] if typed else [(HELD, "truth_failed")]
        )
