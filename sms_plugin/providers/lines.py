"""Which provider speaks now, ready to be spoken with: the active one, or the standby in its place (P13, X9)."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import ConfigurationError, SmsError
from sms_plugin.gateways.contract import Capabilities, Gateway
from sms_plugin.models import Provider
from sms_plugin.providers.breaker import Circuit, circuit_of
from sms_plugin.providers.rate import spacing
from sms_plugin.providers.settings import gateway_of, settings_of
from sms_plugin.state import State

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Line:
    """The active provider as the flush uses it: credentials opened, nothing of the session in it."""

    provider_id: int
    name: str
    token: str
    gateway: type[Gateway]
    settings: Any
    capabilities: Capabilities
    changed_at: datetime
    probe: bool = False  #: it may be reachable again: one message tells
    standby: bool = False  #: in place of the active one: for what that one surely has not accepted
    apart: timedelta = timedelta()  #: its rate: no two messages may go closer together (P18)
    troubled: bool = False  #: its breaker counts: what it accepts must be noted (X9)
    budgeted: bool = False  #: whether what goes by it is counted before it goes (X10)
    private: bool = False  #: whether it may be reached on this machine and in private networks
    closed: str = ""  #: why nothing may go now: "stopped", "paused", "outage"
    closed_until: datetime | None = None


def line(session: Session, *, state: State, now: datetime) -> Line | None:
    """The provider to use, ready to be spoken with, or None: the active one, or while that cannot be reached the
    standby, if there is one (X9). Raises ``ConfigurationError`` for a wrong key.
    """
    provider = session.scalar(sa.select(Provider).where(Provider.active == 1))
    if provider is None:
        return None
    active = line_of(provider, state=state, now=now)
    return active if active.closed != "outage" else _standing_by(session, active, state=state, now=now)


def _standing_by(session: Session, active: Line, *, state: State, now: datetime) -> Line:
    """The standby where it can take over, else the active one."""
    provider = session.scalar(sa.select(Provider).where(Provider.standby == 1, Provider.active.is_(None)))
    if provider is None:
        return active
    try:
        standby = line_of(provider, state=state, now=now)
    except (ConfigurationError, SmsError) as error:
        log.error("the standby cannot take over: %s", error)
        return active
    return replace(active if standby.closed else standby, standby=not standby.closed)


def line_of(provider: Provider, *, state: State, now: datetime) -> Line:
    """A provider, active or not, ready to be spoken with. Raises as ``line``."""
    gateway = gateway_of(provider.kind, state)
    settings = settings_of(provider, state=state)
    circuit = circuit_of(provider, now=now)
    closed, until = "", None
    if provider.stopped_at is not None:
        closed = "stopped"
    elif provider.paused_until is not None and provider.paused_until > now:
        closed, until = "paused", provider.paused_until
    elif circuit is Circuit.OPEN:
        closed, until = "outage", provider.probe_at
    return Line(
        provider_id=provider.id,
        name=provider.name,
        token=provider.token,
        gateway=gateway,
        settings=settings,
        capabilities=gateway.capabilities(settings),
        changed_at=provider.changed_at,
        probe=circuit is Circuit.HALF_OPEN,
        apart=spacing(provider.rate_count, provider.rate_seconds),
        troubled=provider.failures > 0,
        budgeted=provider.budget_day is not None or provider.budget_month is not None,
        private=may_be_private(settings, state=state),
        closed=closed,
        closed_until=until,
    )


def may_be_private(settings: Any, *, state: State) -> bool:
    """Whether a provider of these settings may be reached on this machine and in private networks: where its own
    ``private_address`` is on, unless the portal's ``SMS_PRIVATE_GATEWAYS`` decides for all.
    """
    of_all = state.private_gateways
    return bool(getattr(settings, "private_address", False)) if of_all is None else of_all


def hears(session: Session, *, state: State) -> bool:
    """Whether the active provider brings texts from phones, or can be asked for them. Where that cannot be said, the
    provider's own page says why: yes. Reads only.
    """
    can = _what_the_active_can(session, state=state)
    return can is None or can.inbound or can.inbound_polled


def longest(session: Session, *, state: State) -> int | None:
    """How many characters the active provider takes at most, of a text as it is sent (P19). None where it has no limit,
    where none is active, and where that cannot be said: the provider's own page says why. Reads only.
    """
    can = _what_the_active_can(session, state=state)
    return None if can is None else can.longest


def _what_the_active_can(session: Session, *, state: State) -> Capabilities | None:
    provider = session.scalar(sa.select(Provider).where(Provider.active == 1))
    if provider is None:
        return None
    try:
        return gateway_of(provider.kind, state).capabilities(settings_of(provider, state=state))
    except (SmsError, ConfigurationError):
        return None
