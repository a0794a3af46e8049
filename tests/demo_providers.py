"""Accounts with five companies, as an admin of the demo would have saved them: not active, and nothing in them real."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from host_demo.config import DEMO_FERNET_KEY
from sms_plugin.gateways.registry import find
from sms_plugin.gateways.settings import build, fields_of
from sms_plugin.models import Provider
from sms_plugin.secrets import Vault

_SECRET = "a-made-up-secret"
ACCOUNTS: Mapping[str, Mapping[str, str]] = {
    "twilio": {"account_sid": "AC" + "0b" * 16, "auth_token": _SECRET, "sender": "+15017122661"},
    "turbosms": {"token": _SECRET, "sender": "NorteFibra"},
    "msg91": {"auth_key": _SECRET, "flows": "", "catch_all": "60f6a1d2c3b4a5968778695a"},
    "kannel": {"base_url": "http://127.0.0.1:13013", "username": "norte", "password": _SECRET, "private_address": "1"},
    "vonage": {"api_key": "abcd1234", "api_secret": _SECRET, "sender": "NorteFibra"},
}
_MONEY: Mapping[str, Any] = {
    "currency": "EUR",
    "prices": {"351": "0.035", "380": "0.021", "": "0.06"},
    "balance": Decimal("12.4"),
    "balance_unit": "EUR",
    "balance_low": Decimal(20),
    "budget_day": Decimal(15),
    "budget_month": Decimal(200),
}


def save(session: Session, *, now: dt.datetime) -> list[str]:
    """Write them down, each under the name of its kind; the names. Flushes."""
    vault = Vault([DEMO_FERNET_KEY])
    for kind, given in ACCOUNTS.items():
        gateway = find(kind)
        build(gateway.Settings, given)
        secret = {field.name for field in fields_of(gateway.Settings) if field.secret}
        session.add(
            Provider(
                name=kind,
                kind=kind,
                settings={name: value for name, value in given.items() if name not in secret},
                secrets=vault.seal({name: value for name, value in given.items() if name in secret}),
                token=f"made-up-token-of-{kind}",
                created_at=now,
                changed_at=now,
                **({**_MONEY, "balance_at": now} if kind == "twilio" else {}),
            )
        )
    session.flush()
    return list(ACCOUNTS)
