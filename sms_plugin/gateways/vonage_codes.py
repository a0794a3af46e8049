"""Vonage's status numbers and words in our terms.

Source: the vendor's specification of its SMS API; the numbers of its receipts' errors from its older libraries.
"""

from __future__ import annotations

from collections.abc import Mapping

from sms_plugin.gateways.contract import About, ReceiptStatus, Verdict, refused
from sms_plugin.gateways.verdicts import throttled

_THROTTLED = frozenset({"1", "10"})
_LATER = frozenset({"5"})
_REFUSALS: Mapping[str, tuple[str, About]] = {
    "2": ("rejected", About.MESSAGE),
    "3": ("rejected", About.MESSAGE),
    "4": ("bad_credentials", About.ACCOUNT),
    "6": ("unreachable", About.RECIPIENT),
    "7": ("blocked", About.RECIPIENT),
    "8": ("account_suspended", About.ACCOUNT),
    "9": ("no_credit", About.ACCOUNT),
    "11": ("account_refused", About.ACCOUNT),
    "12": ("too_long", About.MESSAGE),
    "14": ("bad_credentials", About.ACCOUNT),
    "15": ("bad_sender", About.ACCOUNT),
    "22": ("rejected", About.MESSAGE),
    "23": ("bad_receipt_address", About.ACCOUNT),
    "29": ("trial_account", About.ACCOUNT),
    "32": ("bad_credentials", About.ACCOUNT),
    "33": ("unknown_number", About.RECIPIENT),
}
STATUS: Mapping[str, ReceiptStatus] = {
    "accepted": ReceiptStatus.SENT,
    "buffered": ReceiptStatus.SENT,
    "submitted": ReceiptStatus.SENT,
    "delivered": ReceiptStatus.DELIVERED,
    "expired": ReceiptStatus.UNDELIVERED,
    "failed": ReceiptStatus.UNDELIVERED,
    "rejected": ReceiptStatus.FAILED,
}
NOTHING_NEW = "unknown"
WHY: Mapping[str, str] = {
    "2": "unreachable",
    "3": "unknown_number",
    "4": "blocked",
    "6": "filtered",
    "7": "unreachable",
    "9": "bad_number",
    "11": "unreachable",
    "12": "unreachable",
    "14": "blocked",
}


def refusal(status: str, *, retry_after: float | None, detail: str) -> Verdict | None:
    """What a documented status other than 0 says, or None for one that is not."""
    if status in _THROTTLED:
        return throttled(retry_after=retry_after, provider_code=status)
    if status in _LATER:
        return refused("server_error", for_good=False, provider_code=status, detail=detail)
    if status not in _REFUSALS:
        return None
    reason, about = _REFUSALS[status]
    return refused(reason, about=about, provider_code=status, detail=detail)
