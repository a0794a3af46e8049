"""Clickatell's codes and statuses in our terms (P2).

Source: the vendor's tables of errors and of message statuses for the One API; for the platform API, whose error codes
are not published, the words beside them; its statuses are those of the vendor's client and of its older APIs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from sms_plugin.gateways.contract import About, ReceiptStatus, Verdict, refused
from sms_plugin.gateways.verdicts import throttled

BAD_KEY, NO_FUNDS, AGAIN = 1, 20, 19
_ACCOUNT: Mapping[int, str] = {
    BAD_KEY: "bad_credentials",
    **dict.fromkeys((2, 3, 46), "account_suspended"),
    7: "ip_not_allowed",
    NO_FUNDS: "no_credit",
    22: "batch_too_large",
    28: "trial_account",
    38: "account_refused",
    39: "account_refused",
    44: "bad_sender",
    45: "bad_sender",
    111: "region_not_enabled",
}
_RECIPIENT: Mapping[int, str] = {
    25: "bad_number",
    26: "opted_out",
    27: "unreachable",
    # about the account, as the vendor has it; it must not keep those waiting that live elsewhere
    101: "region_not_enabled",
}
_MESSAGE: Mapping[int, str] = {24: "too_long", 100: "too_long"}
_INVALID, _THROTTLED, _FOR_NOW = 23, frozenset({43, 110}), frozenset({18, AGAIN})
_ABOUT_THE_NUMBER = re.compile(r"""['"`]to['"`]|\b(parameter|field)s?:? to\b|\bto (parameter|field)\b""", re.IGNORECASE)
_WORDS = (
    (re.compile(r"credit|balance|fund", re.IGNORECASE), "no_credit", About.ACCOUNT),
    (re.compile(r"authenticat|authori[sz]|api.?key", re.IGNORECASE), "bad_credentials", About.ACCOUNT),
    (re.compile(r"opted.?out", re.IGNORECASE), "opted_out", About.RECIPIENT),
    (re.compile(r"destination|recipient", re.IGNORECASE), "bad_number", About.RECIPIENT),
)


def refusal(code: int | None, *, words: str = "", detail: str = "", retry_after: float | None = None) -> Verdict:
    """A refusal by its code in the One API's table; one that is not on the list is a refusal all the same."""
    told = "" if code is None else str(code)
    if code in _THROTTLED:
        return throttled(retry_after=retry_after, provider_code=told)
    if code in _FOR_NOW:
        return refused("try_again", for_good=False, retry_after=retry_after, provider_code=told, detail=detail)
    if code == _INVALID and _ABOUT_THE_NUMBER.search(words):
        return refused("bad_number", about=About.RECIPIENT, provider_code=told, detail=detail)
    for about, reasons in ((About.ACCOUNT, _ACCOUNT), (About.RECIPIENT, _RECIPIENT), (About.MESSAGE, _MESSAGE)):
        if code is not None and code in reasons:
            return refused(reasons[code], about=about, provider_code=told, detail=detail)
    return refused("rejected", provider_code=told, detail=detail)


def refusal_in_words(code: int | None, *, words: str, detail: str) -> Verdict:
    """A refusal of the platform API's, as far as its words tell whom it is about."""
    told = "" if code is None else str(code)
    for pattern, reason, about in _WORDS:
        if pattern.search(words):
            return refused(reason, about=about, provider_code=told, detail=detail)
    return refused("rejected", provider_code=told, detail=detail)


def is_known(code: int | None) -> bool:
    """Whether the One API's table has the code."""
    known = {21, _INVALID, *range(30, 34), 40, 41, 42, *_THROTTLED, *_FOR_NOW, *_ACCOUNT, *_RECIPIENT, *_MESSAGE}
    return code in known


_S = ReceiptStatus
#: Status and reason by the word, which both APIs tell beside the number.
BY_WORD: Mapping[str, tuple[ReceiptStatus, str]] = MappingProxyType(
    {
        "QUEUED": (_S.ACCEPTED, ""),
        "SCHEDULED": (_S.ACCEPTED, ""),
        "SENT_TO_SUPPLIER": (_S.SENT, ""),
        "DELIVERED_TO_GATEWAY": (_S.SENT, ""),
        "DEVICE_ACK": (_S.DELIVERED, ""),
        "RECEIVED_BY_RECIPIENT": (_S.DELIVERED, ""),
        "EMULATED": (_S.DELIVERED, ""),
        "READ": (_S.READ, ""),
        "EXPIRED": (_S.UNDELIVERED, "undelivered"),
        "STOPPED_BY_USER": (_S.FAILED, "stopped_at_provider"),
        "STOPPED_BY_ADMIN": (_S.FAILED, "stopped_at_provider"),
        "DELIVERY_FAILURE": (_S.UNDELIVERED, "undelivered"),
        "INSUFFICIENT_ACCOUNT_BALANCE": (_S.FAILED, "no_credit"),
        "RECIPIENT_DOES_NOT_EXIST": (_S.UNDELIVERED, "unknown_number"),
        "ROUTING_ERROR": (_S.FAILED, "failed"),
    }
)
_FAILED = (_S.FAILED, "failed")
_ONE: Mapping[int, tuple[ReceiptStatus, str]] = {
    2: (_S.ACCEPTED, ""),
    3: (_S.ACCEPTED, ""),
    4: (_S.SENT, ""),
    5: (_S.DELIVERED, ""),
    6: (_S.READ, ""),
    20: (_S.UNDELIVERED, "undelivered"),
    21: (_S.FAILED, "stopped_at_provider"),
    22: (_S.FAILED, "stopped_at_provider"),
    23: (_S.UNDELIVERED, "undelivered"),
    24: (_S.DELIVERED, ""),
    25: (_S.FAILED, "no_credit"),
    **dict.fromkeys((26, 27, 28), (_S.FAILED, "throttled")),
    29: (_S.UNDELIVERED, "unknown_number"),
    **dict.fromkeys((60, 61, *range(80, 86), 100), _FAILED),
}
_PLATFORM: Mapping[int, tuple[ReceiptStatus, str]] = {
    2: (_S.ACCEPTED, ""),
    3: (_S.SENT, ""),
    4: (_S.DELIVERED, ""),
    5: _FAILED,
    6: (_S.FAILED, "stopped_at_provider"),
    7: (_S.UNDELIVERED, "undelivered"),
    8: (_S.ACCEPTED, ""),
    9: _FAILED,
    10: (_S.UNDELIVERED, "undelivered"),
    11: (_S.ACCEPTED, ""),
    12: (_S.FAILED, "no_credit"),
    14: (_S.FAILED, "throttled"),
}


def status_of(word: str, code: int | None, *, one: bool) -> tuple[ReceiptStatus, str] | None:
    """Status and reason, by the word where it is known, else by the number, which the two APIs count differently."""
    if word.upper() in BY_WORD:
        return BY_WORD[word.upper()]
    if one and code is not None and code >= 130:
        return _FAILED
    return (_ONE if one else _PLATFORM).get(-1 if code is None else code)
