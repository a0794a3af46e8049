"""Asking a provider whether it can be spoken with, without sending anything (P15, P17)."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sms_plugin.errors import SmsError
from sms_plugin.gateways.contract import Balance
from sms_plugin.gateways.http import Http, Watch
from sms_plugin.providers.lines import Line
from sms_plugin.settings import Settings

log = logging.getLogger(__name__)

#: The longest that a person at a page is kept waiting for a connection and for an answer, in seconds: less, together,
#: than web servers give a request.
CONNECT, READ = 4.0, 12.0

#: The code of the error that says that an account's credit has no limit: it answered, and there is no number to show.
UNLIMITED = "unlimited"


class Found(StrEnum):
    """What an inquiry showed."""

    BALANCE = "balance"  #: the account answered
    REACHED = "reached"  #: the address answers; whether the account holds, only a message can tell
    SILENT = "silent"  #: this gateway has nothing that could be asked
    FAILED = "failed"  #: ``reason`` says why


@dataclass(frozen=True, kw_only=True)
class Inquiry:
    """The answer to one inquiry."""

    found: Found
    balance: Balance | None = None
    reason: str = ""  #: stable code


def patient(settings: Settings) -> Settings:
    """The settings with timeouts that suit a person who waits."""
    return replace(
        settings,
        connect_timeout=min(settings.connect_timeout, CONNECT),
        read_timeout=min(settings.read_timeout, READ),
    )


def address_of(settings: Any) -> str:
    """The address that a gateway's settings lead to, as far as they tell it."""
    described = settings.described() if hasattr(settings, "described") else settings
    told: str = getattr(described, "base", None) or getattr(described, "base_url", None) or ""
    return told


def inquire(line: Line, *, settings: Settings, watch: Watch | None = None) -> Inquiry:
    """What the provider answers. Speaks HTTP, bounded in time: no session may be open around it. Never raises.

    ``watch`` is told what was said, secrets and all.
    """
    bounds = patient(settings)
    try:
        with Http(bounds.connect_timeout, bounds.read_timeout, private=line.private, watch=watch) as http:
            gateway = line.gateway(line.settings, http)
            if line.capabilities.balance:
                return Inquiry(found=Found.BALANCE, balance=gateway.balance())
            address = address_of(line.settings)
            if not address:
                return Inquiry(found=Found.SILENT)
            http.request("HEAD", address)
            return Inquiry(found=Found.REACHED)
    except SmsError as error:
        if error.code == UNLIMITED:
            return Inquiry(found=Found.REACHED)
        return Inquiry(found=Found.FAILED, reason=error.code)
    except Exception as error:  # noqa: BLE001 - a gateway of somebody else's may raise anything
        log.error("the gateway %s raised %s when it was asked", line.gateway.kind, type(error).__name__)
        return Inquiry(found=Found.FAILED, reason="gateway_error")
