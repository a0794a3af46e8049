"""Credentials at rest: encrypted with the host's keys, several of them so that a key can be changed.

Fernet (AES-128-CBC with HMAC-SHA256) from the ``cryptography`` package; the first key writes, all of them read (P14).
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from hashlib import blake2b

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from sms_plugin.errors import ConfigurationError, worded


def new_key() -> str:
    """A fresh key for ``SMS_SECRET_KEYS``."""
    return Fernet.generate_key().decode()


class Vault:
    """Seals and opens small mappings of secrets. Its representation shows nothing."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Raise ``ConfigurationError`` for a key that is none."""
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
            self._blocks = [_block_cipher(key) for key in keys]
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
                worded("The credentials of %(of)s cannot be read with SMS_SECRET_KEYS.", of=of),
                code="wrong_key",
                hint=worded("Add the key that they were saved with behind the new one, or save them again."),
            ) from None
        return opened

    def renew(self, sealed: str, *, of: str) -> str:
        """The same secrets, sealed with the first key."""
        return self.seal(self.open(sealed, of=of))

    def brief(self, content: bytes) -> str:
        """Up to 8 bytes as 22 characters that fit into an address: the same for the same bytes, and nobody without a
        key can read them or make others up.
        """
        block = self._blocks[0].encryptor().update(content.rjust(_HALF, b"\0") + bytes(_HALF))
        return urlsafe_b64encode(block).decode().rstrip("=")

    def expand(self, brief: str) -> bytes | None:
        """The 8 bytes again; None for what ``brief`` never gave."""
        try:
            block = urlsafe_b64decode(brief.encode("ascii") + b"==")
        except ValueError:
            return None
        for cipher in self._blocks if len(block) == 2 * _HALF and len(brief) == _BRIEF else ():
            opened = cipher.decryptor().update(block)
            if opened[_HALF:] == bytes(_HALF):
                return opened[:_HALF]
        return None


_HALF = 8
_BRIEF = 22


def _block_cipher(key: str) -> Cipher[modes.ECB]:
    """A cipher for one block, with a key of its own. Half of the block is zeros: what was made up opens to others."""
    own = blake2b(key.encode(), digest_size=16, person=b"sms-brief").digest()
    return Cipher(algorithms.AES(own), modes.ECB())  # noqa: S305 - never more than one block, so there is no pattern
