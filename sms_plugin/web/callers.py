"""Who calls a webhook: the provider of its address, opened once for many calls, and asked for with little work."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from datetime import datetime
from threading import local
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import Gateway
from sms_plugin.gateways.http import Http
from sms_plugin.models import Provider, database_now
from sms_plugin.models.clock import CarriedClock
from sms_plugin.providers.active import last_change
from sms_plugin.providers.lines import Line, line_of
from sms_plugin.state import State
from sms_plugin.transactions import look

_LONGEST_TOKEN = 43
#: What another process changes about a provider is known here so much later at most, in seconds.
_TRUSTED = 1.0
_SAVED = sa.select(Provider.id, Provider.changed_at).where(Provider.token == sa.bindparam("token"))


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A provider that calls, and its gateway, which reads what it says. For one thread."""

    line: Line
    gateway: Gateway
    change: int  #: of providers in this process, when it was last looked at
    until: float  #: by the steady clock, it needs no other look before


class _Callers(local):
    """What a thread keeps between calls."""

    def __init__(self) -> None:
        self.known: dict[str, Caller] = {}


class _OfState:
    def __init__(self) -> None:
        self.callers = _Callers()
        self.clock = CarriedClock()


_states: WeakKeyDictionary[State, _OfState] = WeakKeyDictionary()
os.register_at_fork(after_in_child=_states.clear)


def clock_of(state: State) -> CarriedClock:
    """The database's clock as calls read it."""
    return _states.setdefault(state, _OfState()).clock


def caller(state: State, token: str) -> Caller | None:
    """The provider whose address was called, as it was saved a second ago, or just now by this process; None where
    there is none.

    Its credentials are opened anew when it was changed. Raises ``ConfigurationError`` or ``SmsError`` where they cannot
    be, and what the database says.
    """
    if len(token) > _LONGEST_TOKEN or "\0" in token:  # which PostgreSQL refuses to look for
        return None
    known = _states.setdefault(state, _OfState()).callers.known
    found = known.pop(token, None)
    if found is None or found.change != last_change() or time.monotonic() > found.until:
        found = _looked_at(state, token, found)
    if found is not None:
        known[token] = found
    return found


def _looked_at(state: State, token: str, known: Caller | None) -> Caller | None:
    change, until = last_change(), time.monotonic() + _TRUSTED
    saved = _saved(state, token)
    if saved is None:
        return None
    provider_id, changed_at = saved
    if known is not None and known.line.changed_at == changed_at:
        return replace(known, change=change, until=until)
    line = look(state, lambda session: _opened(session, provider_id, state))
    if line is None:
        return None
    # no gateway speaks while it reads: this connection is never opened
    gateway = line.gateway(line.settings, Http(private=line.private))
    return Caller(line=line, gateway=gateway, change=change, until=until)


def _saved(state: State, token: str) -> tuple[int, datetime] | None:
    """The provider's number and when it was last changed: one round trip where the database is another process."""
    engine = state.db.engine
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            connection.execution_options(isolation_level="AUTOCOMMIT")
        row = connection.execute(_SAVED, {"token": token}).one_or_none()
    return None if row is None else (row.id, row.changed_at)


def _opened(session: Session, provider_id: int, state: State) -> Line | None:
    provider = session.get(Provider, provider_id)
    return None if provider is None else line_of(provider, state=state, now=database_now(session))
