"""The flush's exchanges in transactions of their own: at once where it can be, else step by step, else one by one."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from sms_plugin.models.clock import CarriedClock
from sms_plugin.outbox.exchange import Exchanged, Express, Order, exchange, match_references
from sms_plugin.outbox.settle import Finished, settle
from sms_plugin.state import State
from sms_plugin.trails import trail
from sms_plugin.transactions import within

log = logging.getLogger(__name__)


class Exchanging:
    """Writes what came back and what is let go. For one thread; keeps a connection of its own on PostgreSQL."""

    def __init__(self, state: State, clock: CarriedClock) -> None:
        self._state = state
        self._clock = clock
        self._express = Express(state)

    def exchange(self, order: Order) -> Exchanged:
        """Settle and depart, together. Commits. Raises what the database says, with nothing written, or all of it."""
        express = self._express.exchange(order, now=self._clock.carried)
        if express is None:
            settings = self._state.settings
            return within(
                self._state, lambda session: exchange(session, order, settings=settings, now=self._clock.now(session))
            )
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


def _is_odd(error: Exception) -> bool:
    """Whether the database refuses what is written, rather than to write at all."""
    if isinstance(error, DBAPIError):
        return isinstance(error, (DataError, IntegrityError))
    return isinstance(error, StatementError)
