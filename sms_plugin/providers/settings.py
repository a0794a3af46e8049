"""What is saved of a provider, read: its gateway, its settings, its credentials opened (P14)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import ConfigurationError, did_you_mean, worded
from sms_plugin.gateways.contract import Gateway
from sms_plugin.gateways.settings import build
from sms_plugin.models import Provider
from sms_plugin.state import State


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


def settings_of(provider: Provider, *, state: State) -> Any:
    """The typed settings of a provider, credentials opened. Raises ``ConfigurationError`` or ``SmsError``."""
    given = {**provider.settings, **secrets_of(provider, state=state)}
    return build(gateway_of(provider.kind, state).Settings, given)


def check_credentials(session: Session, *, state: State) -> None:
    """Make sure that the credentials of every provider, active or not, can be read: receipts come for them all.

    Raises ``ConfigurationError`` naming the provider. Reads only.
    """
    for provider in session.scalars(sa.select(Provider)):
        secrets_of(provider, state=state)


def secrets_named(provider: Provider, *, state: State) -> frozenset[str]:
    """The names of the secrets that are saved, never what they are. Raises ``ConfigurationError`` for a wrong key."""
    return frozenset(name for name, value in secrets_of(provider, state=state).items() if value not in (None, ""))


def secrets_of(provider: Provider, *, state: State) -> dict[str, object]:
    """The credentials of a provider, opened. Raises ``ConfigurationError`` for a wrong key."""
    if not provider.secrets:
        return {}
    return state.vault.open(provider.secrets, of=f"the provider {provider.name!r}")
