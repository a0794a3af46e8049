"""Many messages in one request: what shares one, and what stands in the database before it leaves (P4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa

from sms_plugin.gateways.contract import About, Capabilities, Gateway, Outgoing, Verdict, accepted, refused
from sms_plugin.jobs import claiming, exchanging
from sms_plugin.models import Attempt, Message, Provider
from sms_plugin.states import MessageState
from sms_plugin.testing import drain
from sms_plugin.transactions import within
from tests.portal import Portal

SIZE = 40
BAD = "+351912340000"


class _Many(Gateway):
    """Takes forty messages of one text in one request, and knows what came."""

    kind, label = "many", "Many"
    requests: ClassVar[list[list[Outgoing]]] = []
    open_attempts: ClassVar[list[int]] = []
    portal: ClassVar[Portal]

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:
        return Capabilities(batch_size=SIZE, same_text=True)

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        self.requests.append(list(messages))
        with self.portal.app.app_context(), self.portal.fresh() as session:
            asked = sa.select(sa.func.count()).select_from(Attempt).where(Attempt.verdict.is_(None))
            self.open_attempts.append(session.scalars(asked).one())
        bad = refused("bad_number", about=About.RECIPIENT)
        return [bad if each.to == BAD else accepted(str(each.id)) for each in messages]


@pytest.fixture
def many(portal: Portal) -> Iterator[type[_Many]]:
    """The gateway, in use."""
    gateways: Any = portal.state.gateways
    gateways["many"] = _Many
    portal.use_kind("many", {}, name="many")
    _Many.portal = portal
    yield _Many
    _Many.requests.clear()
    _Many.open_attempts.clear()


def _states(portal: Portal) -> dict[str, int]:
    asked = sa.select(Message.state, sa.func.count()).group_by(Message.state)
    with portal.fresh() as session:
        return {row.state: row[1] for row in session.execute(asked)}


def test_a_request_is_filled_before_it_leaves(portal: Portal, many: type[_Many]) -> None:
    for _ in range(2 * SIZE + 5):
        portal.queue()
    drain(portal.app)
    assert [len(request) for request in many.requests] == [SIZE, SIZE, 5]
    assert _states(portal) == {"sent": 2 * SIZE + 5}


def test_one_message_waits_for_no_others(portal: Portal, many: type[_Many]) -> None:
    message = portal.queue()
    drain(portal.app)
    assert [[each.id for each in request] for request in many.requests] == [[message]]


def test_only_messages_of_one_text_share_a_request(portal: Portal, many: type[_Many]) -> None:
    """Where a gateway takes one text for all of its numbers; none is left behind."""
    wanted = [portal.queue(text=f"Text {number % 3}") for number in range(60)]
    wanted += [portal.queue(text=f"For you alone: {number}") for number in range(30)]
    drain(portal.app)
    assert all(len({each.text for each in request}) == 1 for request in many.requests)
    assert sorted(each.id for request in many.requests for each in request) == sorted(wanted)
    assert len(many.requests) <= 3 * 3 + 30
    assert _states(portal) == {"sent": 90}


def test_bad_numbers_of_a_request_fail_alone(portal: Portal, many: type[_Many]) -> None:
    bad = [portal.queue(number=BAD) for _ in range(3)]
    for _ in range(SIZE - 3):
        portal.queue()
    drain(portal.app)
    assert len(many.requests) == 1
    assert _states(portal) == {"sent": SIZE - 3, "failed": 3}
    assert {portal.message(message).reason for message in bad} == {"bad_number"}


def test_every_attempt_stands_before_the_request_leaves(
    portal: Portal, many: type[_Many], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise 3: although several transactions write them."""
    monkeypatch.setattr(exchanging, "PORTION", 7)
    monkeypatch.setattr(exchanging, "PORTIONS", {})
    monkeypatch.setattr(claiming, "CLAIM", 5)
    monkeypatch.setattr(claiming, "CLAIM_MANY", 6)
    monkeypatch.setattr(claiming, "CLAIM_MANY_ALONE", 6)
    for _ in range(SIZE + 1):
        portal.queue()
    drain(portal.app)
    assert [len(request) for request in many.requests] == [SIZE, 1]
    assert many.open_attempts == [SIZE, 1]
    assert _states(portal) == {"sent": SIZE + 1}


def test_under_a_rate_no_request_waits_to_be_filled(portal: Portal, many: type[_Many]) -> None:
    limit = sa.update(Provider).values(rate_count=20, rate_seconds=1)
    within(portal.state, lambda session: session.execute(limit))
    for _ in range(8):
        portal.queue()
    drain(portal.app)
    assert max(len(request) for request in many.requests) < 8
    assert _states(portal) == {"sent": 8}


def test_a_portion_that_stops_the_provider_lets_nothing_more_depart(
    portal: Portal, many: type[_Many], monkeypatch: pytest.MonkeyPatch
) -> None:
    """P21: the verdicts of a request are written before anything else departs."""
    monkeypatch.setattr(exchanging, "PORTION", 7)
    monkeypatch.setattr(exchanging, "PORTIONS", {})
    no_credit = refused("no_credit", about=About.ACCOUNT)

    def stopped(self: Gateway, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        many.requests.append(list(messages))
        return [no_credit] * len(messages)

    monkeypatch.setattr(many, "send", stopped)
    for _ in range(2 * SIZE):
        portal.queue()
    assert drain(portal.app).closed == "stopped"
    assert [len(request) for request in many.requests] == [SIZE]
    assert _states(portal) == {MessageState.QUEUED.value: 2 * SIZE}
    with portal.fresh() as session:
        assert set(session.scalars(sa.select(Message.attempts))) == {0}
