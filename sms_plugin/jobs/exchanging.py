"""The flush's exchanges in transactions of their own: at once where it can be, else step by step, else one by one."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError
from sqlalchemy.orm import Session

from sms_plugin.models.clock import CarriedClock
from sms_plugin.outbox.charges import charge, charges_of
from sms_plugin.outbox.depart import Departed
from sms_plugin.outbox.exchange import Exchanged, Express, Order, exchange, match_references
from sms_plugin.outbox.settle import Finished, settle
from sms_plugin.providers.judgement import Judgement
from sms_plugin.state import State
from sms_plugin.trails import trail
from sms_plugin.transactions import Hurried, within

log = logging.getLogger(__name__)

#: The most messages that one transaction touches where many go in one request; and whose costs one writes.
PORTION, _CHARGED = 500, 100
#: PostgreSQL's writers do not wait for each other: as many as any request takes.
PORTIONS = {"postgresql": 10_000}

_T = TypeVar("_T")


class Exchanging:
    """Writes what came back and what is let go. For one thread; keeps a connection of its own on PostgreSQL."""

    def __init__(self, state: State, clock: CarriedClock, hurried: Hurried) -> None:
        """``hurried`` has the steps of an order that takes several."""
        self._state = state
        self._clock = clock
        self._hurried = hurried
        self._express = Express(state)
        self._troubled = False  #: the last verdicts left a provider's breaker counting: each one is judged (X9)

    def exchange(self, order: Order) -> Exchanged:
        """Settle and depart, together, or portion by portion; then write what verdicts say of costs, where one does.
        Commits. Raises what the database says, with nothing written, or some or all of it: saying the same order again
        does the rest.
        """
        exchanged = self._exchanged(order)
        self._charge(order.finished)
        return exchanged

    def _charge(self, finished: Sequence[Finished]) -> None:
        """The cost stays as expected where this fails: what departed is under way, and must be handed out."""
        charges = charges_of(finished)
        for start in range(0, len(charges), _CHARGED):
            some = charges[start : start + _CHARGED]
            try:
                within(self._state, lambda session, some=some: charge(session, some))  # type: ignore[misc]
            except SQLAlchemyError as error:
                log.error("what %d messages cost cannot be written: %s", len(some), trail(error))

    def _exchanged(self, order: Order) -> Exchanged:
        if max(len(order.finished), len(order.going)) <= self._portion:
            return self._exchange(order)
        judgement = Judgement()
        for finished in _portions(order.finished, self._portion):
            judged = self._exchange(replace(order, finished=finished, going=()), many=True).judgement
            again = judgement.again or judged.again
            judgement = judged if judged.stopped or not judgement.closed else judgement
            judgement = replace(judgement, again=again)
        departed: list[Departed] = []
        for going in () if judgement.closed else _portions(order.going, self._portion):
            departed += self._exchange(replace(order, finished=(), going=going), many=True).departed
        return Exchanged(departed=departed, judgement=judgement)

    @property
    def _portion(self) -> int:
        """The most messages that one transaction touches: a long one locks SQLite's other writers out."""
        return PORTIONS.get(self._state.db.engine.dialect.name, PORTION)

    def _exchange(self, order: Order, *, many: bool = False) -> Exchanged:
        order = replace(order, troubled=order.troubled or self._troubled)
        express = None if order.troubled else self._express.exchange(order, now=self._clock.carried)
        if express is None:
            settings = self._state.settings

            def work(session: Session) -> Exchanged:
                return exchange(session, order, settings=settings, now=self._clock.now(session))

            done = self._hurried.within(work) if many else within(self._state, work)
            self._troubled = done.judgement.troubled if order.finished else self._troubled
            return done
        exchanged, receipts_wait = express
        if receipts_wait:
            within(
                self._state,
                lambda session: match_references(session, order.finished, now=self._clock.now(session)),
            )
        return exchanged

    def settle_apart(self, finished: Sequence[Finished]) -> list[Finished]:
        """Settle one by one what could not be written together, so that one odd verdict takes no other along; those
        that have to be tried again. What the database refuses for its content is given up. Commits each.
        """
        left: list[Finished] = []
        for each in finished:
            try:
                self._settle(each)
            except Exception as error:  # noqa: BLE001 - told apart below
                if _is_odd(error):
                    log.error("the verdict on message %s cannot be written: %s", each.id, trail(error))
                else:
                    left.append(each)
        return left

    def close(self) -> None:
        """Give the connection back."""
        self._express.close()

    def _settle(self, finished: Finished) -> None:
        settings = self._state.settings
        within(
            self._state,
            lambda session: settle(session, [finished], settings=settings, now=self._clock.now(session)),
        )


def _portions(some: Sequence[_T], size: int) -> list[Sequence[_T]]:
    return [some[at : at + size] for at in range(0, len(some), size)]


def _is_odd(error: Exception) -> bool:
    """Whether the database refuses what is written, rather than to write at all."""
    if isinstance(error, DBAPIError):
        return isinstance(error, (DataError, IntegrityError))
    return isinstance(error, StatementError)
