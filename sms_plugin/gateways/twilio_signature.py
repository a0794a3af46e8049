"""Whether a webhook request comes from Twilio: ``X-Twilio-Signature``.

Source: the vendor's guide on webhook security, and what its own library accepts.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, urlsplit, urlunsplit

from sms_plugin.errors import ForgedRequest, SmsError
from sms_plugin.gateways.contract import WebRequest

_PORTS = {"https": 443, "http": 80}


def verified_fields(request: WebRequest, *, token: str) -> Mapping[str, str]:
    """The request's parameters, once its signature holds; ``token`` is the account's auth token.

    Raises ``ForgedRequest``, or ``SmsError`` for a signed body that cannot be read.
    """
    if "algorithm=" in request.headers.get("x-twilio-webhooks-signature-settings", "").lower():
        raise ForgedRequest(
            "The request is signed with a shared key of its own.",
            code="forged",
            hint="Let Twilio sign with the account's auth token.",
        )
    body_sum = parse_qs(urlsplit(request.url).query).get("bodySHA256")
    if body_sum is None:
        form = request.form if request.method == "POST" else []
        _verify(request, form, token=token)
        return dict(form or request.query)
    _verify(request, [], token=token)
    actual = hashlib.sha256(request.body).hexdigest()
    if not hmac.compare_digest(actual.encode(), body_sum[0].lower().encode()):
        raise ForgedRequest("The request's body is not the one that was signed.", code="forged")
    return _json_fields(request.body)


def _verify(request: WebRequest, parameters: Sequence[tuple[str, str]], *, token: str) -> None:
    given = request.headers.get("x-twilio-signature", "").encode()
    expected = [signature(url, parameters, token=token).encode() for url in _port_forms(request.url)]
    if not any(hmac.compare_digest(one, given) for one in expected):
        raise ForgedRequest(
            "The request's signature does not hold.",
            code="forged",
            hint="Check the auth token, and that the public URL is the one that Twilio calls.",
        )


def _json_fields(body: bytes) -> Mapping[str, str]:
    try:
        fields = json.loads(body)
        return {str(name): str(value) for name, value in fields.items() if value is not None}
    except (ValueError, AttributeError, RecursionError):
        raise SmsError("The request's body is no JSON object", code="garbled") from None


def signature(url: str, parameters: Sequence[tuple[str, str]], *, token: str) -> str:
    """What ``X-Twilio-Signature`` must be: every name in order, with each of its distinct values in order."""
    signed = url + "".join(name + value for name, value in sorted(set(parameters)))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def _port_forms(url: str) -> tuple[str, str]:
    """The address without its port and with one: Twilio signs either."""
    parts = urlsplit(url)
    host, colon, port = parts.netloc.rpartition(":")
    if not colon or not port.isdigit():
        host, port = parts.netloc, str(_PORTS.get(parts.scheme, 443))
    return urlunsplit(parts._replace(netloc=host)), urlunsplit(parts._replace(netloc=f"{host}:{port}"))
