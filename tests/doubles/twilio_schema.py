"""What Twilio publishes of three addresses of its API 2010-04-01, restated: every parameter with its form.

Source: the vendor's OpenAPI description (for sending, listing and fetching messages, and for the balance). Nothing here
knows the adapter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

Check = Callable[[str], bool]

PATHS: Mapping[str, re.Pattern[str]] = {
    "send": re.compile(r"/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/Messages\.json"),
    "message": re.compile(r"/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/Messages/((?:SM|MM)[0-9a-fA-F]{32})\.json"),
    "balance": re.compile(r"/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/Balance\.json"),
}


def _sid(prefix: str) -> Check:
    return lambda value: re.fullmatch(prefix + "[0-9a-fA-F]{32}", value) is not None


def _whole(least: int, most: int) -> Check:
    return lambda value: re.fullmatch(r"\d{1,9}", value) is not None and least <= int(value) <= most


def _one_of(*words: str) -> Check:
    return lambda value: value in words


def _text(value: str) -> bool:
    return bool(value)


def _number(value: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", value) is not None


def _phone(value: str) -> bool:
    return re.fullmatch(r"(whatsapp:)?\+[1-9]\d{4,14}", value) is not None


def _sender(value: str) -> bool:
    """A number, a short code, or a registered name."""
    return _phone(value) or re.fullmatch(r"\d{3,8}|[A-Za-z0-9 ]{1,11}", value) is not None


def _address(value: str) -> bool:
    """A whole address on a public host name; underscores are refused."""
    parts = urlsplit(value)
    host = parts.hostname or ""
    return parts.scheme in ("http", "https") and "." in host and "_" not in host


def _moment(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


_YES_NO = _one_of("true", "false")

SEND: Mapping[str, Check] = {
    "To": _phone,
    "From": _sender,
    "MessagingServiceSid": _sid("MG"),
    "FallbackFrom": _sender,
    "Body": lambda value: 0 < len(value) <= 1600,
    "MediaUrl": _address,
    "ContentSid": _sid("HX"),
    "ContentVariables": _text,
    "StatusCallback": _address,
    "ApplicationSid": _sid("AP"),
    "MaxPrice": _number,
    "ProvideFeedback": _YES_NO,
    "Attempt": _whole(1, 999_999),
    "ValidityPeriod": _whole(1, 36_000),
    "ForceDelivery": _YES_NO,
    "ContentRetention": _one_of("retain", "discard"),
    "AddressRetention": _one_of("retain", "obfuscate"),
    "SmartEncoded": _YES_NO,
    "PersistentAction": _text,
    "TrafficType": _one_of("free"),
    "ShortenUrls": _YES_NO,
    "ScheduleType": _one_of("fixed"),
    "SendAt": _moment,
    "SendAsMms": _YES_NO,
    "RiskCheck": _one_of("enable", "disable"),
}
LIST: Mapping[str, Check] = {
    "To": _phone,
    "From": _sender,
    "DateSent": _moment,
    "DateSent<": _moment,
    "DateSent>": _moment,
    "PageSize": _whole(1, 1000),
    "Page": _whole(0, 999_999),
    "PageToken": _text,
}
_REPEATED = frozenset({"MediaUrl", "PersistentAction"})
_SENDERS = frozenset({"From", "MessagingServiceSid"})
_CONTENTS = frozenset({"Body", "MediaUrl", "ContentSid"})


def complaints(given: Sequence[tuple[str, str]], known: Mapping[str, Check]) -> list[str]:
    """What is wrong with these parameters, one sentence each."""
    names = [name for name, _ in given]
    found = [f"{name} is no parameter" for name in names if name not in known]
    found += [f"{name} has no such value" for name, value in given if name in known and not known[name](value)]
    found += [f"{name} stands twice" for name in set(names) - _REPEATED if names.count(name) > 1]
    if known is SEND:
        found += [] if "To" in names else ["To is missing"]
        found += [] if _SENDERS & set(names) else ["a sender is missing"]
        found += [] if _CONTENTS & set(names) else ["a content is missing"]
        scheduled = {"ScheduleType", "SendAt"} & set(names)
        if scheduled and (len(scheduled) < 2 or "MessagingServiceSid" not in names):
            found.append("scheduling needs a Messaging Service, ScheduleType and SendAt")
    return found
