"""The provider that sends: adding one, making it the only active one, stopping and resuming it (P13, P14, P21)."""

from __future__ import annotations

import logging
import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sms_plugin.errors import ConfigurationError, SmsError, did_you_mean, worded
from sms_plugin.gateways.contract import Capabilities, Gateway
from sms_plugin.gateways.settings import build, fields_of
from sms_plugin.models import Provider
from sms_plugin.models.changes import note_change
from sms_plugin.providers.breaker import Circuit, circuit_of, reset
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
    private: bool = False  #: whether it may be reached on this machine and in private networks
    closed: str = ""  #: why nothing may go now: "stopped", "paused", "outage"
    closed_until: datetime | None = None


def find(session: Session, name: str) -> Provider:
    """A provider by its name. Raises ``SmsError``."""
    provider = session.scalar(sa.select(Provider).where(Provider.name == name))
    if provider is None:
        names = list(session.scalars(sa.select(Provider.name)))
        raise SmsError(
            worded("There is no provider %(name)r.", name=name),
            code="unknown_provider",
            hint=did_you_mean(name, names) or worded("See `flask sms provider list`."),
        )
    return provider


def gateway_of(kind: str, state: State) -> type[Gateway]:
    """The gateway of a kind. Raises ``ConfigurationError`` for one that is not installed."""
    try:
        return state.gateways[kind]
    except KeyError:
        raise ConfigurationError(
            worded("There is no gateway %(kind)r.", kind=kind),
            code="unknown_gateway",
            hint=did_you_mean(kind, state.gateways)
            or worded("Known are %(known)s.", known=", ".join(sorted(state.gateways))),
        ) from None


def add(
    session: Session, *, state: State, name: str, kind: str, given: Mapping[str, object], who: str, now: datetime
) -> Provider:
    """A new provider, saved but not active. Raises ``SmsError`` naming every setting that is wrong. Flushes."""
    gateway = gateway_of(kind, state)
    name = name.strip()
    if not 1 <= len(name) <= 80:
        raise SmsError(
            worded("A provider needs a name of 1 to 80 characters."),
            code="bad_name",
            hint=worded("Choose another name."),
        )
    if session.scalar(sa.select(Provider.id).where(Provider.name == name)) is not None:
        raise _taken(name)
    settings, secrets = _sorted(gateway, given, state)
    provider = Provider(
        name=name,
        kind=kind,
        settings=settings,
        secrets=secrets,
        token=random.token_urlsafe(32),
        created_at=now,
        changed_at=now,
    )
    session.add(provider)
    record(session, provider, "added", who=who, now=now)
    try:
        session.flush()
    except IntegrityError:
        raise _taken(name) from None
    return provider


def change(
    session: Session, provider: Provider, *, state: State, given: Mapping[str, object], who: str, now: datetime
) -> None:
    """Save a provider with some settings changed; the others, secrets too, are kept as far as the keys can read them.

    Raises ``SmsError`` naming every setting that is wrong or, after a lost key, missing. Flushes.
    """
    try:
        kept = _secrets_of(provider, state=state)
    except ConfigurationError:
        kept = {}  # saved with a key that is gone: whoever saves again must give them again
    before, gateway = dict(provider.settings), gateway_of(provider.kind, state)
    provider.settings, provider.secrets = _sorted(gateway, {**before, **kept, **given}, state)
    reset(session, provider.id)
    provider.changed_at = now
    detail = _changed(before, provider.settings) | _changed_secrets(gateway, kept, given)
    record(session, provider, "changed " + ", ".join(sorted(given)), who=who, now=now, detail=detail)
    session.flush()


def _sorted(gateway: type[Gateway], given: Mapping[str, object], state: State) -> tuple[dict[str, Any], str]:
    """The settings in clear and the sealed ones. Raises ``SmsError`` naming every one that is wrong."""
    build(gateway.Settings, given)
    secret = {field.name for field in fields_of(gateway.Settings) if field.secret}
    clear = {key: value for key, value in given.items() if key not in secret}
    return clear, state.vault.seal({key: value for key, value in given.items() if key in secret})


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Of each setting in clear that got another value, what it was and what it is."""
    names = sorted({*before, *after})
    return {name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)}


def _changed_secrets(
    gateway: type[Gateway], kept: Mapping[str, object], given: Mapping[str, object]
) -> dict[str, list[str]]:
    """The names of the secrets that got another value, never what any was or is."""
    secret = {field.name for field in fields_of(gateway.Settings) if field.secret}
    names = sorted(name for name in secret & given.keys() if given[name] != kept.get(name))
    return {"secrets": names} if names else {}


def _taken(name: str) -> SmsError:
    return SmsError(
        worded("There is a provider %(name)r already.", name=name),
        code="name_taken",
        hint=worded("Choose another name."),
    )


def activate(session: Session, provider: Provider, *, who: str, now: datetime) -> None:
    """Make it the only active provider, whatever this session believed (P13). Of two who do so at once the later one
    wins: it waits for the other's commit. Raises ``SmsError`` where the database let neither wait. Flushes.
    """
    lock(session)
    session.execute(sa.update(Provider).where(Provider.active == 1, Provider.id != provider.id).values(active=None))
    try:
        _set(session, provider, active=1, now=now)
    except IntegrityError:
        raise SmsError(
            worded("Another provider was activated at the same moment."),
            code="activated_meanwhile",
            hint=worded("Look which one is active now, and try again."),
        ) from None
    session.execute(sa.update(Provider).where(Provider.id == provider.id).values(standby=None))
    reset(session, provider.id)
    record(session, provider, "activated", who=who, now=now)
    session.flush()


def deactivate(session: Session, provider: Provider, *, who: str, now: datetime) -> None:
    """Leave it inactive: without an active one, queued messages wait within their validity. Flushes."""
    lock(session)
    _set(session, provider, active=None, now=now)
    record(session, provider, "deactivated", who=who, now=now)
    session.flush()


def lock(session: Session) -> None:
    """Wait for whoever else chooses among the providers. In key order, so that nobody waits for each other; without
    the keys, which departing messages refer to. SQLite's writers wait for each other by themselves.
    """
    session.execute(sa.select(Provider.id).order_by(Provider.id).with_for_update(key_share=True))


def _set(session: Session, provider: Provider, *, active: int | None, now: datetime) -> None:
    """Write it as a statement: what the session holds may be old, and then an attribute says nothing new to it."""
    session.execute(
        sa.update(Provider).where(Provider.id == provider.id).values(active=active, changed_at=now),
    )


def resume(session: Session, provider: Provider, *, who: str, now: datetime) -> None:
    """Let a stopped provider go on with what is still valid (P21). Flushes."""
    provider.stopped_at = None
    provider.stopped_reason = provider.stopped_detail = ""
    provider.paused_until = None
    reset(session, provider.id)
    provider.changed_at = now
    record(session, provider, "resumed", who=who, now=now)
    session.flush()


def stop(session: Session, provider_id: int, *, reason: str, detail: str, now: datetime) -> bool:
    """Stop a provider that refused our account; False where it was stopped already. Writes at once."""
    stopped = session.execute(
        sa.update(Provider)
        .where(Provider.id == provider_id, Provider.stopped_at.is_(None))
        .values(stopped_at=now, stopped_reason=reason[:40], stopped_detail=detail[:200])
    )
    return bool(stopped.rowcount)  # type: ignore[attr-defined]


def pause(session: Session, provider_id: int, *, until: datetime) -> None:
    """Let a provider that asked for patience have it; never shortens a pause. Writes at once."""
    session.execute(
        sa.update(Provider)
        .where(
            Provider.id == provider_id,
            sa.or_(Provider.paused_until.is_(None), Provider.paused_until < until),
        )
        .values(paused_until=until)
    )


def active_id(session: Session) -> int | None:
    """The number of the active provider, stopped or not."""
    return session.scalar(_ACTIVE_ID)


_ACTIVE_ID = sa.select(Provider.id).where(Provider.active == 1)


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
    provider = session.scalar(sa.select(Provider).where(Provider.active == 1))
    if provider is None:
        return True
    try:
        can = gateway_of(provider.kind, state).capabilities(settings_of(provider, state=state))
    except (SmsError, ConfigurationError):
        return True
    return can.inbound or can.inbound_polled


def settings_of(provider: Provider, *, state: State) -> Any:
    """The typed settings of a provider, credentials opened. Raises ``ConfigurationError`` or ``SmsError``."""
    given = {**provider.settings, **_secrets_of(provider, state=state)}
    return build(gateway_of(provider.kind, state).Settings, given)


def check_credentials(session: Session, *, state: State) -> None:
    """Make sure that the credentials of every provider, active or not, can be read: receipts come for them all.

    Raises ``ConfigurationError`` naming the provider. Reads only.
    """
    for provider in session.scalars(sa.select(Provider)):
        _secrets_of(provider, state=state)


def secrets_named(provider: Provider, *, state: State) -> frozenset[str]:
    """The names of the secrets that are saved, never what they are. Raises ``ConfigurationError`` for a wrong key."""
    return frozenset(name for name, value in _secrets_of(provider, state=state).items() if value not in (None, ""))


def _secrets_of(provider: Provider, *, state: State) -> dict[str, object]:
    if not provider.secrets:
        return {}
    return state.vault.open(provider.secrets, of=f"the provider {provider.name!r}")


_changes = count(1)
_last_change = [0]


def last_change() -> int:
    """A number that another one follows with every change to a provider in this process."""
    return _last_change[0]


def record(
    session: Session,
    provider: Provider,
    action: str,
    *,
    who: str,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Keep who did what to a provider, and when (X12)."""
    _last_change[0] = next(_changes)
    note_change(session, f"provider {provider.name}", action, who=who, now=now, detail=detail)
