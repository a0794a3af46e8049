"""The circuit breaker: a provider that cannot be reached is left alone, but for one message at a time that tries (X9).

Its state stands in the provider's row, so that all processes know of it. It opens after a few verdicts in a row that
surely did not reach the provider; then one message goes as a probe, after a wait that grows with the outage; the first
one that is accepted closes it. What failed by an outage keeps its place in the queue, and has lost no attempt.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import About, Outcome, Verdict
from sms_plugin.models import Provider

log = logging.getLogger(__name__)

#: So many verdicts in a row that did not reach the provider open the breaker.
OPENS_AFTER = 3
#: Before the first probe; then as long again as the outage lasts already, up to the second.
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(seconds=60)
#: What a probe may take beside its request, before another one is sent in its place.
PROBE_MARGIN = timedelta(seconds=15)


class Circuit(StrEnum):
    """What may go to a provider."""

    CLOSED = "closed"  #: everything
    OPEN = "open"  #: nothing
    HALF_OPEN = "half_open"  #: one message, whose fate decides


@dataclass(frozen=True, kw_only=True)
class Noted:
    """What verdicts did to a breaker."""

    is_open: bool = False
    troubled: bool = False  #: it counts failures: an acceptance must be noted
    again: bool = False  #: a message is due now, though nothing new was queued


def circuit_of(provider: Provider, *, now: datetime) -> Circuit:
    """What may go to the provider now."""
    if provider.open_since is None:
        return Circuit.CLOSED
    return Circuit.HALF_OPEN if provider.probe_at is None or provider.probe_at <= now else Circuit.OPEN


def note(session: Session, provider_id: int, verdicts: Sequence[Verdict], *, now: datetime) -> Noted:
    """Count what did not reach the provider, in the order in which it came back; open, keep open or close its breaker.

    Locks nothing where nothing changes. Writes in the caller's transaction.
    """
    row = session.execute(
        sa.select(Provider.failures, Provider.open_since).where(Provider.id == provider_id)
    ).one_or_none()
    if row is None:
        return Noted()
    accepted = any(verdict.outcome is Outcome.ACCEPTED for verdict in verdicts)
    if row.open_since is not None:
        if accepted:
            return _close(session, provider_id)
        return _keep_open(session, provider_id, row.open_since, verdicts, now=now)
    failures = (0 if accepted else row.failures) + _failed_last(verdicts)
    if failures >= OPENS_AFTER:
        return _open(session, provider_id, now)
    if failures != row.failures:
        _write(session, Provider.id == provider_id, failures=failures)
    return Noted(troubled=failures > 0, again=failures > 0)


def _failed_last(verdicts: Sequence[Verdict]) -> int:
    """How many did not reach the provider since the last one that was accepted."""
    failed = 0
    for verdict in verdicts:
        if verdict.outcome is Outcome.ACCEPTED:
            failed = 0
        elif verdict.about is About.PROVIDER:
            failed += 1
    return failed


def _open(session: Session, provider_id: int, now: datetime) -> Noted:
    closed = sa.and_(Provider.id == provider_id, Provider.open_since.is_(None))
    if _write(session, closed, failures=OPENS_AFTER, open_since=now, probe_at=now + FIRST_WAIT):
        log.warning("the SMS provider number %d cannot be reached; its messages wait", provider_id)
    return Noted(is_open=True, troubled=True)


def _keep_open(
    session: Session, provider_id: int, since: datetime, verdicts: Sequence[Verdict], *, now: datetime
) -> Noted:
    """A failure, or a fate that nobody knows, makes the next probe wait; a refusal of the message alone does not."""
    still = sa.and_(Provider.id == provider_id, Provider.open_since == since)
    if any(verdict.about is About.PROVIDER or verdict.outcome is Outcome.UNKNOWN for verdict in verdicts):
        wait = min(max(now - since, FIRST_WAIT), LONGEST_WAIT)
        _write(session, still, probe_at=now + wait)
        return Noted(is_open=True, troubled=True)
    _write(session, still, probe_at=now)
    return Noted(troubled=True, again=True)


def _close(session: Session, provider_id: int) -> Noted:
    opened = sa.and_(Provider.id == provider_id, Provider.open_since.is_not(None))
    if _write(session, opened, failures=0, open_since=None, probe_at=None):
        log.warning("the SMS provider number %d can be reached again", provider_id)
    return Noted(again=True)


def take_probe(session: Session, provider_id: int, *, now: datetime, request: timedelta) -> bool:
    """Whether the caller's message is the probe: of several processes one has it. ``request`` is what it may take; a
    probe of which nothing is heard is followed by another one. Writes in the caller's transaction.
    """
    is_due = sa.or_(Provider.probe_at.is_(None), Provider.probe_at <= now)
    due = sa.and_(Provider.id == provider_id, Provider.open_since.is_not(None), is_due)
    return _write(session, due, probe_at=now + request + PROBE_MARGIN)


def reset(session: Session, provider_id: int) -> None:
    """Take a provider for one that can be reached: somebody mended it, or says so. In the caller's transaction."""
    _write(session, Provider.id == provider_id, failures=0, open_since=None, probe_at=None)


def _write(session: Session, which: sa.ColumnElement[bool], **values: object) -> bool:
    written = session.execute(
        sa.update(Provider).where(which).values(**values).execution_options(synchronize_session=False)
    )
    return bool(written.rowcount)  # type: ignore[attr-defined]
