"""Finding messages (Q3)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from sms_plugin.errors import SmsError
from sms_plugin.models import Message, first_id, new_id
from sms_plugin.outbox import search as searching
from sms_plugin.outbox.history import read
from sms_plugin.outbox.search import Found, Wanted, search, selection
from sms_plugin.states import MessageState
from tests.outbox.steps import now, provider, send_off
from tests.portal import Portal

NUMBER, OTHER = "+351912345678", "+351912345679"
CLIENT = {"client_entity": "clients/Client", "client": "1"}


def _found(portal: Portal, *, most: int = 50, after: UUID | None = None, **wanted: Any) -> Found:
    with portal.fresh() as session:
        found = search(session, Wanted(**wanted), most=most, after=after)
        session.expunge_all()
        return found


def _ids(portal: Portal, **wanted: Any) -> list[UUID]:
    """What the list finds; a file of the same holds the same (Q4)."""
    found = [message.id for message in _found(portal, **wanted).messages]
    with portal.fresh() as session:
        rows = read(session, of=selection(Wanted(**wanted)), most=50, newest_first=True)
        assert [row.id for row in rows] == found
    return found


def _decided_at(portal: Portal, at: dt.datetime, **fields: Any) -> UUID:
    """A message that was decided at a moment of the past."""
    message, known = portal.queue(**fields), new_id(at)
    with portal.fresh() as session, session.begin():
        session.execute(sa.update(Message).where(Message.id == message).values(id=known, created_at=at))
    return known


def test_all_messages_come_the_newest_first_page_by_page(portal: Portal) -> None:
    every = sorted((portal.queue() for _ in range(5)), reverse=True)
    first = _found(portal, most=2)
    second = _found(portal, most=2, after=first.next)
    third = _found(portal, most=2, after=second.next)
    assert [message.id for page in (first, second, third) for message in page.messages] == every
    assert third.next is None


def test_each_filter_leaves_out_the_others(sending: Portal) -> None:
    by_state = sending.queue(state=MessageState.SUPPRESSED, reason="no_number")
    by_trigger = sending.queue(trigger="charge_created")
    by_client = sending.queue(**CLIENT)
    by_number = sending.queue(number=OTHER)
    assert _ids(sending, state=MessageState.SUPPRESSED) == [by_state]
    assert _ids(sending, trigger="charge_created") == [by_trigger]
    assert _ids(sending, client=("clients/Client", "1")) == [by_client]
    assert _ids(sending, number=OTHER) == [by_number]


def test_a_provider_is_asked_for(sending: Portal) -> None:
    went = sending.queue()
    send_off(sending, went)
    sending.queue()
    assert _ids(sending, provider_id=provider(sending)) == [went]
    assert _ids(sending, provider_id=provider(sending) + 1) == []


def test_filters_hold_together(portal: Portal) -> None:
    wanted = portal.queue(trigger="charge_created", number=OTHER, **CLIENT)
    portal.queue(trigger="charge_created", number=OTHER)
    portal.queue(trigger="charge_due_soon", number=OTHER, **CLIENT)
    portal.queue(trigger="charge_created", **CLIENT)
    asked: dict[str, Any] = {"trigger": "charge_created", "number": OTHER, "client": ("clients/Client", "1")}
    assert _ids(portal, **asked) == [wanted]
    assert _ids(portal, **asked, state=MessageState.FAILED) == []


def test_dates_are_bounds_of_ids(portal: Portal) -> None:
    noon = now().replace(microsecond=0) - dt.timedelta(days=10)
    early, at, late = (_decided_at(portal, noon + dt.timedelta(hours=hours)) for hours in (-1, 0, 1))
    assert _ids(portal, since=noon) == [late, at]
    assert _ids(portal, before=noon) == [early]
    assert _ids(portal, since=noon, before=noon + dt.timedelta(hours=1)) == [at]
    assert first_id(noon) <= at


def test_words_are_found_in_any_case_in_the_text(portal: Portal) -> None:
    """SQLite's own comparison folds the letters of English only."""
    wanted = portal.queue(text="Ваш РАХУНОК 17 сплачено", number=OTHER)
    portal.queue(text="Something else", number=OTHER)
    assert _ids(portal, words="рахунок", number=OTHER) == [wanted]


def test_signs_that_a_database_reads_as_any_are_signs(portal: Portal) -> None:
    portal.queue(text="100 percent", number=OTHER)
    wanted = portal.queue(text="100 %", number=OTHER)
    assert _ids(portal, words="%", number=OTHER) == [wanted]


def test_words_are_not_looked_for_in_everything(portal: Portal) -> None:
    with pytest.raises(SmsError) as caught:
        _found(portal, words="invoice", state=MessageState.SENT)
    assert caught.value.code == "too_wide"
    with pytest.raises(SmsError):
        _found(portal, words="invoice", since=now() - dt.timedelta(days=400), before=now())


def test_words_are_looked_for_in_a_short_time(portal: Portal) -> None:
    wanted = portal.queue(text="Invoice 17")
    moment = now()
    day = dt.timedelta(days=1)
    assert _ids(portal, words="invoice", since=moment - day, before=moment + day) == [wanted]


def test_what_is_rare_is_looked_for_among_so_many_at_a_time(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    rare = portal.queue(text="Needle", number=OTHER)
    for _ in range(5):
        portal.queue(text="Hay", number=OTHER)
    monkeypatch.setattr(searching, "LOOK_AT", 4)
    page = _found(portal, words="needle", number=OTHER)
    assert (page.messages, page.cut) == ((), True)
    again = _found(portal, words="needle", number=OTHER, after=page.next)
    assert ([message.id for message in again.messages], again.cut) == ([rare], False)
