"""What kept a request from leaving, or its answer from coming: a code for whatever the libraries raised."""

from __future__ import annotations

import ssl
from http.client import BadStatusLine, LineTooLong

import requests
import urllib3.exceptions as below

from sms_plugin.gateways.addresses import AddressRefused


class TooLarge(ValueError):
    """The answer is larger than it may be."""


def _causes(error: BaseException) -> list[BaseException]:
    """The error and all that stands behind it, in whatever way the libraries wrapped it."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return found


def _any(error: BaseException, *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in _causes(error))


def not_sent(error: BaseException) -> str:
    """The code of ``NotSent`` for what was raised before the request left."""
    refused = [cause for cause in _causes(error) if isinstance(cause, AddressRefused)]
    if refused:
        return refused[0].code
    if _any(error, below.NameResolutionError):
        return "dns"
    if _any(error, ssl.SSLError, below.SSLError):
        return "tls"
    if _any(error, TimeoutError):
        return "connect_timeout"
    malformed = (requests.exceptions.InvalidURL, below.LocationValueError, UnicodeError)
    return "bad_request" if _any(error, *malformed) or isinstance(error, ValueError) else "no_connection"


def unsure(error: BaseException) -> str:
    """The code of ``Unsure`` for what was raised once the request may have left."""
    if _any(error, TooLarge):
        return "too_large"
    if _any(error, TimeoutError, below.ReadTimeoutError):
        return "timeout"
    if _any(error, ConnectionError):
        return "reset"
    if _any(error, BadStatusLine, LineTooLong, below.DecodeError, below.InvalidHeader):
        return "garbled"
    return "reset"
