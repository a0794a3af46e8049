"""SMS Gateway for Android's states and refusals in our terms.

Source: the source of the project's server.
"""

from __future__ import annotations

from collections.abc import Mapping

from sms_plugin.gateways.contract import About, ReceiptStatus, Verdict, refused, unknown
from sms_plugin.gateways.http import Answer
from sms_plugin.gateways.verdicts import of_status, throttled

STATES: Mapping[str, ReceiptStatus] = {
    "Pending": ReceiptStatus.ACCEPTED,
    "Cancelling": ReceiptStatus.ACCEPTED,
    "Processed": ReceiptStatus.ACCEPTED,
    "Sent": ReceiptStatus.SENT,
    "Delivered": ReceiptStatus.DELIVERED,
    "Failed": ReceiptStatus.FAILED,
    "Cancelled": ReceiptStatus.FAILED,
}
_ACCOUNT: Mapping[int, str] = {401: "bad_credentials", 403: "account_refused", 404: "bad_address"}
_OF_SETTINGS = ("simnumber", "ttl", "validuntil", "device")
_QUEUE_FULL = 120.0  # seconds


def refusal(answer: Answer, *, words: object, detail: str) -> Verdict:
    """What an answer without success means; ``words`` are the server's own, ``detail`` what of them may be told."""
    code = str(answer.status)
    if answer.status in _ACCOUNT:
        named = answer.status == 404 and "device" in str(words).lower()
        reason = "no_device" if named else _ACCOUNT[answer.status]
        return refused(reason, about=About.ACCOUNT, provider_code=code, detail=detail)
    if isinstance(words, str) and answer.status == 400:
        reason, about = _invalid(words.lower())
        return refused(reason, about=about, provider_code=code, detail=detail)
    if isinstance(words, str) and answer.status == 503:
        # the queue for a phone that does not fetch its messages is full
        return throttled(retry_after=answer.retry_after() or _QUEUE_FULL, provider_code=code)
    return of_status(answer) or unknown("unrecognised", provider_code=code)


def _invalid(words: str) -> tuple[str, About]:
    """What a request that the server finds invalid means, by the field that it names."""
    if "phone" in words:
        return "bad_number", About.RECIPIENT
    if any(each in words for each in _OF_SETTINGS):
        return "account_refused", About.ACCOUNT
    return "rejected", About.MESSAGE
