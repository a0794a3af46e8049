"""An exchange: what came back is settled and what is ready is let go, together (design: depart, settle)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import Outcome
from sms_plugin.models.planning import plan_as_it_is
from sms_plugin.outbox.acceptance import accepted, accepting
from sms_plugin.outbox.claim import Claimed
from sms_plugin.outbox.depart import Departed, depart, departed, departing, departure
from sms_plugin.outbox.settle import Finished, acceptances, match, settle
from sms_plugin.providers.judgement import Judgement, judge
from sms_plugin.settings import Settings
from sms_plugin.state import State

#: A connection's plans are kept for so long, in seconds.
PLANNED_FOR = 5.0
#: The time that a verdict may take to be written after the request's own time ran out.
SETTLE_MARGIN = timedelta(seconds=15)


def set_out_within() -> float:
    """Seconds from departure after which too little of an attempt's time is left for a request."""
    return SETTLE_MARGIN.total_seconds() / 2


@dataclass(frozen=True, kw_only=True)
class Order:
    """What came back, and what is ready to go by which provider; without one nothing goes."""

    finished: Sequence[Finished]
    going: Sequence[Claimed]
    provider_id: int | None
    troubled: bool = True  #: that provider's breaker may count: what it accepted is noted, too (X9)


@dataclass(frozen=True, kw_only=True)
class Exchanged:
    """What departed, and what the verdicts mean for the provider."""

    departed: list[Departed]
    judgement: Judgement


def exchange(session: Session, order: Order, *, settings: Settings, now: datetime) -> Exchanged:
    """Settle, then depart unless the provider is closed by what it said, which is not asked of one that accepts
    everything and is not troubled. Writes in the caller's transaction, which must be committed before a request leaves.
    """
    plan_as_it_is(session)
    settle(session, order.finished, settings=settings, now=now)
    told = [(each.provider_id, each.verdict) for each in order.finished]
    usual = not order.troubled and is_usual(order)
    judgement = Judgement() if usual else judge(session, told, now=now, current=order.provider_id)
    if order.provider_id is None or judgement.closed:
        return Exchanged(departed=[], judgement=judgement)
    until = _until(settings, now)
    gone = depart(session, order.going, provider_id=order.provider_id, now=now, until=until)
    return Exchanged(departed=gone, judgement=judgement)


def _until(settings: Settings, now: datetime) -> datetime:
    return now + timedelta(seconds=settings.request_timeout) + SETTLE_MARGIN


def _in_one() -> sa.Select[Any]:
    """An exchange of the usual kind in one statement, which fails as a whole where a message is not as expected."""
    parts = accepting()
    opened = departing().cte("opened")
    as_expected = sa.case((parts.went == sa.bindparam("b_expected", type_=sa.Integer), 1), else_=0)
    return sa.select(
        sa.select(sa.func.count()).select_from(parts.waiting).scalar_subquery().label("waiting"),
        sa.select(sa.func.array_agg(opened.c.id, type_=ARRAY(sa.Uuid))).scalar_subquery().label("opened"),
        (sa.literal_column("1") / as_expected).label("as_expected"),
    ).add_cte(*parts.writes)


_IN_ONE = _in_one()


class Express:
    """A connection of PostgreSQL's on which an exchange of the usual kind is one statement that commits by itself.

    The couriers of a busy process want the interpreter too: each answer of the database that is waited for costs the
    flush its turn, so five round trips in place of one make them run out of work. Nothing is lost where it fails: the
    caller does the same step by step.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._connection: Connection | None = None
        self._planned_until = 0.0

    def exchange(self, order: Order, *, now: datetime) -> tuple[Exchanged, bool] | None:
        """What was exchanged, and whether receipts wait for one of its references; None where it has to be done step
        by step. Commits; needs the app's context.
        """
        engine = self._state.db.engine
        if not is_usual(order) or engine.dialect.name != "postgresql":
            return None
        given = {
            **accepted(acceptances(order.finished)),
            **departure(order.going),
            "b_provider": order.provider_id,
            "b_expected": len(order.finished),
            "b_now": now,
            "b_until": _until(self._state.settings, now),
        }
        try:
            connection = self._opened(engine)
            self._plan_again(connection)
            row = connection.execute(_IN_ONE, given).one()
            connection.commit()  # which the database has done already
        except SQLAlchemyError:
            self.close()
            return None
        gone = departed(order.going, set(row.opened or ()))
        return Exchanged(departed=gone, judgement=Judgement()), row.waiting > 0

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _plan_again(self, connection: Connection) -> None:
        """Now and then: a plan that was made for a few messages goes through all of them, and is kept until somebody
        analyses their table.
        """
        now = time.monotonic()
        if now >= self._planned_until:
            connection.exec_driver_sql("DISCARD PLANS")
            self._planned_until = now + PLANNED_FOR

    def _opened(self, engine: Engine) -> Connection:
        if self._connection is None:
            self._connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        return self._connection


def is_usual(order: Order) -> bool:
    """Whether there is something to settle and something to let go, all was accepted, and no message is in both."""
    if order.provider_id is None or not order.finished or not order.going:
        return False
    if any(each.verdict.outcome is not Outcome.ACCEPTED for each in order.finished):
        return False
    if any(each.provider_id != order.provider_id for each in order.finished):
        return False  # it may be a probe that tells of a provider's recovery (X9)
    return {each.id for each in order.finished}.isdisjoint(each.id for each in order.going)


def match_references(session: Session, finished: Sequence[Finished], *, now: datetime) -> None:
    """Give receipts that came before the answer to the messages of these verdicts. In the caller's transaction."""
    told = [(each.provider_id, each.reference) for each in acceptances(finished)]
    match(session, [(provider, reference) for provider, reference in told if reference is not None], now=now)
