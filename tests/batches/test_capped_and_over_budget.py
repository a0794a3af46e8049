"""Sends to many under the cap per number and day and under the budget: what is over waits, and is lost by none, sent
twice to none, and told of as it stands (X22, X10).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from sms_plugin.batches import feeding, following
from sms_plugin.batches.deciding import cancel, pause, resume
from sms_plugin.batches.progress import Standing, standing
from sms_plugin.gateways.contract import Outcome, Verdict
from sms_plugin.models import Message, Provider
from sms_plugin.outbox.charges import let_go
from sms_plugin.states import BatchState, MessageState
from sms_plugin.transactions import within
from tests.batches.desk import Desk, clients, desk_for, now, states
from tests.outbox.steps import claim_some, depart_with, settle_with
from tests.portal import Client

ACCEPTED = Verdict(outcome=Outcome.ACCEPTED, reference="R")
DAY = dt.timedelta(days=1)
HELD, QUEUED, SENT = MessageState.HELD, MessageState.QUEUED, MessageState.SENT


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run of the job counts."""
    monkeypatch.setattr(following, "COUNT_EVERY", 0.0)
    monkeypatch.setattr(following, "COUNT_SHARE", 0)
    following._again.clear()


@pytest.fixture
def capped(database_url: str) -> Iterator[Desk]:
    """A desk at a portal that texts a number once a day at most."""
    made = desk_for(database_url, SMS_DAILY_CAP=1)
    with made.portal.app.app_context():
        made.portal.use_kind("console", {}, name="console")
        yield made
        made.portal.db.session.remove()
        made.portal.db.engine.dispose()


def _confirmed(desk: Desk) -> UUID:
    """A send to all clients, fed."""
    batch = desk.built(clients())
    desk.confirm(batch)
    desk.follow()
    return batch


def _sent(desk: Desk, at: dt.datetime | None = None) -> list[str]:
    """The numbers of what a claim lets go, which is sent."""
    portal = desk.portal
    claimed = claim_some(portal, at=at).messages
    for each in depart_with(portal, claimed, at=at):
        settle_with(portal, each, ACCEPTED, at=at)
    return sorted(portal.message(each.id).number or "" for each in claimed)


def _stands(desk: Desk, batch: UUID) -> Standing:
    """How far the send is, counted now."""
    following._again.clear()
    desk.follow()
    return standing(desk.batch(batch))


def _once(desk: Desk, batch: UUID) -> set[int]:
    return set(Counter(each.number for each in desk.messages(batch)).values())


def test_what_is_over_the_cap_waits_for_the_next_day_and_goes_then_once(capped: Desk) -> None:
    capped.clients(3)
    first = _confirmed(capped)
    assert len(_sent(capped)) == 3
    second = _confirmed(capped)
    assert _sent(capped) == []
    told = _stands(capped, second)
    assert states(capped.messages(second)) == [(QUEUED, "capped")] * 3
    assert (told.sent, told.waiting, told.dropped) == (0, 3, 0)
    assert capped.batch(second).state == BatchState.RUNNING
    assert (_stands(capped, first).sent, capped.batch(first).state) == (3, BatchState.DONE)
    assert len(_sent(capped, now() + 2 * DAY)) == 3
    told = _stands(capped, second)
    assert (told.sent, told.waiting, told.dropped) == (3, 0, 0)
    assert capped.batch(second).state == BatchState.DONE
    assert _once(capped, second) == {1}


def test_numbers_that_are_over_the_cap_keep_nobody_else_from_their_turn(
    capped: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Little is queued ahead: what waits for tomorrow takes no room there."""
    for name in ("AHEAD", "PAGE", "PAGE_ON_SQLITE"):
        monkeypatch.setattr(feeding, name, 2)
    capped.clients(2)
    _confirmed(capped)
    assert len(_sent(capped)) == 2
    capped.add(*(Client(name="Rui", phone=f"91 300 000{number}", language="en") for number in range(3)))
    batch = _confirmed(capped)
    gone: list[str] = []
    for _ in range(6):
        gone += _sent(capped)
        capped.follow()
    assert gone == ["+351913000000", "+351913000001", "+351913000002"]
    assert _stands(capped, batch).waiting == 2


def test_what_is_worth_nothing_on_the_next_day_is_dropped_and_told_so(capped: Desk) -> None:
    capped.clients(2)
    _confirmed(capped)
    _sent(capped)
    batch = _confirmed(capped)
    _set(capped, batch, expires_at=now() + dt.timedelta(minutes=5))
    assert _sent(capped) == []
    told = _stands(capped, batch)
    assert states(capped.messages(batch)) == [(MessageState.SUPPRESSED, "capped")] * 2
    assert (told.sent, told.waiting, told.dropped) == (0, 0, 2)
    assert capped.batch(batch).state == BatchState.DONE


def test_what_waits_for_the_next_day_is_cancelled_with_its_send(capped: Desk) -> None:
    capped.clients(2)
    _confirmed(capped)
    _sent(capped)
    batch = _confirmed(capped)
    _sent(capped)
    capped.decide(cancel, batch)
    capped.follow()
    assert _sent(capped, now() + 2 * DAY) == []
    assert states(capped.messages(batch)) == [(MessageState.CANCELLED, "batch_cancelled")] * 2


def _set(desk: Desk, batch: UUID, **values: Any) -> None:
    with desk.portal.fresh() as session, session.begin():
        session.execute(sa.update(Message).where(Message.batch_id == batch).values(**values))


def _budget(desk: Desk, day: str | None) -> None:
    """Five cents a segment, and so much a day."""
    budget = None if day is None else Decimal(day)
    with desk.portal.fresh() as session, session.begin():
        session.execute(sa.update(Provider).values(prices={"": "0.05"}, currency="EUR", budget_day=budget))


def _released(desk: Desk) -> tuple[int, int]:
    return within(desk.portal.state, lambda session: let_go(session, most=100, who="Rita", now=now()))


def _held(desk: Desk, batch: UUID) -> Sequence[tuple[str, str]]:
    return [each for each in states(desk.messages(batch)) if each == (HELD, "budget")]


@pytest.fixture
def over(desk: Desk) -> UUID:
    """A send to four, of whom the day's budget has room for two."""
    _budget(desk, "0.10")
    desk.clients(4)
    batch = _confirmed(desk)
    assert len(_sent(desk)) == 2
    return batch


def test_what_the_budget_has_no_room_for_is_held_and_its_send_is_not_over(desk: Desk, over: UUID) -> None:
    told = _stands(desk, over)
    assert len(_held(desk, over)) == 2
    assert (told.sent, told.waiting, told.held, told.failed, told.dropped) == (2, 2, 2, 0, 0)
    assert desk.batch(over).state == BatchState.RUNNING


def test_released_within_the_budget_it_is_held_again_and_above_it_goes_once(desk: Desk, over: UUID) -> None:
    assert _released(desk) == (2, 0)
    assert _sent(desk) == []
    assert len(_held(desk, over)) == 2
    _budget(desk, "0.20")
    assert _released(desk) == (2, 0)
    assert len(_sent(desk)) == 2
    told = _stands(desk, over)
    assert (told.sent, told.waiting, told.held) == (4, 0, 0)
    assert desk.batch(over).state == BatchState.DONE
    assert _once(desk, over) == {1}


def test_what_the_budget_holds_is_cancelled_with_its_send(desk: Desk, over: UUID) -> None:
    _stands(desk, over)
    desk.decide(cancel, over)
    desk.follow()
    _budget(desk, None)
    assert _released(desk) == (0, 0)
    assert _sent(desk) == []
    assert _stands(desk, over).dropped == 2


def test_released_while_its_send_is_paused_it_goes_when_that_goes_on(desk: Desk, over: UUID) -> None:
    desk.decide(pause, over)
    _budget(desk, None)
    assert _released(desk) == (2, 0)
    assert _sent(desk) == []
    desk.follow()
    assert states(desk.messages(over))[2:] == [(HELD, "batch_paused")] * 2
    desk.decide(resume, over)
    desk.follow()
    assert len(_sent(desk)) == 2
    assert _once(desk, over) == {1}
    assert states(desk.messages(over)) == [(SENT, "")] * 4


def test_resuming_a_send_releases_nothing_that_the_budget_holds(desk: Desk, over: UUID) -> None:
    desk.decide(pause, over)
    desk.follow()
    desk.decide(resume, over)
    desk.follow()
    assert _sent(desk) == []
    assert len(_held(desk, over)) == 2
