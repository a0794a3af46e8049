"""The job that asks providers what became of messages, where they can be asked: in batches, without a transaction
meanwhile.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from sms_plugin import signals
from sms_plugin.errors import ConfigurationError, SmsError
from sms_plugin.gateways.contract import Gateway, Report
from sms_plugin.gateways.http import Http
from sms_plugin.models import Provider, database_now
from sms_plugin.outbox import polling
from sms_plugin.outbox.polling import Due, Progress
from sms_plugin.outbox.receipts import take
from sms_plugin.providers.lines import Line, line_of
from sms_plugin.state import State
from sms_plugin.transactions import look, within

if TYPE_CHECKING:
    from sms_plugin.jobs.due import Taken

log = logging.getLogger(__name__)

#: It looks so often for messages to ask about, and a run ends after so long, in seconds.
EVERY, FOR = 30.0, 20.0
#: So many reports are taken in one transaction.
_AT_ONCE = 50


def poll(state: State, job: Taken) -> int:
    """Ask about what became due since the last run; the number of messages that moved. The cursor says how far it is:
    a run that fails, or lasts too long, goes on behind it.
    """
    ends_at = time.monotonic() + FOR
    now = look(state, database_now)
    done = polling.progress(job.cursor, now=now, every=timedelta(seconds=EVERY))
    moved = 0
    for line in _lines(state, after=done):
        if line.provider_id != done.provider_id:
            done = replace(done, provider_id=line.provider_id, departed_at=None)
        asking = _Asking(state, line, job, ends_at=ends_at)
        moved += asking.about(done)
        if asking.late:
            return moved
    job.cursor = str(polling.ended(done))
    return moved


def _lines(state: State, *, after: Progress) -> list[Line]:
    """The providers that can be asked, active or not, from the one where the last run stood."""

    def work(session: Session) -> list[Line]:
        found: list[Line] = []
        at_least = sa.select(Provider).where(Provider.id >= after.provider_id).order_by(Provider.id)
        for provider in session.scalars(at_least):
            try:
                line = line_of(provider, state=state, now=after.until)
            except (SmsError, ConfigurationError) as error:
                log.warning("the provider %s cannot be asked for receipts: %s", provider.name, error)
                continue
            if line.capabilities.polled:
                found.append(line)
        return found

    return look(state, work)


class _Asking:
    """Asking one provider about its messages."""

    def __init__(self, state: State, line: Line, job: Taken, *, ends_at: float) -> None:
        self._state = state
        self._line = line
        self._job = job
        self._ends_at = ends_at
        self.late = False  #: the run has lasted long enough

    def about(self, done: Progress) -> int:
        """Ask about all that is due; the number of messages that moved. What fails waits for its next time."""
        settings = self._state.settings
        points = polling.points_of(self._line.capabilities, pushed=settings.public_url is not None)
        moved = 0
        with Http(settings.connect_timeout, settings.read_timeout, private=self._line.private) as http:
            gateway = self._line.gateway(self._line.settings, http)
            for span in polling.spans(done, points):
                while some := self._due(span, done):
                    done = polling.behind(done, some[-1])
                    self._job.renew()
                    self._job.cursor = str(done)
                    reports = self._asked(gateway, some)
                    if reports is None:
                        return moved
                    moved += self._taken(reports)
                    if time.monotonic() > self._ends_at:
                        self.late = True
                        return moved
        return moved

    def _due(self, span: polling.Span, done: Progress) -> list[Due]:
        can = self._line.capabilities
        return look(self._state, lambda session: polling.due(session, span, done, can=can))

    def _asked(self, gateway: Gateway, some: Sequence[Due]) -> list[Report] | None:
        """What the provider says; None where it cannot be asked at the moment."""
        try:
            return polling.addressed(gateway.poll([each.sent for each in some]), some)
        except SmsError as error:
            log.warning("the provider %s cannot be asked for receipts: %s", self._line.name, error.code)
        except Exception as error:  # noqa: BLE001 - a gateway of somebody else's may raise anything
            log.error("the gateway %s raised %s when it was asked", gateway.kind, type(error).__name__)
        return None

    def _taken(self, reports: Sequence[Report]) -> int:
        moved = 0
        for start in range(0, len(reports), _AT_ONCE):
            some = reports[start : start + _AT_ONCE]
            ids = within(
                self._state,
                lambda session, some=some: take(  # type: ignore[misc]
                    session, some, provider_id=self._line.provider_id, about=None, now=database_now(session)
                ),
            )
            if ids:
                app = current_app._get_current_object()  # type: ignore[attr-defined]
                signals.messages_reported.send(app, messages=ids)
            moved += len(ids)
        return moved
