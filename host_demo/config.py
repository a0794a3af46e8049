"""The portal's settings. The secrets in here are for the demo alone: a real portal reads its own."""

from __future__ import annotations

from typing import Any

COMPANY = "Norte Fibra"
TIMEZONE = "Europe/Lisbon"
#: What the company tells of itself; every number is invented.
CARD = {
    "full_name": "Norte Fibra, Comunicações, Lda.",
    "street": "Rua da Central",
    "house": "21",
    "district": "São Victor",
    "city": "Braga",
    "state": "Braga",
    "zip": "4710-000",
    "phone": "253 000 900",
    "email": "ola@nortefibra.example",
    "site": "www.nortefibra.example",
    "tax_number": "PT000000900",
    "account": "PT00 0000 0000 0000 0000 0009 0",
    "bank_code": "0000",
    "passport": "XX 000000",
    "signatory": "Helena Prata",
}

DEMO_SECRET_KEY = "demo only: not a secret"
DEMO_FERNET_KEY = "bm9ydGUtZmlicmEtZGVtby1rZXktbm90LXNlY3JldCE="


def defaults() -> dict[str, Any]:
    """The settings on this machine; ``DEMO_…`` in the environment and ``create_app(config)`` override it."""
    return {
        "COMPANY": COMPANY,
        "COMPANY_CARD": CARD,
        "SECRET_KEY": DEMO_SECRET_KEY,
        "SESSION_COOKIE_NAME": "norte_fibra",
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SQLALCHEMY_DATABASE_URI": "sqlite:///demo.db",
        "PHONE_GATEWAY_URL": "http://127.0.0.1:5001",
        "SMS_SECRET_KEYS": [DEMO_FERNET_KEY],
        "SMS_PUBLIC_URL": "http://127.0.0.1:5000",
        "SMS_TIMEZONE": TIMEZONE,
        "SMS_REGION": "PT",
        "SMS_LANGUAGE": "pt",
        # the demo's phones are awake at night; a real portal leaves this key out, and nobody is texted from 21 to 9
        "SMS_QUIET_HOURS": "off",
    }
