"""Credentials at rest: encrypted with the host's keys, several of them so that a key can be changed.

Fernet (AES-128-CBC with HMAC-SHA256) from the ``cryptography`` package; the first key writes, all of them read (P14).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from sms_plugin.errors import ConfigurationError


def new_key() -> str:
    """A fresh key for ``SMS_SECRET_KEYS``."""
    return Fernet.generate_key().decode()


class Vault:
    """Seals and opens small mappings of secrets. Its representation shows nothing."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Raise ``ConfigurationError`` for a key that is none."""
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except (ValueError, TypeError):
            raise ConfigurationError(
                "SMS_SECRET_KEYS holds a key that is none.",
                code="bad_key",
                hint="A key is 32 bytes in URL-safe base64: make one with `flask sms key`.",
            ) from None

    def __repr__(self) -> str:
        return "<Vault>"

    def seal(self, secrets: Mapping[str, object]) -> str:
        """The secrets as one encrypted text."""
        return self._fernet.encrypt(json.dumps(dict(secrets)).encode()).decode()

    def open(self, sealed: str, *, of: str) -> dict[str, object]:
        """The secrets again. Raises ``ConfigurationError`` naming ``of`` where no key fits."""
        try:
            opened: dict[str, object] = json.loads(self._fernet.decrypt(sealed.encode()))
        except InvalidToken:
            raise ConfigurationError(
                f"The credentials of {of} cannot be read with SMS_SECRET_KEYS.",
                code="wrong_key",
                hint="Add the key that they were saved with behind the new one, or save them again.",
            ) from None
        return opened

    def renew(self, sealed: str, *, of: str) -> str:
        """The same secrets, sealed with the first key."""
        return self.seal(self.open(sealed, of=of))
