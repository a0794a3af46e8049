"""The portal's settings. The secrets in here are for the demo alone: a real portal reads its own."""

from __future__ import annotations

from typing import Any

COMPANY = "Norte Fibra"
TIMEZONE = "Europe/Lisbon"

DEMO_SECRET_KEY = "demo only: not a secret"
DEMO_FERNET_KEY = "bm9ydGUtZmlicmEtZGVtby1rZXktbm90LXNlY3JldCE="


def defaults() -> dict[str, Any]:
    """The settings on this machine; ``DEMO_…`` in the environment and ``create_app(config)`` override it."""
    return {
        "COMPANY": COMPANY,
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
    }
