"""Whether a webhook's parameters come from Vonage: their ``sig``.

Source: the vendor's own client library and its guide on signing messages.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sms_plugin.errors import ForgedRequest
from sms_plugin.gateways.values import as_bytes, is_same

#: How an account may sign, by the name that its dashboard has for it.
METHODS: Mapping[str, str] = {
    "md5hash": "MD5 hash",
    "md5": "MD5 HMAC",
    "sha1": "SHA-1 HMAC",
    "sha256": "SHA-256 HMAC",
    "sha512": "SHA-512 HMAC",
}

_UNIX = re.compile(r"[0-9]{10}")
_OLDEST = timedelta(hours=25)  # Vonage tries again for 24 hours; whether it signs anew, nobody says


def signature(fields: Mapping[str, str], *, secret: str, method: str) -> str:
    """The ``sig`` of the parameters, in lower case. What stands between them is replaced within values."""
    between = str.maketrans("&=", "__")
    named = sorted((name, value) for name, value in fields.items() if name != "sig")
    signed = "".join(f"&{name}={value.translate(between)}" for name, value in named)
    if method == "md5hash":
        return hashlib.md5(as_bytes(signed + secret)).hexdigest()  # noqa: S324  # the vendor's choice
    return hmac.new(secret.encode(), as_bytes(signed), method).hexdigest()


def verify(fields: Mapping[str, str], *, secret: str, method: str, at: datetime | None) -> None:
    """Nothing, where the signature holds and is not older than Vonage tries. Raises ``ForgedRequest``.

    ``at`` is when the request came.
    """
    if not is_same(fields.get("sig", "").lower(), signature(fields, secret=secret, method=method)):
        raise ForgedRequest(
            "The request's signature does not hold.",
            code="forged",
            hint="Check the signature secret and its method, and that Vonage signs its webhooks.",
        )
    made = fields.get("timestamp", "")
    if at is not None and _UNIX.fullmatch(made) and abs(at - datetime.fromtimestamp(int(made), UTC)) > _OLDEST:
        raise ForgedRequest(
            "The request was signed long ago.", code="forged", hint="Check the clock of the portal's machine."
        )
