"""Twilio's codes and status words in our terms.

Source: the vendor's page for each error code, and the status values of its OpenAPI description.
"""

from __future__ import annotations

from collections.abc import Mapping

from sms_plugin.gateways.contract import About, ReceiptStatus, Verdict, refused

# Whom each documented refusal is about; all of them are told before anything is created.
_REFUSALS: Mapping[int, tuple[str, About]] = {
    20003: ("bad_credentials", About.ACCOUNT),
    20404: ("bad_address", About.ACCOUNT),
    21211: ("bad_number", About.RECIPIENT),
    21614: ("not_mobile", About.RECIPIENT),
    21635: ("landline", About.RECIPIENT),
    21610: ("opted_out", About.RECIPIENT),
    21612: ("unreachable", About.RECIPIENT),
    21408: ("region_not_enabled", About.ACCOUNT),
    21606: ("bad_sender", About.ACCOUNT),
    21212: ("bad_sender", About.ACCOUNT),
    21608: ("trial_account", About.ACCOUNT),
    21602: ("empty_text", About.MESSAGE),
    21617: ("too_long", About.MESSAGE),
    21609: ("bad_receipt_address", About.ACCOUNT),
}
STATUS: Mapping[str, ReceiptStatus] = {
    "accepted": ReceiptStatus.ACCEPTED,
    "scheduled": ReceiptStatus.ACCEPTED,
    "queued": ReceiptStatus.ACCEPTED,
    "sending": ReceiptStatus.ACCEPTED,
    "sent": ReceiptStatus.SENT,
    "partially_delivered": ReceiptStatus.SENT,
    "delivered": ReceiptStatus.DELIVERED,
    "read": ReceiptStatus.DELIVERED,
    "undelivered": ReceiptStatus.UNDELIVERED,
    "failed": ReceiptStatus.FAILED,
    "canceled": ReceiptStatus.FAILED,
}
LATER: Mapping[str, str] = {
    "30001": "queue_overflow",
    "30002": "account_suspended",
    "30003": "unreachable",
    "30004": "blocked",
    "30005": "unknown_number",
    "30006": "landline",
    "30007": "filtered",
    "30008": "undelivered",
    "30034": "sender_not_registered",
}


def later(code: str) -> str:
    """The reason of a failure that is told after the message was taken; nothing for no code and for an unknown one."""
    return LATER.get(code) or next((reason for known, (reason, _) in _REFUSALS.items() if str(known) == code), "")


def refusal(code: int, *, detail: str = "") -> Verdict:
    """A code that is not on the list is still one of a request that created nothing."""
    reason, about = _REFUSALS.get(code, ("rejected", About.MESSAGE))
    return refused(reason, about=about, provider_code=str(code), detail=detail)
