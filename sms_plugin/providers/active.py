"""The provider that sends: adding one, making it the only active one, stopping and resuming it (P13, P14, P21)."""

from __future__ import annotations

import secrets as random
from collections.abc import Mapping
from datetime import datetime
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sms_plugin.errors import ConfigurationError, SmsError, did_you_mean, worded
from sms_plugin.gateways.contract import Gateway
from sms_plugin.gateways.settings import build, fields_of
from sms_plugin.models import Provider
from sms_plugin.models.changes import note_change
from sms_plugin.providers.breaker import reset
from sms_plugin.providers.settings import gateway_of, secrets_of
from sms_plugin.state import State


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
        kept = secrets_of(provider, state=state)
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
